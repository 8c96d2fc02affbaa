"""An oracle for the query engine: compares every word with every word, without automaton or numpy.

Written independently of the engine; only the parser is shared. Spans are in characters of the text.
"""

from __future__ import annotations

import re
import unicodedata
from fnmatch import fnmatchcase

from podwatch.query import clauses

Word = tuple[str, int, int]  # normalised, start, end
Span = tuple[int, int, int]  # indices of words, half-open; the character at which the last one ends
CONTRACTIONS = {"s", "t", "d", "m", "n", "ll", "re", "ve", "em"}


def split_words(text: str) -> list[Word]:
    """The words of a text, one character after the other."""
    found: list[Word] = []
    i = 0
    while i < len(text):
        if is_letter(text[i]):
            j = i + 1
            alone = is_without_blanks(text[i])
            while j < len(text) and (is_mark(text[j]) if alone else is_within_run(text, i, j)):
                j += 1
            found.append((fold_letters(text[i:j]), i, j))
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
    return ch.isalnum() or (unicodedata.category(ch)[0] == "M" and not is_accent(ch))


def is_within_run(text: str, start: int, at: int) -> bool:
    return (is_letter(text[at]) and not is_without_blanks(text[at])) or is_within_word(text, start, at)


def is_without_blanks(ch: str) -> bool:
    """Whether this is of a script without blanks between words, of those that the tests have: Thai, Han, kana."""
    return unicodedata.name(ch, "").startswith(("THAI", "CJK UNIFIED", "HIRAGANA", "KATAKANA"))


def is_mark(ch: str) -> bool:
    return unicodedata.category(ch)[0] == "M"


def is_accent(ch: str) -> bool:
    return "\u0300" <= ch <= "\u036f"


def fold_letters(text: str) -> str:
    """In lower case, without the accents of Latin letters, compatibility forms and the dots of acronyms."""
    plain = unicodedata.normalize("NFKC", text.replace("’", "'").lower())
    folded = ""
    for ch in plain:
        name = unicodedata.name(ch, "")
        folded += unicodedata.normalize("NFD", ch)[0] if name.startswith("LATIN") else ch
    return folded if any(c.isdigit() for c in folded) else folded.replace(".", "")


def written_alike(words: list[str]) -> str:
    """What is equal for words that differ in the apostrophe of a last s, and in a blank between letters and a number: F-35, F35."""
    text = re.sub("'s(?= |$)", "s", " ".join(words))
    text = re.sub(r"(?<![^ ])([a-z]+) (?=\d+[a-z]?(?: |$))", r"\1", text)
    return re.sub(r"(?<![^ ])(\d+) (?=[a-z](?: |$))", r"\1", text)


def is_within_word(text: str, start: int, at: int) -> bool:
    """Whether the mark at ``at`` belongs to the word that begins at ``start``."""
    before, after = text[at - 1], text[at + 1 : at + 2]
    if text[at] in "'’":
        tail = ""
        while at + 1 + len(tail) < len(text) and is_letter(text[at + 1 + len(tail)]):
            tail += text[at + 1 + len(tail)]
        return is_letter(before) and tail.lower() in CONTRACTIONS
    if text[at] in ".,":
        if before.isdigit() and after.isdigit():
            return True
        alone = (at < 2 or not is_letter(text[at - 2])) and not is_letter(text[at + 2 : at + 3] or " ")
        return text[at] == "." and before.isalpha() and after.isalpha() and alone
    return False


def find_word_spans(clause: clauses.Clause, text: str) -> list[Span] | None:
    """Word spans at which the clause is true; [] when it is true without a place, None when it is not."""
    words = split_words(text)
    found = _spans(clause, words, text)
    return None if found is None else sorted(set(found))


def find_surfaces(clause: clauses.Clause, text: str) -> list[tuple[int, int, str]]:
    """(start, end, surface) of each match, in characters of the text."""
    words = split_words(text)
    found = {(words[first][1], end) for first, _, end in find_word_spans(clause, text) or []}
    return sorted((start, end, text[start:end]) for start, end in found)


def _spans(clause: clauses.Clause, words: list[Word], text: str) -> list[Span] | None:
    if isinstance(clause, clauses.Term):
        return _term(clause, words, text) or None
    if isinstance(clause, clauses.Wildcard):
        return [
            _span_of_word(i, w) for i, w in enumerate(words) if fnmatchcase(_base(w[0]), clause.text.lower())
        ] or None
    if isinstance(clause, clauses.Fuzzy):
        near = [
            _span_of_word(i, w)
            for i, w in enumerate(words)
            if edit_distance(_base(w[0]), clause.text.lower()) <= clause.distance
        ]
        return near or None
    given = [_spans(p, words, text) for p in clause.parts]
    if isinstance(clause, clauses.Or):
        true = [g for g in given if g is not None]
        return _minimal([s for g in true for s in g]) if true else None
    if isinstance(clause, clauses.And):
        return None if None in given else _minimal([s for g in given for s in g or []])
    if isinstance(clause, clauses.Not):
        return [] if given[0] is None else None
    if isinstance(clause, clauses.Count):
        count = len(given[0] or [])
        return (given[0] or []) if clause.least <= count <= (clause.most or count) else None
    if isinstance(clause, clauses.Near | clauses.NotNear):
        left, right = given[0] or [], given[1] or []
        gap = [(a, b) for a in left for b in right if a[1] <= b[0] and b[0] - a[1] <= clause.words]
        if isinstance(clause, clauses.NotNear):
            close = {a for a, _ in gap}
            close |= {a for a in left for b in right if b[1] <= a[0] and a[0] - b[1] <= clause.words}
            close |= {a for a in left for b in right if a[0] < b[1] and b[0] < a[1]}
            return [a for a in left if a not in close] or None
        joined = [(a[0], *b[1:]) for a, b in gap]
        if not clause.ordered:
            joined += [(b[0], *a[1:]) for a in left for b in right if b[1] <= a[0] and a[0] - b[1] <= clause.words]
        return _minimal(joined) or None
    if isinstance(clause, clauses.SloppyPhrase):
        ends = sorted({s for g in given for s in g or []})
        windows = [(i, *e[1:]) for i in range(len(words)) for e in ends if i < e[1]]
        wide = [w for w in windows if w[1] - w[0] <= len(clause.parts) + clause.words]
        holding = [w for w in wide if all(any(w[0] <= s[0] and s[1:] <= w[1:] for s in g or []) for g in given)]
        return _minimal(holding) or None
    raise AssertionError(type(clause))


def _term(clause: clauses.Term, words: list[Word], text: str) -> list[Span]:
    wanted = [w for w, _, _ in split_words(clause.text)]
    alike = written_alike(wanted)
    joined = alike.replace("'", "")
    last = alike.rpartition(" ")[2]
    plural = clause.inflected and not clause.case and len(last) >= 3 and last[-1].isalpha()
    plural = plural or (clause.inflected and not clause.case and last[-1].isdigit() and not last.isdigit())
    found = []
    for i in range(len(words)):
        for n in range(1, min(2 * len(wanted), len(words) - i) + 1):
            *front, tail = words[i : i + n]
            before = [w for w, _, _ in front]
            whole = written_alike([*before, tail[0]]) in (alike, joined)
            if whole or _is_form_of(written_alike([*before, _base(tail[0])]), alike, plural):
                end = tail[2] if whole else tail[1] + len(_base(tail[0]))
                if not clause.case or _cased(text[words[i][1] : end]) == _cased(clause.text):
                    found.append((i, i + n, end))
    return found


def _cased(text: str) -> str:
    return "".join(x for x in text if is_letter(x) or x in "'&")


def _base(word: str) -> str:
    return word if word.endswith("'t") else word.partition("'")[0]


def _is_form_of(word: str, wanted: str, plural: bool) -> bool:
    base = word
    if word == wanted:
        return True
    if not plural:
        return False
    if base == f"{wanted}s" or (wanted.endswith(("s", "x", "z", "ch", "sh", "o")) and base == f"{wanted}es"):
        return True
    return len(wanted) > 3 and wanted[-1] == "y" and wanted[-2] not in "aeiou" and base == f"{wanted[:-1]}ies"


def _span_of_word(i: int, word: Word) -> Span:
    return i, i + 1, word[1] + len(_base(word[0]))


def _minimal(found: list[Span]) -> list[Span]:
    distinct = set(found)

    def holds_another(s: Span) -> bool:
        return any(o != s and s[0] <= o[0] and o[1:] <= s[1:] for o in distinct)

    return sorted(s for s in distinct if not holds_another(s))


def edit_distance(a: str, b: str) -> int:
    """Optimal string alignment distance, by its definition."""
    rows = [[max(i, j) if not i or not j else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]
