"""What the search for misspelt names has to find, worked out one n-gram and one pair after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from podwatch.phonetics.consonant_keys import LONG_LENGTH, MAX_LENGTH, letter_classes, phone_classes
from podwatch.phonetics.form_index import NearPair
from podwatch.phonetics.lexicon import Entry
from podwatch.phonetics.ngram_windows import MAX_WORDS, STOP_WORDS, NGram, strip_possessive
from podwatch.phonetics.noisy_channel import Costs, Encoded, load_channels
from podwatch.phonetics.tokenizer import CLOSED, Tokens


def cut_ngrams(
    tokens: Tokens, entries: Mapping[str, Entry], is_wanted: Callable[[int], bool]
) -> dict[NGram, list[int]]:
    """The n-grams with a wanted word and where they begin, in the order in which they first occur."""
    found: dict[NGram, list[int]] = {}
    for first, word in enumerate(tokens.plain):
        if word in STOP_WORDS:
            continue
        for last in range(first, min(first + MAX_WORDS, len(tokens.plain))):
            if not tokens.plain[last]:
                break
            ends_well = last == first or tokens.plain[last] not in STOP_WORDS
            if ends_well and any(is_wanted(i) for i in range(first, last + 1)):
                ngram = tuple(tokens.plain[first : last + 1])
                found.setdefault(ngram, []).append(first)
                if ngram[-1].endswith("'s"):
                    found.setdefault(strip_possessive(ngram), []).append(first)
            if tokens.gaps[last] == CLOSED:
                break
    return {ngram: places for ngram, places in found.items() if all(word in entries for word in ngram)}


def find_near(
    ngrams: Sequence[Encoded],
    forms: Sequence[Encoded],
    limits: Sequence[Costs],
    factors: Sequence[float],
    *,
    need_key: bool,
) -> list[NearPair]:
    """The pairs of which one alphabet's cost is within its limit, and that share a key in it if they have to."""
    found = []
    for g, ngram in enumerate(ngrams):
        for f, form in enumerate(forms):
            costs, is_near = [], False
            for side, (channel, classes) in enumerate(
                zip(load_channels(), (phone_classes, letter_classes), strict=True)
            ):
                said, heard = form[side], ngram[side]
                cost = float(channel.costs(channel.pad([said]), channel.pad([heard]))[0])
                most = limits[f][side] * len(said) * factors[g] / (1 if len(said) > 2 else 3)
                shared = bool(_keys(classes(said)) & _keys(classes(heard)))
                is_near |= cost <= most and (shared or not need_key)
                costs.append(cost / max(1, len(said)))
            if is_near:
                found.append((g, f, costs[0], costs[1]))
    return found


def _keys(skeleton: bytes) -> set[bytes]:
    skeleton = skeleton[:MAX_LENGTH]
    if len(skeleton) < 3:
        return {skeleton}
    found = {skeleton, *(skeleton[:i] + skeleton[i + 1 :] for i in range(len(skeleton)))}
    runs = {b"run" + skeleton[i : i + 4] for i in range(len(skeleton) - 3)}
    return found | runs if len(skeleton) >= LONG_LENGTH else found
