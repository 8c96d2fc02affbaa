"""Forms of a person's name that are found as they are spelt only: surname first (Orban Viktor), or with a nickname.

By their sound the other forms find them already; but a surname that many have, or that is a word as well, is told with
its first name alone, and that stands behind it in Hungarian and Japanese names, and is Liz where Elizabeth is watched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from podwatch.phonetics.lexicon import GIVEN, SURNAME, Entry
from podwatch.phonetics.ngram_windows import NGram

COMMON_COST = 12.0  # -log P: words said more often (Will, Cook, Green) stand before a name by chance


def list_spelt_forms(
    full: NGram, given_count: int, nicknames: Set[str], entries: Mapping[str, Entry]
) -> Iterator[NGram]:
    """The words of each such form; none where the name has no first name.

    ``entries``: of the words of the name. Names that may stand in either place (Ryan Paul) are not turned round.
    """
    given, surname = full[:given_count], full[given_count:]
    if not given or not surname:
        return
    for nickname in sorted(nicknames - set(full)):
        yield (nickname, *surname)
    first, last = entries[given[-1]], entries[surname[0]]
    may_swap = bool(last.flags & GIVEN and first.flags & SURNAME)
    is_word = last.is_everyday(COMMON_COST) and not last.flags & GIVEN
    if not may_swap and not is_word and min(map(len, full)) > 1:
        yield (*surname, *given)
