"""The spellings under which a term of a query is found: plurals, acronyms with and without dots, exact case."""

from __future__ import annotations

ES_ENDINGS = ("s", "x", "z", "ch", "sh", "o")  # words whose plural may end in es: taxes


def takes_plural(text: str) -> bool:
    """Whether the plain plural of a normalised term is looked for: not of short words, where it is another (its)."""
    last = text.rpartition(" ")[2]
    return len(last) >= 3 and last[-1].isalpha()


def plural_in_ies(text: str) -> str | None:
    """The plural of a normalised term that is not the term with an ending behind it: parties for party."""
    last = text.rpartition(" ")[2]
    if len(last) > 3 and last[-1] == "y" and last[-2].isalpha() and last[-2] not in "aeiou":
        return f"{text[:-1]}ies"
    return None


def is_dotted_acronym(text: str) -> bool:
    """Whether a normalised term is a single acronym with dots: u.s"""
    return "." in text and " " not in text and text.replace(".", "").isalpha()


def acronym_forms(text: str, written: str) -> list[str]:
    """A normalised term, and the ways in which its acronyms are written: U.S. is US and U. S., J.D. Vance is JD Vance.

    written: the term as it stands in the query; only NATO is an acronym, nato is not.
    """
    words = text.split(" ")
    if any(map(is_dotted_acronym, words)):
        return [text, text.replace(".", ""), text.replace(".", " ")]
    if len(words) == 1 and 2 <= len(text) <= 4 and written.isupper() and text.isalpha():
        return [text, ".".join(text)]
    return [text]


def is_written_as_acronym(stored: str) -> bool:
    """Whether stored text that matches an acronym is one. Without dots only capitals count: US, not us."""
    return "." in stored or " " in stored or stored.isupper()


def cased_letters(text: str) -> str:
    """What a term that is wanted in exact case is compared by: its letters, digits and symbols, in their case."""
    return "".join(ch for ch in text.replace("’", "'") if ch.isalnum() or ch in "'+#&%@$")
