"""What to know of a name before it is watched by its sound, and how a form of it is written."""

from __future__ import annotations

from collections.abc import Sequence

from podwatch.phonetics.everyday_words import near_words
from podwatch.phonetics.lexicon import entries
from podwatch.phonetics.name_forms import Form, dropped, spoken
from podwatch.phonetics.watched_names import Name


def advice(name: Name, forms: Sequence[Form]) -> str:
    """One line for people on what a name with these forms is found by; empty when there is nothing to know."""
    if not forms:
        return f"{name.full}: no letters that a sound is known for; found as it is spelt only"
    said = []
    wordlike = [f.words for f in forms if f.wordlike and f.spelling == f.words]
    if wordlike:
        known = entries(wordlike[0])
        near = near_words([(w, known[w].sound) for w in wordlike[0]]) if len(wordlike[0]) == 1 else {}
        why = f"sounds too much like '{near[wordlike[0][0]]}'" if near else "is too short or too much of a word"
        said.append(
            f"'{written(name, wordlike[0])}' {why} to go by its sound; alone it is "
            "found as it is spelt, or when the episode names it otherwise"
        )
    if suffix := dropped(name):
        said.append(f"'{suffix}' is not listened for: who has the name without it is told, too")
    return f"{name.full}: {'; '.join(said)}" if said else ""


def written(name: Name, words: Sequence[str]) -> str:
    """The words of a form as they are written in the name, where they stand there."""
    for text in (name.full, *name.aliases):
        pieces = text.split()
        for first in range(len(pieces)):
            for last in range(len(pieces), first, -1):
                if list(spoken(" ".join(pieces[first:last]))) == list(words):
                    return " ".join(pieces[first:last]).strip(".,")
    return " ".join(word.capitalize() for word in words)
