"""Whose name a place looks like: where another first name stands before it, or another surname behind, it is not ours.

Most of what is near to a name by its sound is another name (Kellock for Kellogg), and those who bear it are mostly
introduced in full.
"""

from __future__ import annotations

from podwatch.phonetics.candidates import Scene, Spot, heard_words
from podwatch.phonetics.lexicon import EVERYDAY, GIVEN, SURNAME, UNKNOWN, Entry
from podwatch.phonetics.name_forms import PERSON, ROLES, SHORT, Form
from podwatch.phonetics.tokenizer import CLOSED, COMMA, OPEN
from podwatch.phonetics.watched_names import word_set

_MONTHS = word_set("april may june august")
# Everyday words by the lists, but nothing else than somebody's first name, also where they begin a sentence.
_PLAINLY_NAMES = word_set(
    "anna ben benjamin beth billy bob bobby bonnie carl carol chad charlie charlotte cole dale fred george "
    "gilbert harry heather henry jack jane jay jean jenny jerry jill jim jimmy joe john johnny josh kelly ken "
    "lewis louis marc maria marina martin matt mike nancy nelson nick penny peter phil randy roger ruth sally "
    "sam spencer ted terry tim timothy tom tony troy victor victoria warren willie"
)
OFTEN = 9.5  # -log P: an everyday word said more often (so, in, will) is no first name, though some have it
OTHERS = 2.0  # nats by symbol: a known first name this far off (Dan for George; not Bill for William) is another's
CERTAIN = 0.9  # of others_name: of what is behind a known first name, one spot in a thousand was right


def conflict(spot: Spot, form: Form, scene: Scene, person: bool) -> float:
    """How much it looks like somebody else's name: another first name before it, another surname behind it.

    A name of the list that stands beside it (the Trump-Zelensky call) is no part of somebody else's.
    """
    words, known = scene.words, scene.known
    at = spot.first - 1
    found = 0.0
    alone = form.part == "surname" or (person and not form.given)
    theirs = at >= 0 and at not in scene.watched and words.gaps[at] != CLOSED and bool(words.plain[at])
    if alone and theirs and words.plain[at] not in form.called:
        entry = known[words.plain[at]]
        named = words.plain[at] in _PLAINLY_NAMES
        large = words.big[at] if words.cased else not entry.flags & EVERYDAY
        everyday = entry.flags & EVERYDAY and not named and not is_given(at, scene)
        everyday = everyday and (entry.cost < OFTEN or (words.cased and words.first[at]))
        if large and not everyday and words.gaps[at] != COMMA and words.plain[at] not in ROLES:
            if entry.flags & GIVEN:
                found = 1.0
            elif words.cased and not words.first[at] and not entry.flags & EVERYDAY:
                found = 0.6
    behind = spot.last if spot.last not in scene.watched else len(words.plain)
    if behind < len(words.plain) and words.gaps[behind - 1] not in (CLOSED, COMMA) and words.plain[behind]:
        entry = known[words.plain[spot.last]]
        large = words.big[spot.last] if words.cased else True
        if large and entry.flags & SURNAME and not entry.flags & EVERYDAY:
            found = max(found, 0.7)
    return found


def is_given(at: int, scene: Scene) -> bool:
    """Whether a word can only be somebody's first name, by its capital within a sentence: Mark, Will; not May."""
    words, entry = scene.words, scene.known[scene.words.plain[at]]
    large = words.cased and words.big[at] and not words.first[at]
    return large and bool(entry.flags & GIVEN) and words.plain[at] not in _MONTHS


def first_name_of_stranger(spot: Spot, scene: Scene) -> float:
    """How much a spot looks like the first name of somebody, by a name behind it that no list has."""
    words, behind = scene.words, spot.last
    if len(spot.form.words) > 1 or not words.cased or spot.whose or not words.big[spot.first]:
        return 0.0
    if behind >= len(words.plain) or words.gaps[behind - 1] != OPEN or not words.plain[behind]:
        return 0.0
    return 0.7 if words.big[behind] and scene.known[words.plain[behind]].cost >= UNKNOWN else 0.0


def begins_with_first_name(spot: Spot, scene: Scene) -> bool:
    """Whether what was taken for one word of a name begins with a first name: Matt Corallo is no Mattarella."""
    words, entry = scene.words, scene.known[scene.words.plain[spot.first]]
    if len(spot.form.words) > 1 or spot.last - spot.first < 2 or not words.cased or not words.big[spot.last - 1]:
        return False
    first = entry.flags & GIVEN and words.big[spot.first]
    return bool(first) and (not entry.flags & EVERYDAY or is_given(spot.first, scene))


def first_name_of_another(spot: Spot, scene: Scene) -> bool:
    """Whether what was taken for the first name is another one (Dan, George), or a plain word, too far off to be it."""
    if spot.given is None or spot.given < OTHERS or spot.at - spot.first != 1:
        return False
    first = scene.words.plain[spot.first]
    if scene.words.cased and not scene.words.big[spot.first]:
        return True
    entry = scene.known[first]
    return bool(entry.flags & GIVEN) and first not in spot.form.called and not _is_tame(entry)


def somebody_else(spot: Spot, scene: Scene, kind: str) -> bool:
    """Whether it cannot be the name, whatever it sounds like; ``kind``: person, company, place."""
    return (
        first_name_of_another(spot, scene)
        or behind_another(spot, scene, kind)
        or cut_short(spot, scene)
        or only_first_names(spot, scene)
        or (_tiny(spot) and all(scene.words.shout[i] or len(scene.words.plain[i]) == 1 for i in _inside(spot)))
    )


def another_word(spot: Spot, scene: Scene, *, whole: bool) -> bool:
    """Whether a very short surname, spelt right, is written as another word is: UN, un-, "the un" in lower case.

    ``whole``: whether the episode has the full name.
    """
    words, at = scene.words, spot.first
    if not _tiny(spot):
        return False
    if words.cased:
        return words.shout[at] or not words.big[at]
    return not whole or (at > 0 and words.plain[at - 1] == "the")


def _tiny(spot: Spot) -> bool:
    return spot.form.part == "surname" and len(spot.form.letters) <= SHORT


def _inside(spot: Spot) -> range:
    return range(spot.first, spot.last)


def cut_short(spot: Spot, scene: Scene) -> bool:
    """Whether a full name lacks words where another one goes on, written large: the Kim Jong of Kim Jong Il."""
    words, behind = scene.words, spot.last
    if spot.given is None or behind - spot.first >= len(spot.form.words) or not words.cased or spot.whose:
        return False
    if behind >= len(words.plain) or words.gaps[behind - 1] != OPEN or not words.plain[behind]:
        return False
    return words.big[behind] and behind not in scene.watched and words.plain[behind] not in ROLES


def only_first_names(spot: Spot, scene: Scene) -> bool:
    """Whether a name that ends in a very short word ends in another one that lists have: Kim Jong Il, Kim Jong Nam."""
    *before, last = heard_words(spot, scene.words)
    form = spot.form
    if len(form.words) < 3 or len(form.words[-1]) > SHORT or last == form.words[-1]:
        return False
    return tuple(before) == form.words[:-1] and (len(last) < SHORT or scene.known[last].cost < UNKNOWN)


def behind_another(spot: Spot, scene: Scene, kind: str) -> bool:
    """Whether a first name that the name's bearer is never called by stands right before it: Susan Kelog."""
    return spot.given is None and others_name(spot, scene, kind) >= CERTAIN


def surname_of_another(spot: Spot, scene: Scene) -> float:
    """How much a place or company of one word looks like the surname of one whose first name stands before it."""
    words, at = scene.words, spot.first - 1
    if at < 0 or words.gaps[at] == CLOSED or words.gaps[at] == COMMA or not words.plain[at]:
        return 0.0
    entry = scene.known[words.plain[at]]
    if is_given(at, scene):
        return 1.0
    if entry.flags & EVERYDAY or (words.cased and not words.big[at]) or words.plain[at] in ROLES:
        return 0.0
    if entry.flags & GIVEN:
        return 1.0
    if entry.flags & SURNAME and words.cased and not words.first[at]:
        return 0.8
    return 0.6 if words.cased and entry.cost >= UNKNOWN and not words.plain[at].endswith("'s") else 0.0


def others_name(spot: Spot, scene: Scene, kind: str) -> float:
    """How much the place of a spot looks like somebody else's name, 0 to 1; ``kind``: person, company, place."""
    place = surname_of_another(spot, scene) if len(spot.form.words) == 1 and spot.form.part == "full" else 0.0
    return max(conflict(spot, spot.form, scene, kind in ("", PERSON)), first_name_of_stranger(spot, scene), place)


def _is_tame(entry: Entry) -> bool:
    return bool(entry.flags & EVERYDAY) and entry.cost < OFTEN
