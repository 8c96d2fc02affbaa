"""Watches with a query: a term or a phrase."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.detectors.literals import Literals
from pipeline.detectors.spans import mention
from pipeline.errors import WatchlistError
from pipeline.model import Kind, Mention, Transcript, Watch

_OPERATORS = {"AND", "OR", "NOT", "NEAR", "ONEAR"}


def phrase(query: str) -> str:
    """The words that a query looks for; raises WatchlistError for what is not a single term or phrase."""
    text = query.strip()
    if text.startswith('"'):
        if len(text) < 2 or not text.endswith('"') or '"' in text[1:-1]:
            raise WatchlistError("the quotes of the phrase do not match", todo='write one phrase as "two words"')
        text = text[1:-1].strip()
    elif len(text.split()) > 1:
        first = next((w for w in text.split() if w.partition("/")[0] in _OPERATORS), None)
        todo = "this version knows single terms and phrases" if first else 'put the words of a phrase in "quotes"'
        raise WatchlistError(
            f"the query has an operator: {first}" if first else "the query has several words", todo=todo
        )
    if not any(c.isalnum() for c in text):
        raise WatchlistError("the query has no word in it", todo='write a term or a "phrase"')
    return text


def build_queries(watches: Sequence[Watch]) -> Callable[[Transcript], list[Mention]]:
    literals = Literals([phrase(w.query or "") for w in watches])

    def detect(transcript: Transcript) -> list[Mention]:
        return [
            mention(transcript, watches[i].name, start, end, Kind.EXACT, 1.0)
            for i, start, end in literals.find(transcript.text)
        ]

    return detect
