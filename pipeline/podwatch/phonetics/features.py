"""What else speaks for or against a spot than its sound: how the words are written, what stands beside, the episode.

Each piece of evidence is one number; scoring.py weighs them. The other watched names can only help: those of one list
belong together, so where an episode speaks of some the others are likely.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from podwatch.phonetics import namesakes as strangers
from podwatch.phonetics.candidates import Scene, Spot, heard_words
from podwatch.phonetics.lexicon import EVERYDAY, GIVEN, PLACE, SURNAME, UNKNOWN, Entry
from podwatch.phonetics.name_forms import PERSON, ROLES, Form
from podwatch.phonetics.tokenizer import CLOSED, COMMA, Words
from podwatch.phonetics.watched_names import word_set

_SAYS = word_set(
    "said says told argues argued announced met tweeted wrote claims claimed insisted who has himself herself"
)
_FIRM = word_set("company startup firm shares ceo brand platform acquired bought founder stock maker giant bank")
_AT = word_set("in to from near at around outside across of")
MOST = 18.5
KIN = 0.7  # of Company: two other names of a short list, or more of a longer one
SAME = 0.15  # nats by symbol: no more than what spellers disagree about
REPEATED = 4  # times: of spots said so often that nothing else speaks for, none in 13 was right where this was learned
AGAIN, AGAIN_NAMED = 20, 10  # times more: what talk says oftener than this is its own word, but not beside a first name
HARDLY = 0.3  # of Company.spellings: no other way that it seems to be written
SPELLINGS = 0.5  # of Company: what is told to people as one
_SMALL_WORDS = word_set("a an in on at by it us he she me no so do go up is can will all out off over into one two")

# Of the words heard; "rest": of the surname alone. In the order of of_spot and of_episode.
OF_SPOT = (
    "phone", "letter", "near", "length", "tail", "longer", "onset", "ending", "ordinary", "rarest", "likelihood",
    "rest_ordinary", "rest_likelihood", "everyday", "unknown", "other_name", "capital", "small", "person", "full",
    "given", "comma", "more_words", "conflict", "elsewhere", "first_within", "beside", "frame", "again", "single",
    "two_words", "merged", "prefix", "echo", "given_tame", "first_name", "shout", "wordlike",
)  # fmt: skip
OF_EPISODE = ("others", "whole", "notes", "spellings", "kin")
FEATURES = OF_SPOT + OF_EPISODE


@dataclass(slots=True)
class Company:
    """What the rest of the episode says of a name.

    ``others``: how many other good spots. ``whole``: one of them of the full name. ``notes``: title or notes name it.
    ``spellings``: in how many other ways it seems to be misspelt, each counted as far as it is likely: a recogniser
    that does not know a name writes it in many ways, a name that it knows in one. ``kin``: how far the episode is
    about the other names that are listened for. ``times``: how often the form is heard, for people; no evidence.
    """

    others: int = 0
    whole: bool = False
    notes: bool = False
    spellings: float = 0.0
    kin: float = 0.0
    times: int = field(default=1, compare=False)


def beside(spot: Spot, scene: Scene) -> str:
    """A title or a role word in the three words before the spot, or none."""
    words = scene.words
    for at in range(spot.first - 1, max(-1, spot.first - 4), -1):
        if words.gaps[at] == CLOSED:
            break
        if words.plain[at] in ROLES:
            return words.plain[at]
    return ""


def word_of_its_own(spot: Spot, company: Company) -> bool:
    """Whether it is a rare word of the talk itself: said again and again, in one spelling that does not sound the same,
    while nothing else in the episode speaks for the name (Deno, of an hour on software, is not Luca de Meo).
    """
    nothing = not (company.others or company.whole or company.notes) and company.spellings < HARDLY
    told_apart = min(spot.phone, spot.letter) >= SAME
    return nothing and company.kin < KIN and spot.given is None and spot.seen >= REPEATED and told_apart


def frame(spot: Spot, scene: Scene, kind: str) -> bool:
    """Whether the spot stands where a name of its kind often does."""
    words = scene.words
    before = words.plain[spot.first - 1] if spot.first and words.gaps[spot.first - 1] == 0 else ""
    after = words.plain[spot.last] if spot.last < len(words.plain) and words.gaps[spot.last - 1] == 0 else ""
    if kind == "place":
        return before in _AT
    if kind == "company":
        near = words.plain[max(0, spot.first - 5) : spot.last + 5]
        return any(w in _FIRM for w in near)
    return after in _SAYS


def features(spot: Spot, scene: Scene, company: Company, kind: str) -> list[float]:
    """The numbers of FEATURES, in their order."""
    return of_spot(spot, scene, kind) + of_episode(company)


def of_episode(company: Company) -> list[float]:
    """The numbers of OF_EPISODE."""
    return [
        math.log1p(min(company.others, 20)),
        1.0 if company.whole else 0.0,
        1.0 if company.notes else 0.0,
        company.spellings,
        company.kin,
    ]


def of_spot(spot: Spot, scene: Scene, kind: str) -> list[float]:
    """The numbers of OF_SPOT; ``kind``: of the name, as person, company or place."""
    words, known = scene.words, scene.known
    form = spot.form
    heard = heard_words(spot, words)
    entries = [known[w] for w in heard]
    rest = entries[max(0, spot.at - spot.first) :]
    costs = [min(e.cost, MOST) for e in entries]
    ordinary, rest_ordinary = sum(costs), sum(costs[-len(rest) :])
    tail = entries[-1]
    length = len(form.sound)
    near = min(spot.phone, spot.letter)
    said = form.rest[0] if spot.given is not None else form.sound
    other = 0.0
    if tail.flags & (SURNAME | GIVEN | PLACE):
        named = SURNAME | GIVEN | PLACE
        listed = (c for w, e, c in zip(heard, entries, costs, strict=True) if w not in form.words and e.flags & named)
        other = MOST - min(listed, default=MOST)
    inside = range(spot.first, spot.last)
    called = strangers.is_given(spot.first, scene)
    large = sum(words.big[i] for i in inside if i > spot.first or not words.first[i])
    # -log P(heard | the name), beside `ordinary`, which is -log P(heard) where nobody is named: the noisy channel.
    rest_cost = near * len(said)
    cost = rest_cost + (spot.given * (length - len(said)) if spot.given is not None else 0.0)
    sounds = b"".join([e.sound for e in rest])
    return [
        min(spot.phone, 4.0),
        min(spot.letter, 4.0),
        near,
        float(length),
        float(len(said)),
        (len(sounds) - len(said)) / max(1, len(said)),
        1.0 if sounds[:1] == said[:1] else 0.0,
        1.0 if sounds[-1:] == said[-1:] else 0.0,
        ordinary / len(entries),
        max(costs),
        ordinary - cost,
        rest_ordinary / len(rest),
        rest_ordinary - rest_cost,
        1.0 if all(e.flags & EVERYDAY and e.cost < 13.5 for e in entries) else 0.0,
        1.0 if any(e.cost >= UNKNOWN for e in entries) else 0.0,
        other,
        1.0 if words.cased and large else 0.0,
        1.0 if words.cased and not any(words.big[i] for i in inside) else 0.0,
        1.0 if kind in ("", PERSON) else 0.0,
        1.0 if form.given else 0.0,
        min(spot.given, 3.0) if spot.given is not None else 0.0,
        1.0 if any(words.gaps[i] == COMMA for i in range(spot.first, spot.last - 1)) else 0.0,
        float(max(0, len(heard) - len(form.words))),
        strangers.others_name(spot, scene, kind),
        spot.elsewhere,
        1.0 if strangers.begins_with_first_name(spot, scene) else 0.0,
        1.0 if beside(spot, scene) else 0.0,
        1.0 if frame(spot, scene, kind) else 0.0,
        math.log1p(min(spot.seen - 1, AGAIN if spot.given is None else AGAIN_NAMED)),
        1.0 if form.part == "full" and len(form.words) == 1 else 0.0,
        1.0 if form.part == "full" and not form.given and len(form.words) > 1 else 0.0,
        1.0 if form.given and spot.given is None else 0.0,
        1.0 if heard[-1] in _SMALL_WORDS or (heard[0] in _SMALL_WORDS and not called) else 0.0,
        spot.echo,
        1.0 if _tame_given(spot, words, known) else 0.0,
        1.0 if len(heard) == 1 and tail.flags & GIVEN and spot.letter > 0.1 else 0.0,
        1.0 if any(words.shout[i] for i in inside) and not spot.echo else 0.0,
        1.0 if form.wordlike else 0.0,
    ]


def _tame_given(spot: Spot, words: Words, known: Mapping[str, Entry]) -> bool:
    """Whether what was taken for a first name are everyday words that nobody is called."""
    if spot.at < 0 or not spot.given:
        return False
    return all(known[w].flags & EVERYDAY and not known[w].flags & GIVEN for w in words.plain[spot.first : spot.at])


def reasons(spot: Spot, scene: Scene, company: Company, name: str, kind: str) -> list[str]:
    """What to tell people, the strongest first."""
    said = []
    title = scene.words.plain[spot.first] in ROLES and not spot.exact  # Mr, heard for Mark
    if spot.form.given and spot.given is not None and kind in ("", PERSON) and not title:
        said.append("with the first name")
    if company.whole and not spot.form.given and len(spot.form.words) < len(name.split()):
        said.append("full name elsewhere")
    if spot.echo and not spot.form.given:
        said.append("spelt so beside the first name elsewhere")
    if company.notes:
        said.append("in the title or notes")
    if company.times > 1:
        said.append(f"{spot.form.part} form seen {company.times} times")
    if company.spellings >= SPELLINGS and not spot.exact:
        said.append("written in other ways, too")
    if role := beside(spot, scene):
        said.append(f"near '{role}'")
    if company.kin >= KIN:
        said.append("among other watched names")
    return said


def is_noted(form: Form, noted: frozenset[str], known: Mapping[str, Entry]) -> bool:
    """Whether title or notes name it: all words of the form, and one of them no everyday word."""
    if not all(w in noted for w in form.words):
        return False
    return len(form.words) > 1 or not (known[form.words[0]].flags & EVERYDAY if form.words[0] in known else False)
