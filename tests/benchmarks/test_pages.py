"""Measuring on real pages, and learning the channel from real pairs, on an invented page and invented pairs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.sounds_like.learn_channel import read_real_pairs
from benchmarks.sounds_like.matchers import Hit
from benchmarks.sounds_like.names import Subject, load_subjects
from benchmarks.sounds_like.pages import judge_pages, load_pages, watched_subjects

TUSK = Subject("Bo Tusk", "person", "-", "en", "Bo Tusk")
TEXT = "We met Anna Goloub and Goloop. Later golf, somebody, and Anna Golob.\n"


def page(mentions: object, unclear: object = ()) -> dict[str, object]:
    return {"text": TEXT, "names": ["Anna Golob"], "seconds": 1800, "mentions": mentions, "unclear": unclear}


def place(words: str, kind: str = "") -> dict[str, object]:
    at = TEXT.index(words)
    return {"name": "Anna Golob", "start": at, "end": at + len(words), "kind": kind}


def hit(words: str, score: float) -> Hit:
    at = TEXT.index(words)
    return Hit("Anna Golob", at, at + len(words), score)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    said = [place("Anna Goloub", "misspelt"), place("Goloop", "misspelt"), place("We", "lost")]
    (tmp_path / "a.json").write_text(json.dumps(page(said, [place("somebody")])))
    (tmp_path / "b.json").write_text(json.dumps(page(None)))
    return tmp_path


def test_hits_on_a_page_are_right_wrong_or_not_counted(folder: Path) -> None:
    pages = load_pages(folder)[:1]
    hits = [hit("Goloub", 0.9), hit("golf", 0.6), hit("somebody", 0.7), hit("Golob", 1.0), hit("met", 0.8)]
    tally = judge_pages(pages, iter([hits]), watched_subjects(pages))
    assert tally.mention_scores == (("misspelt", 0.9), ("misspelt", 0.0))  # what is lost does not count
    assert [score for score, _, _ in tally.wrong] == [0.8, 0.6]  # neither the unclear one nor the one spelt right
    assert tally.recall(0.5, "misspelt") == (0.5, 2)
    assert (tally.alarms(0.7), tally.page_scores) == (1, (1.0,))


def test_where_nobody_knows_the_places_a_name_that_was_said_is_never_wrong(folder: Path) -> None:
    pages = load_pages(folder)[1:]
    tally = judge_pages(pages, iter([[hit("golf", 0.6), Hit("Bo Tusk", 0, 2, 0.9)]]), (*watched_subjects(pages), TUSK))
    assert (tally.mention_scores, tally.page_scores) == ((), (0.6,))
    assert [h.name for _, _, h in tally.wrong] == ["Bo Tusk"]


def test_a_folder_without_pages_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no pages \(\*.json\)"):
        load_pages(tmp_path)


def pair(reference: str, heard: str, *capitals: str) -> str:
    return json.dumps({"reference": reference, "heard": heard, "capitals": capitals})


def test_real_pairs_teach_names_only_and_none_that_is_measured_with() -> None:
    tested = next(
        s.surname for s in load_subjects() if s.split == "test" and s.type == "person" and s.surname.isalpha()
    )
    lines = [
        pair("Sutskever's", "Sutskover's", "Sutskever's"),
        pair("Ilya Sutskever", "Elias Skiver", "Ilya", "Sutskever"),
        pair("chess board", "chest bored"),  # no names
        pair("the Golob", "the Gollop", "Golob"),  # not throughout
        pair("DARPA", "ARPA", "DARPA"),
        pair("Bo", "Beau", "Bo"),
        pair("Golob", "Gollop", "Golob"),  # left out by name
        pair(tested, "Whatever", tested),  # left out by the split
    ]
    assert dict(read_real_pairs(lines, ["Anna Golob"])) == {
        (("sutskever",), ("sutskover",)): 1,
        (("ilya", "sutskever"), ("elias", "skiver")): 1,
    }
