"""What a recogniser made up, and how sure it was: phantoms count only where something else makes them doubtful."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import RecognisedChunk, RecognisedSegment, RecognisedWord
from podwatch.speech.phantoms import find_phantoms
from podwatch.speech.quality import compression_ratio, measure_quality
from podwatch.speech.transcribing import to_transcript


def segment(text: str, start: float, end: float | None = None, probability: float | None = 0.9) -> RecognisedSegment:
    """A passage whose words are said evenly, by default three a second."""
    words = text.split()
    end = start + len(words) / 3 if end is None else end
    each = (end - start) / len(words)
    timed = tuple(
        RecognisedWord(start + i * each, start + (i + 1) * each, f" {word}", probability)
        for i, word in enumerate(words)
    )
    return RecognisedSegment(start, end, text, timed)


def chunk(*segments: RecognisedSegment, seconds: float = 120.0, speech: float | None = 60.0) -> RecognisedChunk:
    return RecognisedChunk(0.0, seconds, segments, "en", speech)


def phantoms(*segments: RecognisedSegment, seconds: float = 120.0, speech: float | None = 60.0) -> list[str]:
    heard = chunk(*segments, seconds=seconds, speech=speech)
    text = to_transcript([heard], source="speech").text
    return [text[p.start : p.end] for p in find_phantoms([heard])]


TALK = segment("The silos were full and the price fell.", 10.0)
FAREWELLS = [
    "Thanks for watching!", "Thank you for watching.", "Thank you so much for watching this video.",
    "Please subscribe to our channel!", "Merci d'avoir regardé cette vidéo!", "Danke fürs Zuschauen!",
    "Vielen Dank fürs Zuschauen!", "Gracias por ver el video.", "Obrigado por assistir!", "Спасибо за просмотр!",
    "Dziękuję za uwagę.", "Grazie per aver guardato il video.", "시청해주셔서 감사합니다.",
]  # fmt: skip
CREDITS = [
    "Subtitles by the Amara.org community", "Sous-titres réalisés par la communauté d'Amara.org",
    "Sous-titrage ST' 501", "Untertitel im Auftrag des ZDF für funk, 2017", "Untertitel von Stephanie Geiges",
    "Subtítulos realizados por la comunidad de Amara.org", "Legendas pela comunidade Amara.org",
    "Субтитры сделал DimaTorzok", "Редактор субтитров А.Семкин", "Napisy stworzone przez społeczność Amara.org",
    "Transcription by CastingWords", "Ondertitels ingediend door de Amara.org gemeenschap", "ご視聴ありがとうございました",
]  # fmt: skip


@pytest.mark.parametrize("text", [*FAREWELLS, *CREDITS])
def test_what_stands_under_films_is_a_phantom_when_the_recogniser_was_unsure(text: str) -> None:
    assert (
        "".join(phantoms(TALK, segment(text, 14.0, probability=0.3)))
        .replace(" ", "")
        .startswith(text.replace(" ", "")[:12])
    )


@pytest.mark.parametrize("text", [*FAREWELLS, *CREDITS])
def test_it_is_a_phantom_where_it_stands_alone_between_pauses(text: str) -> None:
    assert phantoms(TALK, segment(text, 60.0), replace(TALK, start=90.0, end=93.0, words=()))


@pytest.mark.parametrize("text", FAREWELLS)
def test_it_is_talk_where_somebody_says_it_after_a_sentence(text: str) -> None:
    assert phantoms(TALK, segment(text, 14.0), segment("We talk again on Monday.", 16.0)) == []


@pytest.mark.parametrize(
    "text",
    ["Thank you.", "Goodbye.", "The translation by Marta Quill is better.", "He said thanks for watching the gate.",
     "We subscribe to three channels.", "Captions are by law required.", "See you next week."],
)  # fmt: skip
def test_what_people_say_is_never_a_phantom(text: str) -> None:
    assert phantoms(TALK, segment(text, 60.0, probability=0.1)) == []


def test_it_is_a_phantom_when_it_lasts_far_too_long() -> None:
    assert phantoms(TALK, segment("Thanks for watching!", 14.0, 44.0)) == ["Thanks for watching!"]


def test_it_is_a_phantom_where_there_is_hardly_any_speech() -> None:
    assert phantoms(segment("Thanks for watching!", 1.0), seconds=300.0, speech=2.0) == ["Thanks for watching!"]


def test_only_the_sentence_is_one_and_not_the_talk_before_it_in_its_segment() -> None:
    words = (*segment("So it ended.", 10.0).words, *segment("Thanks for watching!", 30.0, probability=0.2).words)
    whole = RecognisedSegment(10.0, 31.0, "So it ended. Thanks for watching!", words)
    assert phantoms(TALK, whole) == ["Thanks for watching!"]


def test_segments_without_word_times_are_judged_by_their_own() -> None:
    bare = RecognisedSegment(60.0, 61.0, "Thanks for watching!")
    assert phantoms(TALK, bare) == ["Thanks for watching!"]
    assert phantoms(TALK, replace(bare, start=14.0, end=15.0), segment("We talk on Monday.", 16.0)) == []


def test_quality_counts_what_was_cut_and_what_was_made_up() -> None:
    stuck = [segment("The price of grain.", 20.0 + 2 * i, probability=0.5) for i in range(20)]
    quality = measure_quality([chunk(TALK, *stuck, segment("Thanks for watching!", 100.0), speech=90.0)], "en")
    assert [(loop.rounds, loop.text) for loop in quality.loops] == [(20, "The price of grain.")]
    assert (quality.phantoms, quality.words, quality.language) == (1, 8 + 80 + 3, "en")
    assert quality.probability == pytest.approx((11 * 0.9 + 80 * 0.5) / 91, abs=0.001)
    assert quality.silence == 0.25
    assert quality.compression > 4
    assert quality.is_doubtful


def test_plain_talk_is_not_doubtful() -> None:
    quality = measure_quality([chunk(TALK)], "en")
    assert not quality.is_doubtful
    assert (quality.loops, quality.phantoms) == ((), 0)


def test_what_is_not_known_is_none() -> None:
    quality = measure_quality([chunk(RecognisedSegment(0, 1, "Yes."), speech=None)])
    assert (quality.probability, quality.silence, quality.language) == (None, None, None)
    empty = measure_quality([])
    assert (empty.words, empty.compression, empty.silence) == (0, 0.0, None)


def test_compression_is_that_of_whisper() -> None:
    assert compression_ratio("") == 0.0
    assert compression_ratio("grain " * 500) > 50 > 1.0 > compression_ratio("grain")


TEXTS = st.lists(
    st.sampled_from([*FAREWELLS, *CREDITS, "So it ended.", "Grain", "...", "?!", "Mr. Quill 3.5 said"]), max_size=8
)


@given(st.lists(TEXTS, max_size=6), st.floats(0, 1))
def test_phantoms_are_spans_of_the_text_in_order_none_over_another(texts: list[list[str]], probability: float) -> None:
    segments = [segment(" ".join(t), 10.0 * i, probability=probability) for i, t in enumerate(texts) if t]
    heard = chunk(*segments)
    text = to_transcript([heard], source="speech").text
    found = find_phantoms([heard])
    ends = [0, *(p.end for p in found)]
    for p, before in zip(found, ends, strict=False):
        assert before <= p.start < p.end <= len(text)
        assert text[p.start : p.end].strip() == text[p.start : p.end]
        assert 0 < p.score <= 1
        assert p.reason
