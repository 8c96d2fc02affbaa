"""Says which spellings of a name are no alias for it: those that are ordinary words, as "kill me" for Kilmeade.

Found by its sound, such a place is weighed by its sentence. As an alias it would be told wherever the words are said.
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def is_plain_spelling(spelling: str, name: str) -> bool:
    """Whether what ``spelling`` has beside the words of ``name`` are two or more words, each often said in talk."""
    from podwatch.phonetics.everyday_words import FREQUENT_COST
    from podwatch.phonetics.lexicon import look_up_words
    from podwatch.phonetics.name_parts import spoken_words

    own = set(spoken_words(name))
    others = [word for word in spoken_words(spelling) if word not in own]
    entries = look_up_words(others)
    return len(others) > 1 and all(entries[word].is_everyday(FREQUENT_COST) for word in others)
