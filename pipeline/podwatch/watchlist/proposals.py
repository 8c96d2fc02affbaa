"""Proposes aliases and exclusions from people's verdicts on alerts. Pure.

A verdict is about an alert, not about one of its mentions. So a spelling counts as relevant or wrong once for each
alert that had it and was called so, and a change is proposed only where no verdict is against it. A person decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from podwatch.model import Change, Kind, Proposal, StandingVerdict, Verdict, Watch, fold_spelling
from podwatch.query.plain_spellings import is_plain_spelling


def propose_changes(watches: Iterable[Watch], verdicts: Sequence[StandingVerdict]) -> list[Proposal]:
    """The changes of each watch, the best supported first.

    alias: a spelling found by its sound alone that was only ever called relevant, and is more than ordinary words.
    exclude: one that was only ever called wrong. drop_alias: an alias that only ever found something else. The entity's
    name is never changed, and neither is a query: that is for its author.
    """
    found: list[Proposal] = []
    for watch in watches:
        if watch.entity is not None:
            found += _propose_for(watch, [v for v in verdicts if v.watch == watch.name])
    return sorted(found, key=lambda p: (-(p.relevant + p.wrong), p.watch, p.change, p.spelling))


def _propose_for(watch: Watch, verdicts: Sequence[StandingVerdict]) -> Iterable[Proposal]:
    relevant, wrong = Counter[str](), Counter[str]()
    shown: dict[str, tuple[str, str]] = {}
    for v in verdicts:
        for surface, kind in {fold_spelling(s): (s, k) for s, k in reversed(v.spellings)}.values():
            shown.setdefault(fold_spelling(surface), (surface, kind))
            (relevant if v.verdict is Verdict.RELEVANT else wrong)[fold_spelling(surface)] += 1
    aliases = {fold_spelling(a): a for a in watch.aliases}
    known = {fold_spelling(watch.entity or ""), *(fold_spelling(e) for e in watch.exclude)}
    for spelling, (surface, kind) in shown.items():
        if spelling in known or (relevant[spelling] and wrong[spelling]):
            continue
        change = _choose_change(bool(relevant[spelling]), kind, spelling in aliases)
        if change is Change.ALIAS and is_plain_spelling(surface, watch.entity or ""):
            continue
        if change is not None:
            yield Proposal(
                watch=watch.name,
                change=change,
                spelling=aliases.get(spelling, " ".join(surface.split())),
                relevant=relevant[spelling],
                wrong=wrong[spelling],
            )


def _choose_change(is_right: bool, kind: str, is_alias: bool) -> Change | None:
    if is_alias:
        return None if is_right else Change.DROP_ALIAS
    if kind != Kind.SOUNDS_LIKE:
        return None  # an exact name in another form (a possessive, a plural): nothing to learn, nothing to exclude
    return Change.ALIAS if is_right else Change.EXCLUDE
