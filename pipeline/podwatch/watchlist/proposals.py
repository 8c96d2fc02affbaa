"""Decides what a watchlist could learn from what people said of its alerts. Pure: answers in, proposals out.

An answer is about an alert, not about one of its mentions. So a spelling counts as relevant or wrong as often as an
alert that had it was called so, and a proposal is made only where no answer speaks against it. A person decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from podwatch.model import Change, Kind, Proposal, StandingVerdict, Verdict, Watch, fold_spelling


def propose_changes(watches: Iterable[Watch], judged: Sequence[StandingVerdict]) -> list[Proposal]:
    """What each watch could learn, the best supported first.

    alias: a spelling found by its sound alone that was only ever called relevant. exclude: one that was only ever
    called wrong. drop_alias: an alias that only ever found something else. The name itself is never touched, and
    neither is a query: what a query finds wrong is for its author to mend.
    """
    found: list[Proposal] = []
    for watch in watches:
        if watch.entity is not None:
            found += _of(watch, [j for j in judged if j.watch == watch.name])
    return sorted(found, key=lambda p: (-(p.relevant + p.wrong), p.watch, p.change, p.spelling))


def _of(watch: Watch, judged: Sequence[StandingVerdict]) -> Iterable[Proposal]:
    relevant, wrong = Counter[str](), Counter[str]()
    shown: dict[str, tuple[str, str]] = {}
    for j in judged:
        for surface, kind in {fold_spelling(s): (s, k) for s, k in reversed(j.spellings)}.values():
            shown.setdefault(fold_spelling(surface), (surface, kind))
            (relevant if j.verdict is Verdict.RELEVANT else wrong)[fold_spelling(surface)] += 1
    aliases = {fold_spelling(a): a for a in watch.aliases}
    known = {fold_spelling(watch.entity or ""), *(fold_spelling(e) for e in watch.exclude)}
    for spelling, (surface, kind) in shown.items():
        if spelling in known or (relevant[spelling] and wrong[spelling]):
            continue
        change = _change(bool(relevant[spelling]), kind, spelling in aliases)
        if change is not None:
            yield Proposal(
                watch=watch.name,
                change=change,
                spelling=aliases.get(spelling, " ".join(surface.split())),
                relevant=relevant[spelling],
                wrong=wrong[spelling],
            )


def _change(right: bool, kind: str, alias: bool) -> Change | None:
    if alias:
        return None if right else Change.DROP_ALIAS
    if kind != Kind.SOUNDS_LIKE:
        return None  # an exact name in another form (a possessive, a plural): nothing to learn, nothing to exclude
    return Change.ALIAS if right else Change.EXCLUDE
