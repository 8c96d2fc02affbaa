"""Sponsor reads, outros and what each episode repeats are labelled; talk about sponsors and subscriptions is not."""

from __future__ import annotations

import random
import re
from array import array
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from podwatch.errors import TranscriptError
from podwatch.model import Segment, Transcript, join_segments
from podwatch.transcripts.labels import sponsor_phrases as phrases
from podwatch.transcripts.labels.boilerplate import (
    MIN_OTHER_EPISODES,
    FeedShingles,
    Label,
    Passage,
    from_bytes,
    label_passages,
    pack_labels,
    select_shingles,
    unpack_labels,
)
from podwatch.transcripts.labels.passages import MAX_PASSAGE_CHARACTERS
from podwatch.transcripts.labels.shingles import (
    EDGE_WINDOW,
    EDGE_WORDS,
    HASH_BITS,
    MAX_WORDS,
    MIDDLE_WINDOW,
    SHINGLE_WORDS,
    hash_shingles,
    hash_words,
    winnow,
)

EXCERPTS: list[dict[str, Any]] = YAML(typ="safe").load(Path(__file__).parents[1] / "data/boilerplate.yaml")
TALK = (
    "The tide was low and the boats lay on the mud. Nobody spoke for a while. Then the old pilot began to count them. "
)
NOUNS = ("harbour", "crane", "river", "vote", "letter", "engine", "winter", "bridge", "student", "market", "island")


def column(numbers: list[int]) -> Any:
    return np.array(numbers, np.uint64)


def transcript(text: str) -> Transcript:
    return join_segments([Segment(0, 0, text)])


def talk(seed: int, words: int) -> str:
    """Talk that no other seed gives."""
    rng = random.Random(seed)
    return " ".join(rng.choice(NOUNS) + str(rng.randrange(50)) for _ in range(words))


def placed(excerpt: dict[str, Any]) -> tuple[Transcript, list[tuple[int, int]]]:
    """The excerpt at its place in an episode, and the spans that are marked in it."""
    before = {"start": "", "middle": TALK * 40, "end": TALK * 80}[excerpt["at"]]
    after = {"start": TALK * 80, "middle": TALK * 40, "end": ""}[excerpt["at"]]
    spans, text = [], before
    for i, piece in enumerate(re.split(r"\[\[|\]\]", excerpt["text"])):
        if i % 2:
            spans.append((len(text), len(text) + len(piece)))
        text += piece
    return transcript(f"{text} {after}"), spans


@pytest.mark.parametrize("excerpt", EXCERPTS, ids=lambda e: e["text"][:40])
def test_an_excerpt_is_labelled_where_it_is_boilerplate_and_nowhere_else(excerpt: dict[str, Any]) -> None:
    t, spans = placed(excerpt)
    found = label_passages(t)
    inside = [s for s in found if any(s.start < b and a < s.end for a, b in spans)]
    assert found == tuple(inside), [t.text[s.start : s.end] for s in found]
    assert bool(inside) == bool(spans)
    assert {s.kind.value for s in inside} <= {excerpt.get("kind")}


def test_the_labels_cover_the_marked_characters() -> None:
    marked = labelled = both = 0
    for excerpt in EXCERPTS:
        t, spans = placed(excerpt)
        wanted = {i for a, b in spans for i in range(a, b)}
        got = {i for s in label_passages(t) for i in range(s.start, s.end)}
        marked, labelled, both = marked + len(wanted), labelled + len(got), both + len(wanted & got)
    assert both / labelled >= 0.95
    assert both / marked >= 0.95


def test_half_of_the_excerpts_are_hard_negatives() -> None:
    assert len(EXCERPTS) >= 40
    assert sum("kind" not in e for e in EXCERPTS) >= len(EXCERPTS) / 2


# name: (text in the middle of talk, labelled)
WORDINGS = {
    "curly apostrophes": ("Don’t forget to subscribe.", True),
    "capitals": ("THIS EPISODE IS BROUGHT TO YOU BY ACME.", True),
    "a dotted capital I before it": ("İ İ İ This episode is sponsored by Acme.", True),
    "hyphens": ("Please leave us a five-star review.", True),
    "in the middle of a word": ("unplease subscribed", False),
    "one weak word": ("The merch was sold out.", False),
    "a link in an edited transcript": ("We head over to [it](https://acme.com/x) and visit https://acme.com/y.", False),
}


@pytest.mark.parametrize("name", WORDINGS)
def test_wordings(name: str) -> None:
    text, labelled = WORDINGS[name]
    assert bool(label_passages(transcript(TALK * 30 + text + " " + TALK * 30))) == labelled


def test_a_read_with_a_beginning_and_an_end_is_one_stretch() -> None:
    read = "This episode is brought to you by Acme. " + TALK * 5 + "Acme dot com slash harbour. Use promo code TIDE."
    t = transcript(TALK * 40 + read + " " + TALK * 40)
    assert [t.text[s.start : s.end] for s in label_passages(t)] == [read]


def test_an_interview_about_advertising_is_never_labelled_whole() -> None:
    text = "This show is brought to you by Acme. Our sponsors, the promo code, patreon dot com, subscribe. " * 400
    t = transcript(text)
    assert all(s.end - s.start <= MAX_PASSAGE_CHARACTERS for s in label_passages(t))


def test_a_word_weighs_more_at_the_end_than_in_the_middle() -> None:
    thanks = "Thanks for listening."
    assert not label_passages(transcript(TALK * 40 + thanks + " " + TALK * 40))
    assert label_passages(transcript(TALK * 80 + thanks))


def test_an_intro_that_other_episodes_hold_is_labelled_as_repeated() -> None:
    intro = talk(0, 40)
    first, second = (transcript(f"{intro} {talk(seed, 3000)}") for seed in (1, 2))
    (found,) = label_passages(second, set(select_shingles(first)))
    assert found.kind is Label.REPEATED
    assert found.end <= len(intro)
    assert found.end - found.start > len(intro) / 2
    assert not label_passages(second)


def test_what_moves_from_the_edge_to_the_middle_is_still_found() -> None:
    passage = talk(0, 150)
    first, second = transcript(f"{passage} {talk(1, 3000)}"), transcript(f"{talk(2, 2500)} {passage} {talk(3, 2500)}")
    (found,) = label_passages(second, set(select_shingles(first)))
    assert passage.find(second.text[found.start : found.end]) >= 0


def test_other_talk_repeats_nothing() -> None:
    assert not label_passages(transcript(talk(1, 3000)), set(select_shingles(transcript(talk(2, 3000)))))


def test_an_hour_of_talk_gives_a_few_hundred_shingles() -> None:
    numbers = select_shingles(transcript(talk(5, 10_000)))
    assert 300 < len(numbers) < 900
    assert max(numbers) < 1 << 40


def test_a_text_that_is_no_episode_costs_bounded_memory() -> None:
    long = "tide boat mud " * (MAX_WORDS // 3 + 10)
    assert select_shingles(transcript(long)) == select_shingles(transcript(long + talk(1, 1000)))


@given(st.lists(st.integers(1, 40), max_size=30), st.integers(0, 9))
def test_equal_talk_has_equal_shingles_whatever_its_segments(lengths: list[int], seed: int) -> None:
    words = talk(seed, 700).split()
    segments, at = [], 0
    for n in [*lengths, len(words)]:
        segments.append(Segment(0, 0, " ".join(words[at : at + n])))
        at += n
    shouted = transcript(", ".join(words).upper() + "!")
    assert (
        select_shingles(join_segments(segments))
        == select_shingles(transcript(" ".join(words)))
        == select_shingles(shouted)
    )


@given(st.integers(0, 199), st.integers(0, 9))
def test_a_changed_word_changes_only_the_shingles_that_hold_it(place: int, seed: int) -> None:
    rng = random.Random(seed)
    words = [rng.getrandbits(64) for _ in range(200)]
    before, after = (hash_shingles(column(w)) for w in (words, [*words[:place], 1, *words[place + 1 :]]))
    changed = {i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b}
    assert changed == set(range(max(0, place - SHINGLE_WORDS + 1), min(place, len(words) - SHINGLE_WORDS) + 1))
    near = range(place - SHINGLE_WORDS - 12, place + 12)
    kept = [{(i, int(h[i])) for i in winnow(h).tolist() if i not in near} for h in (before, after)]
    assert kept[0] == kept[1]


CUES = [
    next(iter(phrases.expand_phrases(t)))
    for t in (phrases.SPONSOR_STRONG, phrases.PROMOTION_STRONG, phrases.WEB_ADDRESS)
]
ANY = st.lists(
    st.one_of(st.text(max_size=30), st.sampled_from([*CUES, "İ", "Acme. ", TALK, ".", " ", "Subscribe to our show. "])),
    max_size=25,
)


@given(ANY, st.booleans(), st.booleans())
def test_labels_hold_for_any_text(pieces: list[str], glued: bool, repeats: bool) -> None:
    text = ("" if glued else " ").join(pieces)
    t = transcript(text)
    found = label_passages(t, select_shingles(t) if repeats else ())
    for s in found:
        assert 0 <= s.start < s.end <= len(t.text)
        assert 0 <= s.score <= 1
        assert s.reason
        if s.kind is not Label.REPEATED:
            assert not t.text[s.start].isspace()
            assert s.start == 0 or not (t.text[s.start - 1].isalnum() and t.text[s.start].isalnum())
            assert s.end == len(t.text) or not (t.text[s.end - 1].isalnum() and t.text[s.end].isalnum())
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert from_bytes(pack_labels(found, select_shingles(t))) == (found, select_shingles(t))


STRETCHES = st.lists(
    st.builds(Passage, st.integers(0, 9), st.integers(10, 2**32 - 1), st.sampled_from(Label), st.just(0.5), st.text())
)


@given(STRETCHES, st.sets(st.integers(0, 2**40 - 1)))
def test_labels_survive_the_store(stretches: list[Passage], numbers: set[int]) -> None:
    assert from_bytes(pack_labels(stretches, numbers)) == (tuple(stretches), array("Q", sorted(numbers)))


@given(st.binary(max_size=60))
def test_broken_bytes_give_the_transcript_error(data: bytes) -> None:
    try:
        from_bytes(data)
    except TranscriptError:
        pass


def test_a_million_words_take_seconds() -> None:
    for text in (
        "subscribe to our show " * 250_000,
        "this episode is brought to you by acme " * 125_000,
        TALK * 42_000,
    ):
        assert sum(s.end > s.start for s in label_passages(transcript(text))) < 5000


# ---- the naive way, which the fast one must equal


_STEP, _MIX, _ALL = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, (1 << 64) - 1


def naive_every(words: list[int]) -> list[int]:
    found = []
    for i in range(len(words) - SHINGLE_WORDS + 1):
        value = 0
        for word in words[i : i + SHINGLE_WORDS]:
            value = (value * _STEP + word) & _ALL
        value ^= value >> 32
        found.append(((value * _MIX) & _ALL) >> (64 - HASH_BITS))
    return found


def naive_winnowed(hashes: list[int]) -> list[tuple[int, int]]:
    edge = min(EDGE_WORDS, len(hashes))
    back = max(edge, len(hashes) - EDGE_WORDS)
    kept = set()
    for start, stop, window in ((0, edge, EDGE_WINDOW), (edge, back, MIDDLE_WINDOW), (back, len(hashes), EDGE_WINDOW)):
        for left in range(start, max(start + 1, stop - window + 1)):
            block = hashes[left : min(left + window, stop)]
            if block:
                kept.add(left + max(i for i, h in enumerate(block) if h == min(block)))
    return [(i, hashes[i]) for i in sorted(kept)]


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3), max_size=60))
def test_shingles_are_hashed_as_if_one_by_one(words: list[int]) -> None:
    assert hash_shingles(column(words)).tolist() == naive_every(words)


@given(st.integers(0, 1400), st.integers(1, 2**40), st.randoms(use_true_random=False))
def test_winnowing_keeps_what_the_definition_keeps(count: int, high: int, chance: random.Random) -> None:
    hashes = [chance.randrange(high) for _ in range(count)]
    assert [(i, hashes[i]) for i in winnow(column(hashes)).tolist()] == naive_winnowed(hashes)


WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@given(
    st.lists(
        st.sampled_from(["tide", "Tide", "don't", "don’t", "'", "_", " ", "9", "İ", "ß", "潮", "𝔸", "e\u0301", ". "])
    )
)
def test_words_are_found_and_hashed_as_if_one_by_one(pieces: list[str]) -> None:
    text = "".join(pieces)
    starts, ends, hashes = hash_words(text)
    naive = [m.span() for m in WORD.finditer(text.replace("’", "'").replace("İ", "i").lower())]
    assert list(zip(starts.tolist(), ends.tolist(), strict=True)) == naive
    alone = [int(hash_words(text[a:b])[2][0]) for a, b in naive]
    assert hashes.tolist() == alone
    said = [text[a:b].replace("’", "'").replace("İ", "i").lower() for a, b in naive]
    assert len(set(said)) == len(set(alone))


numbers = st.lists(st.integers(0, 40), max_size=20).map(set)


@given(st.dictionaries(st.integers(1, 6), numbers, max_size=6), st.integers(1, 8), numbers)
def test_what_others_repeat_is_what_counting_one_by_one_says(
    feed: dict[int, set[int]], episode: int, own: set[int]
) -> None:
    own = feed.get(episode, own)
    passages = FeedShingles({e: pack_labels((), held) for e, held in feed.items()})
    naive = {n for n in own if sum(n in held for e, held in feed.items() if e != episode) >= MIN_OTHER_EPISODES}
    assert passages.find_repeated(episode, own) == naive


@given(numbers)
def test_stored_shingles_are_read_the_fast_way_as_the_slow(held: set[int]) -> None:
    assert unpack_labels(pack_labels((), held))[1].tolist() == from_bytes(pack_labels((), held))[1].tolist()
