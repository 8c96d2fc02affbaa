"""Finds the places of a transcript where a form of a name stands as it is spelt."""

from __future__ import annotations

from collections.abc import Sequence

from podwatch.phonetics.candidates import Candidate
from podwatch.phonetics.name_forms import Form
from podwatch.phonetics.ngram_windows import NGram, strip_possessive
from podwatch.phonetics.tokenizer import CLOSED, Tokens

JOINED_LETTERS = 4  # a longer name is also found in up to three words that are spelt as it when put together


class ExactSearch:
    """The spellings of some forms, ready to be looked up."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self._by_words: dict[NGram, list[Form]] = {}
        self._by_letters: dict[str, list[Form]] = {}
        for form in (f for f in forms if f.spelling == f.words):
            for words in {form.words, _join_initials(form.words)}:
                self._by_words.setdefault(words, []).append(form)
            if not form.given_count and not form.is_wordlike and len(form.letters) > JOINED_LETTERS:
                self._by_letters.setdefault(form.letters, []).append(form)
        self._first_words = {words[0] for words in self._by_words}
        self._letter_prefixes = {letters[:n] for letters in self._by_letters for n in (1, 2, 3)}
        self._max_words = max((len(words) for words in self._by_words), default=0)

    def find(self, tokens: Tokens) -> list[Candidate]:
        """The places where a form stands as it is spelt (exact), or in words that are spelt so together (not exact)."""
        candidates = []
        plain = tokens.plain
        for i, word in enumerate(plain):
            is_first = word in self._first_words or word.removesuffix("'s") in self._first_words
            if not is_first and word[:3] not in self._letter_prefixes:
                continue
            for end in range(i + 1, min(i + max(3, self._max_words), len(plain)) + 1):
                if not plain[end - 1]:
                    break
                ngram = tuple(plain[i:end])
                for words in dict.fromkeys((ngram, strip_possessive(ngram))):
                    possessive = words != ngram
                    for form in self._by_letters.get("".join(words).replace("'", ""), ()) if end - i < 4 else ():
                        if words != form.words:
                            candidates.append(Candidate(form, i, end, 0.0, 0.0, None, possessive))
                    for form in self._by_words.get(words, ()):
                        given = 0.0 if form.given_count else None
                        at = end - len(form.words) + form.given_count
                        exact = Candidate(form, i, end, 0.0, 0.0, given, possessive, is_exact=True, surname_at=at)
                        candidates.append(exact)
                if tokens.gaps[end - 1] == CLOSED:
                    break
        return candidates


def _join_initials(words: NGram) -> NGram:
    """J. D. Vance as JD Vance."""
    n = next((i for i, w in enumerate(words) if len(w) > 1), len(words))
    return words if n < 2 or n == len(words) else ("".join(words[:n]), *words[n:])
