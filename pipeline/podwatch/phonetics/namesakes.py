"""Whose name a place looks like: where another first name stands before it, or another surname behind, it is not ours.

Most of what is near to a name by its sound is another name (Kellock for Kellogg), and those who bear it are mostly
introduced in full.
"""

from __future__ import annotations

from podwatch.phonetics.candidates import Candidate, TextContext, surface_words
from podwatch.phonetics.lexicon import EVERYDAY, GIVEN, SURNAME, UNKNOWN_COST, Entry, word_set
from podwatch.phonetics.name_forms import PERSON, ROLES, SHORT_PHONES, Form
from podwatch.phonetics.tokenizer import CLOSED, COMMA, OPEN

_MONTHS = word_set("april may june august")
# Everyday words by the lists, but nothing else than somebody's first name, also where they begin a sentence.
_CERTAIN_FIRST_NAMES = word_set(
    "anna ben benjamin beth billy bob bobby bonnie carl carol chad charlie charlotte cole dale fred george "
    "gilbert harry heather henry jack jane jay jean jenny jerry jill jim jimmy joe john johnny josh kelly ken "
    "lewis louis marc maria marina martin matt mike nancy nelson nick penny peter phil randy roger ruth sally "
    "sam spencer ted terry tim timothy tom tony troy victor victoria warren willie"
)
FREQUENT_COST = 9.5  # -log P: an everyday word said more often (so, in, will) is no first name, though some have it
OTHER_NAME_COST = (
    2.0  # nats by symbol: a known first name this far off (Dan for George; not Bill for William) is another's
)
CERTAIN_NAMESAKE = 0.9  # of others_name: of what is behind a known first name, one spot in a thousand was right


def score_adjacent_names(spot: Candidate, form: Form, scene: TextContext, person: bool) -> float:
    """How much it looks like somebody else's name: another first name before it, another surname behind it.

    A name of the list that stands beside it (the Trump-Zelensky call) is no part of somebody else's.
    """
    words, known = scene.tokens, scene.entries
    at = spot.first - 1
    found = 0.0
    alone = form.part == "surname" or (person and not form.given_count)
    theirs = at >= 0 and at not in scene.watched_positions and words.gaps[at] != CLOSED and bool(words.plain[at])
    if alone and theirs and words.plain[at] not in form.nicknames:
        entry = known[words.plain[at]]
        named = words.plain[at] in _CERTAIN_FIRST_NAMES
        large = words.is_capitalised[at] if words.has_case else not entry.flags & EVERYDAY
        everyday = entry.flags & EVERYDAY and not named and not is_first_name(at, scene)
        everyday = everyday and (entry.cost < FREQUENT_COST or (words.has_case and words.starts_sentence[at]))
        if large and not everyday and words.gaps[at] != COMMA and words.plain[at] not in ROLES:
            if entry.flags & GIVEN:
                found = 1.0
            elif words.has_case and not words.starts_sentence[at] and not entry.flags & EVERYDAY:
                found = 0.6
    behind = spot.last if spot.last not in scene.watched_positions else len(words.plain)
    if behind < len(words.plain) and words.gaps[behind - 1] not in (CLOSED, COMMA) and words.plain[behind]:
        entry = known[words.plain[spot.last]]
        large = words.is_capitalised[spot.last] if words.has_case else True
        if large and entry.flags & SURNAME and not entry.flags & EVERYDAY:
            found = max(found, 0.7)
    return found


def is_first_name(at: int, scene: TextContext) -> bool:
    """Whether a word can only be somebody's first name, by its capital within a sentence: Mark, Will; not May."""
    words, entry = scene.tokens, scene.entries[scene.tokens.plain[at]]
    large = words.has_case and words.is_capitalised[at] and not words.starts_sentence[at]
    return large and bool(entry.flags & GIVEN) and words.plain[at] not in _MONTHS


def score_first_name_use(spot: Candidate, scene: TextContext) -> float:
    """How much a spot looks like the first name of somebody, by a name behind it that no list has."""
    words, behind = scene.tokens, spot.last
    if len(spot.form.words) > 1 or not words.has_case or spot.is_possessive or not words.is_capitalised[spot.first]:
        return 0.0
    if behind >= len(words.plain) or words.gaps[behind - 1] != OPEN or not words.plain[behind]:
        return 0.0
    return 0.7 if words.is_capitalised[behind] and scene.entries[words.plain[behind]].cost >= UNKNOWN_COST else 0.0


def begins_with_first_name(spot: Candidate, scene: TextContext) -> bool:
    """Whether what was taken for one word of a name begins with a first name: Matt Corallo is no Mattarella."""
    words, entry = scene.tokens, scene.entries[scene.tokens.plain[spot.first]]
    if (
        len(spot.form.words) > 1
        or spot.last - spot.first < 2
        or not words.has_case
        or not words.is_capitalised[spot.last - 1]
    ):
        return False
    first = entry.flags & GIVEN and words.is_capitalised[spot.first]
    return bool(first) and (not entry.flags & EVERYDAY or is_first_name(spot.first, scene))


def has_other_first_name(spot: Candidate, scene: TextContext) -> bool:
    """Whether what was taken for the first name is another one (Dan, George), or a plain word, too far off to be it."""
    if spot.given_cost is None or spot.given_cost < OTHER_NAME_COST or spot.surname_at - spot.first != 1:
        return False
    first = scene.tokens.plain[spot.first]
    if scene.tokens.has_case and not scene.tokens.is_capitalised[spot.first]:
        return True
    entry = scene.entries[first]
    return bool(entry.flags & GIVEN) and first not in spot.form.nicknames and not _is_frequent(entry)


def is_somebody_else(spot: Candidate, scene: TextContext, kind: str) -> bool:
    """Whether it cannot be the name, whatever it sounds like; ``kind``: person, company, place."""
    return (
        has_other_first_name(spot, scene)
        or follows_other_first_name(spot, scene, kind)
        or is_cut_short(spot, scene)
        or has_other_last_word(spot, scene)
        or (
            _is_very_short(spot)
            and all(scene.tokens.is_acronym[i] or len(scene.tokens.plain[i]) == 1 for i in _positions(spot))
        )
    )


def is_other_word(spot: Candidate, scene: TextContext, *, whole: bool) -> bool:
    """Whether a very short surname, spelt right, is written as another word is: UN, un-, "the un" in lower case.

    ``whole``: whether the episode has the full name.
    """
    words, at = scene.tokens, spot.first
    if not _is_very_short(spot):
        return False
    if words.has_case:
        return words.is_acronym[at] or not words.is_capitalised[at]
    return not whole or (at > 0 and words.plain[at - 1] == "the")


def _is_very_short(spot: Candidate) -> bool:
    return spot.form.part == "surname" and len(spot.form.letters) <= SHORT_PHONES


def _positions(spot: Candidate) -> range:
    return range(spot.first, spot.last)


def is_cut_short(spot: Candidate, scene: TextContext) -> bool:
    """Whether a full name lacks words where another one goes on, written large: the Kim Jong of Kim Jong Il."""
    words, behind = scene.tokens, spot.last
    if (
        spot.given_cost is None
        or behind - spot.first >= len(spot.form.words)
        or not words.has_case
        or spot.is_possessive
    ):
        return False
    if behind >= len(words.plain) or words.gaps[behind - 1] != OPEN or not words.plain[behind]:
        return False
    return words.is_capitalised[behind] and behind not in scene.watched_positions and words.plain[behind] not in ROLES


def has_other_last_word(spot: Candidate, scene: TextContext) -> bool:
    """Whether a name that ends in a very short word ends in another one that lists have: Kim Jong Il, Kim Jong Nam."""
    *before, last = surface_words(spot, scene.tokens)
    form = spot.form
    if len(form.words) < 3 or len(form.words[-1]) > SHORT_PHONES or last == form.words[-1]:
        return False
    return tuple(before) == form.words[:-1] and (len(last) < SHORT_PHONES or scene.entries[last].cost < UNKNOWN_COST)


def follows_other_first_name(spot: Candidate, scene: TextContext, kind: str) -> bool:
    """Whether a first name that the name's bearer is never called by stands right before it: Susan Kelog."""
    return spot.given_cost is None and score_namesake(spot, scene, kind) >= CERTAIN_NAMESAKE


def score_surname_use(spot: Candidate, scene: TextContext) -> float:
    """How much a place or company of one word looks like the surname of one whose first name stands before it."""
    words, at = scene.tokens, spot.first - 1
    if at < 0 or words.gaps[at] == CLOSED or words.gaps[at] == COMMA or not words.plain[at]:
        return 0.0
    entry = scene.entries[words.plain[at]]
    if is_first_name(at, scene):
        return 1.0
    if entry.flags & EVERYDAY or (words.has_case and not words.is_capitalised[at]) or words.plain[at] in ROLES:
        return 0.0
    if entry.flags & GIVEN:
        return 1.0
    if entry.flags & SURNAME and words.has_case and not words.starts_sentence[at]:
        return 0.8
    return 0.6 if words.has_case and entry.cost >= UNKNOWN_COST and not words.plain[at].endswith("'s") else 0.0


def score_namesake(spot: Candidate, scene: TextContext, kind: str) -> float:
    """How much the place of a spot looks like somebody else's name, 0 to 1; ``kind``: person, company, place."""
    place = score_surname_use(spot, scene) if len(spot.form.words) == 1 and spot.form.part == "full" else 0.0
    return max(
        score_adjacent_names(spot, spot.form, scene, kind in ("", PERSON)), score_first_name_use(spot, scene), place
    )


def _is_frequent(entry: Entry) -> bool:
    return bool(entry.flags & EVERYDAY) and entry.cost < FREQUENT_COST
