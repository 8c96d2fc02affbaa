"""Whether a feed is within a watch's scope, and why not."""

from __future__ import annotations

from typing import Any

import pytest

from podwatch.model import Scope
from podwatch.policy.scopes import OutOfScope, is_in_scope, out_of_scope_reason

URL, TAGS = "https://a.example/feed", ("politics", "news")
# case: (the scope, the language of the transcript) -> why the feed is outside
CASES: dict[str, tuple[dict[str, Any], str | None, OutOfScope | None]] = {
    "no scope holds every feed": ({}, None, None),
    "one of the tags is enough": ({"tags": ("sport", "news")}, "en", None),
    "none of the tags": ({"tags": ("sport",)}, "en", OutOfScope.TAGS),
    "the address": ({"urls": (URL,)}, "en", None),
    "another address": ({"urls": (URL + "/2",)}, "en", OutOfScope.URLS),
    "the language": ({"languages": ("en",)}, "en", None),
    "the language of a region": ({"languages": ("EN",)}, "en-GB", None),
    "another language": ({"languages": ("de",)}, "en", OutOfScope.LANGUAGES),
    "a language that is not known": ({"languages": ("en",)}, None, OutOfScope.LANGUAGES),
    "an excluded tag wins": ({"tags": ("news",), "not_tags": ("politics",)}, "en", OutOfScope.EXCLUDED),
    "an excluded address wins": ({"urls": (URL,), "not_urls": (URL,)}, "en", OutOfScope.EXCLUDED),
    "an excluded language wins": ({"languages": ("en",), "not_languages": ("en-US",)}, "en", OutOfScope.EXCLUDED),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_feed_is_in_scope_or_there_is_a_reason(case: str) -> None:
    scope, language, expected = CASES[case]
    assert out_of_scope_reason(Scope(**scope), URL, TAGS, language) is expected
    assert is_in_scope(Scope(**scope), URL, TAGS, language) == (expected is None)
