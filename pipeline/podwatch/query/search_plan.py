"""The plan of a search: which words are looked for in every text, and which only where a watch is triggered.

Whatever is chosen, the same is found; a text in which "grain" is rarer than "said" is searched faster when grain
triggers ``grain NEAR/5 said``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podwatch.query.compiler import QueryIndex
from podwatch.query.direct_watches import DirectWatches
from podwatch.query.evaluation import Node, Plan, plan_evaluation
from podwatch.query.literal_table import LiteralTable, whole_words
from podwatch.query.literals import Literal
from podwatch.query.triggers import Triggers


@dataclass(frozen=True, slots=True, eq=False)
class SearchPlan:
    """literals: those of triggering. triggering: what is looked for in every text; later: when a watch is triggered.

    deferred: the literals that are searched for when a node asks for their atoms; plans: of nodes with such, how they
    are evaluated.
    """

    literals: Sequence[Literal]
    triggering: LiteralTable
    later: LiteralTable
    triggers: Triggers
    deferred: Mapping[int, Sequence[Literal]]
    plans: Mapping[Node, Plan]


def plan_search(index: QueryIndex, nodes: Sequence[Node], direct: DirectWatches) -> SearchPlan:
    """Chooses for each watch the atom that triggers it. nodes: of all watches; direct: those that are not evaluated."""
    needs = {i: nodes[i].needed_atoms for i in direct.others}
    searched = direct.atoms.union(*needs.values())
    triggering: list[Literal] = []
    later: dict[int, list[Literal]] = {}
    lengths: dict[int, int] = {}
    for literal in index.literals:
        lengths[literal.atom] = max(lengths.get(literal.atom, 0), literal.text.count(" ") + 1)
        if literal.atom in searched:
            triggering.append(literal)
        else:
            later.setdefault(literal.atom, []).append(literal)
    deferred = {atom: some for atom, some in later.items() if any(whole_words(literal) is None for literal in some)}
    plans: dict[Node, Plan] = {}
    for atom in deferred:
        del lengths[atom]
        del later[atom]
    if deferred:
        for i in direct.others:
            plans.update(plan_evaluation(nodes[i], deferred, index.frequency))
    return SearchPlan(
        literals=triggering,
        triggering=LiteralTable(triggering),
        later=LiteralTable([literal for some in later.values() for literal in some]),
        triggers=Triggers(nodes, needs, len(index.frequencies), lengths),
        deferred=deferred,
        plans=plans,
    )
