"""Explains a query over a transcript: of each part what it found, or why it was not true. `explain` shows this tree.

It evaluates the compiled nodes themselves, so it cannot say anything else than what detect does. Each part is evaluated
once more than detect would; it is made for one watch and one transcript at a time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from podwatch.query import clauses
from podwatch.query.context import EvaluationContext, last_word_start
from podwatch.query.evaluation import (
    AndNode,
    AtomNode,
    CountNode,
    FieldNode,
    Node,
    NotNearNode,
    NotNode,
    OrNode,
    ProximityNode,
    SpeakerNode,
)
from podwatch.query.intervals import Spans, covering_intervals

MAX_SHOWN = 10  # places, parts or spellings that are listed
MAX_CHARACTERS = 120  # of a surface, or of a field


class NotTrueReason(StrEnum):
    """Why a part of a query is not true."""

    NOT_SAID = "not said"
    SPELLING = "only spelled otherwise"
    NONE_OF = "none of its parts is there"
    PART = "a part is missing"
    EXCLUDED = "what it excludes is there"
    TOO_FAR = "too far apart"
    ORDER = "only in the other order"
    TOO_NEAR = "always too near"
    TOO_FEW = "not often enough"
    TOO_MANY = "too often"
    FACT = "says otherwise"
    SPEAKER = "not said by that speaker"


@dataclass(frozen=True, slots=True)
class MatchPlace:
    """Where something was found: half-open span of the stored text, its second (nan: not known), and how."""

    start: int
    end: int
    seconds: float
    surface: str
    speaker: str | None
    how: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A part of a query, explained.

    what: the operator, or what kind of term it is. places: the first of its ``count`` matches; none where it is true
    without a place. because: why it is not true; detail: what makes that concrete, such as the smallest distance that
    was found.
    """

    what: str
    source: str
    column: int
    true: bool
    count: int
    places: tuple[MatchPlace, ...]
    because: NotTrueReason | None = None
    detail: str = ""
    parts: tuple[Explanation, ...] = ()

    @property
    def repeats_its_parts(self) -> bool:
        """Whether its places are just those of its parts."""
        return self.what in ("OR", "AND", "NOT", "count")


def explain(node: Node, context: EvaluationContext, within: str = "") -> Explanation:
    """The explanation of a compiled watch over one transcript. within: the source of the part around this one."""
    spans = node.find(context)
    if spans:  # found in two ways at one place: one mention
        spans = list({(s, e): (s, e, detail) for s, e, detail in reversed(spans)}.values())[::-1]
    clause = node.clause
    parts = tuple(explain(p, context, clause.source) for p in node.parts)
    because, detail = (None, "") if spans is not None else _why_not(node, parts, context)
    if isinstance(node, CountNode):
        detail = f"{_times(parts[0].count)} {_wanted_count(node)}"
    return Explanation(
        what=_describe(clause),
        # The source of each word of a phrase is the whole phrase.
        source=clause.text if isinstance(clause, clauses.Leaf) and clause.source == within else clause.source,
        column=clause.column,
        true=spans is not None,
        count=len(spans or ()),
        places=tuple(_place(context, *span) for span in (spans or ())[:MAX_SHOWN]),
        because=because,
        detail=detail,
        parts=parts,
    )


def _place(context: EvaluationContext, start: int, end: int, detail: int) -> MatchPlace:
    left, right = context.normalised.stored_span(start, end)
    t, found = context.transcript, context.details[detail]
    how = f"{found.kind.value}{f' {found.score:.2f}' if found.score < 1 else ''}{found.reason and f', {found.reason}'}"
    surface = t.text[left:right][:MAX_CHARACTERS]
    return MatchPlace(left, right, t.seconds_at(left), surface, t.speakers[t.index_at(left)], how)


def _describe(clause: clauses.Clause) -> str:
    """What an explanation calls this kind of clause."""
    match clause:
        case clauses.Term():
            return "alias" if clause.alias_of else "term"
        case clauses.EntityClause():
            return "entity"
        case clauses.SoundsLike():
            return "name by its sound"
        case clauses.Wildcard():
            return "wildcard"
        case clauses.Fuzzy():
            return f"within {clause.distance} letter{'s' if clause.distance > 1 else ''}"
        case clauses.Regex():
            return "regular expression"
        case clauses.Or():
            return "OR"
        case clauses.And():
            return "AND"
        case clauses.Not():
            return "NOT"
        case clauses.Near():
            return f"{'ONEAR' if clause.ordered else 'NEAR'}/{clause.words}"
        case clauses.NotNear():
            return f"NOT NEAR/{clause.words}"
        case clauses.Within():
            return "SAME SEGMENT" if clause.seconds is None else f"WITHIN {clause.seconds:g}s"
        case clauses.SloppyPhrase():
            return "words in any order"
        case clauses.Count():
            return "count"
        case clauses.Field():
            return clause.name
    raise AssertionError(type(clause))


def _why_not(node: Node, parts: Sequence[Explanation], context: EvaluationContext) -> tuple[NotTrueReason, str]:
    match node:
        case AtomNode():
            found = [span for atom, _ in node.atoms for span in context.spans_of(atom)]
            if found:
                first = sorted(found)[:MAX_SHOWN]
                spellings = dict.fromkeys(context.stored_text(s, e)[:MAX_CHARACTERS] for s, e, _ in first)
                return NotTrueReason.SPELLING, ", ".join(spellings)
            return NotTrueReason.NOT_SAID, ""
        case OrNode():
            return NotTrueReason.NONE_OF, ""
        case AndNode():
            if missing := [p.source for p in parts if not p.true]:
                return NotTrueReason.PART, "; ".join(missing[:MAX_SHOWN])
            return NotTrueReason.SPEAKER, _list_speakers(context)
        case NotNode():
            first_surface = parts[0].places[0].surface if parts[0].places else parts[0].source
            return NotTrueReason.EXCLUDED, f"{first_surface}{f', {_times(parts[0].count)}' if parts[0].count else ''}"
        case NotNearNode():
            if not parts[0].count:
                return NotTrueReason.PART, parts[0].source
            return NotTrueReason.TOO_NEAR, f"each of {parts[0].count} has {parts[1].source} within {node.words} words"
        case CountNode():
            return (NotTrueReason.TOO_FEW if parts[0].count < node.least else NotTrueReason.TOO_MANY), ""
        case SpeakerNode():
            return NotTrueReason.SPEAKER, _list_speakers(context)
        case FieldNode():
            name = _describe(node.clause)
            value = context.fields.text_of(name, context.transcript).strip()
            return NotTrueReason.FACT, f"{name} is {value[:MAX_CHARACTERS]!r}" if value else f"{name} is not known"
        case ProximityNode():
            if missing := [p.source for p in parts if not p.count]:
                return NotTrueReason.PART, "; ".join(missing[:MAX_SHOWN])
            return _why_not_near(node, [p.find(context) or [] for p in node.parts], context)
    raise AssertionError(type(node))


def _why_not_near(node: ProximityNode, given: list[Spans], context: EvaluationContext) -> tuple[NotTrueReason, str]:
    clause = node.clause
    if isinstance(clause, clauses.Within | clauses.SloppyPhrase):
        covering = covering_intervals(given, lambda start, end: True)
    if isinstance(clause, clauses.Within):
        spans = [context.normalised.stored_span(s, e) for s, e, _ in covering]
        t = context.transcript
        if clause.seconds is None:
            further = min((t.index_at(e - 1) - t.index_at(s) for s, e in spans), default=0)
            return NotTrueReason.TOO_FAR, f"nearest: {further} segment{'s' if further != 1 else ''} further on"
        seconds = [abs(t.seconds_at(max(s, last_word_start(t.text, e))) - t.seconds_at(s)) for s, e in spans]
        known = [d for d in seconds if d >= 0]  # nan is not
        return NotTrueReason.TOO_FAR, f"nearest: {min(known):.1f} seconds" if known else "the transcript has no times"
    if isinstance(clause, clauses.SloppyPhrase):
        fewest = min((context.word_at(e - 1) - context.word_at(s) + 1 for s, e, _ in covering), default=0)
        return NotTrueReason.TOO_FAR, f"nearest: all of them in {fewest} words"
    ordered = clause.ordered if isinstance(clause, clauses.Near) else True  # else the words of a phrase with wildcards
    left, right = given
    ahead, behind = _fewest_words_between(left, right, context), _fewest_words_between(right, left, context)
    if not ordered and behind is not None:
        ahead = behind if ahead is None else min(ahead, behind)
    if ahead is None:
        if behind is None:
            return NotTrueReason.TOO_FAR, "only one over the other"
        return NotTrueReason.ORDER, f"nearest: {_words(behind)} between"
    return NotTrueReason.TOO_FAR, f"nearest: {_words(ahead)} between"


def _fewest_words_between(first: Spans, second: Spans, context: EvaluationContext) -> int | None:
    """The fewest words between the end of a first one and the start of a second one behind it."""
    ends = sorted(end for _, end, _ in first)
    between = [
        context.word_at(start) - context.word_at(ends[at - 1] - 1) - 1
        for start, _, _ in second
        if (at := bisect_left(ends, start + 1))
    ]
    return min(between, default=None)


def _list_speakers(context: EvaluationContext) -> str:
    names = list(dict.fromkeys(s for s in context.transcript.speakers if s))
    if not names:
        return "the transcript names no speakers"
    return f"speakers: {', '.join(names[:MAX_SHOWN])}"[: 2 * MAX_CHARACTERS]


def _wanted_count(node: CountNode) -> str:
    if node.most == node.least:
        return f"of exactly {node.least}"
    return f"of at least {node.least}" + (f", at most {node.most}" if node.most is not None else "")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _words(count: int) -> str:
    return f"{count} word{'s' if count != 1 else ''}"
