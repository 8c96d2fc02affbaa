"""The forms that a name is said in: in full, by the surname alone, by an alias; and how each of them sounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from podwatch.phonetics.everyday_words import find_near_words
from podwatch.phonetics.lexicon import LETTER_PHONES, SURNAME, Entry, look_up_words, plain_spelling
from podwatch.phonetics.name_parts import (
    ROLES,
    WORD_PATTERN,
    Part,
    name_parts,
    split_titles,
    spoken_words,
    use_latin_alias,
)
from podwatch.phonetics.ngram_windows import NGram
from podwatch.phonetics.nicknames import nicknames_of
from podwatch.phonetics.noisy_channel import Encoded, encode_letters, measure_costs
from podwatch.phonetics.respelling import anglicise, load_said_as
from podwatch.phonetics.spelt_forms import list_spelt_forms
from podwatch.phonetics.watched_names import WatchedName

SHORT_PHONES = 3  # a form of no more phones is in too many words to go by its sound
SHORT_SINGLE_PHONES = 4  # ... where it is the whole name, so that no other form of it may be elsewhere (MAGA)
RESPELT_COST = 2.4  # nats per symbol: an alias nearer than this to a name is the name as it is said
COMMON_COST = 12.8  # -log P: an everyday word said more often than this is no evidence of a name
AliasPair = tuple[int, NGram, int, NGram]  # index of the name, its words, how many are first names; words of an alias


@dataclass(frozen=True, slots=True)
class Form:
    """One way to say one name.

    ``name``: index into the names. ``kind``: of the name, as in WatchedName. ``given_count``: how many of ``words``
    are first names. ``spelling``: the words as they are sounded out, which for foreign names may not be how they are
    written; ``sounds``: their phones. ``is_wordlike``: too short or too much of a word to go by its sound alone.
    ``nicknames``: other first names that the person may be called by. ``titles``: those of the person's aliases.
    ``own_first_names``: as they are written in the name. ``is_spelt_only``: it does not go by its sound: a title is no
    sound, and what stands behind it is another form (President Biden) or too short (President Xi); or the form is
    one of spelt_forms.py.
    """

    name: int
    kind: str
    part: Part
    words: NGram
    given_count: int
    spelling: NGram
    sounds: tuple[bytes, ...]
    is_wordlike: bool
    nicknames: frozenset[str]
    titles: frozenset[str] = frozenset()
    own_first_names: frozenset[str] = frozenset()
    is_spelt_only: bool = False

    @property
    def has_title(self) -> bool:
        """Whether it begins with titles, which then count as its first names."""
        return self.part == "alias" and self.given_count > 0

    @property
    def may_be_person(self) -> bool:
        return self.kind in ("", "person")

    @property
    def sound(self) -> bytes:
        return b"".join(self.sounds)

    @property
    def letters(self) -> str:
        return "".join(self.spelling).replace("'", "")

    @property
    def given_spelling(self) -> NGram:
        """The first names as they are sounded out."""
        return self.spelling[: self.given_count]

    @property
    def encoded(self) -> Encoded:
        return self.sound, encode_letters(self.letters)

    @property
    def encoded_given(self) -> Encoded:
        """The first names alone."""
        return b"".join(self.sounds[: self.given_count]), encode_letters("".join(self.given_spelling))

    @property
    def encoded_surname(self) -> Encoded:
        """The form without the first names."""
        return b"".join(self.sounds[self.given_count :]), encode_letters("".join(self.spelling[self.given_count :]))


def word_phones(word: str, entries: Mapping[str, Entry]) -> bytes:
    """The phones of a plain word of a name; a single letter is an initial."""
    return LETTER_PHONES[word] if len(word) == 1 and word in LETTER_PHONES else entries[word].sound


def build_forms(names: Sequence[WatchedName]) -> list[Form]:
    """All forms of all names, without repetitions within a name."""
    plans: list[tuple[int, Part, NGram, int]] = []
    nicknames: list[frozenset[str]] = []
    pairs: list[AliasPair] = []
    titles: list[frozenset[str]] = []
    firsts: list[frozenset[str]] = []
    turned: list[tuple[int, NGram, int]] = []  # index, words and number of first names of persons
    spelt: set[tuple[int, NGram]] = set()  # (name, words) of forms that are found as they are spelt only
    respellings: list[list[dict[str, str]]] = []  # for each name, the ways to sound its words out otherwise
    for i, name in enumerate(map(use_latin_alias, names)):
        parts = list(name_parts(name))
        full, surnames = spoken_words(name.full), [words for part, words, _ in parts if part == "surname"]
        nicknames.append(nicknames_of(full[: -len(surnames[0])]) if surnames else frozenset())
        aliases = [words for alias in name.aliases if (words := spoken_words(alias))]
        firsts.append(frozenset(full[: -len(surnames[0])]) if surnames else frozenset())
        titled = [words for words in aliases if split_titles(words)[0] and words[-1:] in surnames]
        titles.append(frozenset(word for words in titled for word in words if word in ROLES))
        known = {words for _, words, _ in parts}
        plans += [(i, part, words, given) for part, words, given in parts]
        if surnames and name.may_be_person:
            turned.append((i, *parts[0][1:]))
        plans += [
            (i, "alias", words, len(split_titles(words)[0])) for words in dict.fromkeys(aliases) if words not in known
        ]
        pairs += [(i, *parts[0][1:], words) for words in aliases if parts]
        respellings.append([_anglicised_words(name), _words_said_otherwise(name)])
    known_words = {(i, words) for i, _, words, _ in plans}
    flags = look_up_words({w for _, whole, _ in turned for w in whole})
    for i, whole, given in turned:
        more = dict.fromkeys(list_spelt_forms(whole, given, nicknames[i], flags))
        spelt |= {(i, words) for words in more if (i, words) not in known_words}
        plans += [(i, "full", words, 0) for words in more if (i, words) in spelt]
    for i, full, words in _find_respelt_aliases(pairs):
        respellings[i].append(dict(zip(full, words, strict=True)))
    spellings = [
        list(dict.fromkeys([words, *(tuple(way.get(w, w) for w in words) for way in respellings[i])]))
        for i, _, words, _ in plans
    ]
    entries = look_up_words({w for ways in spellings for words in ways for w in words})
    near_words = find_near_words(
        [(words[0], word_phones(words[0], entries)) for ways in spellings for words in ways if len(words) == 1]
    )
    surnames_of = {(i, words) for i, part, words, _ in plans if part == "surname"}
    forms = []
    for (i, part, words, given), ways in zip(plans, spellings, strict=True):
        is_wordlike = False  # once so, always so: another way to say a wordlike name is no better than the name
        for spelling in ways:
            sounds = tuple(word_phones(w, entries) for w in spelling)
            single = len(spelling) == 1
            is_wordlike |= _is_wordlike(spelling, sounds, entries) or (single and spelling[0] in near_words)
            is_wordlike |= part == "full" and single and len(sounds[0]) <= SHORT_SINGLE_PHONES
            # Misheard as a name that others have (Steve Whitcomb): the surname alone is more likely theirs.
            is_others = single and spelling != words and bool(entries[spelling[0]].flags & SURNAME)
            wordlike = is_wordlike or is_others
            untitled = words[given:] if part == "alias" else ()
            spelt_only = (
                part == "alias"
                and given > 0
                and ((i, untitled) in surnames_of or sum(map(len, sounds[given:])) <= SHORT_PHONES)
            )
            if (i, words) in spelt:
                if spelling != words:
                    continue
                spelt_only = True
            forms.append(
                Form(
                    i, names[i].kind, part, words, given, spelling, sounds, wordlike, nicknames[i], titles[i],
                    firsts[i], spelt_only,
                )
            )  # fmt: skip
    return forms


def _find_respelt_aliases(pairs: Sequence[AliasPair]) -> Iterator[tuple[int, NGram, NGram]]:
    """(index, words of the name, words of the alias) where the alias is the name again, as it is said or was misheard.

    (Roostem Oomehrov.) It has as many words, no role among them, and the surname is near by sound or by letters.
    """
    alike = [
        (i, full, given, words)
        for i, full, given, words in pairs
        if len(words) == len(full) and words != full and not set(words) & ROLES
    ]
    entries = look_up_words({w for _, full, _, words in alike for w in (*full, *words)})

    def encode(words: NGram) -> Encoded:
        return b"".join(word_phones(w, entries) for w in words), b"".join(map(encode_letters, words))

    costs = measure_costs([(encode(full[given:]), encode(words[given:])) for _, full, given, words in alike])
    for (i, full, _, words), cost in zip(alike, costs, strict=True):
        if min(cost) < RESPELT_COST:
            yield i, full, words


def _anglicised_words(name: WatchedName) -> dict[str, str]:
    """Those plain words of a name that English speakers would spell otherwise, and how."""
    found = {}
    for piece in WORD_PATTERN.findall(" ".join((name.full, *name.aliases))):
        word, other = plain_spelling(piece), plain_spelling(anglicise(piece))
        if word and other and other != word:
            found[word] = other
    return found


def _words_said_otherwise(name: WatchedName) -> dict[str, str]:
    """Those plain words of a name of which the list knows how they are said, and how."""
    words, said_as = spoken_words(" ".join((name.full, *name.aliases))), load_said_as()
    return {word: said_as[word] for word in words if word in said_as}


def _is_wordlike(words: NGram, sounds: Sequence[bytes], entries: Mapping[str, Entry]) -> bool:
    """Whether the sound of a form says too little: it is very short, or an everyday word."""
    is_short = sum(map(len, sounds)) <= SHORT_PHONES
    return is_short or (len(words) == 1 and entries[words[0]].is_everyday(COMMON_COST))
