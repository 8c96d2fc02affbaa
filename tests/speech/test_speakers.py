"""Who says each word: clusters of voices are speakers, over all chunks; what is like nobody's voice is nobody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import as_file, files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from podwatch.model import RecognisedChunk, RecognisedSegment, RecognisedWord, VoiceWindow
from podwatch.settings import from_environment
from podwatch.speech.decoding import open_audio
from podwatch.speech.recognisers import RECOGNISERS
from podwatch.speech.speakers import clustering
from podwatch.speech.speakers.clustering import ALIKE, Cluster, find_speakers, merge_clusters, merge_short
from podwatch.speech.speakers.labels import choose_speakers, label_speakers, pack_voice, unpack_voices
from podwatch.speech.speakers.recogniser import LENGTH, STEP, SpeakerRecogniser, place_windows, stretches
from podwatch.speech.transcribing import shift, to_transcript, transcribe
from podwatch.speech_settings import SpeechSettings
from tests.speech.test_transcribing import Parrot, chunks
from tests.support.speech_models import need_model, need_speaker_model

Vectors = NDArray[np.float32]
ANNA, BEN, CARL = np.eye(16, dtype=np.float32)[:3]


def voice(of: Vectors, dice: np.random.Generator, spread: float = 0.1) -> Vectors:
    """A window of somebody's talk: his voice, and what differs from window to window."""
    heard = of + dice.standard_normal(len(of)).astype(np.float32) * spread
    unit: Vectors = heard / np.linalg.norm(heard)
    return unit


def naive_linkage(voices: Vectors) -> set[frozenset[int]]:
    """Average linkage as its definition says: the mean similarity over all pairs."""
    groups = [[i] for i in range(len(voices))]
    while len(groups) > 1:
        pairs = [
            (float(np.mean([voices[i] @ voices[j] for i in a for j in b])), x, y)
            for x, a in enumerate(groups)
            for y, b in enumerate(groups)
            if x < y
        ]
        best, x, y = max(pairs)
        if best < ALIKE:
            break
        groups[x] += groups.pop(y)
    return {frozenset(g) for g in groups}


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 14))
def test_clusters_are_those_of_average_linkage(seed: int, count: int) -> None:
    dice = np.random.default_rng(seed)
    voices = np.stack([voice((ANNA, BEN, CARL)[dice.integers(3)], dice, 0.2) for _ in range(count)])
    found = merge_clusters([Cluster((i,), v) for i, v in enumerate(voices)])
    assert {frozenset(c.members) for c in found} == naive_linkage(voices)


def test_speakers_are_in_the_order_in_which_they_first_speak() -> None:
    dice = np.random.default_rng(1)
    voices = np.stack([voice(of, dice) for of in (BEN, BEN, ANNA, BEN, ANNA, CARL, CARL, CARL) * 3])
    means = find_speakers(voices, [1.5] * len(voices))
    assert [int(np.argmax(m)) for m in means] == [1, 0, 2]


def test_hours_of_talk_have_the_same_speakers_as_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = np.random.default_rng(2)
    voices = np.stack([voice((ANNA, BEN)[i // 7 % 2], dice) for i in range(300)])
    whole = find_speakers(voices, [1.5] * 300)
    monkeypatch.setattr(clustering, "_PART", 40)
    np.testing.assert_allclose(find_speakers(voices, [1.5] * 300), whole, atol=1e-5)


def test_who_speaks_for_a_moment_is_no_speaker() -> None:
    dice = np.random.default_rng(3)
    voices = np.stack([voice(of, dice) for of in (*[ANNA] * 9, CARL, *[BEN] * 9)])
    assert [int(np.argmax(m)) for m in find_speakers(voices, [1.5] * 19)] == [0, 1]


def test_hours_of_noise_are_at_most_one_speaker_and_need_no_large_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(11).standard_normal((3000, 192)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    asked: list[int] = []
    merge = clustering.merge_clusters

    def watched(some: Sequence[Cluster]) -> list[Cluster]:
        asked.append(len(some))
        return merge(some)

    monkeypatch.setattr(clustering, "merge_clusters", watched)
    assert len(find_speakers(noise, [1.5] * len(noise))) == 1
    assert max(asked) <= 1500


# windows (of a second and a half) of Anna, of another voice, how alike the two are: how many speakers there are
SECOND_VOICES = {
    "a call that breaks up: little talk, and somewhat alike": (20, 6, 0.37, 1),
    "half a short talk, and somewhat alike": (20, 11, 0.37, 2),
    "one that talks for long, and is somewhat alike": (60, 20, 0.37, 2),
    "little talk, and not alike": (20, 6, 0.2, 2),
    "long talk, and alike": (60, 20, 0.6, 1),
}


@pytest.mark.parametrize("case", SECOND_VOICES)
def test_a_voice_of_little_talk_is_whose_it_is_somewhat_like(case: str) -> None:
    annas, others, alike, speakers = SECOND_VOICES[case]
    second = alike * ANNA + np.sqrt(1 - alike**2) * BEN
    voices = np.stack([ANNA] * annas + [second] * others).astype(np.float32)
    assert len(find_speakers(voices, [1.5] * len(voices))) == speakers


def test_what_is_little_talk_counts_with_what_has_become_part_of_it() -> None:
    ben = 0.35 * ANNA + np.sqrt(1 - 0.35**2) * BEN
    moment = 0.35 * ANNA + 0.32 * BEN + np.sqrt(1 - 0.35**2 - 0.32**2) * CARL
    ones = [Cluster(tuple(range(34)), ANNA), Cluster(tuple(range(34, 44)), ben), Cluster(tuple(range(44, 48)), moment)]
    assert [len(c.members) for c in merge_short(ones, [1.5] * 48)] == [34, 14]


def test_of_two_that_talk_for_long_little_talk_becomes_the_one_that_it_is_most_like() -> None:
    between = 0.4 * ANNA + 0.5 * BEN + np.sqrt(1 - 0.41) * CARL
    ones = [Cluster(tuple(range(20)), ANNA), Cluster(tuple(range(20, 40)), BEN), Cluster((40, 41), between)]
    merged = merge_short(ones, [1.5] * 42)
    assert [len(c.members) for c in merged] == [20, 22]
    np.testing.assert_allclose(merged[1].mean, (20 * BEN + 2 * between) / 22, atol=1e-6)


def test_in_a_short_file_whoever_speaks_most_is_one() -> None:
    assert len(find_speakers(ANNA[None], [1.0])) == 1
    assert [int(np.argmax(m)) for m in find_speakers(np.stack([BEN, ANNA, ANNA]), [1.0] * 3)] == [0]
    assert len(find_speakers(ANNA[None][:0], [])) == 0


@given(st.lists(st.floats(-1, 1, width=32), min_size=8, max_size=8).filter(lambda v: max(map(abs, v)) > 0.01))
def test_a_packed_voice_is_the_same_voice(numbers: list[float]) -> None:
    vector = np.array(numbers, np.float32)
    [back] = unpack_voices([VoiceWindow(0, 1, pack_voice(vector))])
    assert float(back @ vector / np.linalg.norm(vector)) > 0.99


def say(start: float, text: str, of: Vectors | None, dice: np.random.Generator) -> RecognisedChunk:
    """A chunk with a word each half a second, and somebody's voice over it; None: noise."""
    words = tuple(RecognisedWord(start + i / 2, start + i / 2 + 0.45, f" {w}", 0.9) for i, w in enumerate(text.split()))
    end = words[-1].end
    windows = []
    for at in np.arange(start, end, 0.75):
        heard = voice(of, dice) if of is not None else voice(np.zeros(16, np.float32), dice)
        windows.append(VoiceWindow(float(at), min(float(at) + 1.5, end), pack_voice(heard)))
    segment = RecognisedSegment(start, end, text, words)
    return RecognisedChunk(start, end, (segment,), "en", voices=tuple(windows))


def join(*parts: RecognisedChunk) -> RecognisedChunk:
    """One chunk whose single segment has all words, as a recogniser gives that knows nothing of speakers."""
    words = tuple(w for p in parts for s in p.segments for w in s.words)
    text = " ".join(s.text for p in parts for s in p.segments)
    segment = RecognisedSegment(words[0].start, words[-1].end, text, words)
    return RecognisedChunk(
        parts[0].start, parts[-1].end, (segment,), "en", voices=tuple(v for p in parts for v in p.voices)
    )


LONG = "and so the talks went on for the whole of the night until all was said"


def test_a_segment_is_cut_where_the_speaker_changes() -> None:
    dice = np.random.default_rng(4)
    chunk = join(say(0, f"{LONG}.", ANNA, dice), say(9, f"No, {LONG}", BEN, dice))
    [labelled] = label_speakers([chunk])
    assert [(s.speaker, s.text.split()[0]) for s in labelled.segments] == [("Speaker 1", "and"), ("Speaker 2", "No,")]
    assert [w for s in labelled.segments for w in s.words] == [w for s in chunk.segments for w in s.words]


def test_a_speaker_is_the_same_in_all_chunks() -> None:
    dice = np.random.default_rng(5)
    found = label_speakers([say(0, LONG, ANNA, dice), say(100, LONG, BEN, dice), say(200, LONG, ANNA, dice)])
    assert [s.speaker for c in found for s in c.segments] == ["Speaker 1", "Speaker 2", "Speaker 1"]
    transcript = to_transcript(found, source="x")
    assert list(transcript.speakers) == ["Speaker 1", "Speaker 2", "Speaker 1"]


def test_what_is_like_nobodys_voice_has_no_speaker() -> None:
    dice = np.random.default_rng(6)
    found = label_speakers([say(0, LONG, ANNA, dice), say(100, "thanks for watching", None, dice)])
    assert [s.speaker for c in found for s in c.segments] == ["Speaker 1", None]


def test_without_voices_nothing_changes() -> None:
    dice = np.random.default_rng(7)
    chunk = replace(say(0, LONG, ANNA, dice), voices=())
    assert label_speakers([chunk]) == [chunk]
    assert label_speakers([]) == []


def test_a_segment_without_words_gets_a_speaker_as_a_whole() -> None:
    dice = np.random.default_rng(8)
    chunk = say(0, LONG, ANNA, dice)
    chunk = replace(chunk, segments=(replace(chunk.segments[0], words=()),))
    [labelled] = label_speakers([chunk])
    assert [s.speaker for s in labelled.segments] == ["Speaker 1"]


def test_one_window_that_is_off_is_no_change_of_speaker() -> None:
    words = [RecognisedWord(i / 2, i / 2 + 0.4, " word") for i in range(12)]
    windows = [VoiceWindow(i * 0.75, i * 0.75 + 1.5, "") for i in range(7)]
    alike = np.tile(np.array([[0.7, 0.2]], np.float32), (7, 1))
    alike[3] = 0.4, 0.5
    assert choose_speakers(words, windows, alike) == [0] * 12
    alike[3:] = 0.2, 0.7
    assert choose_speakers(words, windows, alike)[::11] == [0, 1]


@given(st.lists(st.tuples(st.floats(0.05, 3), st.floats(0.05, 2)), min_size=1, max_size=40))
def test_windows_cover_all_talk_and_stay_in_the_chunk(spoken: list[tuple[float, float]]) -> None:
    words, now = [], 0.0
    for length, pause in spoken:
        words.append(RecognisedWord(now, now + length, " word"))
        now += length + pause
    segment = RecognisedSegment(0, now, "words", tuple(words))
    seconds = max(now, LENGTH)
    placed = [(first / 100, (first + count) / 100) for first, count in place_windows([segment], seconds)]
    assert all(0 <= start < end <= seconds + 0.001 and end - start <= LENGTH + 0.001 for start, end in placed)
    for start, end in stretches([segment]):
        inside = [w for w in placed if w[1] > start and w[0] < end]
        assert min(w[0] for w in inside) <= start + 0.11
        assert max(w[1] for w in inside) >= end - 0.11
        steps = np.diff(sorted(w[0] for w in inside))
        assert (steps <= STEP + 0.02).all()


def test_a_chunk_that_is_moved_takes_its_voices_along() -> None:
    moved = shift(say(0, LONG, ANNA, np.random.default_rng(9)), 300, 400)
    assert moved.voices[0].start == 300
    assert moved.voices[-1].end <= 400


def test_a_resumed_run_finds_the_same_speakers() -> None:
    dice = np.random.default_rng(10)
    says = [say(0, LONG, of, dice) for of in (ANNA, BEN, ANNA)]
    saved: dict[int, RecognisedChunk] = {}
    whole = transcribe(chunks(3), Parrot(says), {}, saved.__setitem__)
    assert [s.speaker for c in whole for s in c.segments] == ["Speaker 1", "Speaker 2", "Speaker 1"]
    again = transcribe(chunks(3), Parrot(says), {0: saved[0], 1: saved[1]}, lambda number, chunk: None)
    assert again == whole


def test_two_voices_of_the_sample_are_two_speakers() -> None:
    """By the real network, over what the real recogniser hears; talk.txt says who speaks: slt, rms, slt, rms."""
    models = need_speaker_model()
    chosen = SpeechSettings(model="tiny.en", models=str(need_model()), threads=1)
    network = SpeechSettings(models=str(models))
    with as_file(files("podwatch.speech") / "sample/talk.opus") as path, open_audio(path, max_hours=1) as audio:
        samples = np.concatenate(list(audio))
    recogniser = SpeakerRecogniser(RECOGNISERS["faster-whisper"](replace(from_environment({}), speech=chosen)), network)
    assert recogniser.name.endswith("int8, speakers by campplus@92f29b9")
    [labelled] = label_speakers([recogniser.recognise(samples, language="en")])
    recogniser.close()
    said = [(s.speaker, s.text) for s in labelled.segments]
    turns = [speaker for i, (speaker, _) in enumerate(said) if i == 0 or speaker != said[i - 1][0]]
    assert turns == ["Speaker 1", "Speaker 2", "Speaker 1", "Speaker 2"]
    assert {speaker for speaker, text in said if "ood morning" in text or "farmers" in text} == {"Speaker 1"}
    assert {speaker for speaker, text in said if "thirty" in text or "tomorrow" in text} == {"Speaker 2"}
