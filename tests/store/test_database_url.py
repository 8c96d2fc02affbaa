"""The database's address: every way to write it, its options with their types, and nothing of a password shown."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.errors import PodwatchError, SettingsError
from podwatch.settings import Secret, Settings
from podwatch.store.connection import connect
from podwatch.store.database import database_exists, inspect_database, open_store
from podwatch.store.database_url import display_url, read_url, split_options

NOWHERE = "127.0.0.1:1"  # refuses connections


def having(url: str, home: Path = Path("/nowhere")) -> Settings:
    return Settings(home=home, database_url=Secret(url))


UNUSABLE = {
    "mysql://u:pw@h/x": "mysql is not supported - podwatch keeps its tables in SQLite or PostgreSQL: write sqlite:///",
    "oracle://u:pw@h/x": "oracle is not supported - podwatch keeps its tables in SQLite or PostgreSQL",
    "mssql+pyodbc://u:pw@h/x": "mssql+pyodbc is not supported - podwatch keeps its tables in SQLite or PostgreSQL",
    "postgresql+asyncpg://u:pw@h/x": "postgresql+asyncpg is not supported - podwatch brings psycopg: write postgresql://",
    "postgresql+pg8000://u:pw@h/x": "postgresql+pg8000 is not supported - podwatch brings psycopg: write postgresql://",
    "postgres+psycopg2://u:pw@h/x": "postgres+psycopg2 is not supported - podwatch brings psycopg: write postgresql://",
    "sqlite+aiosqlite:///x.db": "sqlite+aiosqlite is not supported - podwatch uses Python's own driver: write sqlite:///",
    "postgresql://u:pw@w@h/x": "has an @ too many - percent-encode the password: %40 for @, %2F for /, %3A for :",
    "postgresql://u:pw@w@h:5432/x?sslmode=require": "has an @ too many - percent-encode the password",
    "postgresql://u:pw@w:@h/x": "has an @ too many - percent-encode the password",
    "postgresql://u:@pw@h/x": "has an @ too many - percent-encode the password",
    "postgresql://h/x?prepare_threshold=soon": "prepare_threshold is not a whole number - write prepare_threshold=none",
    "postgresql://h/x?prepare_threshold=-1": "prepare_threshold is not a whole number",
    "postgresql://h/x?prepare_threshold=1.5": "prepare_threshold is not a whole number",
    "postgresql://h/x?connect_timeout=soon": "connect_timeout is not a whole number - correct it",
    "postgresql://h/x?keepalives=on": "keepalives is not a whole number - correct it",
    "postgresql://h/x?autocommit=true": "autocommit is no option of PostgreSQL - see libpq",
    "postgresql://h/x?row_factory=x": "row_factory is no option of PostgreSQL",
    "postgresql://h/x?ssl_mode=require": "ssl_mode is no option of PostgreSQL",
    "postgresql://h/x?plugin=pw": "plugin is no option of PostgreSQL",
    "postgresql://u:pw@h:port/x": "is not a database address - write sqlite:///folder/file.db or postgresql://user:",
    "pw": "is not a database address",
    "": "is not a database address",
}


@pytest.mark.parametrize("url", UNUSABLE)
def test_an_address_that_cannot_be_used_is_one_line_with_what_to_write(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        connect(having(url))
    assert caught.value.line.startswith(f"PODWATCH_DATABASE_URL: {UNUSABLE[url]}")
    assert "pw" not in caught.value.line


THRESHOLDS: dict[str, Any] = {"none": None, "None": None, "NONE": None, "off": None, "0": 0, "5": 5, "10": 10}


@pytest.mark.parametrize("given", THRESHOLDS)
def test_prepare_threshold_is_a_number_or_none(given: str) -> None:
    url, typed = split_options(read_url(having(f"postgresql://h/x?prepare_threshold={given}&sslmode=require")))
    assert typed == {"prepare_threshold": THRESHOLDS[given]}
    assert dict(url.query) == {"sslmode": "require"}


@pytest.mark.parametrize("given", THRESHOLDS)
def test_the_driver_takes_it(given: str, settings: Settings, migrated_postgres: str) -> None:
    mark = "&" if "?" in migrated_postgres else "?"
    url = f"{migrated_postgres}{mark}prepare_threshold={given}&connect_timeout=5"
    with closing(open_store(replace(settings, database_url=Secret(url)))) as store, store.reading() as c:
        assert c.connection.driver_connection.prepare_threshold == THRESHOLDS[given]  # type: ignore[union-attr]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_usual_way_to_write_postgresql_works(scheme: str, settings: Settings, migrated_postgres: str) -> None:
    url = migrated_postgres.replace("postgresql://", f"{scheme}://")
    with closing(open_store(replace(settings, database_url=Secret(url)))) as store:
        assert store.counts()["feeds"] == 0


MARKS = st.sampled_from([*"@/#:?%&=+[]{} \\'\"\n\t;,$!", "%40", "%zz", "@@", "://", "\x00", "é", "\u202e"])
WORDS = st.sampled_from(["Zq7x", "Xv9w", "Kw3j"])
PASSWORDS = st.lists(st.tuples(WORDS, MARKS), min_size=1, max_size=4).map(lambda p: "".join(a + b for a, b in p))


@given(
    before=st.sampled_from(["", "@", "/", "#", ":"]), password=PASSWORDS, tail=st.sampled_from(["", "?sslmode=disable"])
)
def test_nothing_of_a_password_is_shown_whatever_it_is_made_of(before: str, password: str, tail: str) -> None:
    settings = having(f"postgresql://user:{before}{password}@{NOWHERE}/podwatch{tail}")
    shown = [repr(settings)]
    for opens in (inspect_database, open_store, display_url):
        try:
            shown.append(str(opens(settings)))
        except PodwatchError as e:
            shown += [str(e), e.what, e.where, e.todo, repr(e.__cause__)]
    for word in ("Zq7x", "Xv9w", "Kw3j"):
        assert not [text for text in shown if word in text]


def test_an_encoded_password_reaches_the_server_as_it_is() -> None:
    assert read_url(having("postgresql://u:a%40b%2Fc%3Ad%23e@h/x")).password == "a@b/c:d#e"


# ---- SQLite's file


FILES = {
    "sqlite:///~/x.db": "{home}/x.db",
    "sqlite:///~/a/b/x.db": "{home}/a/b/x.db",
    "sqlite:///~root/x.db": str(Path("~root/x.db").expanduser()),
    "sqlite:////data/~/x.db": "/data/~/x.db",
    "sqlite:///a~b/x.db": "a~b/x.db",
    "sqlite:///x.db": "x.db",
    "sqlite:////data/x.db": "/data/x.db",
}


@pytest.mark.parametrize("url", FILES)
def test_a_tilde_is_a_home_as_in_a_shell(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_url(having(url)).database == FILES[url].format(home=tmp_path)


def test_a_database_in_the_home_is_made_there_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = having("sqlite:///~/data/x.db", tmp_path / "podwatch")
    assert not database_exists(settings)
    open_store(settings).close()
    assert (tmp_path / "data/x.db").is_file()
    assert database_exists(settings)
    assert list((tmp_path / "work").iterdir()) == []
    assert display_url(settings) == f"sqlite:///{tmp_path}/data/x.db"


def test_the_home_of_nobody_is_refused_in_one_line() -> None:
    with pytest.raises(
        SettingsError, match="PODWATCH_DATABASE_URL: is in the home of nobody - give the file's full path"
    ):
        connect(having("sqlite:///~nosuchuser/x.db"))
