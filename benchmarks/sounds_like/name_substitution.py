"""Real pages with other names: whoever is named there is replaced by a name of the training set.

What a recogniser makes of a name that it does not know is many spellings in one episode, of the surname alone, among
other people of the same news. Real pages with that are few; pages where people are named are not. So the people of a
page get names of the set, in the spellings in which those were recognised when they were spoken, some of them changed
further as the noisy channel changes letters.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.sounds_like.alignment import edit_distance
from benchmarks.sounds_like.names import FAMILY_LETTERS, family_key, fold_name, load_subjects
from benchmarks.sounds_like.training_pages import Page, PageMention
from podwatch.phonetics import consonant_keys as skeleton
from podwatch.phonetics.lexicon import EVERYDAY, GIVEN, SURNAME, listed_words
from podwatch.phonetics.noisy_channel import load_channels
from podwatch.phonetics.symbol_index import SymbolIndex
from podwatch.phonetics.symbol_strings import whole_strings

MAX_WRONG_SHARE = 0.5  # of the letters; a spelling that is further off is hardly the name any more
FULL_NAME_SHARE = 0.2  # of the mentions have the first name
RIGHT_SHARES = (0.0, 0.3, 0.6, 0.9)  # the share of its surnames that the recogniser spells right, one for each name
HOMOPHONE_NATS = 0.3  # by phone: hardly another sound
TITLE_SHARE = 0.12  # of the mentions without a first name have a title or a role instead, as in the news
TITLES = ("President", "Secretary", "Minister", "Senator", "General", "Professor", "Doctor", "Mr.", "Ambassador")
MUTATED_SHARE = 0.4  # of the misspelt surnames are changed further


@dataclass(frozen=True, slots=True)
class HeardName:
    """A name with the spellings that were recognised for it: of the full name, and of the surname alone."""

    name: str
    surname: str
    full_forms: tuple[str, ...]
    surname_forms: tuple[str, ...]


def collect_heard_names(clips: Mapping[tuple[str, str], Sequence[dict[str, Any]]]) -> list[HeardName]:
    """The persons of a set whose surname was recognised at least once in a spelling that is not too far off."""
    found = []
    for (name, kind), some in sorted(clips.items()):
        heard: dict[str, list[str]] = defaultdict(list)
        said = {"full": name, "surname": ""}
        for clip in some:
            for m in clip["mentions"]:
                spoken = clip["said"][m["said_start"] : m["said_end"]].removesuffix("'s")
                said[m["form"]] = said[m["form"]] or spoken
                if m.get("heard_start") is not None and _is_near(m["heard_surface"].removesuffix("'s"), spoken):
                    heard[m["form"]].append(" ".join(m["heard_surface"].removesuffix("'s").split()))
        if kind == "person" and said["surname"] and heard["surname"]:
            found.append(HeardName(name, said["surname"], tuple(heard["full"]), tuple(heard["surname"])))
    return found


def invent_homophones(number: int, seed: int) -> list[HeardName]:
    """Invented persons whose surname is recognised as a better known one that sounds the same: Hanson as Hansen."""
    chance = random.Random(seed)
    listed = listed_words()
    apart = {family_key(s) for s in load_subjects() if s.split != "train"}
    surnames = sorted(w for w, (_, flags, _) in listed.items() if flags & SURNAME and not flags & EVERYDAY)
    surnames = [w for w in surnames if len(w) > 3 and w[:FAMILY_LETTERS] not in apart]
    given = sorted(w for w, (cost, flags, _) in listed.items() if flags & GIVEN and cost < 12 and len(w) > 2)
    rare = chance.sample(surnames, min(len(surnames), 20 * number))
    index = SymbolIndex(
        load_channels()[0], [listed[w][2] for w in rare], [HOMOPHONE_NATS] * len(rare), skeleton.phone_classes
    )
    sounds = [listed[w][2] for w in surnames]
    heard: dict[str, list[str]] = defaultdict(list)
    for pair in index.find_pairs(whole_strings(sounds, load_channels()[0])).tolist():
        said, as_ = rare[pair % len(rare)], surnames[pair // len(rare)]
        if listed[as_][0] < listed[said][0]:
            heard[said].append(as_)
    found = []
    for said in chance.sample(sorted(heard), min(len(heard), number)):
        first, ways = chance.choice(given).title(), [w.title() for w in heard[said]]
        found.append(
            HeardName(f"{first} {said.title()}", said.title(), tuple(f"{first} {w}" for w in ways), tuple(ways))
        )
    return found


def _is_near(heard: str, said: str) -> bool:
    a, b = (fold_name(text).replace(" ", "") for text in (heard, said))
    return bool(a) and edit_distance(a, b) <= MAX_WRONG_SHARE * len(b)


def mutate_spelling(word: str, chance: random.Random) -> str:
    """The word with one letter substituted, dropped or added, with the probabilities of the noisy channel."""
    channel = load_channels()[1]
    at = chance.randrange(len(word))
    letter = word[at].lower()
    if not "a" <= letter <= "z":
        return word
    row = channel.substitution[ord(letter) - 97]
    likely = {chr(97 + i): math.exp(-float(row[i])) for i in range(26) if chr(97 + i) != letter}
    likely[""] = math.exp(-float(channel.deletion[ord(letter) - 97]))
    likely |= {letter + chr(97 + i): math.exp(-float(channel.insertion[i])) / 4 for i in range(26)}
    new = chance.choices(list(likely), list(likely.values()))[0]
    made = word[:at] + new + word[at + 1 :]
    return made[:1].upper() + made[1:] if word[:1].isupper() else made


def choose_spelling(heard: HeardName, known: float, full: bool, chance: random.Random) -> tuple[str, bool, bool]:
    """(spelling of one mention, whether its surname is right, whether it has the first name)."""
    if chance.random() < known:
        return (heard.name if full else heard.surname), True, full
    if full and heard.full_forms:
        surface = chance.choice(heard.full_forms)
        return surface, fold_name(surface) == fold_name(heard.name), True
    surface = chance.choice(heard.surname_forms)
    if chance.random() < MUTATED_SHARE:
        longer = mutate_spelling(surface, chance)
        surface = longer if len(longer) > 2 and _is_near(longer, heard.surname) else surface
    return surface, fold_name(surface) == fold_name(heard.surname), False


def substitute_names(page: Page, substitutes: Sequence[HeardName], chance: random.Random) -> Page:
    """The page with another name for each of its people; with too few substitutes, some keep their names."""
    people = page.names
    replacements = dict(zip(people, chance.sample(list(substitutes), min(len(substitutes), len(people))), strict=False))
    shares = {name: chance.choice(RIGHT_SHARES) for name in people}
    lower = not any(c.isupper() for c in page.text[:2000])
    text, at, moved = "", 0, []
    shifts = [(0, 0)]  # (offset in the old text, shift of everything from there on)
    for m in page.mentions:
        text += page.text[at : m.start]
        at = m.end
        heard = replacements.get(m.name)
        surface, right, full = page.text[m.start : m.end], m.is_right, m.has_first_name
        whose = surface.endswith(("'s", "’s"))
        if heard is not None:
            full = chance.random() < FULL_NAME_SHARE
            surface, right, full = choose_spelling(heard, shares[m.name], full, chance)
            title = chance.choice(TITLES) + " " if not full and chance.random() < TITLE_SHARE else ""
            surface = surface + "'s" * whose
            surface, title = (surface.lower(), title.lower()) if lower else (surface, title)
            text += title
        moved.append(PageMention(heard.name if heard else m.name, len(text), len(text) + len(surface), right, full))
        text += surface
        shifts.append((m.end, len(text) - m.end))
    text += page.text[at:]

    def shift(place: int) -> int:
        return place + next(by for begin, by in reversed(shifts) if begin <= place)

    unclear = tuple(("*", shift(a), shift(b)) for _, a, b in page.unclear)
    return Page(page.key + " recast", text, page.title, tuple(moved), unclear)
