"""Says of each part of a query what it found in a transcript, or why it was not true: the tree that `explain` shows.

Asks the nodes themselves, so an explanation cannot say anything else than what detect does. It evaluates each part
once more than detect would, and is made for one watch and one transcript at a time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from podwatch.query import clauses as c
from podwatch.query import evaluation as nodes
from podwatch.query import intervals
from podwatch.query.context import EvaluationContext
from podwatch.query.evaluation import Node
from podwatch.query.intervals import Spans

SHOWN = 10  # places of one part
LONG = 120  # characters of a surface, or of a fact


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
    """A part of a query. places: the first of its shortest finds, of ``count``; none where it is true without a place.

    detail: what makes the reason concrete, such as the nearest distance that was found.
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
    def gathers(self) -> bool:
        """Whether its places are just those of its parts."""
        return self.what in ("OR", "AND", "NOT", "count")


def explain(node: Node, context: EvaluationContext, within: str = "") -> Explanation:
    """The tree of a compiled watch over one transcript. within: how the part around it is written."""
    spans = node.find(context)
    if spans:  # found in two ways at one place: one mention
        spans = list({(s, e): (s, e, how) for s, e, how in reversed(spans)}.values())[::-1]
    clause = node.clause
    parts = tuple(explain(p, context, clause.source) for p in node.parts)
    because, detail = (None, "") if spans is not None else _why(node, parts, context)
    if isinstance(node, nodes.CountNode):
        detail = f"{_times(parts[0].count)} {_wanted(node)}"
    return Explanation(
        what=_name(node),
        # The words of a phrase are all written as the phrase.
        source=clause.text if isinstance(clause, c.Leaf) and clause.source == within else clause.source,
        column=clause.column,
        true=spans is not None,
        count=len(spans or ()),
        places=tuple(_place(context, *span) for span in (spans or ())[:SHOWN]),
        because=because,
        detail=detail,
        parts=parts,
    )


def _place(context: EvaluationContext, start: int, end: int, how: int) -> MatchPlace:
    left, right = context.normal.span(start, end)
    t = context.transcript
    found = context.details[how]
    words = (
        f"{found.kind.value}{f' {found.score:.2f}' if found.score < 1 else ''}{found.reason and f', {found.reason}'}"
    )
    return MatchPlace(left, right, t.seconds_at(left), t.text[left:right][:LONG], t.speakers[t.index_at(left)], words)


def _name(node: Node) -> str:
    clause = node.clause
    match clause:
        case c.Term() | c.EntityClause() | c.SoundsLike():
            if isinstance(clause, c.Term) and clause.alias_of:
                return "alias"
            return (
                "entity" if isinstance(clause, c.EntityClause) else "name by its sound" if _sounds(clause) else "term"
            )
        case c.Wildcard():
            return "wildcard"
        case c.Fuzzy():
            return f"within {clause.distance} letter{'s' if clause.distance > 1 else ''}"
        case c.Regex():
            return "regular expression"
        case c.Or():
            return "OR"
        case c.And():
            return "AND"
        case c.Not():
            return "NOT"
        case c.Near():
            return f"{'ONEAR' if clause.ordered else 'NEAR'}/{clause.words}"
        case c.NotNear():
            return f"NOT NEAR/{clause.words}"
        case c.Within():
            return "SAME SEGMENT" if clause.seconds is None else f"WITHIN {clause.seconds:g}s"
        case c.SloppyPhrase():
            return "words in any order"
        case c.Count():
            return "count"
        case c.Field():
            return clause.name
    raise AssertionError(type(clause))


def _sounds(clause: c.Clause) -> bool:
    return isinstance(clause, c.SoundsLike)


def _why(node: Node, parts: Sequence[Explanation], context: EvaluationContext) -> tuple[NotTrueReason, str]:
    match node:
        case nodes.Atom():
            found = [s for number, _ in node.numbers for s in context.of(number)]
            if found:
                spelled = dict.fromkeys(context.stored(s, e)[:LONG] for s, e, _ in sorted(found)[:SHOWN])
                return NotTrueReason.SPELLING, ", ".join(spelled)
            return NotTrueReason.NOT_SAID, ""
        case nodes.AnyOf():
            return NotTrueReason.NONE_OF, ""
        case nodes.AllOf():
            missing = [p for p in parts if not p.true]
            if missing:
                return NotTrueReason.PART, "; ".join(p.source for p in missing[:SHOWN])
            return NotTrueReason.SPEAKER, _speakers(context)
        case nodes.Without():
            first = parts[0].places[0].surface if parts[0].places else parts[0].source
            return NotTrueReason.EXCLUDED, f"{first}{f', {_times(parts[0].count)}' if parts[0].count else ''}"
        case nodes.NotNearNode():
            if not parts[0].count:
                return NotTrueReason.PART, parts[0].source
            return NotTrueReason.TOO_NEAR, f"each of {parts[0].count} has {parts[1].source} within {node.words} words"
        case nodes.CountNode():
            return (NotTrueReason.TOO_FEW if parts[0].count < node.least else NotTrueReason.TOO_MANY), ""
        case nodes.SpeakerNode():
            return NotTrueReason.SPEAKER, _speakers(context)
        case nodes.FieldNode():
            name = node.clause.name if isinstance(node.clause, c.Field) else ""
            value = context.about.fact(name, context.transcript).strip()
            return NotTrueReason.FACT, f"{name} is {value[:LONG]!r}" if value else f"{name} is not known"
        case nodes.Joined():
            missing = [p for p in parts if not p.count]
            if missing:
                return NotTrueReason.PART, "; ".join(p.source for p in missing[:SHOWN])
            return _apart(node, [p.find(context) or [] for p in node.parts], context)
    raise AssertionError(type(node))


def _apart(node: nodes.Joined, given: list[Spans], context: EvaluationContext) -> tuple[NotTrueReason, str]:
    clause = node.clause
    if isinstance(clause, c.Within):
        windows = intervals.covering_intervals(given, lambda start, end: True)
        spans = [context.normal.span(s, e) for s, e, _ in windows]
        t = context.transcript
        if clause.seconds is None:
            between = min((t.index_at(e - 1) - t.index_at(s) for s, e in spans), default=0)
            return NotTrueReason.TOO_FAR, f"nearest: {between} segment{'s' if between != 1 else ''} further on"
        known = [d for s, e in spans if (d := abs(t.seconds_at(_last_word(t.text, s, e)) - t.seconds_at(s))) >= 0]
        return NotTrueReason.TOO_FAR, f"nearest: {min(known):.1f} seconds" if known else "the transcript has no times"
    if isinstance(clause, c.SloppyPhrase):
        windows = intervals.covering_intervals(given, lambda start, end: True)
        most = min((context.word_of(e - 1) - context.word_of(s) + 1 for s, e, _ in windows), default=0)
        return NotTrueReason.TOO_FAR, f"nearest: all of them in {most} words"
    ordered = clause.ordered if isinstance(clause, c.Near) else True  # else the words of a phrase with wildcards
    left, right = given
    ahead, behind = _nearest(left, right, context), _nearest(right, left, context)
    if not ordered and behind is not None:
        ahead = behind if ahead is None else min(ahead, behind)
    if ahead is None:
        if behind is None:
            return NotTrueReason.TOO_FAR, "only one over the other"
        return NotTrueReason.ORDER, f"nearest: {_words(behind)} between"
    return NotTrueReason.TOO_FAR, f"nearest: {_words(ahead)} between"


def _nearest(first: Spans, second: Spans, context: EvaluationContext) -> int | None:
    """The fewest words between the end of a first one and the start of a second one behind it."""
    before = sorted(first, key=lambda s: s[1])
    ends = [s[1] for s in before]
    best: int | None = None
    for start, _, _ in second:
        at = bisect_left(ends, start + 1)
        if at:
            words = context.word_of(start) - context.word_of(ends[at - 1] - 1) - 1
            best = words if best is None else min(best, words)
    return best


def _last_word(text: str, start: int, end: int) -> int:
    return max(start, text.rfind(" ", 0, end) + 1)


def _speakers(context: EvaluationContext) -> str:
    named = dict.fromkeys(s for s in context.transcript.speakers if s)
    return f"speakers: {', '.join(list(named)[:SHOWN])}"[: 2 * LONG] if named else "the transcript names no speakers"


def _wanted(node: nodes.CountNode) -> str:
    if node.most == node.least:
        return f"of exactly {node.least}"
    return f"of at least {node.least}" + (f", at most {node.most}" if node.most is not None else "")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _words(count: int) -> str:
    return f"{count} word{'s' if count != 1 else ''}"
