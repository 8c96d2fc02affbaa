"""The type of an entity, elected by labels that are often wrong: votes weighed by the model's error rates.

A naive Bayes vote over noisy labels (Dawid and Skene 1979, with the error rates known): the small English model calls
every seventh surname an organisation, and hardly an organisation a person, so 8 votes for a person against 13
for an organisation are a person.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from podwatch.model import EntityType

# The model's labels for what has a name (OntoNotes 5, 2.6); the others are numbers, dates, sums of money.
LABEL_TYPES: Mapping[str, EntityType] = {
    "PERSON": EntityType.PERSON,
    "ORG": EntityType.ORGANISATION,
    "GPE": EntityType.PLACE,
    "LOC": EntityType.PLACE,
    "FAC": EntityType.PLACE,
    "PRODUCT": EntityType.PRODUCT,
    "EVENT": EntityType.EVENT,
    "NORP": EntityType.OTHER,
    "LANGUAGE": EntityType.OTHER,
    "LAW": EntityType.OTHER,
    "WORK_OF_ART": EntityType.OTHER,
}
POSSIBLE_SHARE = 0.2  # share of the votes from which on a type is not ruled out

_ORDER = (
    EntityType.PERSON,
    EntityType.ORGANISATION,
    EntityType.PLACE,
    EntityType.PRODUCT,
    EntityType.EVENT,
    EntityType.OTHER,
)
# P(label | type), rows and columns in that order. The first three rows are measured over 121 transcripts of talk
# (single names of persons whose full name is said; well-known organisations; countries and cities). The others are
# assumed: the model calls a product whatever it likes, but always the same in one transcript.
_CONFUSION = {
    EntityType.PERSON: (0.75, 0.13, 0.085, 0.01, 0.005, 0.02),
    EntityType.ORGANISATION: (0.03, 0.80, 0.10, 0.055, 0.005, 0.01),
    EntityType.PLACE: (0.10, 0.02, 0.865, 0.005, 0.005, 0.005),
    EntityType.PRODUCT: (0.12, 0.45, 0.08, 0.30, 0.01, 0.04),
    EntityType.EVENT: (0.05, 0.30, 0.10, 0.03, 0.45, 0.07),
    EntityType.OTHER: (0.05, 0.12, 0.06, 0.02, 0.02, 0.73),
}
_PRIOR = dict(zip(_ORDER, (0.40, 0.33, 0.19, 0.02, 0.02, 0.04), strict=True))
_TITLED = math.log(20)  # log odds: a person has a title before the name twenty times as often

_LOG_CONFUSION = {kind: dict(zip(_ORDER, map(math.log, row), strict=True)) for kind, row in _CONFUSION.items()}


def elect_type(votes: Mapping[EntityType, int], titled: int = 0) -> EntityType:
    """The most probable type. titled: how often a title stands before the name. Without any votes it is OTHER."""
    if not votes and not titled:
        return EntityType.OTHER

    def log_probability(kind: EntityType) -> float:
        likelihood = sum(n * _LOG_CONFUSION[kind][label] for label, n in votes.items())
        return math.log(_PRIOR[kind]) + likelihood + (titled * _TITLED if kind is EntityType.PERSON else 0.0)

    return max(_ORDER, key=log_probability)


def is_possible(votes: Mapping[EntityType, int], kind: EntityType) -> bool:
    """Whether the type has so many of the votes that it is not ruled out."""
    return votes.get(kind, 0) >= POSSIBLE_SHARE * sum(votes.values()) > 0
