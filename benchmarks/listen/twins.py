"""Names that differ from another one in one sound: Carlsson, Carlsen."""

from __future__ import annotations

NEAR_SOUNDS = dict(zip("ptkbdgfvszmnaeiou", "bdgptkvfzsnmoaeuo", strict=True))


def twin_of(name: str) -> str:
    """A name of as many letters, of which the last but one that has a near sound is another one."""
    words = name.split()
    last = words[-1]
    places = [i for i, letter in enumerate(last) if letter in NEAR_SOUNDS]
    if not places:
        return f"{name}a"
    at = places[-2] if len(places) > 1 else places[-1]
    return " ".join([*words[:-1], last[:at] + NEAR_SOUNDS[last[at]] + last[at + 1 :]])
