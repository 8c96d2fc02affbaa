"""The search for names as they are spelt finds what looking at every run of words does."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch.phonetics.candidates import Candidate
from podwatch.phonetics.exact_search import JOINED_LETTERS, ExactSearch
from podwatch.phonetics.name_forms import Form, build_forms
from podwatch.phonetics.ngram_windows import strip_possessive
from podwatch.phonetics.tokenizer import CLOSED, Tokens, tokenize
from podwatch.phonetics.watched_names import WatchedName
from tests.support.hypothesis_profiles import examples

NAMES = (
    WatchedName(full="Keith Kellogg", aliases=("The General",)),
    WatchedName(full="J. D. Vance"),
    WatchedName(full="Conor O'Brien"),
    WatchedName(full="Anthropic", type="company"),
    WatchedName(full="In Sight Media", type="company"),
    WatchedName(full="Hezbollah"),
)
SAID = (
    "the General general's keith Keith's Kellogg Kellogg's kell ogg J. D. JD Vance O'Brien Conor obrien anthropic "
    "Anthropic's an anth throp ic in sight insight Insight media a hez bol lah bollah's Владимир 42 x"
)
talk = st.lists(
    st.tuples(st.sampled_from(SAID.split()), st.sampled_from((" ", " ", " ", " ", ", ", ". ", "-", "? "))), max_size=30
).map(lambda pairs: "".join(word + gap for word, gap in pairs))


def find_plainly(forms: list[Form], tokens: Tokens) -> list[tuple[int, int, Form, bool, bool]]:
    """Of each run of words within a sentence, with its 's and without it, each form that is spelt so."""
    found = []
    for first in range(len(tokens.plain)):
        for end in range(first + 1, len(tokens.plain) + 1):
            if not tokens.plain[end - 1]:
                break
            ngram = tuple(tokens.plain[first:end])
            for words in dict.fromkeys((ngram, strip_possessive(ngram))):
                letters = "".join(words).replace("'", "")
                for form in (f for f in forms if f.spelling == f.words):
                    is_joined = not form.given_count and not form.is_wordlike and len(form.letters) > JOINED_LETTERS
                    if is_joined and end - first < 4 and letters == form.letters and words != form.words:
                        found.append((first, end, form, words != ngram, False))
                    if words == form.words or words == with_joined_initials(form.words):
                        found.append((first, end, form, words != ngram, True))
            if tokens.gaps[end - 1] == CLOSED:
                break
    return found


def with_joined_initials(words: tuple[str, ...]) -> tuple[str, ...]:
    return ("jd", *words[2:]) if words[:2] == ("j", "d") else words


def described(candidate: Candidate) -> tuple[int, int, Form, bool, bool]:
    return candidate.first, candidate.last, candidate.form, candidate.is_possessive, candidate.is_exact


@given(talk)
@settings(max_examples=examples(120))
def test_each_run_of_words_that_is_spelt_as_a_form_is_found_once(text: str) -> None:
    forms, tokens = list(build_forms(NAMES)), tokenize(text)
    found = [described(candidate) for candidate in ExactSearch(forms).find(tokens)]
    expected = find_plainly(forms, tokens)
    for places in (found, expected):
        places.sort(key=lambda place: (*place[:2], place[3:], forms.index(place[2])))
    assert found == expected
