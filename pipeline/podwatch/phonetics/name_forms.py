"""The forms a name is said in: in full, by the surname alone, by an alias; and which of them are too wordlike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from podwatch.phonetics.everyday_words import find_near_words
from podwatch.phonetics.lexicon import (
    EVERYDAY,
    GIVEN,
    LETTER_PHONES,
    SURNAME,
    Entry,
    look_up_words,
    plain_spelling,
    word_set,
)
from podwatch.phonetics.nicknames import nicknames_of
from podwatch.phonetics.noisy_channel import encode_letters, load_channels
from podwatch.phonetics.respelling import anglicise
from podwatch.phonetics.tokenizer import MAX_WORD_LENGTH
from podwatch.phonetics.watched_names import WatchedName

Part = Literal["full", "surname", "alias"]
AliasPair = tuple[tuple[str, ...], int, tuple[str, ...]]  # words of a name, how many are first names, words of an alias
PERSON = "person"
_WORD_PATTERN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_PARTICLES = word_set("de da di do dos das du del della der den van von zu zur la le el al bin ibn ben abu ter ten")
_RELATIVE_SUFFIXES = word_set("jr sr ii iii iv")
_NAME_SUFFIXES = _RELATIVE_SUFFIXES | word_set("phd md esq")
ROLES = word_set(
    "president minister secretary ambassador envoy senator general professor doctor mr mrs ms dr chancellor "
    "colonel admiral governor congressman congresswoman director chairman chairwoman spokesman spokeswoman "
    "analyst author journalist chief adviser advisor negotiator representative king queen prince premier "
    "commissioner mayor judge justice captain commander deputy leader founder ceo economist historian philosopher "
    "coach singer writer reporter correspondent prof sir lady comrade monsieur herr senor"
)
_COMPANY_SUFFIXES = word_set("inc corp corporation ltd limited llc plc gmbh ag sa nv bv ab asa oyj spa kg co company")
SHORT_PHONES = 3  # phones: a form of no more is in too many words to go by its sound
SHORT_SINGLE_PHONES = 4  # ... where it is the whole name, so that nothing else can be said of it elsewhere (MAGA)
RESPELT_COST = 2.4  # nats by symbol: an alias nearer than this to a name is the name as it is said
COMMON_COST = 12.8  # -log P: an everyday word said more often than this is no evidence of a name


@dataclass(frozen=True, slots=True)
class Form:
    """One way to say one name. ``given``: how many of ``words`` are first names, or come before the last of a place.

    ``name``: index into the names. ``sounds``: phones of each word. ``wordlike``: not to be had by sound alone.
    ``spelling``: the words as they are sounded out, which for foreign names may not be how they are written.
    ``called``: other first names that the person may be called by.
    """

    name: int
    part: Part
    words: tuple[str, ...]
    sounds: tuple[bytes, ...]
    given_count: int = 0
    is_wordlike: bool = False
    spelling: tuple[str, ...] = ()
    nicknames: frozenset[str] = frozenset()

    @property
    def sound(self) -> bytes:
        return b"".join(self.sounds)

    @property
    def surname_symbols(self) -> tuple[bytes, bytes]:
        """Phones and letters without the first names."""
        return b"".join(self.sounds[self.given_count :]), encode_letters("".join(self.spelling[self.given_count :]))

    @property
    def given_symbols(self) -> tuple[bytes, bytes]:
        """Phones and letters of the first names."""
        return b"".join(self.sounds[: self.given_count]), encode_letters("".join(self.spelling[: self.given_count]))

    @property
    def letters(self) -> str:
        return "".join(self.spelling).replace("'", "")


def spoken_words(text: str) -> tuple[str, ...]:
    """The plain words of a name; initials stay one letter each; empty where one has no form in a-z."""
    pieces: list[str] = []
    for piece in _WORD_PATTERN.findall(text):
        word = plain_spelling(piece) if len(piece) <= MAX_WORD_LENGTH else ""
        if not word:
            return ()
        short_capitals = piece.isupper() and 1 < len(piece) <= 3 and not set(word) & set("aeiou")
        pieces += list(word) if short_capitals else [word]
    return tuple(pieces)


def word_phones(word: str, known: dict[str, Entry]) -> bytes:
    return LETTER_PHONES[word] if len(word) == 1 and word in LETTER_PHONES else known[word].sound


def name_parts(name: WatchedName) -> Iterable[tuple[Part, tuple[str, ...], int]]:
    """(part, words, how many of them are first names) of each form of ``name``, the full name first."""
    full = spoken_words(name.full)
    last_piece = (
        len(spoken_words(name.full.split()[-1])) if name.full.split() else 0
    )  # Okonjo-Iweala, Joon-ho: one name
    kind = (name.type or "").lower()
    while len(full) > 1 and full[0] in ROLES and kind in ("", PERSON):
        full = full[1:]
    while len(full) > 1 and (full[-1] in _NAME_SUFFIXES or (kind != PERSON and full[-1] in _COMPANY_SUFFIXES)):
        full = full[:-1]
        last_piece = 1
    if not full:
        return
    person = len(full) > 1 and (
        kind == PERSON or (kind == "" and bool(look_up_words([full[0]])[full[0]].flags & GIVEN))
    )
    if not person:
        yield "full", full, len(full) - 1  # the last word may be far off where those before it are heard
        return
    last = max(1, len(full) - max(1, last_piece))
    while last > 1 and full[last - 1] in _PARTICLES:
        last -= 1
    yield "full", full, last
    surname = full[last:]
    first = next((i for i, w in enumerate(full[:last]) if len(w) > 1), None)
    if first is not None and last > 1:
        yield "full", (full[first], *surname), 1
        if first == 0:  # two surnames, or a middle name that runs into one
            yield "full", full, 1
    yield "surname", surname, 0


def relative_suffix(name: WatchedName) -> str:
    """What tells the bearer of a name from a relative and is often not said: the Jr. of a person, or nothing."""
    pieces = name.full.split()
    if len(pieces) < 2 or (name.type or "").lower() not in ("", PERSON):
        return ""
    return pieces[-1] if set(spoken_words(pieces[-1])) & _RELATIVE_SUFFIXES else ""


def build_forms(names: Sequence[WatchedName]) -> list[Form]:
    """All forms of all names, without repetitions within a name."""
    plans: list[tuple[int, Part, tuple[str, ...], int]] = []
    first_names: list[frozenset[str]] = []
    pairs: list[tuple[int, AliasPair]] = []
    ways: list[list[dict[str, str]]] = []
    for i, name in enumerate(map(use_latin_alias, names)):
        seen: set[tuple[tuple[str, ...], int]] = set()
        main = list(name_parts(name))
        surnames = [words for part, words, _ in main if part == "surname"]
        full = spoken_words(name.full)
        first_names.append(nicknames_of(full[: -len(surnames[0])]) if surnames else frozenset())
        aliases = [words for a in name.aliases if (words := spoken_words(a))]
        said: list[tuple[Part, tuple[str, ...], int]] = [*main, *(("alias", words, 0) for words in aliases)]
        for part, words, given in said:
            if words and (words, given) not in seen and not (part == "alias" and words in {w for w, _ in seen}):
                seen.add((words, given))
                plans.append((i, part, words, given))
        pairs += [(i, (*main[0][1:], words)) for words in aliases if main]
        ways.append([anglicised_words(name)])
    for i, full, words in find_respelt_aliases(pairs):
        ways[i].append(dict(zip(full, words, strict=True)))
    spellings = [
        list(dict.fromkeys([words, *(tuple(way.get(w, w) for w in words) for way in ways[i])]))
        for i, _, words, _ in plans
    ]
    known = look_up_words({w for heard in spellings for words in heard for w in words})
    near = find_near_words(
        [(words[0], word_phones(words[0], known)) for heard in spellings for words in heard if len(words) == 1]
    )
    made = []
    for (i, part, words, given), heard in zip(plans, spellings, strict=True):
        tame = False  # as it is written first: a way to say a wordlike name is no better than the name
        for spelling in heard:
            sounds = tuple(word_phones(w, known) for w in spelling)
            tame = tame or is_wordlike(spelling, sounds, known) or (len(spelling) == 1 and spelling[0] in near)
            tame = tame or (part == "full" and len(words) == 1 and len(sounds[0]) <= SHORT_SINGLE_PHONES)
            # Misheard as a name that others have (Steve Whitcomb): the surname alone is more likely theirs.
            others = len(spelling) == 1 and spelling != words and bool(known[spelling[0]].flags & SURNAME)
            made.append(Form(i, part, words, sounds, given, tame or others, spelling, first_names[i]))
    return made


def use_latin_alias(name: WatchedName) -> WatchedName:
    """A name without a form in a-z (Владимир Зеленский, 习近平) under the first alias that is it in these letters.

    That is one that is written large, is no title, and has as many words, where the script has blanks between them.
    """
    if spoken_words(name.full):
        return name
    many = len(name.full.split())
    for alias in name.aliases:
        pieces, words = alias.split(), spoken_words(alias)
        large = bool(words) and pieces[0][0].isupper() and pieces[-1][0].isupper()
        if large and many in (1, len(pieces)) and words[0] != "the" and not set(words) & ROLES:
            return replace(name, full=alias)
    return name


def find_respelt_aliases(
    pairs: Sequence[tuple[int, AliasPair]],
) -> Iterator[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """Those pairs whose alias is the name again, written as it is said (Roostem Oomehrov) or as it was misheard.

    It has as many words, no role among them, and what is not the first names is near by sound or by letters.
    """
    alike = [(i, full, given, words) for i, (full, given, words) in pairs if len(words) == len(full) and words != full]
    alike = [pair for pair in alike if not set(pair[3]) & ROLES]
    if not alike:
        return
    known = look_up_words({w for _, full, _, words in alike for w in (*full, *words)})
    alphabets: tuple[Callable[[str], bytes], ...] = (lambda w: word_phones(w, known), encode_letters)
    costs: list[list[float]] = []
    for channel, symbols in zip(load_channels(), alphabets, strict=True):
        said = [b"".join(map(symbols, full[given:])) for _, full, given, _ in alike]
        heard = [b"".join(map(symbols, words[given:])) for _, _, given, words in alike]
        found = channel.costs(channel.pad(said), channel.pad(heard)).tolist()
        costs.append([cost / max(1, len(text)) for cost, text in zip(found, said, strict=True)])
    for (i, full, _, words), *by in zip(alike, *costs, strict=True):
        if min(by) < RESPELT_COST:
            yield i, full, words


def anglicised_words(name: WatchedName) -> dict[str, str]:
    """Those plain words of a name that are sounded out otherwise than they are written, and how."""
    found = {}
    for piece in _WORD_PATTERN.findall(" ".join((name.full, *name.aliases))):
        word, other = plain_spelling(piece), plain_spelling(anglicise(piece))
        if word and other and other != word:
            found[word] = other
    return found


def is_wordlike(words: tuple[str, ...], sounds: tuple[bytes, ...], known: dict[str, Entry]) -> bool:
    """Whether the sound of a form says too little: very short, or an everyday word itself."""
    if sum(map(len, sounds)) <= SHORT_PHONES:
        return True
    entry = known[words[0]]
    return len(words) == 1 and bool(entry.flags & EVERYDAY) and entry.cost < COMMON_COST
