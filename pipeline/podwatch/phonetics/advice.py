"""What to know of a name before it is watched by its sound, and how a form of it is written."""

from __future__ import annotations

from collections.abc import Sequence

from podwatch.phonetics.everyday_words import find_near_words
from podwatch.phonetics.lexicon import look_up_words
from podwatch.phonetics.name_forms import Form, relative_suffix, spoken_words
from podwatch.phonetics.watched_names import WatchedName


def advise_on(name: WatchedName, forms: Sequence[Form]) -> str:
    """One line for people on what a name with these forms is found by; empty when there is nothing to know."""
    if not forms:
        return f"{name.full}: no letters that a sound is known for; found as it is spelt only"
    said = []
    wordlike = [f.words for f in forms if f.is_wordlike and f.spelling == f.words]
    if wordlike:
        known = look_up_words(wordlike[0])
        near = find_near_words([(w, known[w].sound) for w in wordlike[0]]) if len(wordlike[0]) == 1 else {}
        why = f"sounds too much like '{near[wordlike[0][0]]}'" if near else "is too short or too much of a word"
        said.append(
            f"'{as_written(name, wordlike[0])}' {why} to go by its sound; alone it is "
            "found as it is spelt, or when the episode names it otherwise"
        )
    if suffix := relative_suffix(name):
        said.append(f"'{suffix}' is not listened for: who has the name without it is told, too")
    return f"{name.full}: {'; '.join(said)}" if said else ""


def as_written(name: WatchedName, words: Sequence[str]) -> str:
    """The words of a form as they are written in the name, where they stand there."""
    for text in (name.full, *name.aliases):
        pieces = text.split()
        for first in range(len(pieces)):
            for last in range(len(pieces), first, -1):
                if list(spoken_words(" ".join(pieces[first:last]))) == list(words):
                    return " ".join(pieces[first:last]).strip(".,")
    return " ".join(word.capitalize() for word in words)
