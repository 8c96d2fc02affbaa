"""The regular expressions of a watchlist, by RE2: linear in the text whatever a user writes.

All of them are tried at once (RE2's set says which match), and only those that match are then searched one by one: 20
expressions take less than half the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from podwatch.query.clauses import Regex
from podwatch.query.intervals import Spans
from podwatch.query.normaliser import NormalisedText
from podwatch.query.parser import QueryError

MEMORY = 8 << 20  # bytes of RE2's automaton for one expression
MAX_MATCH = 1000  # characters of a match; longer ones do not count
# RE2 is linear for one match; but a(.*b)? looks to the end of the text anew at each of its matches. When that may have
# come to this many characters, the rest of the text is searched a window at a time.
SCAN_BUDGET = 1 << 28
WINDOW = 4 * MAX_MATCH


def check_regex(clause: Regex) -> None:
    """Raises QueryError for what is no regular expression, or matches nothing at all."""
    import re2

    try:
        compiled = compile_regex(clause.text)
    except re2.error as e:
        what = e.args[0].decode("utf-8", "replace") if isinstance(e.args[0], bytes) else str(e)
        raise QueryError(f"is no regular expression: {what}", clause.column, "see RE2's syntax") from None
    if compiled.search("") is not None:
        raise QueryError(f"/{clause.text}/ finds nothing at all, everywhere", clause.column, "make a part not optional")


@lru_cache(maxsize=4096)
def compile_regex(text: str) -> Any:
    import re2

    return re2.compile(text, _options())


def _options() -> Any:
    import re2

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = MEMORY
    return options


class RegexSet:
    """Regular expressions, and for each the atom that its matches are occurrences of."""

    def __init__(self, expressions: Mapping[str, int]) -> None:
        self._expressions = list(expressions.items())
        self._set: Any = None
        if len(expressions) > 1:
            import re2

            options = _options()
            options.max_mem = MEMORY * min(32, len(expressions))
            self._set = re2.Set.SearchSet(options)
            for text in expressions:
                self._set.Add(text)
            self._set.Compile()

    def find(self, normalised: NormalisedText, hits: dict[int, Spans]) -> None:
        """Adds to ``hits`` what the expressions match in the stored text, as spans of the normalised one."""
        text = normalised.stored
        matching = range(len(self._expressions)) if self._set is None else sorted(self._set.Match(text) or ())
        for i in matching:
            expression, atom = self._expressions[i]
            spans: Spans = []
            for start, end in find_matches(compile_regex(expression), text):
                if start < end <= start + MAX_MATCH:
                    left, right = normalised.index_of(start), normalised.index_of(end)
                    while right > left and normalised.text[right - 1] == " ":
                        right -= 1
                    while left < right and normalised.text[left] == " ":
                        left += 1
                    if left >= right:  # no word, as [Music] or an emoji: the blank where it was left out
                        left, right = right - 1, right
                        normalised.left_out[left] = min(normalised.left_out.get(left, (start, end)), (start, end))
                    spans.append((left, right, 0))
            if spans:
                hits[atom] = spans


def find_matches(compiled: Any, text: str) -> Iterator[tuple[int, int]]:
    """The spans of all matches, one after the other, at a cost that is linear in the text.

    Behind the budget a match that needs to see further than WINDOW - MAX_MATCH is found as if the text ended there;
    it would be too long to count.
    """
    scanned = at = 0
    for m in compiled.finditer(text):
        yield m.span()
        at = m.end()
        scanned += len(text) - m.start()
        if scanned > SCAN_BUDGET:
            break
    else:
        return
    while at < len(text):
        before = max(0, at - 1)  # a character of context, for \b
        window = text[before : at + WINDOW]
        is_last = at + WINDOW >= len(text)
        following = len(text) if is_last else at + WINDOW - MAX_MATCH
        for m in compiled.finditer(window, at - before):
            start, end = before + m.start(), before + m.end()
            if start >= following:
                break
            if is_last or end < at + WINDOW:
                yield start, end
            following = max(following, end)
        at = following
