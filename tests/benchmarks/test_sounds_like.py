"""The harness of benchmarks.sounds_like on ten names with an ear of our own, every figure worked out by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zstandard

from benchmarks.sounds_like import __main__ as command
from benchmarks.sounds_like import cost, matchers
from benchmarks.sounds_like.accuracy import full, misspelt, misspelt_surname
from benchmarks.sounds_like.dataset import Episode, Mention, episodes, halves, line_from, load
from benchmarks.sounds_like.matchers import Hit, Windows, best, exact
from benchmarks.sounds_like.names import Subject, fold, subjects
from benchmarks.sounds_like.scoring import Judged, judge, least_for_alarms
from benchmarks.sounds_like.talk_corpus import Talk, alarms, first_hours, strangers
from benchmarks.sounds_like.talk_corpus import load as load_talk

TEN = [s for s in subjects() if s.split == "tune" and s.type == "person" and s.surname != s.name][:10]


def misheard(name: str) -> str:
    """As our recogniser writes it: the last letter is another one."""
    return name[:-1] + ("x" if name[-1] != "x" else "z")


def row(subject: Subject, recogniser: str = "base") -> dict[str, Any]:
    """Full name right, surname misspelt, then the surname right."""
    parts = [(subject.name, "full"), (misheard(subject.surname), "surname"), (subject.surname, "surname")]
    heard, mentions = "", []
    for i, (surface, form) in enumerate(parts):
        heard += "And then "
        place = {"heard_surface": surface, "heard_start": len(heard), "heard_end": len(heard) + len(surface)}
        mentions.append({"form": form, "exact": i != 1, **place})
        heard += surface + " spoke. "
    who = {"name": subject.name, "type": subject.type, "language": subject.language}
    return {**who, "voice": "piper/joe", "recogniser": recogniser, "heard": heard, "mentions": mentions}


@dataclass(frozen=True, slots=True)
class Place:
    name: int
    start: int
    end: int
    score: float
    kind: str


class FakeEar:
    """Knows each surname, and the one misspelling that the recogniser above makes of it."""

    def __init__(self, names: Sequence[Subject], least: float | None = None) -> None:
        self.names = names

    def find_matches(self, text: str, title: str = "", notes: str = "") -> list[Place]:
        found: list[Place] = []
        for i, subject in enumerate(self.names):
            for surface, score, kind in [
                (subject.surname, 1.0, "exact"),
                (misheard(subject.surname), 0.9, "sounds_like"),
            ]:
                at = text.find(surface)
                while at >= 0:
                    found.append(Place(i, at, at + len(surface), score, kind))
                    at = text.find(surface, at + 1)
        return found


def fake_ear(names: Sequence[Subject], least: float | None = None, *, said: bool = False) -> matchers.Ear:
    return matchers.Ear("podwatch", tuple(names), FakeEar(names, least))


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    rows = [row(subject, recogniser) for subject in TEN for recogniser in ("base", "tiny.en")]
    text = "".join(json.dumps(r) + "\n" for r in rows)
    (tmp_path / "tune.jsonl.zst").write_bytes(zstandard.compress(text.encode()))
    return tmp_path


def test_every_line_is_in_one_episode_of_its_recogniser_and_the_places_move_along(ten: Path) -> None:
    made = episodes(load("tune", ten), passages=4)
    assert sorted(len(e.mentions) for e in made) == [6, 6, 12, 12, 12, 12]
    for episode in made:
        assert [episode.text[m.start : m.end] for m in episode.mentions] == [m.heard for m in episode.mentions]
        assert [m.introduced for m in episode.mentions[:3]] == [False, True, True]


def test_the_halves_are_all_names_and_no_name_twice() -> None:
    first, second = halves(s.name for s in subjects())
    assert set(first) | set(second) == {s.name for s in subjects()}
    assert set(first).isdisjoint(second)
    assert 0.4 < len(first) / len(subjects()) < 0.6


MENTIONS = (
    Mention("Ann Tusk", "full", 0, 8, True, "Ann Tusk", False),
    Mention("Ann Tusk", "surname", 10, 14, False, "Task", True),
    Mention("Ann Tusk", "surname", 20, 24, False, "Dusk", True),
    Mention("Bo Golob", "full", 30, 38, True, "Bo Golob", False),
)
HITS = [
    Hit("Ann Tusk", 4, 8, 1.0, True),  # spelt right: asked for among full names only
    Hit("Ann Tusk", 9, 14, 0.9),
    Hit("Ann Tusk", 33, 38, 0.7),  # on another name
    Hit("Ann Tusk", 21, 24, 0.4),
    Hit("Ann Tusk", 50, 55, 0.3),  # on nothing
]


@pytest.mark.parametrize(
    ("counts", "found", "right", "wrong"),
    [
        (full, (1.0,), (1.0,), (0.7, 0.3)),
        (misspelt_surname, (0.9, 0.4), (0.9, 0.4), (0.7, 0.3)),
        (misspelt, (0.9, 0.4), (0.9, 0.4), (0.7, 0.3)),
    ],
)
def test_a_hit_is_right_wrong_or_not_asked_for(
    counts: Any, found: tuple[float, ...], right: tuple[float, ...], wrong: tuple[float, ...]
) -> None:
    judged = judge([Episode("", MENTIONS, "base")], [HITS], frozenset({"Ann Tusk"}), counts)
    assert judged == Judged(found, right, wrong)


def test_recall_and_precision_follow_the_threshold() -> None:
    judged = Judged((0.9, 0.8, 0.4, 0.0), (0.9, 0.8, 0.4), (0.6, 0.3))
    assert [(judged.recall(t), judged.precision(t)) for t in (0.85, 0.5, 0)] == [(0.25, 1), (0.5, 2 / 3), (0.75, 3 / 5)]
    assert judged.recall_at_precision(0.95) == (0.5, 0.8)
    assert judged.recall_at_precision(0.55) == (0.75, 0.4)
    assert Judged((0.0,), (), (0.9,)).recall_at_precision(0.95) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("scores", "most", "threshold"),
    [([], 0, 0.0), ([0.2, 0.5, 0.9], 3, 0.0), ([0.2, 0.5, 0.9], 2, 0.5), ([0.2, 0.5, 0.5], 1.5, 0.5 + 1e-9)],
)
def test_the_threshold_leaves_no_more_false_alarms_than_asked(
    scores: list[float], most: float, threshold: float
) -> None:
    found = least_for_alarms(scores, most)
    assert found == pytest.approx(threshold, abs=1e-8)
    assert sum(score >= found for score in scores) <= most


def test_of_hits_that_overlap_the_best_is_kept_for_each_name() -> None:
    hits = [Hit("a", 0, 5, 0.8), Hit("a", 3, 9, 0.9), Hit("b", 3, 9, 0.1), Hit("a", 9, 12, 0.2)]
    assert best(hits) == [Hit("a", 3, 9, 0.9), Hit("b", 3, 9, 0.1), Hit("a", 9, 12, 0.2)]


FINDS = {
    "spelt right": ("exact", "then Kallas left", ["Kallas"]),
    "a possessive": ("exact", "it is Kallas's turn", ["Kallas's"]),
    "never over a full stop": ("exact", "said Kaja. Kallas Kaja", ["Kallas"]),
    "the same code": ("Double Metaphone", "then Collas left", ["Collas"]),
    "split in two": ("Double Metaphone", "then Cal Lass left", ["Cal Lass"]),
    "alike from the left": ("Jaro-Winkler", "then Kallos left", ["Kallos"]),
    "two letters off": ("`~2`", "then Callus left", ["Callus"]),
    "three letters off": ("`~2`", "then Collis left", []),
}


@pytest.mark.parametrize(("title", "text", "surfaces"), FINDS.values(), ids=FINDS)
def test_what_the_others_find(title: str, text: str, surfaces: list[str]) -> None:
    if title != "exact":
        pytest.importorskip("doublemetaphone" if title == "Double Metaphone" else "rapidfuzz")
    kallas = Subject("Kaja Kallas", "person", "politics", "et", "Kaya Kallas")
    method = next(m for m in matchers.others([kallas], frozenset({"surname"})) if m.title == title)
    hits = next(iter(method.hear([text])))
    top = [hit for hit in hits if hit.score == max(h.score for h in hits)]
    assert [text[hit.start : hit.end] for hit in top] == surfaces


def test_windows_heard_before_are_found_again_in_a_later_text() -> None:
    method = Windows("exact", tuple(TEN), frozenset({"full"}), exact)
    texts = [f"so {subject.name} spoke" for subject in TEN for _ in range(7)]
    assert [[hit.name for hit in hits] for hits in method.hear(texts)] == [[s.name] for s in TEN for _ in range(7)]


def test_talk_is_taken_whole_files_at_a_time_and_its_hours_are_counted(tmp_path: Path) -> None:
    for i in range(4):
        (tmp_path / f"{i}.txt").write_text("word " * 10_000)
    (tmp_path / "stub.txt").write_text("Coming soon.")
    (tmp_path / "INDEX.tsv").write_text("file\tseconds\n0.txt\t7200\n1.txt\t7200\n2.txt\t7200\n3.txt\t0\n")
    assert load_talk(tmp_path, 0).hours == pytest.approx(7.0)
    part = load_talk(tmp_path, 2.5)
    assert part == load_talk(tmp_path, 2.5)
    assert 2.5 <= part.hours <= 4.5
    assert first_hours(Talk(("word " * 10_000,) * 3, 3.0), 1.5) == Talk(("word " * 10_000,) * 2, 2.0)


def test_a_name_that_the_talk_speaks_of_is_no_stranger_and_a_right_spelling_no_alarm() -> None:
    spoken = Talk((f"So {TEN[0].name} and {misheard(TEN[1].surname)} and {TEN[2].surname} met.",), 1.0)
    assert strangers(TEN, spoken) == tuple(TEN[1:])
    assert [hit.name for hit in alarms(fake_ear(TEN), spoken)] == [TEN[1].name]


def test_the_command_measures_an_ear_from_end_to_end(
    ten: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only_exact = lambda names, forms: (Windows("exact", tuple(names), forms, exact),)  # noqa: E731
    monkeypatch.setattr(matchers, "ear", fake_ear)
    monkeypatch.setattr(cost, "ear", fake_ear)
    monkeypatch.setattr(cost, "invented", lambda number: tuple(TEN))
    monkeypatch.setattr(matchers, "others", only_exact)
    talk = tmp_path / "talk"
    talk.mkdir()
    (talk / "one.txt").write_text("plain words " * 500 + misheard(TEN[3].surname))
    monkeypatch.setattr(sys, "argv", ["x", "--split", "tune", "--data", str(ten), "--talk", str(talk), "--misses"])
    status = command.main()
    said = capsys.readouterr().out
    assert "tune: 10 names (10 person)" in said
    assert "| base | bare surnames | 20 | 50% | 0% |" in said
    assert "| podwatch | 1.000 | 0.90 |" in said
    assert "| piper | 1.000 | 1.000 | 20 | 0% |" in said
    assert "ok   recall of bare misspelt surnames" in said
    assert "ok   recall of full names: 1" in said
    assert "| lists | mean | median | each |" in said  # one of one, with one alarm in six minutes of talk
    assert "MISS false alarms of 35 persons" in said
    assert status == 1


def test_the_ear_may_be_told_how_names_are_said() -> None:
    led_astray = [s for s in subjects() if s.split == "train" and s.say != s.name][:3]
    heard = [f"We had {s.say.replace('-', '')} on the show." for s in led_astray]
    for said in (True, False):
        hits = [hit for found in matchers.ear(led_astray, said=said).hear(heard) for hit in found]
        assert [(hit.name, hit.exact) for hit in hits] == [(s.name, said) for s in led_astray]


def test_the_misses_of_the_test_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["x", "--misses"])
    with pytest.raises(SystemExit):
        command.main()


def test_a_line_says_which_mentions_the_full_name_came_before() -> None:
    line = line_from(row(TEN[0]))
    assert [(m.form, m.exact, m.introduced) for m in line.mentions] == [
        ("full", True, False),
        ("surname", False, True),
        ("surname", True, True),
    ]
    assert fold(line.mentions[0].heard) == fold(TEN[0].name)
