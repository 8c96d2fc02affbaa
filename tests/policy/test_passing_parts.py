"""Which parts of addresses pass is decided by what was seen of them, never by their names."""

from __future__ import annotations

import pytest

from podwatch.model import Episode, TranscriptRef
from podwatch.policy.passing_parts import (
    MAX_HOSTS,
    are_same_transcripts,
    find_passing_parts,
    is_same_address,
    merge_passing,
    without_passing,
)

H = "https://cdn.example"

# name: (an address of each item before, and after, what passes)
CHANGES: dict[str, tuple[list[str], list[str], set[str]]] = {
    "a token and an expiry": (
        [f"{H}/{n}.vtt?Expires=1&Signature=a" for n in (1, 2)],
        [f"{H}/{n}.vtt?Expires=2&Signature=b" for n in (1, 2)],
        {"?Expires", "?Signature"},
    ),
    "a cache-buster without a value": ([f"{H}/{n}.vtt?17" for n in (1, 2)], [f"{H}/{n}.vtt?18" for n in (1, 2)], {"?17", "?18"}),
    "a token beside what names the file": (
        [f"{H}/get?id={n}&k=1{n}" for n in (1, 2)],
        [f"{H}/get?id={n}&k=2{n}" for n in (1, 2)],
        {"?k"},
    ),
    "a token that comes": ([f"{H}/{n}.vtt" for n in (1, 2)], [f"{H}/{n}.vtt?t={n}" for n in (1, 2)], {"?t"}),
    "a token in the path": (
        [f"{H}/exp=1~hmac=a/{n}.vtt" for n in (1, 2)],
        [f"{H}/exp=2~hmac=b/{n}.vtt" for n in (1, 2)],
        {"/1/2"},
    ),
    "of one item only": ([f"{H}/1.vtt?v=1"], [f"{H}/1.vtt?v=2"], set()),
    "of two items, while a third one's stays": (
        [f"{H}/{n}.vtt?v=1" for n in (1, 2, 3)],
        [f"{H}/{n}.vtt?v={'1' if n == 3 else '2'}" for n in (1, 2, 3)],
        set(),
    ),
    "the only thing that tells the items apart": (
        [f"{H}/get?token={n}" for n in (1, 2)],
        [f"{H}/get?token={n}" for n in (3, 4)],
        set(),
    ),
    "the name of the file": ([f"{H}/{n}.vtt" for n in (1, 2)], [f"{H}/{n}{n}.vtt" for n in (1, 2)], set()),
    "the host": ([f"{H}/{n}.vtt" for n in (1, 2)], [f"https://b.example/{n}.vtt" for n in (1, 2)], set()),
    "no addresses": (["x", "http://[b"], ["y", "http://[c"], set()),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES, ids=str)
def test_what_changes_for_all_items_at_once_passes(case: str) -> None:
    before, after, passing = CHANGES[case]
    found = find_passing_parts([(n, a, b) for n, (a, b) in enumerate(zip(before, after, strict=True))], after)
    assert found == ({"cdn.example": passing} if passing else {})
    for a, b in zip(before, after, strict=True):
        assert is_same_address(a, b, found) is (bool(passing) or a == b)
    assert not any(is_same_address(a, b, found) for a in before for b in after if before.index(a) != after.index(b))


def test_transcripts_are_the_same_in_their_order_with_their_types() -> None:
    passing = {"cdn.example": frozenset({"?t"})}
    a = (TranscriptRef(url=f"{H}/1.vtt?t=1", media_type="text/vtt"), TranscriptRef(url=f"{H}/1.srt?t=1"))
    b = (TranscriptRef(url=f"{H}/1.vtt?t=2", media_type="text/vtt"), TranscriptRef(url=f"{H}/1.srt?t=2"))
    assert are_same_transcripts(a, b, passing)
    assert not are_same_transcripts(a, b, {})
    assert not are_same_transcripts(a, b[:1], passing)
    assert not are_same_transcripts(a, b[::-1], passing)


def test_audio_is_compared_without_the_parameters_that_pass() -> None:
    passing = {"cdn.example": frozenset({"?sig", "/1/2"})}
    kept = {
        f"{H}/x/listen?id=7&sig=a#t": f"{H}/x/listen?id=7",
        f"{H}/x/1.mp3?sig=a": f"{H}/x/1.mp3",
        "https://other.example/1.mp3?sig=a": "https://other.example/1.mp3?sig=a",
    }
    for url, rest in kept.items():
        assert without_passing(Episode(guid="g", audio_url=url), passing).audio_url == rest


def test_what_is_remembered_is_bounded_and_the_newest() -> None:
    known: dict[str, frozenset[str]] = {}
    for n in range(MAX_HOSTS + 5):
        known = merge_passing(known, {f"h{n}": frozenset({f"?p{k}" for k in range(30)})})
    known = merge_passing(known, {"h10": frozenset({"?q"})})
    assert len(known) == MAX_HOSTS
    assert "h4" not in known
    assert all(len(names) <= 20 for names in known.values())
    assert "?q" in known["h10"]
