"""The lowest score of a name that was heard as several plain words: Brian kill me, neural link, way Mo.

The trees learned that plain words are no name, and give such places next to nothing. So the sentence is weighed with
the name and without it: how likely the plain words are to stand there (sentence_model.py), against how likely the name
is to be said there and to be heard as they sound. "Put in" and "to lose" are said all the time and stay what they are;
hardly any sentence has "Brian kill me". This is the noisy channel with a background of pairs of words, and the first
name says how likely the person is before anything of the surname is heard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.episode_context import EpisodeContext
from podwatch.phonetics.lexicon import GIVEN
from podwatch.phonetics.namesakes import is_first_name
from podwatch.phonetics.noisy_channel import encode_letters
from podwatch.phonetics.sentence_model import BOUNDARY, NAME, OTHER, load_sentence_model, symbol_at
from podwatch.phonetics.tokenizer import CLOSED, COMMA

SPLIT_COST = 0.75  # nats per symbol of the surname, behind its first name, whatever sentence the words make
SAME_GIVEN_COST = 0.3  # nats per symbol: another spelling of the first name
JOINED_COST = 0.4  # nats per symbol: words that spell a name when they are put together
RARE_COST = 10.0  # -log P: two words that are said more often than this stand beside each other by chance
BEHIND_FIRST_NAME, WITH_CAPITAL, WITHOUT_CAPITAL = 0.98, 0.85, 0.6
MIN_PHONES, MIN_LETTERS = 4, 5
# Natural logarithms of how often a watched name is said in all words: where nothing in the episode names it, and where
# it is named elsewhere.
UNNAMED_RATE, NAMED_RATE = -14.0, -9.0
SPLIT_NATS = 3.0  # -log of how often a name is heard as several words at all
COST_FACTOR = 1.3  # what the channel says costs more in talk than with machine voices, from which it was learned
COMMA_NATS = 3.0
CAPITAL_NATS = 3.0  # that all words behind the first one have capitals within a sentence
MIXED_NATS = 4.0  # that the first one has, and a word behind it has not: Ford and
SURNAME_FOLLOWS = 0.8  # the part of a person's first names that have the surname behind them
PLAIN_COST = 9.0  # -log P of the words that are one symbol together, as often as they are said
NAME_COST = 4.0  # ... and of names
PLAIN_ODDS = -8.0  # log odds: words that are so much likelier to be only words are no name
MIN_ODDS, NEAR_COST = -2.0, 0.5  # log odds, and nats per symbol: what the trees take for a name must not be below
MAX_COST, MAX_COST_ALONE = 1.3, 0.6  # nats per symbol: behind a first name, and of a name of one word
SLOPE, MAX_SCORE, FAR_PART = 0.5, 0.97, 0.15
WHOLE_GAIN = 0.3  # nats per symbol: with the words that make it nearer by so much a name is whole


def min_split_score(candidate: Candidate, context: TextContext, episode: EpisodeContext) -> float:
    """The lowest score of a name in several plain words; 0 for all else."""
    surname, form = candidate.surname_words(context.tokens), candidate.form
    if len(surname) < 2 or len(surname) <= len(form.words) - form.given_count:
        return 0.0
    is_behind = candidate.given_cost is not None and form.may_be_person and not form.has_title
    is_single = form.part == "full" and len(form.words) == 1 and form.kind != "person"
    if not (is_behind or is_single):
        return 0.0
    near = _score_behind_first_name(candidate, context) if is_behind else _score_joined(candidate, context, episode)
    if not all(context.entries[w].is_everyday() for w in surname):
        return near
    log_odds = weigh_sentence(candidate, context)
    log_odds += _prior_behind_first_name(candidate, context, episode) if is_behind else _rate(episode)
    if log_odds < PLAIN_ODDS:
        return 0.0
    is_long = len(form.encoded_surname[0]) >= MIN_PHONES and len(form.letters) >= MIN_LETTERS
    most = MAX_COST if is_behind else MAX_COST_ALONE
    if not is_long or candidate.cost > most or log_odds < 0:
        return near
    score = MAX_SCORE / (1.0 + math.exp(-SLOPE * log_odds)) * (1.0 - FAR_PART * candidate.cost / MAX_COST)
    return max(near, score)


def _score_behind_first_name(candidate: Candidate, context: TextContext) -> float:
    """Of words that are near to the surname, behind the first name, whatever sentence they stand in."""
    tokens, at = context.tokens, candidate.first
    said = candidate.form.encoded_surname[0]
    if (candidate.given_cost or 0.0) > SAME_GIVEN_COST or candidate.cost > SPLIT_COST or len(said) <= MIN_PHONES:
        return 0.0
    entry = context.entries[tokens.plain[at]]
    is_name = is_first_name(at, context) or (entry.flags & GIVEN and not entry.is_everyday())
    if not is_name or not all(context.entries[w].is_everyday() for w in candidate.surname_words(tokens)):
        return 0.0
    return BEHIND_FIRST_NAME * (1 - 0.2 * candidate.cost / SPLIT_COST)


def _score_joined(candidate: Candidate, context: TextContext, episode: EpisodeContext) -> float:
    """Of two words that spell the name when they are put together, or nearly."""
    tokens = context.tokens
    words, letters = candidate.surface_words(tokens), candidate.form.letters
    if len(words) > 2:
        return 0.0
    is_joined = encode_letters("".join(words)) == encode_letters(letters)
    if not is_joined and (candidate.cost > JOINED_COST or len(letters) <= MIN_LETTERS):
        return 0.0
    has_capital = tokens.has_case and tokens.is_capitalised[candidate.last - 1]
    if len(letters) < (MIN_LETTERS if has_capital else MIN_LETTERS + 1):
        return 0.0
    if has_capital and is_joined:
        return WITH_CAPITAL
    is_known = episode.has_full_name or episode.is_in_notes or episode.other_mentions > 0
    is_rare = max(context.entries[w].cost for w in words) >= RARE_COST
    return WITH_CAPITAL if is_known and is_joined else WITHOUT_CAPITAL if is_rare or is_known else 0.0


def is_only_words(candidate: Candidate, context: TextContext, episode: EpisodeContext) -> bool:
    """Whether a surname in several words, alone, is rather what its words say: Barr knew, hope Luca."""
    form = candidate.form
    is_split = candidate.given_cost is None and len(candidate.positions) > len(form.words)
    if not is_split or candidate.cost < NEAR_COST or _rate(episode) > UNNAMED_RATE:
        return False
    return UNNAMED_RATE + weigh_sentence(candidate, context) < MIN_ODDS


def weigh_sentence(candidate: Candidate, context: TextContext) -> float:
    """The log odds of the words behind a first name, or of all of them: that the name was said and heard so, against
    that they were said.
    """
    tokens, entries = context.tokens, context.entries
    first, last = max(candidate.first, candidate.surname_at), candidate.last
    before = symbol_at(first - 1, tokens, entries) if first and tokens.gaps[first - 1] != CLOSED else BOUNDARY
    is_end = last >= len(tokens.plain) or tokens.gaps[last - 1] == CLOSED
    behind = BOUNDARY if is_end else symbol_at(last, tokens, entries)
    model, row = load_sentence_model(), [symbol_at(i, tokens, entries) for i in range(first, last)]
    plain = model.row_log_probability([before, *row, behind])
    for word, symbol in zip(tokens.plain[first:last], row, strict=True):
        if symbol in (NAME, OTHER):  # which one of the many words that are one symbol
            plain -= max(0.0, entries[word].cost - (PLAIN_COST if symbol == OTHER else NAME_COST))
    named = model.log_probability(NAME, behind)
    if candidate.surname_at < 0:  # how much likelier than elsewhere a name is behind the word before it
        named += model.log_probability(before, NAME) - model.log_rate(NAME)
    symbols = len(candidate.form.encoded_surname[0]) if candidate.surname_at >= 0 else len(candidate.form.sound)
    heard = COST_FACTOR * candidate.cost * symbols + SPLIT_NATS
    if candidate.surname_at >= 0:
        heard += COST_FACTOR * (candidate.given_cost or 0.0) * len(candidate.form.encoded_given[0])
    heard += COMMA_NATS * sum(tokens.gaps[i] == COMMA for i in range(first, last - 1))
    if tokens.has_case and all(tokens.is_capitalised[i] for i in range(first + 1, last)):
        heard -= CAPITAL_NATS
    elif tokens.has_case and tokens.is_capitalised[first] and not tokens.starts_sentence[first]:
        heard += MIXED_NATS
    return named - heard - plain


def _rate(episode: EpisodeContext) -> float:
    is_named = episode.has_full_name or episode.is_in_notes or episode.other_mentions > 0
    return NAMED_RATE if is_named else UNNAMED_RATE


def _prior_behind_first_name(candidate: Candidate, context: TextContext, episode: EpisodeContext) -> float:
    """The log odds that the surname is said behind what was taken for the first name.

    Of the first name itself, spelt right, they are the better the fewer people have it; of plain words that may be it
    they are those of the person, less what the words cost elsewhere.
    """
    tokens, at, rate = context.tokens, candidate.first, _rate(episode)
    words = tokens.plain[at : candidate.surname_at]
    if candidate.given_cost:
        if len(words) > 1:
            if words[-1] in candidate.form.own_first_names or words[-1] in candidate.form.nicknames:
                return -math.inf  # a word too many: met Sergei
            row = [BOUNDARY, *(symbol_at(i, tokens, context.entries) for i in range(at, candidate.surname_at))]
            return rate - load_sentence_model().row_log_probability(row)
        if not context.entries[words[0]].flags & GIVEN or candidate.given_cost > SAME_GIVEN_COST:
            return -math.inf
    entry = context.entries[words[0]]
    if entry.is_everyday() and not is_first_name(at, context):
        return -math.inf
    person = 1.0 / (1.0 + math.exp(-rate - entry.cost))
    said = SURNAME_FOLLOWS * person
    return math.log(said / (1.0 - said))


def keep_whole_names(candidates: Sequence[Candidate]) -> None:
    """Gives the score of a name that was cut short, or has a word too many, to the candidate with just its words.

    (Benjamin nettin, for Benjamin nettin yahoo.) They begin alike, and the other one is nearer by WHOLE_GAIN.
    """
    split = [c for c in candidates if not c.is_exact and c.surname_at > c.first]
    split.sort(key=lambda c: (id(c.form), c.first, c.surname_at, c.cost))
    for _, group in groupby(split, key=lambda c: (id(c.form), c.first, c.surname_at)):
        nearest, *others = group
        is_other = nearest.assessment is not None and nearest.assessment.is_somebody_else
        for candidate in others:
            if not is_other and candidate.cost - nearest.cost >= WHOLE_GAIN and candidate.score > nearest.score:
                nearest.score, candidate.score = candidate.score, nearest.score
