"""Keys of names: which words of "General Kellogg's" are the name, which a title; when two spellings are one name."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

Key = tuple[str, ...]  # the words of a name, folded; what names are compared by

# Words before a name that are no part of it. King, Queen, Pope, Saint are left out: "Queen Elizabeth" is the name.
_TITLES = """
    mr mrs ms miss mister madam dr doctor prof professor sir dame reverend rev rabbi imam ayatollah comrade
    president prime minister premier chancellor ambassador envoy senator sen congressman congresswoman representative
    rep governor gov mayor secretary undersecretary chairman chairwoman commissioner speaker
    general gen colonel col major captain capt lieutenant lt sergeant sgt admiral commander marshal
    judge justice detective officer coach
"""
TITLES = frozenset(_TITLES.split())
# Words that are titles only before a title: Vice President, Foreign Minister, Chief Justice.
_TITLE_PREFIXES = frozenset(
    ("vice", "deputy", "foreign", "defense", "defence", "special", "chief", "former", "lieutenant", "major", "attorney")
)
_ARTICLES = frozenset(("the", "a", "an"))
_SUFFIXES = frozenset(("inc", "incorporated", "corp", "corporation", "ltd", "limited", "llc", "plc", "gmbh", "ag"))
JUNIORS = frozenset(("jr", "junior", "sr", "ii", "iii"))
_UNINITIALED = frozenset(("of", "the", "and", "for", "to", "in", "on", "de", "la"))  # may have no letter in an acronym
_WORD = re.compile(r"[^\W_]+(?:['’.&][^\W_]+)*\.?(?:['’](?=\W|$))?")
_POSSESSIVE = re.compile(r"(?:['’]s|(?<=s)['’])$", re.IGNORECASE)


def fold_word(word: str) -> str:
    """A word in lower case, without accents, apostrophes and full stops. Its length may change.

    Marks are accents on Latin and Greek letters; elsewhere they make another letter (バ, й).
    """
    plain = word.casefold()
    if not plain.isascii():
        plain = "".join(map(_fold_letter, unicodedata.normalize("NFKC", plain)))
    return "".join(c for c in plain if c.isalnum() or (c > "\u036f" and unicodedata.category(c)[0] == "M"))


@lru_cache(maxsize=65536)
def _fold_letter(c: str) -> str:
    return unicodedata.normalize("NFD", c)[0] if unicodedata.name(c, "").startswith(("LATIN ", "GREEK ")) else c


def word_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """The spans of the words of ``text[start:end]``, without possessives; U.S., O'Brien and AT&T are one word."""
    spans = []
    for m in _WORD.finditer(text, start, len(text) if end is None else end):
        word = m.group()
        cut = _POSSESSIVE.search(word)
        last = m.start() + (cut.start() if cut else len(word))
        if last > m.start():
            spans.append((m.start(), last))
    return spans


def key_as_written(name: str) -> Key:
    """The key of a name with its titles, as these may be a part of it: General Motors."""
    return without_affixes(tuple(k for a, b in word_spans(name) if (k := fold_word(name[a:b]))))


def key_of(name: str) -> Key:
    """The key of a name without titles: General Kellogg is Kellogg."""
    whole = key_as_written(name)
    return without_affixes(whole[count_titles(whole) :])


def without_affixes(parts: Key) -> Key:
    """A key without a leading article and the suffixes of companies, as long as a word is left."""
    if len(parts) > 1 and parts[0] in _ARTICLES:
        parts = parts[1:]
    while len(parts) > 1 and parts[-1] in _SUFFIXES:
        parts = parts[:-1]
    return parts


def count_titles(parts: Sequence[str]) -> int:
    """How many words to leave out for the titles before a name; 0 when there are none, or nothing else."""
    i = 1 if parts and parts[0] in _ARTICLES else 0
    first = i
    while i < len(parts) and (parts[i] in TITLES or (parts[i] in _TITLE_PREFIXES and _has_title(parts[i + 1 :]))):
        i += 1
    return i if first < i < len(parts) else 0


def without_former(titles: Key) -> Key:
    """Titles without what says when they were held."""
    return titles[1:] if len(titles) > 1 and titles[0] == "former" else titles


def _has_title(parts: Sequence[str]) -> bool:
    return bool(parts) and (parts[0] in TITLES or (parts[0] in _TITLE_PREFIXES and _has_title(parts[1:])))


def title_before(text: str, start: int, floor: int) -> int:
    """Where the titles that stand right before ``start`` begin, not before ``floor``; ``start`` when there are none.

    Only capitalised ones: "in general Kellogg agrees" names no general.
    """
    name = start
    while start > floor and text[start - 1 : start] == " ":
        end = start - 1
        begin = text.rfind(" ", floor, end) + 1 or floor
        word = text[begin:end]
        folded = fold_word(word)
        if not word[:1].isupper() or word[-1] in ",;:?!" or (word[-1] == "." and len(folded) > 4):
            return start
        if folded not in TITLES and (folded not in _TITLE_PREFIXES or start == name):
            return start
        start = begin
    return start


def is_surname_of(short: Key, full: Key) -> bool:
    """Whether ``short`` is the surname of the full name: its last words, without junior and the like."""
    core = full[:-1] if full[-1] in JUNIORS else full
    return 0 < len(short) < len(core) and core[-len(short) :] == short


def is_full_name_of(key: Key, root: Key) -> bool:
    """Whether a key is all of a name, or its first and last word: no surname alone."""
    return key == root or (len(key) > 1 and is_same_person(key, root))


def by_surname(full_names: Iterable[Key]) -> dict[str, list[Key]]:
    """Full names by the last word of their surname."""
    grouped: dict[str, list[Key]] = defaultdict(list)
    for key in full_names:
        grouped[key[-2] if key[-1] in JUNIORS and len(key) > 1 else key[-1]].append(key)
    return grouped


def full_names_with(surname: Key, grouped: Mapping[str, list[Key]]) -> list[Key]:
    """The full names that end in this surname, of those that by_surname grouped."""
    return [full for full in grouped.get(surname[-1], ()) if is_surname_of(surname, full)]


def is_same_person(a: Key, b: Key) -> bool:
    """Whether two full names differ in middle names or initials only: John F. Kennedy, John Kennedy, J. Kennedy."""
    a, b = sorted((a, b), key=len)
    if len(a) < 2 or (a[-1] in JUNIORS) != (b[-1] in JUNIORS) or a[-1] != b[-1] or not _initial(a[0], b[0]):
        return False
    rest = iter(b[1:-1])
    return all(any(_initial(x, y) for y in rest) for x in a[1:-1])


def _initial(x: str, y: str) -> bool:
    return x == y or (min(len(x), len(y)) == 1 and x[0] == y[0])


def initials(full: Key) -> set[str]:
    """The acronyms that a name may have, folded: with and without the initials of of, the, and."""
    return {"".join(w[0] for w in full if w not in _UNINITIALED), "".join(w[0] for w in full)}


def is_acronym(text: str) -> bool:
    """Whether a text is written like an acronym: EU, U.S., FBI."""
    letters = text.replace(".", "")
    return 2 <= len(letters) <= 8 and letters.isupper() and letters.isalpha()


def looks_like_person(text: str) -> bool:
    """Whether a text is written like a given name and a surname: JD Vance, Ursula von der Leyen.

    Not like one: BIP Schnorr, 57 Kellogg, Bitcoin RPC.
    """
    parts = text.replace("-", " ").split()
    first, last = parts[0], parts[-1]
    if any(c.isdigit() for c in text) or not all(p[0].isupper() or p.islower() for p in parts):
        return False
    if not first[0].isupper() or (len(first) > 2 and first.isupper() and "." not in first):
        return False
    return len(last) < 2 or not last.isupper() or first.isupper() or fold_word(last) in JUNIORS
