"""Regular expressions of a watchlist, by RE2: linear in the text whatever a user writes.

All of them are tried at once (RE2's set says which are there), and only those that are there are looked up one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from podwatch.query.clauses import Regex
from podwatch.query.intervals import Spans
from podwatch.query.normaliser import NormalisedText
from podwatch.query.parser import QueryError

MEMORY = 8 << 20  # bytes of RE2's automaton for one expression
LONGEST = 1000  # characters of a find
# RE2 is linear for one match; but a(.*b)? looks to the end of the text anew at each of its matches. When that may have
# come to this many characters, the rest of the text is looked through a window at a time.
LOOKED = 1 << 28
WINDOW = 4 * LONGEST


def check_pattern(clause: Regex) -> None:
    """Raises QueryError for an expression that is none, or that finds nothing at all."""
    import re2

    try:
        compiled = _compiled(clause.text)
    except re2.error as e:
        what = e.args[0].decode("utf-8", "replace") if isinstance(e.args[0], bytes) else str(e)
        raise QueryError(f"is no regular expression: {what}", clause.column, "see RE2's syntax") from None
    if compiled.search("") is not None:
        raise QueryError(f"/{clause.text}/ finds nothing at all, everywhere", clause.column, "make a part not optional")


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Any:
    import re2

    return re2.compile(text, _options())


def _options() -> Any:
    import re2

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = MEMORY
    return options


class PatternSet:
    """expressions: (expression, atom)."""

    def __init__(self, expressions: Sequence[tuple[str, int]]) -> None:
        self._expressions = expressions
        self._set: Any = None
        if len(expressions) > 1:
            import re2

            options = _options()
            options.max_mem = MEMORY * min(32, len(expressions))
            self._set = re2.Set.SearchSet(options)
            for text, _ in expressions:
                self._set.Add(text)
            self._set.Compile()

    def find(self, normal: NormalisedText, hits: dict[int, Spans]) -> None:
        """Adds to ``hits`` what the expressions find in the stored text, as spans of the normalised one."""
        if not self._expressions:
            return
        text = normal.stored
        which: Sequence[int] = range(len(self._expressions))
        if self._set is not None:
            which = sorted(self._set.Match(text))
        for i in which:
            expression, atom = self._expressions[i]
            spans: Spans = []
            for start, end in _matches(_compiled(expression), text):
                if start < end <= start + LONGEST:
                    left, right = normal.index(start), normal.index(end)
                    while right > left and normal.text[right - 1] == " ":
                        right -= 1
                    while left < right and normal.text[left] == " ":
                        left += 1
                    if left < right:
                        spans.append((left, right, 0))
            if spans:
                hits[atom] = spans


def _matches(compiled: Any, text: str) -> Iterator[tuple[int, int]]:
    """The spans of all matches, one after the other, at a cost that grows with the text and not faster.

    In windows a match that needs to see further than WINDOW - LONGEST is found as if the text ended there; its find
    would be too long to count.
    """
    looked = at = 0
    for m in compiled.finditer(text):
        yield m.span()
        at = m.end()
        looked += len(text) - m.start()
        if looked > LOOKED:
            break
    else:
        return
    while at < len(text):
        before = max(0, at - 1)  # a character of context, for \b
        window = text[before : at + WINDOW]
        last = at + WINDOW >= len(text)
        following = len(text) if last else at + WINDOW - LONGEST
        for m in compiled.finditer(window, at - before):
            start, end = before + m.start(), before + m.end()
            if start >= following:
                break
            if last or end < at + WINDOW:
                yield start, end
            following = max(following, end)
        at = following
