"""What a spelling says by standing in the text more than once: how often, and whose it looks like elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from podwatch.phonetics.candidates import Candidate, TextContext, surface_words
from podwatch.phonetics.namesakes import OTHER_NAME_COST, score_namesake


def count_repetitions(spots: Sequence[Candidate], scene: TextContext, kind: Callable[[Candidate], str]) -> None:
    """Tells each spot how often its spelling stands in the text, and whether it is somebody else's name elsewhere."""
    alike: dict[tuple[int, tuple[str, ...]], dict[int, list[Candidate]]] = {}
    named: set[tuple[int, int]] = set()  # the words behind what may be the first name
    for spot in spots:
        key = (spot.form.name, tuple(surface_words(spot, scene.tokens)))
        alike.setdefault(key, {}).setdefault(spot.first, []).append(spot)
        if spot.form.given_count and spot.given_cost is not None and spot.given_cost < OTHER_NAME_COST:
            named |= {(spot.form.name, i) for i in range(spot.surname_at, spot.last)}
    for (name, _), places in alike.items():
        if len(places) == 1:
            [(_, here)] = places.items()
            _set_repetitions(here, 1, 0.0)
            continue
        worst = {
            first: max((score_namesake(s, scene, kind(s)) for s in here if not s.is_exact), default=0.0)
            for first, here in places.items()
            if (name, first) not in named
        }
        first, second = (*sorted(worst.values(), reverse=True), 0.0, 0.0)[:2]
        for at, here in places.items():
            _set_repetitions(here, len(places), second if worst.get(at) == first else first)


def _set_repetitions(spots: Sequence[Candidate], seen: int, elsewhere: float) -> None:
    for spot in spots:
        if (spot.occurrences, spot.elsewhere) != (seen, elsewhere):
            spot.occurrences, spot.elsewhere = seen, elsewhere
            spot.clear_cached_features()
