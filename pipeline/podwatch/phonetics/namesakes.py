"""Whose name a candidate looks like: another first name before it, or another surname behind it, makes it a namesake's.

Most of what is near to a name by its sound is another name (Kellock for Kellogg), and those who bear it are mostly
introduced in full.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import lru_cache

from podwatch.phonetics.candidates import Candidate, FirstNames, TextContext
from podwatch.phonetics.lexicon import GIVEN, SURNAME, UNKNOWN_COST, Entry, look_up_words, word_set
from podwatch.phonetics.name_forms import SHORT_PHONES, Form
from podwatch.phonetics.name_parts import PARTICLES, ROLES
from podwatch.phonetics.noisy_channel import encode_letters, encode_words, measure_costs
from podwatch.phonetics.tokenizer import CLOSED, COMMA, OPEN, Tokens

_MONTHS = word_set("april may june august")
# Everyday words by the lists, but nothing else than somebody's first name, also where they begin a sentence.
_CERTAIN_FIRST_NAMES = word_set(
    "anna ben benjamin beth billy bob bobby bonnie carl carol chad charlie charlotte cole dale fred george "
    "gilbert harry heather henry jack jane jay jean jenny jerry jill jim jimmy joe john johnny josh kelly ken "
    "lewis louis marc maria marina martin matt mike nancy nelson nick penny peter phil randy roger ruth sally "
    "sam spencer ted terry tim timothy tom tony troy victor victoria warren willie"
)
# Everyday words that are first names, too, and may stand before a surname where a sentence begins.
_OPENS_SENTENCE = word_set(
    "barb beat boil bunk carry chance chase comfort con dag deb del doc doctor dot drew ebb eta gee general governor "
    "greet hang harm harsh hence hunt judge kick lawyer lies mad marry mate miss nail odd owe pat pierce ping rob roll "
    "ruin rush sad sang sing sue till trace van wage wan wash"
)
FREQUENT_COST = 9.5  # -log P: an everyday word said more often (so, in, will) is no first name, though some have it
OWN_NAME_COST = 0.6  # nats per symbol: a first name as near as this is the bearer's own, misheard
SAME_SOUND_COST = 0.15  # nats per symbol: no more than what spellers disagree about
COMMON_NAME_COST = 12.0  # -log P of a first name that many have
NEAR_NAME_COST = 1.5  # ... and before a surname that others have, spelt right, one this far off is another's
OTHER_SURNAME_COST = 0.9  # nats per symbol: the first of two surnames, misspelt, is as near as this
LISTED_COST = 13.0  # -log P: a first name said more often is one, and no misspelt surname
BEHIND_PARTICLE_COST = 1.5  # nats per symbol: what stands behind bin or van der is another name if further off
OTHER_NAME_COST = 2.0  # nats per symbol: a known first name this far off (Dan for George) is another's
CERTAIN_NAMESAKE = 0.9  # of score_namesake: behind a known first name one candidate in a thousand was right


_OF_ANYBODY = word_set("mr ms")  # titles that say nothing of who is meant
_PATRONYMIC_PARTICLES = word_set("bin ibn bint abu umm")  # the word behind them is no name by itself: bin Salman
SHARED_COST = 15.5  # -log P: a surname said more seldom (Gabbard, Khamenei) is one person's, whatever the title
TITLED_COST = 0.6  # nats per symbol: behind a title, which is no sound, the name must be as near as this


def find_first_names(tokens: Tokens, entries: Mapping[str, Entry], surnames: Set[str]) -> dict[str, FirstNames]:
    """Of each of these surnames the first names that stand right before it in a text, with the surname's index."""
    found: dict[str, list[tuple[int, str]]] = {}
    if tokens.has_case and surnames:
        spellings = {word: base for word in set(tokens.plain) if (base := word.removesuffix("'s")) in surnames}
        for i in [i for i, word in enumerate(tokens.plain) if word in spellings]:
            surname = spellings[tokens.plain[i]]
            if i and tokens.is_capitalised[i - 1] and tokens.gaps[i - 1] == OPEN:
                before = tokens.plain[i - 1]
                if before and before not in ROLES and _may_be_first_name(entries[before]):
                    found.setdefault(surname, []).append((i, before))
    return {surname: tuple(names) for surname, names in found.items()}


def _may_be_first_name(entry: Entry) -> bool:
    return bool(entry.flags & GIVEN) and not entry.is_everyday(FREQUENT_COST)


def is_of_another_title(candidate: Candidate, context: TextContext) -> bool:
    """Whether a surname of one who is watched by a title may be somebody else's (President Biden, Mrs. Biden).

    It is where another title stands before it, or none and the last of the surname who was named in full before it (or,
    where nobody was, anybody behind it) is somebody else.
    """
    form, tokens = candidate.form, context.tokens
    if not form.titles or form.part == "full":
        return False
    first = candidate.first
    title = tokens.plain[first]
    if title not in ROLES:
        title = tokens.plain[first - 1] if first and tokens.gaps[first - 1] != CLOSED else ""
    if title in ROLES:
        is_shared = context.entries[form.words[-1]].cost < SHARED_COST if form.words[-1] in context.entries else False
        return is_shared and title not in form.titles and title not in _OF_ANYBODY
    if form.part == "alias":
        return False
    named = context.first_names.get(form.words[-1], ())
    before = [name for at, name in named if at < candidate.first]
    return any(not _is_own_first_name(name, form) for name in (before[-1:] or [name for _, name in named]))


def has_other_bearer(candidate: Candidate, context: TextContext) -> bool:
    """Whether the text has the surname of a candidate behind somebody else's first name."""
    named = context.first_names.get(candidate.form.words[-1], ())
    return any(not _is_own_first_name(name, candidate.form) for _, name in named)


def _is_own_first_name(word: str, form: Form) -> bool:
    """Whether a first name is one that the name's bearer has, as it is written or misheard: Anthony for Antony."""
    own = form.own_first_names
    return word in own or word in form.nicknames or any(_sounds_alike(word, name) for name in own)


@lru_cache(maxsize=10_000)
def _sounds_alike(word: str, other: str) -> bool:
    encoded = [encode_words([w], look_up_words([w])) for w in (other, word)]
    return min(measure_costs([(encoded[0], encoded[1])])[0]) < OWN_NAME_COST


def score_namesake(candidate: Candidate, context: TextContext) -> float:
    """How much the place of a candidate looks like somebody else's name, 0 to 1."""
    form = candidate.form
    is_single = len(form.words) == 1 and form.part == "full"
    return max(
        score_adjacent_names(candidate, context),
        _score_first_name_use(candidate, context),
        _score_surname_use(candidate, context) if is_single else 0.0,
    )


def score_adjacent_names(candidate: Candidate, context: TextContext) -> float:
    """How much, 0 to 1, another first name before it or another surname behind it makes it somebody else's.

    A watched name that stands beside it (the Trump-Zelensky call) is no part of somebody else's.
    """
    tokens, entries, form = context.tokens, context.entries, candidate.form
    score = 0.0
    before = candidate.first - 1
    if before >= 0 and tokens.gaps[before] == OPEN and tokens.plain[before] in _PATRONYMIC_PARTICLES:
        return 1.0
    is_alone = form.part == "surname" or (form.may_be_person and not form.given_count)
    has_word = before >= 0 and tokens.gaps[before] != CLOSED and bool(tokens.plain[before])
    if is_alone and has_word and before not in context.watched_positions and tokens.plain[before] not in form.nicknames:
        word, entry = tokens.plain[before], entries[tokens.plain[before]]
        is_name = word in _CERTAIN_FIRST_NAMES or not entry.is_everyday()
        has_capital = tokens.is_capitalised[before] if tokens.has_case else is_name
        is_word = entry.is_everyday() and word not in _CERTAIN_FIRST_NAMES and not is_first_name(before, context)
        is_word = is_word and not _is_first_name_elsewhere(before, context)
        is_word = is_word and (entry.cost < FREQUENT_COST or (tokens.has_case and _may_open_sentence(before, context)))
        if has_capital and not is_word and tokens.gaps[before] != COMMA and word not in ROLES:
            if entry.flags & GIVEN:
                score = 1.0
            elif tokens.has_case and not tokens.starts_sentence[before] and not entry.is_everyday():
                score = 0.6
    behind = candidate.last
    has_word = behind < len(tokens.plain) and behind not in context.watched_positions and bool(tokens.plain[behind])
    if has_word and tokens.gaps[behind - 1] == OPEN:
        entry = entries[tokens.plain[behind]]
        has_capital = not tokens.has_case or tokens.is_capitalised[behind]
        if has_capital and entry.flags & SURNAME and not entry.is_everyday():
            score = max(score, 0.7)
    return score


def _may_open_sentence(at: int, context: TextContext) -> bool:
    """Whether a word begins a sentence and may be no name there: Drew Biden a crowd?, not Hunter Biden."""
    word = context.tokens.plain[at]
    entry = context.entries[word]
    if not context.tokens.starts_sentence[at] or word in _CERTAIN_FIRST_NAMES:
        return False
    return not entry.flags & GIVEN or entry.cost < FREQUENT_COST or word in _OPENS_SENTENCE or word in _MONTHS


def _is_first_name_elsewhere(at: int, context: TextContext) -> bool:
    """Whether the word and the one behind it stand within a sentence as a name: when Will Biden spoke."""
    tokens = context.tokens
    if not (tokens.has_case and tokens.starts_sentence[at]) or at + 1 >= len(tokens.plain):
        return False
    pair = tokens.plain[at], tokens.plain[at + 1].removesuffix("'s")
    places = (i for i in context.places.get(pair[0], ()) if i + 1 < len(tokens.plain))
    return any(
        tokens.plain[i + 1].removesuffix("'s") == pair[1] and is_first_name(i, context) and tokens.is_capitalised[i + 1]
        for i in places
    )


def is_first_name(at: int, context: TextContext) -> bool:
    """Whether a word can only be somebody's first name, by its capital within a sentence: Mark, Will; not May."""
    tokens, entry = context.tokens, context.entries[context.tokens.plain[at]]
    has_capital = tokens.has_case and tokens.is_capitalised[at] and not tokens.starts_sentence[at]
    return has_capital and bool(entry.flags & GIVEN) and tokens.plain[at] not in _MONTHS


def is_in_longer_name(candidate: Candidate, context: TextContext) -> bool:
    """Whether a word with a capital that is none of the bearer's stands right beside it: New York, Green New Deal."""
    behind = candidate.last
    if _has_capital_behind(candidate, context) and behind not in context.watched_positions:
        following = context.tokens.plain[behind]
        if following not in ROLES and following.split("'")[0] != "i":
            return True
    tokens, before, form = context.tokens, candidate.first - 1, candidate.form
    if before < 0 or not tokens.has_case or tokens.gaps[before] != OPEN or not tokens.is_capitalised[before]:
        return False
    word = tokens.plain[before]
    if word in ROLES or not word or _is_own_first_name(word, form) or before in context.watched_positions:
        return False
    return not (tokens.starts_sentence[before] and context.entries[word].is_everyday())


def _has_capital_behind(candidate: Candidate, context: TextContext) -> bool:
    """Whether a word with a capital follows at once, in a text that has case."""
    tokens, behind = context.tokens, candidate.last
    if not tokens.has_case or candidate.is_possessive or behind >= len(tokens.plain):
        return False
    return tokens.gaps[behind - 1] == OPEN and bool(tokens.plain[behind]) and tokens.is_capitalised[behind]


def _score_first_name_use(candidate: Candidate, context: TextContext) -> float:
    """How much it looks like the first name of somebody, by a name behind it that no list has."""
    tokens = context.tokens
    if len(candidate.form.words) > 1 or not tokens.is_capitalised[candidate.first]:
        return 0.0
    if not _has_capital_behind(candidate, context):
        return 0.0
    return 0.7 if context.entries[tokens.plain[candidate.last]].cost >= UNKNOWN_COST else 0.0


def _score_surname_use(candidate: Candidate, context: TextContext) -> float:
    """How much a place or company of one word looks like the surname of one whose first name stands before it."""
    tokens, before = context.tokens, candidate.first - 1
    if before < 0 or tokens.gaps[before] != OPEN or not tokens.plain[before]:
        return 0.0
    word, entry = tokens.plain[before], context.entries[tokens.plain[before]]
    if is_first_name(before, context):
        return 1.0
    if entry.is_everyday() or (tokens.has_case and not tokens.is_capitalised[before]) or word in ROLES:
        return 0.0
    if entry.flags & GIVEN:
        return 1.0
    if entry.flags & SURNAME and tokens.has_case and not tokens.starts_sentence[before]:
        return 0.8
    return 0.6 if tokens.has_case and entry.cost >= UNKNOWN_COST and not word.endswith("'s") else 0.0


def begins_with_first_name(candidate: Candidate, context: TextContext) -> bool:
    """Whether what was taken for one word of a name begins with a first name: Matt Corallo is no Mattarella."""
    tokens, first = context.tokens, candidate.first
    if len(candidate.form.words) > 1 or candidate.last - first < 2 or not tokens.has_case:
        return False
    entry = context.entries[tokens.plain[first]]
    have_capitals = tokens.is_capitalised[first] and tokens.is_capitalised[candidate.last - 1]
    return have_capitals and bool(entry.flags & GIVEN) and (not entry.is_everyday() or is_first_name(first, context))


def is_somebody_else(candidate: Candidate, context: TextContext) -> bool:
    """Whether it cannot be the name, whatever it sounds like."""
    return (
        has_other_first_name(candidate, context)
        or _is_full_name_of_another(candidate, context)
        or is_of_another_title(candidate, context)
        or _follows_other_first_name(candidate, context)
        or _is_cut_short(candidate, context)
        or _has_other_last_word(candidate, context)
        or _has_other_word_behind_particle(candidate, context)
        or _is_acronym(candidate, context)
        or _is_title_of_another(candidate, context)
    )


def has_other_first_name(candidate: Candidate, context: TextContext) -> bool:
    """Whether what was taken for the first name is another one (Dan, George), or a plain word, too far off to be it."""
    cost = candidate.given_cost
    if cost is None or cost < OTHER_NAME_COST or candidate.surname_at - candidate.first != 1:
        return False
    word = context.tokens.plain[candidate.first]
    if context.tokens.has_case and not context.tokens.is_capitalised[candidate.first]:
        return True
    entry = context.entries[word]
    is_given = bool(entry.flags & GIVEN) and not entry.is_everyday(FREQUENT_COST)
    return is_given and word not in candidate.form.nicknames


def _is_full_name_of_another(candidate: Candidate, context: TextContext) -> bool:
    """Whether it is the surname, spelt right, behind a first name that is not the bearer's: Beau Biden, not Joe."""
    form, tokens, at = candidate.form, context.tokens, candidate.first
    words = candidate.surface_words(tokens)
    if len(words) != 2 or words[1] != form.words[-1] or words[0] in {*form.words, *form.nicknames}:
        return False
    if form.part == "surname" and _is_first_surname(words[0], form, context):
        return False
    if candidate.given_cost and candidate.given_cost > SAME_SOUND_COST and _are_both_common(words[0], form):
        return True
    is_shared = context.entries[words[1]].cost < SHARED_COST
    if candidate.given_cost is not None and candidate.given_cost < (
        OTHER_NAME_COST if not is_shared else NEAR_NAME_COST
    ):
        return False
    entry = context.entries[words[0]]
    if is_shared and tokens.has_case and tokens.is_capitalised[at] and entry.cost >= UNKNOWN_COST:
        return True
    if not entry.flags & GIVEN or not tokens.has_case:
        return bool(entry.flags & GIVEN) and not entry.is_everyday()
    return tokens.is_capitalised[at] and not _may_open_sentence(at, context)


def _is_first_surname(word: str, form: Form, context: TextContext) -> bool:
    """Whether a word is the first of the bearer's two surnames, misspelt: Obrego Garcia, for Abrego Garcia."""
    entry = context.entries[word]
    if len(form.words) < 2 or (entry.flags & GIVEN and entry.cost < LISTED_COST):
        return False
    said = form.sounds[0], encode_letters(form.spelling[0])
    return min(measure_costs([(said, encode_words([word], context.entries))])[0]) < OTHER_SURNAME_COST


def _has_other_word_behind_particle(candidate: Candidate, context: TextContext) -> bool:
    """Whether the particles of the surname are there with another name behind them: bin Zayed, for bin Salman."""
    form = candidate.form
    said, heard = form.words[form.given_count :], candidate.surname_words(context.tokens)
    if len(said) < 2 or len(heard) != len(said) or said[:-1] != heard[:-1] or not PARTICLES.issuperset(said[:-1]):
        return False
    encoded = form.sounds[-1], encode_letters(form.spelling[-1])
    return min(measure_costs([(encoded, encode_words(heard[-1:], context.entries))])[0]) > BEHIND_PARTICLE_COST


def _are_both_common(word: str, form: Form) -> bool:
    """Whether a first name and the bearer's own are both frequent: neither is the other misheard (Stephanie)."""
    own = look_up_words([word, *form.own_first_names])
    return all(e.flags & GIVEN and e.cost < COMMON_NAME_COST for e in own.values())


def _follows_other_first_name(candidate: Candidate, context: TextContext) -> bool:
    """Whether a first name that the name's bearer is never called by stands right before it: Susan Kelog."""
    return candidate.given_cost is None and score_namesake(candidate, context) >= CERTAIN_NAMESAKE


def _is_cut_short(candidate: Candidate, context: TextContext) -> bool:
    """Whether a full name lacks words where another one goes on with a capital: the Kim Jong of Kim Jong Il."""
    behind = candidate.last
    if candidate.given_cost is None or behind - candidate.first >= len(candidate.form.words):
        return False
    is_name = behind not in context.watched_positions and _has_capital_behind(candidate, context)
    return is_name and context.tokens.plain[behind] not in ROLES


def _has_other_last_word(candidate: Candidate, context: TextContext) -> bool:
    """Whether a name that ends in a very short word ends in another one that lists have: Kim Jong Il, Kim Jong Nam."""
    *before, last = candidate.surface_words(context.tokens)
    words = candidate.form.words
    if len(words) < 3 or len(words[-1]) > SHORT_PHONES or last == words[-1] or tuple(before) != words[:-1]:
        return False
    return len(last) < SHORT_PHONES or context.entries[last].cost < UNKNOWN_COST


def _is_acronym(candidate: Candidate, context: TextContext) -> bool:
    """Whether a very short surname is written as an acronym or as initials are: UN, U.N."""
    tokens = context.tokens
    return _is_very_short(candidate) and all(
        tokens.is_acronym[i] or len(tokens.plain[i]) == 1 for i in candidate.positions
    )


def _is_title_of_another(candidate: Candidate, context: TextContext) -> bool:
    """Whether an alias with a title lacks it, or has something else behind it: President Sall, for President Sisi."""
    form = candidate.form
    if not form.has_title:
        return False
    title, name = form.words[: form.given_count], candidate.surname_words(context.tokens)
    has_title = candidate.given_cost is not None and candidate.surface_words(context.tokens)[: len(title)] == title
    is_everyday = all(context.entries[w].is_everyday() for w in name)
    return not has_title or is_everyday or candidate.cost > TITLED_COST


def is_other_word(candidate: Candidate, context: TextContext, *, has_full_name: bool) -> bool:
    """Whether a very short surname, spelt right, is written as another word is: UN, un-, "the un" in lower case.

    ``has_full_name``: whether the episode has the full name.
    """
    tokens, at = context.tokens, candidate.first
    if not _is_very_short(candidate):
        return False
    if tokens.has_case:
        return tokens.is_acronym[at] or not tokens.is_capitalised[at]
    return not has_full_name or (at > 0 and tokens.plain[at - 1] == "the")


def _is_very_short(candidate: Candidate) -> bool:
    return candidate.form.part == "surname" and len(candidate.form.letters) <= SHORT_PHONES
