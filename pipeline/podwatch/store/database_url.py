"""Reads PODWATCH_DATABASE_URL: which database, driver and options. Nothing of a password is ever shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from podwatch.errors import SettingsError
from podwatch.settings import Settings

SQLITE, POSTGRESQL = "sqlite+pysqlite", "postgresql+psycopg"
DRIVERS = {
    "sqlite": SQLITE,
    SQLITE: SQLITE,
    "postgres": POSTGRESQL,
    "postgresql": POSTGRESQL,
    "postgresql+psycopg2": POSTGRESQL,
    POSTGRESQL: POSTGRESQL,
}
_FORMS = "write sqlite:///folder/file.db or postgresql://user:password@host:5432/database"
# user:password@ in front, and the rest: the password ends at the first @, so an @ of its own would be read as the host.
_WITH_PASSWORD = re.compile(r"[\w+]+://[^:/]*:[^@]*@(.*)", re.DOTALL)
_NO_THRESHOLD = ("none", "off", "")
_WHOLE_NUMBERS = {"connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"}
_WHOLE_NUMBERS |= {"tcp_user_timeout"}


def read_url(settings: Settings) -> URL:
    """The database's address with the driver that podwatch uses. Raises SettingsError."""
    text = settings.database_url.reveal()
    if (found := _WITH_PASSWORD.fullmatch(text)) is not None and "@" in found[1]:
        todo = "percent-encode the password: %40 for @, %2F for /, %3A for :, %23 for #, %3F for ?, %25 for %"
        raise unusable_url("has an @ too many", todo)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError, TypeError):  # whose text may hold the password
        raise unusable_url("is not a database address") from None
    driver = DRIVERS.get(url.drivername)
    if driver is None:
        raise unusable_url(f"{url.drivername} is not supported", _instead_of(url.drivername))
    if driver == SQLITE and (url.query or url.host or not (url.database or "x").isprintable()):
        raise unusable_url("is not the address of an SQLite file")
    if driver == SQLITE and (url.database or "").startswith("~"):
        try:
            url = url.set(database=str(Path(str(url.database)).expanduser()))
        except RuntimeError:
            raise unusable_url(
                "is in the home of nobody", "give the file's full path: sqlite:////folder/file.db"
            ) from None
    return url.set(drivername=driver)


def split_options(url: URL) -> tuple[URL, dict[str, Any]]:
    """(the address, the options of psycopg itself, which wants them typed). Raises SettingsError for unknown ones."""
    from psycopg import pq  # only where a server is used

    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    typed: dict[str, Any] = {}
    for name, value in url.query.items():
        if name == "prepare_threshold":
            typed[name] = _threshold(value)
        elif name not in known:
            raise unusable_url(f"{name} is no option of PostgreSQL", "see libpq's list of parameter key words")
        elif name in _WHOLE_NUMBERS and not (isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value.strip())):
            raise unusable_url(f"{name} is not a whole number", "correct it")
    return url.difference_update_query(list(typed)), typed


def _threshold(value: object) -> int | None:
    """How often a statement runs until the server keeps it prepared; None: never, as PgBouncer may want it."""
    word = str(value).strip().lower()
    if word in _NO_THRESHOLD:
        return None
    if not re.fullmatch(r"\d{1,9}", word):
        raise unusable_url("prepare_threshold is not a whole number", "write prepare_threshold=none to turn it off")
    return int(word)


def unusable_url(what: str, todo: str = _FORMS) -> SettingsError:
    return SettingsError(what, where="PODWATCH_DATABASE_URL", todo=todo)


def _instead_of(name: str) -> str:
    """What to write instead of a driver, or a database, that podwatch does not have."""
    forms: Mapping[str, str] = {
        "postgresql": "podwatch brings psycopg: write postgresql://user:password@host:5432/database",
        "sqlite": "podwatch uses Python's own driver: write sqlite:///folder/file.db",
    }
    kind = "postgresql" if name.startswith("postgres") else name.partition("+")[0]
    return forms.get(kind, f"podwatch keeps its tables in SQLite or PostgreSQL: {_FORMS}")


def database_exists(settings: Settings) -> bool:
    """Whether there is a database already; True for a server's, which only connecting could tell."""
    url = read_url(settings)
    if url.drivername != SQLITE:
        return True
    return bool(url.database) and Path(str(url.database)).is_file()


def display_url(settings: Settings) -> str:
    """The database's address without its password and its options, which may hold one too."""
    url = read_url(settings)
    given = make_url(settings.database_url.reveal()).drivername
    return url.set(query={}, drivername=given).render_as_string(hide_password=True)
