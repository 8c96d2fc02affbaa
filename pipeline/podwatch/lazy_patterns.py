"""Regular expressions that are compiled when they are first used: to compile those of all formats, say, takes longer
than to read a document in one of them.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _LazyPattern:
    """Looks a method up once in the compiled expression; then it is its own."""

    def __init__(self, source: str, flags: int) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(self._source, self._flags), name)
        setattr(self, name, value)
        return value


def lazy_pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """A regular expression of the source."""
    return cast("re.Pattern[str]", _LazyPattern(source, flags))
