"""Finds the places of a transcript where a form of a name stands as it is spelt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from podwatch.phonetics.candidates import Candidate
from podwatch.phonetics.name_forms import Form
from podwatch.phonetics.ngram_windows import NGram
from podwatch.phonetics.tokenizer import CLOSED, Tokens

_JOINED_WORDS = 3
_PREFIX_LETTERS = 5  # by which it is told whether words may be the beginning of a name that is put together
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
        self._longest: dict[str, int] = {}  # first word of some forms -> words of the longest of them
        for words in self._by_words:
            self._longest[words[0]] = max(self._longest.get(words[0], 0), len(words))
        self._letter_prefixes = {letters[:n] for letters in self._by_letters for n in range(1, _PREFIX_LETTERS + 1)}

    def find(self, tokens: Tokens) -> list[Candidate]:
        """The places where a form stands as it is spelt (exact), or in words that are spelt so together (not exact)."""
        candidates: list[Candidate] = []
        plain = tokens.plain
        letters = {word: word.replace("'", "") for word in set(plain)}
        may_begin = {word for word in letters if word and self._may_begin(word)}
        alone = {word for word in may_begin if self._is_found_alone(word, letters[word])}
        for i in [i for i, word in enumerate(plain) if word in may_begin]:
            word = plain[i]
            if word not in alone:  # a short one (a, in) is the beginning of most that is put together
                following = letters[plain[i + 1]] if i + 1 < len(plain) else ""
                if (letters[word] + following)[:_PREFIX_LETTERS] not in self._letter_prefixes:
                    continue
            candidates += self._find_at(i, tokens)
        return candidates

    def _is_found_alone(self, word: str, letters: str) -> bool:
        """Whether a form may begin with the word, or is put together of it alone."""
        base = word.removesuffix("'s")
        return not self._longest.keys().isdisjoint((word, base)) or not self._by_letters.keys().isdisjoint(
            (letters, base.replace("'", ""))
        )

    def _may_begin(self, word: str) -> bool:
        """Whether a form may begin with a word of a text, or the word be the beginning of one that is put together."""
        if word in self._longest or word.removesuffix("'s") in self._longest:
            return True
        return word[:3] in self._letter_prefixes and word.replace("'", "")[:_PREFIX_LETTERS] in self._letter_prefixes

    def _find_at(self, first: int, tokens: Tokens) -> Iterator[Candidate]:
        """The places that begin with a word; it ends where no form goes on as the words before do."""
        plain, letters_before = tokens.plain, ""
        longest = self._longest.get(plain[first], 1)
        for end in range(first + 1, min(first + max(_JOINED_WORDS, longest), len(plain)) + 1):
            word, size = plain[end - 1], end - first
            if not word:
                break
            before = tuple(plain[first : end - 1])
            for last in dict.fromkeys((word, word.removesuffix("'s"))):
                words, possessive = (*before, last), last != word
                if size <= _JOINED_WORDS:
                    for form in self._by_letters.get(letters_before + last.replace("'", ""), ()):
                        if words != form.words:
                            yield Candidate(form, first, end, 0.0, 0.0, None, possessive)
                for form in self._by_words.get(words, ()):
                    given = 0.0 if form.given_count else None
                    at = end - len(form.words) + form.given_count
                    yield Candidate(form, first, end, 0.0, 0.0, given, possessive, is_exact=True, surname_at=at)
            letters_before += word.replace("'", "")
            if size >= longest and letters_before[:_PREFIX_LETTERS] not in self._letter_prefixes:
                break
            if tokens.gaps[end - 1] == CLOSED:
                break


def _join_initials(words: NGram) -> NGram:
    """J. D. Vance as JD Vance."""
    n = next((i for i, w in enumerate(words) if len(w) > 1), len(words))
    return words if n < 2 or n == len(words) else ("".join(words[:n]), *words[n:])
