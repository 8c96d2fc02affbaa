"""Reads one environment variable as a text, a number, a switch or a choice; what does not fit is a SettingsError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from podwatch.errors import SettingsError

_ON, _OFF = ("on", "true", "yes", "1"), ("off", "false", "no", "0")


def read_text(env: Mapping[str, str], name: str) -> str:
    """Its text without blanks around it, "" when it is not set."""
    return env.get(name, "").strip()


def read_number(env: Mapping[str, str], name: str, default: float) -> float:
    """A number from 0 to below a billion."""
    raw = read_text(env, name)
    try:
        value = float(raw) if raw else default
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise SettingsError("is not a number of 0 or more", where=f"{name}={raw}")
    return value


def read_switch(env: Mapping[str, str], name: str, default: bool) -> bool:
    """on, true, yes, 1, or off, false, no, 0, in any case."""
    raw = read_text(env, name).lower()
    if raw in ("", *_ON, *_OFF):
        return raw in _ON if raw else default
    raise SettingsError("is neither on nor off", where=f"{name}={raw}")


def read_choice(env: Mapping[str, str], name: str, choices: Sequence[str]) -> str:
    """One of ``choices`` in any case, the first of them when it is not set."""
    raw = read_text(env, name).lower() or choices[0]
    if raw not in choices:
        raise SettingsError(f"is none of {', '.join(choices)}", where=f"{name}={raw}")
    return raw
