"""Words that no name was heard as, whatever they sound like: what belongs to somebody, and spoken letters.

In 250 hours of news talk each of these was told for people, and none of them was one: "Russia's ally" for Rashid
Khalidi, "Mark's email" for Mark Milley, CNN for Khan.
"""

from __future__ import annotations

from podwatch.phonetics.candidates import Candidate, TextContext

_VOWELS = frozenset("aeiouy")
MIN_LETTERS = 3  # of an acronym; initials are of shorter names


def is_implausible_span(candidate: Candidate, context: TextContext) -> bool:
    """Whether the words of a candidate cannot be a name misheard."""
    return _is_possession(candidate, context) or _is_spoken_letters(candidate, context)


def _is_possession(candidate: Candidate, context: TextContext) -> bool:
    """Whether a person's name would have an 's within: the first name owns what follows. Not where the name has one."""
    form = candidate.form
    if not form.may_be_person or any(word.endswith("'s") for word in form.words):
        return False
    return any(context.tokens.plain[i].endswith("'s") for i in candidate.positions[:-1])


def _is_spoken_letters(candidate: Candidate, context: TextContext) -> bool:
    """Whether it is one acronym without a vowel, for a name that has vowels: CNN, FLN."""
    if candidate.last - candidate.first != 1 or not context.tokens.is_acronym[candidate.first]:
        return False
    letters = context.tokens.plain[candidate.first]
    is_spelt_out = len(letters) >= MIN_LETTERS and _VOWELS.isdisjoint(letters)
    return is_spelt_out and not _VOWELS.isdisjoint("".join(candidate.form.words))
