"""What people should know of a name before it is watched by its sound."""

from __future__ import annotations

from collections.abc import Sequence

from podwatch.phonetics.competing_names import list_competitors, list_namesakes
from podwatch.phonetics.everyday_words import find_near_words
from podwatch.phonetics.lexicon import look_up_word
from podwatch.phonetics.match_reasons import as_written
from podwatch.phonetics.name_forms import Form
from podwatch.phonetics.name_parts import relative_suffix
from podwatch.phonetics.watched_names import WatchedName


def advise_on(name: WatchedName, forms: Sequence[Form]) -> str:
    """One line on what a name with these forms is found by; empty when there is nothing to know."""
    if not forms:
        return f"{name.full}: no letters that a sound is known for; found as it is spelt only"
    advice = []
    words = next((f.words for f in forms if f.is_wordlike and f.spelling == f.words), None)
    if words:
        near = find_near_words([(words[0], look_up_word(words[0]).sound)]) if len(words) == 1 else {}
        why = f"sounds too much like '{near[words[0]]}'" if near else "is too short or too much of a word"
        advice.append(
            f"'{as_written(name, words)}' {why} to go by its sound; alone it is "
            "found as it is spelt, or when the episode names it otherwise"
        )
    if suffix := relative_suffix(name):
        advice.append(f"'{suffix}' is not listened for: who has the name without it is told, too")
    return f"{name.full}: {'; '.join(advice)}" if advice else ""


def describe_competition(name: WatchedName, forms: Sequence[Form]) -> str:
    """One line on the well-known names that a name competes with; empty when there is none."""
    said = []
    if competitors := list_competitors(forms):
        listed = ", ".join(f"{word.capitalize()} (in {rate / 10:.1f}% of news)" for word, rate in competitors)
        said.append(f"sounds near to {listed}")
    if namesakes := list_namesakes(forms):
        listed = ", ".join(word.title() for word in namesakes)
        said.append(f"shares the surname with {listed}; alone it is told where the episode names {name.full}")
    return f"{name.full}: {'; '.join(said)}" if said else ""
