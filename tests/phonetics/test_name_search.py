"""The search for misspelt names over arrays finds what the plain one does, which looks at one pair after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch.phonetics import cost_filter, form_index, symbol_index
from podwatch.phonetics.blas_threads import single_blas_thread
from podwatch.phonetics.cost_filter import may_cost_within
from podwatch.phonetics.form_index import FormIndex
from podwatch.phonetics.lexicon import look_up_words
from podwatch.phonetics.ngram_windows import TextNGrams, find_rare_words
from podwatch.phonetics.noisy_channel import encode_words, load_channels
from podwatch.phonetics.tokenizer import tokenize
from tests.support import name_search_oracle as oracle
from tests.support.hypothesis_profiles import examples

SAID = (
    "the and of grain Kellogg kellog's Kelok Witkoff's with cough wit Marta Ellison ellis son dobrynin dough brinin "
    "Anatoly I I'm we're NSA ﾞ's Владимир 42 o'clock ship ships Jr. it's x"
)
talk = st.lists(
    st.tuples(st.sampled_from(SAID.split()), st.sampled_from((" ", " ", " ", ", ", ". ", "-", " — ", "? "))),
    max_size=30,
).map(lambda pairs: "".join(word + gap for word, gap in pairs))
FORMS = (("keith", "kellogg"), ("kellogg",), ("witkoff",), ("marta", "ellison"), ("anatoly", "dobrynin"), ("ng",))


@given(talk, st.booleans())
@settings(max_examples=examples(80))
def test_the_ngrams_of_a_text_are_those_of_the_plain_search(text: str, only_rare: bool) -> None:
    tokens = tokenize(text)
    entries = look_up_words({w for word in tokens.plain if word for w in (word, word.removesuffix("'s")) if w})
    wanted = find_rare_words(tokens, entries) if only_rare else np.array([bool(w) for w in tokens.plain], dtype=bool)
    ngrams = TextNGrams(tokens, entries)
    windows = ngrams.windows_with(wanted) if only_rare else ngrams.windows()
    found = {windows.ngram(i): windows.positions(i) for i in range(len(windows))}
    expected = oracle.cut_ngrams(tokens, entries, lambda i: bool(wanted[i]))
    assert list(found.items()) == list(expected.items())
    for i, ngram in enumerate(found):
        assert windows.encoded_ngram(i) == encode_words(ngram, entries)
        assert windows.sizes[i] == len(ngram)


@given(
    talk,
    st.sampled_from((0.1, 0.4, 1.0, 1.7)),
    st.booleans(),
    st.sampled_from((0, 3, 300)),
    st.sampled_from((0, 200)),
    st.sampled_from((0, 600)),
)
@settings(max_examples=examples(40))
def test_what_is_near_is_what_comparing_each_with_each_says(
    text: str, factor: float, need_key: bool, many_pairs: int, few_forms: int, few_pairs: int
) -> None:
    """Whichever filters there are: bounds before keys or behind them, and with a search of its own for each form.

    And whether the costs of both alphabets are worked out together or not.
    """
    tokens = tokenize(text)
    entries = look_up_words({w for word in tokens.plain if word for w in (word, word.removesuffix("'s")) if w})
    windows = TextNGrams(tokens, entries).windows()
    known = look_up_words({w for words in FORMS for w in words})
    forms = [encode_words(words, known) for words in FORMS]
    limits = [(1.95, 1.35)] * len(forms)
    factors = np.full(len(windows), factor if need_key else 1.0, dtype=np.float32)
    with pytest.MonkeyPatch.context() as patch, single_blas_thread():
        patch.setattr(symbol_index, "_MANY_PAIRS", many_pairs)
        patch.setattr(symbol_index, "_FEW_FORMS", few_forms)
        patch.setattr(form_index, "_FEW_PAIRS", few_pairs)
        patch.setattr(cost_filter, "_CHUNK_ROWS", 7)
        index = FormIndex(forms, limits)
        found = index.find_near(windows.encoded, factors) if need_key else index.find_near_without_key(windows.encoded)
    encoded = [windows.encoded_ngram(i) for i in range(len(windows))]
    expected = oracle.find_near(encoded, forms, limits, factors.tolist(), need_key=need_key)
    assert [pair[:2] for pair in found] == [pair[:2] for pair in expected]
    for (*_, sound, spelling), (*_, expected_sound, expected_spelling) in zip(found, expected, strict=True):
        assert (sound, spelling) == pytest.approx((expected_sound, expected_spelling), abs=1e-4)


symbols = st.lists(st.integers(0, 25), max_size=12).map(bytes)


@given(symbols.filter(bool), st.lists(symbols, min_size=1, max_size=12), st.floats(0, 40))
@settings(max_examples=examples(60))
def test_what_is_given_up_after_a_few_symbols_costs_more_than_the_limit(
    said: bytes, heard: list[bytes], limit: float
) -> None:
    for channel in load_channels():
        rows = channel.pad(heard)
        limits = np.full(len(heard), limit, dtype=np.float32)
        costs = channel.costs(channel.pad([said] * len(heard)), rows)
        found = may_cost_within(channel, said, rows, limits)
        assert found[costs <= limits].all()
        assert not found[costs > limits + 0.02].any()
