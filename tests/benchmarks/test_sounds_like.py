"""benchmarks.sounds_like on ten names with a fake matcher, every figure worked out by hand."""

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
from benchmarks.sounds_like.accuracy import is_full_name, is_misspelt, is_misspelt_surname
from benchmarks.sounds_like.dataset import Episode, Mention, build_episodes, load_split, parse_passage, split_in_halves
from benchmarks.sounds_like.matchers import Hit, WindowMatcher, best_per_name, match_exact
from benchmarks.sounds_like.names import Subject, fold_name, load_subjects
from benchmarks.sounds_like.scoring import Judgement, judge_hits, lowest_threshold
from benchmarks.sounds_like.talk_corpus import TalkCorpus, filter_unmentioned, find_alarms, take_hours
from benchmarks.sounds_like.talk_corpus import load_corpus as load_talk

TEN = [s for s in load_subjects() if s.split == "tune" and s.type == "person" and s.surname != s.name][:10]


def misheard(name: str) -> str:
    """The misspelling of the invented recogniser: another last letter."""
    return name[:-1] + ("x" if name[-1] != "x" else "z")


def row(subject: Subject, recogniser: str = "base") -> dict[str, Any]:
    """A passage with the full name right, the surname misspelt, then the surname right."""
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
class FakeMatch:
    name: int
    start: int
    end: int
    score: float
    kind: str


class FakeMatcher:
    """Finds each surname, and its one misspelling by ``misheard``."""

    def __init__(self, names: Sequence[Subject], min_score: float | None = None) -> None:
        self.names = names

    def find_matches(self, text: str, title: str = "", notes: str = "") -> list[FakeMatch]:
        found: list[FakeMatch] = []
        for i, subject in enumerate(self.names):
            for surface, score, kind in [
                (subject.surname, 1.0, "exact"),
                (misheard(subject.surname), 0.9, "sounds_like"),
            ]:
                at = text.find(surface)
                while at >= 0:
                    found.append(FakeMatch(i, at, at + len(surface), score, kind))
                    at = text.find(surface, at + 1)
        return found


def fake_matcher(
    names: Sequence[Subject], min_score: float | None = None, *, said: bool = False
) -> matchers.PodwatchMatcher:
    return matchers.PodwatchMatcher("podwatch", tuple(names), FakeMatcher(names, min_score))


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    rows = [row(subject, recogniser) for subject in TEN for recogniser in ("base", "tiny.en")]
    text = "".join(json.dumps(r) + "\n" for r in rows)
    (tmp_path / "tune.jsonl.zst").write_bytes(zstandard.compress(text.encode()))
    return tmp_path


def test_every_passage_is_in_one_episode_of_its_recogniser_with_its_spans_shifted(ten: Path) -> None:
    made = build_episodes(load_split("tune", ten), passages=4)
    assert sorted(len(e.mentions) for e in made) == [6, 6, 12, 12, 12, 12]
    for episode in made:
        assert [episode.text[m.start : m.end] for m in episode.mentions] == [m.heard for m in episode.mentions]
        assert [m.introduced for m in episode.mentions[:3]] == [False, True, True]


def test_the_halves_are_all_names_and_no_name_twice() -> None:
    first, second = split_in_halves(s.name for s in load_subjects())
    assert set(first) | set(second) == {s.name for s in load_subjects()}
    assert set(first).isdisjoint(second)
    assert 0.4 < len(first) / len(load_subjects()) < 0.6


MENTIONS = (
    Mention("Ann Tusk", "full", 0, 8, True, "Ann Tusk", False),
    Mention("Ann Tusk", "surname", 10, 14, False, "Task", True),
    Mention("Ann Tusk", "surname", 20, 24, False, "Dusk", True),
    Mention("Bo Golob", "full", 30, 38, True, "Bo Golob", False),
)
HITS = [
    Hit("Ann Tusk", 4, 8, 1.0, True),  # spelt right: measured among full names only
    Hit("Ann Tusk", 9, 14, 0.9),
    Hit("Ann Tusk", 33, 38, 0.7),  # on another name
    Hit("Ann Tusk", 21, 24, 0.4),
    Hit("Ann Tusk", 50, 55, 0.3),  # on nothing
]


@pytest.mark.parametrize(
    ("counts", "found", "right", "wrong"),
    [
        (is_full_name, (1.0,), (1.0,), (0.7, 0.3)),
        (is_misspelt_surname, (0.9, 0.4), (0.9, 0.4), (0.7, 0.3)),
        (is_misspelt, (0.9, 0.4), (0.9, 0.4), (0.7, 0.3)),
    ],
)
def test_a_hit_is_right_wrong_or_not_measured(
    counts: Any, found: tuple[float, ...], right: tuple[float, ...], wrong: tuple[float, ...]
) -> None:
    judged = judge_hits([Episode("", MENTIONS, "base")], [HITS], frozenset({"Ann Tusk"}), counts)
    assert judged == Judgement(found, right, wrong)


def test_recall_and_precision_follow_the_threshold() -> None:
    judged = Judgement((0.9, 0.8, 0.4, 0.0), (0.9, 0.8, 0.4), (0.6, 0.3))
    assert [(judged.recall(t), judged.precision(t)) for t in (0.85, 0.5, 0)] == [(0.25, 1), (0.5, 2 / 3), (0.75, 3 / 5)]
    assert judged.recall_at_precision(0.95) == (0.5, 0.8)
    assert judged.recall_at_precision(0.55) == (0.75, 0.4)
    assert Judgement((0.0,), (), (0.9,)).recall_at_precision(0.95) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("scores", "most", "threshold"),
    [([], 0, 0.0), ([0.2, 0.5, 0.9], 3, 0.0), ([0.2, 0.5, 0.9], 2, 0.5), ([0.2, 0.5, 0.5], 1.5, 0.5 + 1e-9)],
)
def test_the_threshold_leaves_no_more_false_alarms_than_asked(
    scores: list[float], most: float, threshold: float
) -> None:
    found = lowest_threshold(scores, most)
    assert found == pytest.approx(threshold, abs=1e-8)
    assert sum(score >= found for score in scores) <= most


def test_of_hits_that_overlap_the_best_is_kept_for_each_name() -> None:
    hits = [Hit("a", 0, 5, 0.8), Hit("a", 3, 9, 0.9), Hit("b", 3, 9, 0.1), Hit("a", 9, 12, 0.2)]
    assert best_per_name(hits) == [Hit("a", 3, 9, 0.9), Hit("b", 3, 9, 0.1), Hit("a", 9, 12, 0.2)]


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
def test_what_the_other_matchers_find(title: str, text: str, surfaces: list[str]) -> None:
    if title != "exact":
        pytest.importorskip("doublemetaphone" if title == "Double Metaphone" else "rapidfuzz")
    kallas = Subject("Kaja Kallas", "person", "politics", "et", "Kaya Kallas")
    method = next(m for m in matchers.other_matchers([kallas], frozenset({"surname"})) if m.title == title)
    hits = next(iter(method.find_hits([text])))
    top = [hit for hit in hits if hit.score == max(h.score for h in hits)]
    assert [text[hit.start : hit.end] for hit in top] == surfaces


def test_windows_of_earlier_texts_are_found_again_in_a_later_text() -> None:
    method = WindowMatcher("exact", tuple(TEN), frozenset({"full"}), match_exact)
    texts = [f"so {subject.name} spoke" for subject in TEN for _ in range(7)]
    assert [[hit.name for hit in hits] for hits in method.find_hits(texts)] == [[s.name] for s in TEN for _ in range(7)]


def test_talk_is_taken_whole_files_at_a_time_and_its_hours_are_counted(tmp_path: Path) -> None:
    for i in range(4):
        (tmp_path / f"{i}.txt").write_text("word " * 10_000)
    (tmp_path / "stub.txt").write_text("Coming soon.")
    (tmp_path / "INDEX.tsv").write_text("file\tseconds\n0.txt\t7200\n1.txt\t7200\n2.txt\t7200\n3.txt\t0\n")
    assert load_talk(tmp_path, 0).hours == pytest.approx(7.0)
    part = load_talk(tmp_path, 2.5)
    assert part == load_talk(tmp_path, 2.5)
    assert 2.5 <= part.hours <= 4.5
    assert take_hours(TalkCorpus(("word " * 10_000,) * 3, 3.0), 1.5) == TalkCorpus(("word " * 10_000,) * 2, 2.0)


def test_a_name_that_the_talk_has_is_not_watched_in_it_and_a_right_spelling_no_alarm() -> None:
    spoken = TalkCorpus((f"So {TEN[0].name} and {misheard(TEN[1].surname)} and {TEN[2].surname} met.",), 1.0)
    assert filter_unmentioned(TEN, spoken) == tuple(TEN[1:])
    assert [hit.name for hit in find_alarms(fake_matcher(TEN), spoken)] == [TEN[1].name]


def test_the_command_measures_a_matcher_from_end_to_end(
    ten: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only_exact = lambda names, forms: (WindowMatcher("exact", tuple(names), forms, match_exact),)  # noqa: E731
    monkeypatch.setattr(matchers, "podwatch_matcher", fake_matcher)
    monkeypatch.setattr(cost, "invent_names", lambda number: tuple(TEN))
    monkeypatch.setattr(matchers, "other_matchers", only_exact)
    talk = tmp_path / "talk"
    talk.mkdir()
    (talk / "one.txt").write_text("plain words " * 500 + misheard(TEN[3].surname))
    monkeypatch.setattr(sys, "argv", ["x", "--split", "tune", "--data", str(ten), "--talk", str(talk), "--misses"])
    status = command.main()
    printed = capsys.readouterr().out
    assert "tune: 10 names (10 person)" in printed
    assert "| base | bare surnames | 20 | 50% | 0% |" in printed
    assert "| podwatch | 1.000 | 0.90 |" in printed
    assert "| piper | 1.000 | 1.000 | 20 | 0% |" in printed
    assert "ok   recall of bare misspelt surnames" in printed
    assert "ok   recall of full names: 1" in printed
    assert "| lists | mean | median | each |" in printed  # one of one, with one alarm in six minutes of talk
    assert "MISS false alarms of 35 persons" in printed
    assert status == 1


def test_podwatch_may_be_given_the_respelling_of_names() -> None:
    misread = [s for s in load_subjects() if s.split == "train" and s.respelling != s.name][:3]
    heard = [f"We had {s.respelling.replace('-', '')} on the show." for s in misread]
    for said in (True, False):
        hits = [hit for found in matchers.podwatch_matcher(misread, said=said).find_hits(heard) for hit in found]
        assert [(hit.name, hit.is_exact) for hit in hits] == [(s.name, said) for s in misread]


def test_the_misses_of_the_test_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["x", "--misses"])
    with pytest.raises(SystemExit):
        command.main()


def test_a_passage_says_which_mentions_came_after_the_full_name() -> None:
    line = parse_passage(row(TEN[0]))
    assert [(m.form, m.exact, m.introduced) for m in line.mentions] == [
        ("full", True, False),
        ("surname", False, True),
        ("surname", True, True),
    ]
    assert fold_name(line.mentions[0].heard) == fold_name(TEN[0].name)
