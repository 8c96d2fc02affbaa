"""Decides whether a feed, and what is said in it, is within the scope of a watch. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from podwatch.model import Scope


class OutOfScope(StrEnum):
    """Why a watch does not look at a feed."""

    EXCLUDED = "the watch excludes this feed, one of its tags, or the language"
    TAGS = "the feed has none of the watch's tags"
    URLS = "the feed is none of those that the watch names"
    LANGUAGES = "the transcript is in none of the watch's languages"


def is_in_scope(scope: Scope, url: str, tags: Sequence[str], language: str | None) -> bool:
    """Whether the scope holds a feed with this address and these tags, in this language (None: not known)."""
    return out_of_scope_reason(scope, url, tags, language) is None


def out_of_scope_reason(scope: Scope, url: str, tags: Sequence[str], language: str | None) -> OutOfScope | None:
    """Why the scope does not hold the feed; None when it does. An exclusion wins over an inclusion.

    Of a language code the first two letters count: ``en-GB`` is ``en``.
    """
    feed_tags, primary = set(tags), (language or "")[:2].lower()
    if feed_tags & set(scope.not_tags) or url in scope.not_urls or primary in _primary_subtags(scope.not_languages):
        return OutOfScope.EXCLUDED
    if scope.tags and not feed_tags & set(scope.tags):
        return OutOfScope.TAGS
    if scope.urls and url not in scope.urls:
        return OutOfScope.URLS
    return OutOfScope.LANGUAGES if scope.languages and primary not in _primary_subtags(scope.languages) else None


def _primary_subtags(languages: Sequence[str]) -> set[str]:
    return {name[:2].lower() for name in languages}
