"""Text and addresses from outside, made harmless to show."""

from __future__ import annotations

import json

import pytest

from podwatch.notifiers import card
from podwatch.notifiers import escaping as plain
from tests.support.builders import alert, episode

# An address from a feed -> what a link may hold of it
ADDRESSES = {
    "a script": ("javascript:alert(1)", None),
    "a file": ("file:///etc/passwd", None),
    "data": ("data:text/html,<script>", None),
    "no host": ("https:///x", None),
    "not an address": ("http://[::1", None),
    "nothing": ("", None),
    "a password, which a channel need not read": ("https://me:secret@a.example/x.mp3", None),
    "too long": ("https://a.example/" + "x" * 900, None),
    "a label smuggled in": ("https://a.example/|click>", "https://a.example/%7Cclick%3E"),
    "quotes and blanks": (' https://a.example/a b"c ', "https://a.example/a%20b%22c"),
    "a line break": ("https://a.example/a\r\nb", "https://a.example/a%0D%0Ab"),
    "an escape sequence": ("https://a.example/\x1b]0;x\x07", "https://a.example/%1B]0;x%07"),
    "bidi": ("https://a.example/\u202egpj.exe", "https://a.example/gpj.exe"),
    "other letters": ("https://a.example/ü?q=1&r=2", "https://a.example/ü?q=1&r=2"),
}


@pytest.mark.parametrize("case", ADDRESSES, ids=str)
def test_only_a_harmless_web_address_becomes_a_link(case: str) -> None:
    given_, expected = ADDRESSES[case]
    assert plain.link_address(given_) == expected
    blocks = json.dumps(card.blocks(alert(episode=episode(link=given_, audio_url=None))), ensure_ascii=False)
    assert (f'"url": "{expected}"' in blocks) == (expected is not None)


def test_an_emoji_is_never_cut_in_two() -> None:
    family = "👩\u200d👩\u200d👧"
    for room in range(60, 140):
        kept = plain.truncate_end(family * 20, room).removesuffix("…")
        assert kept == family * (len(kept) // len(family))
        kept = plain.truncate_start(family * 20, room).removeprefix("…")
        assert kept == family * (len(kept) // len(family))


def test_an_accent_stays_with_its_letter() -> None:
    assert plain.truncate_end("e\u0301" * 10, 4) == "e\u0301…"
    assert plain.truncate_start("e\u0301" * 10, 4) == "…e\u0301"
