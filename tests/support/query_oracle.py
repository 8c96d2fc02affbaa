"""What a query finds, worked out the slow and plain way: every word with every word, no automaton, no numpy.

Written beside the engine, not from it: only the parser is shared. Spans are in characters of the text.
"""

from __future__ import annotations

import unicodedata
from fnmatch import fnmatchcase

from podwatch.query import clauses as c

Word = tuple[str, int, int]  # normalised, start, end
Span = tuple[int, int, int]  # indices of words, half-open; the character at which the last one ends
SHORT = {"s", "t", "d", "m", "n", "ll", "re", "ve", "em"}


def words_of(text: str) -> list[Word]:
    """The words of a text, one character after the other."""
    found: list[Word] = []
    i = 0
    while i < len(text):
        if is_letter(text[i]):
            j = i
            while j < len(text) and (is_letter(text[j]) or holds(text, i, j)):
                j += 1
            found.append((plain(text[i:j]), i, j))
            i = j
        elif text[i] in "+#&%@$€£":
            j = i
            while j < len(text) and text[j] in "+#&%@$€£":
                j += 1
            found.append((text[i:j], i, j))
            i = j
        else:
            i += 1
    return found


def is_letter(ch: str) -> bool:
    return ch.isalnum() or ch == "_"


def plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFD", ch.lower())[0] for ch in text.replace("’", "'"))


def holds(text: str, start: int, at: int) -> bool:
    """Whether the mark at ``at`` is within the word that began at ``start``."""
    before, after = text[at - 1], text[at + 1 : at + 2]
    if text[at] in "'’":
        tail = ""
        while at + 1 + len(tail) < len(text) and is_letter(text[at + 1 + len(tail)]):
            tail += text[at + 1 + len(tail)]
        return is_letter(before) and tail.lower() in SHORT
    if text[at] in ".,":
        if before.isdigit() and after.isdigit():
            return True
        alone = (at < 2 or not is_letter(text[at - 2])) and not is_letter(text[at + 2 : at + 3] or " ")
        return text[at] == "." and before.isalpha() and after.isalpha() and alone
    return False


def spans(clause: c.Clause, text: str) -> list[Span] | None:
    """Word spans at which the clause is true; [] when it is true without a place, None when it is not."""
    words = words_of(text)
    found = _spans(clause, words, text)
    return None if found is None else sorted(set(found))


def finds(clause: c.Clause, text: str) -> list[tuple[int, int, str]]:
    """(start, end, surface) in characters."""
    words = words_of(text)
    found = {(words[first][1], end) for first, _, end in spans(clause, text) or []}
    return sorted((start, end, text[start:end]) for start, end in found)


def _spans(clause: c.Clause, words: list[Word], text: str) -> list[Span] | None:
    if isinstance(clause, c.Term):
        return _term(clause, words, text) or None
    if isinstance(clause, c.Wildcard):
        return [_one(i, w) for i, w in enumerate(words) if fnmatchcase(_base(w[0]), clause.text.lower())] or None
    if isinstance(clause, c.Fuzzy):
        near = [_one(i, w) for i, w in enumerate(words) if osa(_base(w[0]), clause.text.lower()) <= clause.distance]
        return near or None
    given = [_spans(p, words, text) for p in clause.parts]
    if isinstance(clause, c.Or):
        true = [g for g in given if g is not None]
        return _shortest([s for g in true for s in g]) if true else None
    if isinstance(clause, c.And):
        return None if None in given else _shortest([s for g in given for s in g or []])
    if isinstance(clause, c.Not):
        return [] if given[0] is None else None
    if isinstance(clause, c.Count):
        count = len(given[0] or [])
        return (given[0] or []) if clause.least <= count <= (clause.most or count) else None
    if isinstance(clause, c.Near | c.NotNear):
        left, right = given[0] or [], given[1] or []
        gap = [(a, b) for a in left for b in right if a[1] <= b[0] and b[0] - a[1] <= clause.words]
        if isinstance(clause, c.NotNear):
            close = {a for a, _ in gap}
            close |= {a for a in left for b in right if b[1] <= a[0] and a[0] - b[1] <= clause.words}
            close |= {a for a in left for b in right if a[0] < b[1] and b[0] < a[1]}
            return [a for a in left if a not in close] or None
        joined = [(a[0], *b[1:]) for a, b in gap]
        if not clause.ordered:
            joined += [(b[0], *a[1:]) for a in left for b in right if b[1] <= a[0] and a[0] - b[1] <= clause.words]
        return _shortest(joined) or None
    if isinstance(clause, c.SloppyPhrase):
        ends = sorted({s for g in given for s in g or []})
        windows = [(i, *e[1:]) for i in range(len(words)) for e in ends if i < e[1]]
        wide = [w for w in windows if w[1] - w[0] <= len(clause.of) + clause.words]
        holding = [w for w in wide if all(any(w[0] <= s[0] and s[1:] <= w[1:] for s in g or []) for g in given)]
        return _shortest(holding) or None
    raise AssertionError(type(clause))


def _term(clause: c.Term, words: list[Word], text: str) -> list[Span]:
    wanted = [w for w, _, _ in words_of(clause.text)]
    plural = clause.inflected and not clause.case and len(wanted[-1]) >= 3 and wanted[-1][-1].isalpha()
    found = []
    for i in range(len(words) - len(wanted) + 1):
        here = [w for w, _, _ in words[i : i + len(wanted)]]
        if here[:-1] != wanted[:-1] or not _goes_on(here[-1], wanted[-1], plural):
            continue
        if clause.case:
            end = words[i + len(wanted) - 1][1] + len(here[-1] if here[-1] == wanted[-1] else _base(here[-1]))
            if [x for x in text[words[i][1] : end] if is_letter(x)] != [x for x in clause.text if is_letter(x)]:
                continue
        tail = words[i + len(wanted) - 1]
        whole = here[-1] == wanted[-1]
        found.append((i, i + len(wanted), tail[2] if whole else tail[1] + len(_base(here[-1]))))
    return found


def _base(word: str) -> str:
    return word if word.endswith("'t") else word.partition("'")[0]


def _goes_on(word: str, wanted: str, plural: bool) -> bool:
    if word == wanted or (word.startswith(f"{wanted}'") and not word.startswith(f"{wanted}'t")):
        return True
    base = _base(word)
    if not plural:
        return False
    if base == f"{wanted}s" or (wanted.endswith(("s", "x", "z", "ch", "sh", "o")) and base == f"{wanted}es"):
        return True
    return len(wanted) > 3 and wanted[-1] == "y" and wanted[-2] not in "aeiou" and base == f"{wanted[:-1]}ies"


def _one(i: int, word: Word) -> Span:
    return i, i + 1, word[1] + len(_base(word[0]))


def _shortest(found: list[Span]) -> list[Span]:
    distinct = set(found)

    def holds_another(s: Span) -> bool:
        return any(o != s and s[0] <= o[0] and o[1:] <= s[1:] for o in distinct)

    return sorted(s for s in distinct if not holds_another(s))


def osa(a: str, b: str) -> int:
    """Optimal string alignment distance, by its definition."""
    rows = [[max(i, j) if not i or not j else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]
