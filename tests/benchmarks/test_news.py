"""The marks of real news talk: complete, apart by half, and how they judge what is told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks.sounds_like.known_names import find_names
from benchmarks.sounds_like.news import corpus, marks
from benchmarks.sounds_like.news.corpus import NewsEpisode, NewsName, load_episodes, load_names
from benchmarks.sounds_like.news.marks import form_of, is_spelt_right, load_marks

HALVES = ("tune", "test", "fresh")
PERSON = NewsName("test", "person", "Kilmar Abrego Garcia", ("Mr. Abrego Garcia",))
MODI = NewsName("test", "person", "Narendra Modi", ("Prime Minister Modi",))

# what is written: (the name, its form, whether it is spelt right)
SURFACES: dict[str, tuple[NewsName, str, bool]] = {
    "Kilmar Abrego Garcia": (PERSON, "full", True),
    "Abrego Garcia": (PERSON, "full", True),
    "Garcia": (PERSON, "bare", True),
    "Mr. Modi": (MODI, "bare", False),
    "Modi's": (MODI, "bare", True),
    "Prime Minister Modi": (MODI, "full", True),
    "Moody": (MODI, "bare", False),
    "Narendra Moody": (MODI, "full", False),
}


def test_no_show_and_no_name_is_in_both_halves() -> None:
    assert {e.show for e in load_episodes("tune")}.isdisjoint(e.show for e in load_episodes("test"))
    assert {n.name for n in load_names("tune")}.isdisjoint(n.name for n in load_names("test"))


@pytest.mark.parametrize("half", HALVES)
def test_a_half_has_fifty_hours_and_forty_names(half: str) -> None:
    assert sum(e.seconds for e in load_episodes(half)) >= 50 * 3600
    assert len(load_names(half)) >= 40


@pytest.mark.parametrize("half", HALVES)
def test_every_mark_is_of_an_episode_and_a_name_of_its_half(half: str) -> None:
    keys, names = {e.key for e in load_episodes(half)}, {n.name for n in load_names(half)}
    found = [m for some in load_marks(half).values() for m in some]
    assert {m.key for m in found} <= keys
    assert {m.name for m in found} <= names
    assert {m.verdict for m in found} <= {marks.RIGHT, marks.WRONG, marks.UNCLEAR}
    assert {m.how for m in found} <= {"read", "rule"}
    assert all(m.end - m.start == len(m.surface) for m in found)


@pytest.mark.parametrize("surface", SURFACES)
def test_the_form_of_what_is_written(surface: str) -> None:
    name, form, right = SURFACES[surface]
    assert (form_of(name, surface), is_spelt_right(name, surface)) == (form, right)


def test_an_episode_is_read_from_a_repository_as_one_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "_Transcripts/A Show/20250101_A Show_300s.md"
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(
        "---\nLength: 300s\nVideo Description: About grain.\n---\n\n# Grain\n**A Show:** [date](u)\n"
        "*  They spoke of [[00:00:00](u)]\n*  the grain. [[00:00:04](u)]\n",
        "utf-8",
    )
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    monkeypatch.setattr(corpus, "COMMIT", "HEAD")
    text = corpus.read_episode(tmp_path, NewsEpisode("tune", path, 300))
    assert (text.text, text.title, text.notes) == ("They spoke of the grain.", "Grain", "About grain.")
    assert [(e.show, e.seconds) for e in corpus.choose_episodes(tmp_path)] == [("A Show", 300)]


def test_names_are_words_with_a_capital_within_a_sentence() -> None:
    assert find_names("Then came Jeremy Corbyn, with Tehran. Grain was dear.") == {
        "jeremy", "corbyn", "jeremy corbyn", "tehran",
    }  # fmt: skip
