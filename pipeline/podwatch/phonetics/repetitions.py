"""What a spelling says by standing in the text more than once: how often, and whose it looks like elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from podwatch.phonetics.candidates import Scene, Spot, heard_words
from podwatch.phonetics.namesakes import OTHERS, others_name


def count(spots: Sequence[Spot], scene: Scene, kind: Callable[[Spot], str]) -> None:
    """Tells each spot how often its spelling stands in the text, and whether it is somebody else's name elsewhere."""
    alike: dict[tuple[int, tuple[str, ...]], dict[int, list[Spot]]] = {}
    named: set[tuple[int, int]] = set()  # the words behind what may be the first name
    for spot in spots:
        key = (spot.form.name, tuple(heard_words(spot, scene.words)))
        alike.setdefault(key, {}).setdefault(spot.first, []).append(spot)
        if spot.form.given and spot.given is not None and spot.given < OTHERS:
            named |= {(spot.form.name, i) for i in range(spot.at, spot.last)}
    for (name, _), places in alike.items():
        if len(places) == 1:
            [(_, here)] = places.items()
            _tell(here, 1, 0.0)
            continue
        worst = {
            first: max((others_name(s, scene, kind(s)) for s in here if not s.exact), default=0.0)
            for first, here in places.items()
            if (name, first) not in named
        }
        first, second = (*sorted(worst.values(), reverse=True), 0.0, 0.0)[:2]
        for at, here in places.items():
            _tell(here, len(places), second if worst.get(at) == first else first)


def _tell(spots: Sequence[Spot], seen: int, elsewhere: float) -> None:
    for spot in spots:
        if (spot.seen, spot.elsewhere) != (seen, elsewhere):
            spot.seen, spot.elsewhere = seen, elsewhere
            spot.changed()
