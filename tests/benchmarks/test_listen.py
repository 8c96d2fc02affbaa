"""benchmarks/listen: what counts as a name that was found, and that the set says where each one is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.listen.accuracy import Found, bootstrap, search_names
from benchmarks.listen.hearing_figures import Exposure, recall_at_false, recall_at_precision
from benchmarks.listen.hearing_scores import NEVER
from benchmarks.listen.kills import write_long_talk
from benchmarks.listen.spoken_set import CONDITIONS, Spoken, SpokenFile, load_set, make_set
from benchmarks.sounds_like.voices import RATE, Wave
from podwatch.speech.chunks import TARGET_SECONDS, split_at_silence
from tests.support.hearing import hear

GROMYKO = Spoken("Andrei Gromyko", "Gromyko", "person", 2, 1.0, 6.0, "flite/slt")
ODESA = Spoken("Odesa", "Odesa", "place", 1, 8.0, 9.0, "flite/rms")
FILE = SpokenFile(Path("clean-00.flac"), "clean", 10.0, (GROMYKO, ODESA))


HITS = {
    "all of them": ([("Andrei Gromyko", 2.0), ("Andrei Gromyko", 5.0), ("Odesa", 8.5)], 1.0, 0),
    "a name found more often than it is said counts no more": ([("Andrei Gromyko", 2.0)] * 5, 2 / 3, 0),
    "one that is said elsewhere is a false alarm": ([("Odesa", 2.0)], 0.0, 1),
    "a time may lie a little outside": ([("Odesa", 7.5)], 1 / 3, 0),
    "nothing": ([], 0.0, 0),
}


@pytest.mark.parametrize("case", HITS)
def test_a_mention_counts_where_it_is_said(case: str) -> None:
    hits, share, false_alarms = HITS[case]
    found = Found()
    for spoken in FILE.spoken:
        found.said["clean", spoken.name] += spoken.times
    found.count("way", FILE, hits)
    assert found.recall("way")[0] == pytest.approx(share)
    assert found.false_alarms["way"] == false_alarms


def test_an_exact_search_finds_names_and_surnames_as_whole_words_at_their_seconds() -> None:
    said = [" Andrei", " Gromyko,", " and", " later", " gromyko's", " plan,", " Odesa", " is", " not", " Gromykov."]
    words = [(float(i), i + 0.9, word) for i, word in enumerate(said)]
    assert search_names(words, [FILE]) == [("Andrei Gromyko", 0.0), ("Andrei Gromyko", 4.0), ("Odesa", 6.0)]


def test_an_interval_holds_the_figure_and_is_the_same_each_time() -> None:
    rows = [[1, 2]] * 30 + [[0, 1]] * 10
    figure, low, high = bootstrap(rows, lambda r: sum(a for a, _ in r) / sum(b for _, b in r))
    assert low < figure < high
    assert bootstrap(rows, lambda r: sum(a for a, _ in r) / sum(b for _, b in r)) == (figure, low, high)


@pytest.mark.skipif(not shutil.which("flite") or not shutil.which("espeak-ng"), reason="flite or espeak-ng is missing")
def test_the_set_says_every_name_in_every_condition_at_the_seconds_it_gives(tmp_path: Path) -> None:
    files = make_set(tmp_path, 2, None)
    assert files == load_set(tmp_path)
    assert [f.condition for f in files] == list(CONDITIONS)
    for file in files:
        sound = hear(file.path)
        assert len(sound) / RATE == pytest.approx(file.seconds, abs=0.2)
        for spoken in file.spoken:
            loud = sound[int(spoken.start * RATE) : int(spoken.end * RATE)]
            after = sound[int((spoken.end + 0.3) * RATE) : int((spoken.end + 1.0) * RATE)]
            assert abs(loud).mean() > 20 * abs(after).mean()
    with av.open(str(files[2].path)) as container:
        assert container.streams.audio[0].codec_context.bit_rate == 32_000


def test_a_long_talk_has_the_chunks_that_are_to_be_killed(tmp_path: Path) -> None:
    talk: list[Wave] = [np.full(RATE * n, 0.2, np.float32) for n in (3, 4, 5)]
    write_long_talk(tmp_path / "long.flac", talk, 2)
    chunks = list(split_at_silence([hear(tmp_path / "long.flac")]))
    assert len(chunks) == 2
    assert sum(len(c.samples) for c in chunks) / RATE == pytest.approx(2 * TARGET_SECONDS, abs=0.1)


# odds of what is right (-30: not found), of what is wrong; the share found where at most one in twenty is wrong
PRECISE = {
    "none is wrong": ([3.0, 2.0, 1.0], [], 1.0),
    "the wrong one is below": ([3.0, 2.0, 1.0], [0.5], 1.0),
    "the wrong one is above all but one": ([3.0, 1.0, 0.5], [2.0], 1 / 3),
    "the wrong one is likelier than all": ([3.0, 2.0], [4.0], 0.0),
    "one wrong of twenty": ([1.0] * 19, [2.0], 1.0),
    "one wrong of nineteen": ([1.0] * 18, [2.0], 0.0),
    "a wrong one that is as likely counts": ([1.0, 1.0], [1.0], 0.0),
    "what is never found is not told, though no wrong one is": ([3.0, NEVER], [], 0.5),
    "some are never found": ([3.0, NEVER, NEVER, NEVER], [NEVER], 0.25),
    "nothing is found": ([NEVER], [1.0], 0.0),
}


@pytest.mark.parametrize("case", PRECISE)
def test_the_share_found_is_that_at_the_lowest_threshold_that_is_precise_enough(case: str) -> None:
    right, wrong, share = PRECISE[case]
    assert recall_at_precision(np.array(right), np.array(wrong), 0.95) == pytest.approx(share)


# odds of what is right, of what is wrong; how many wrong ones are allowed; the share found
FALSE_ONES = {
    "above the only wrong one": ([3.0, 1.0], [2.0], 0, 0.5),
    "one is allowed": ([3.0, 1.0], [2.0], 1, 1.0),
    "above the second of the wrong ones": ([3.0, 1.0], [4.0, 2.0], 1, 0.5),
    "what is never found is not found where all wrong ones are allowed": ([3.0, NEVER], [], 1, 0.5),
}


@pytest.mark.parametrize("case", FALSE_ONES)
def test_the_share_found_above_all_wrong_ones_but_those_allowed(case: str) -> None:
    right, wrong, allowed, share = FALSE_ONES[case]
    assert recall_at_false(np.array(right), np.array(wrong), allowed) == pytest.approx(share)


def test_one_false_mention_is_a_tenth_in_a_hundred_hours_of_a_thousand_hours_and_names() -> None:
    assert [Exposure(2.0, names).allowed for names in (499, 500, 999, 1000)] == [0, 1, 1, 2]
