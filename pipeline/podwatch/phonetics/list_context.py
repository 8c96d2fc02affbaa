"""What an episode about a list lets pass: where it speaks of several names, a name that sounds like one of them is it.

The other way round than elsewhere: what is near to a name by its sound is mostly another name, but hardly one that is
said alone, without a first name, among the people of one list (Hansen for Robin Hanson, Teal for Peter Thiel).
"""

from __future__ import annotations

from podwatch.phonetics.candidates import Scene, Spot, heard_words
from podwatch.phonetics.features import KIN, REPEATED, Company
from podwatch.phonetics.lexicon import EVERYDAY, GIVEN
from podwatch.phonetics.name_forms import PERSON, ROLES
from podwatch.phonetics.tokenizer import OPEN

RARE = 10.5  # -log P: what is said more often is itself (March, David)
NEAR = 0.6  # nats by symbol: what is further off is as often somebody else
LEAST, MOST = 0.75, 0.9  # the score at the limit, and of the same sound: all 11 on pages of dev were right


def like_a_name(spot: Spot, scene: Scene) -> bool:
    """Whether it is written with capitals, in a text that has them."""
    words = scene.words
    return words.cased and words.big[spot.first] and words.big[spot.last - 1]


def least(spot: Spot, scene: Scene, company: Company, kind: str) -> float:
    """The least score of a spot for where it stands: one rare word with a capital, alone, in an episode about the list.

    0 where nothing follows from that. ``kind``: of the name, as person, company or place.
    """
    words, at = scene.words, spot.first
    if company.kin < KIN or kind not in ("", PERSON) or spot.form.given or spot.last - at > 1:
        return 0.0
    if not _large(at, scene) or words.shout[at]:
        return 0.0
    entry = scene.known[heard_words(spot, words)[0]]
    itself = entry.cost < RARE or entry.flags & GIVEN  # a first name that stands alone is of one who is called so
    near = min(spot.phone, spot.letter)
    if itself or near > NEAR or spot.elsewhere or spot.seen >= REPEATED or _part_of_more(at, scene):
        return 0.0
    return LEAST + (MOST - LEAST) * (1 - near / NEAR)


def _part_of_more(at: int, scene: Scene) -> bool:
    """Whether another name stands beside the word: Genghis Khan, Groucho Marks."""
    gaps = scene.words.gaps
    before = at > 0 and gaps[at - 1] == OPEN and _theirs(at - 1, scene)
    return before or (gaps[at] == OPEN and _theirs(at + 1, scene))


def _theirs(at: int, scene: Scene) -> bool:
    """Whether a word is, by its capital, of a name that is not of the list."""
    word = scene.words.plain[at]
    ours = at in scene.watched or word in ROLES or word.split("'")[0] == "i"
    return not ours and _large(at, scene)


def _large(at: int, scene: Scene) -> bool:
    """Whether its capital says that a word is a name: not that of an everyday word at the head of a sentence."""
    words, entry = scene.words, scene.known.get(scene.words.plain[at])
    everyday = entry is not None and entry.flags & EVERYDAY
    return words.big[at] and not (words.first[at] and everyday)
