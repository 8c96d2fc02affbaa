"""A PostgreSQL server as sites run it: behind TLS, with a role that may little, restarted and cut off in the middle."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from podwatch import runtime
from podwatch.errors import StoreError
from podwatch.line.verbs import LINE
from podwatch.model import Feed, Watch
from podwatch.settings import Secret, Settings
from podwatch.store.database import FAILURES, Store, explain_failure, open_store
from tests.support.certificates import Authority
from tests.support.podcast_host import Podcast, item, rss, vtt
from tests.support.postgres import Postgres
from tests.support.postgres_over_tcp import PostgresOverTcp


@pytest.fixture
def server(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def at(settings: Settings, url: str) -> Settings:
    return replace(settings, database_url=Secret(url))


# ---- TLS


def test_verify_full_reaches_a_server_whose_certificate_is_its_own(
    settings: Settings, server: str, authority: Authority
) -> None:
    with PostgresOverTcp(server, authority.certify("127.0.0.1")) as over:
        url = f"{over.address}?sslmode=verify-full&sslrootcert={authority.file}"
        with closing(open_store(at(settings, url))) as store:
            assert store.counts()["feeds"] == 0
        assert over.encrypted > 0


WRONG: dict[str, tuple[str, str]] = {
    "another's name": ("db.example", "the database's certificate is not to be trusted"),
    "an authority that nobody knows": ("", "the database's certificate is not to be trusted"),
    "no TLS at all": ("none", "the database does not speak TLS"),
}


@pytest.mark.parametrize("case", WRONG)
def test_verify_full_refuses_a_server_that_cannot_be_trusted_in_one_line(
    case: str, settings: Settings, server: str, authority: Authority, tmp_path: Path
) -> None:
    host, line = WRONG[case]
    certificate = authority.certify(host) if host not in ("", "none") else None
    if host == "":
        certificate = Authority(tmp_path, "stranger").certify("127.0.0.1")
    with (
        PostgresOverTcp(server, certificate) as over,
        pytest.raises(StoreError) as caught,
    ):
        open_store(at(settings, f"{over.address}?sslmode=verify-full&sslrootcert={authority.file}"))
    assert caught.value.what.startswith(line)
    assert "sslrootcert" in caught.value.todo or "sslmode" in caught.value.todo
    assert "\n" not in caught.value.line


# ---- A connection that is lost


def lose_by_restart(postgres: Postgres, over: PostgresOverTcp) -> None:
    postgres.restart()


def lose_by_cut(postgres: Postgres, over: PostgresOverTcp) -> None:
    over.cut()


LOSSES: dict[str, Callable[[Postgres, PostgresOverTcp], None]] = {"restarted": lose_by_restart, "cut": lose_by_cut}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_connection_lost_in_the_middle_is_one_line_and_the_next_run_works(
    loss: str, settings: Settings, postgres: Postgres, server: str, now: datetime
) -> None:
    with PostgresOverTcp(server) as over, closing(open_store(at(settings, over.address))) as store:
        with pytest.raises(FAILURES) as caught:
            write_while_it_is_lost(store, lambda: LOSSES[loss](postgres, over))
        known = explain_failure(caught.value)
        assert known is not None
        assert known.retryable
        assert known.what.startswith(("the connection to the database was lost", "the database server is being shut"))
        assert "the next run goes on from here" in known.todo
        assert store.add_feeds([Feed(url="https://a.example/feed")], now) == 1


def write_while_it_is_lost(store: Store, lose: Callable[[], None]) -> None:
    with store.writing() as c:
        c.execute(text("SELECT 1"))
        lose()
        c.execute(text("SELECT 1"))


@pytest.fixture
def served(podcast: Podcast) -> Podcast:
    address = podcast.serve("/one.vtt", vtt("Then Anatoly", "Dobrynin came in."), "text/vtt")
    podcast.serve("/feed.xml", rss(item("one", transcript=address)))
    return podcast


@pytest.mark.parametrize("loss", LOSSES)
def test_a_line_that_lost_its_server_while_feeds_were_asked_goes_on_in_the_next_run(
    loss: str, settings: Settings, postgres: Postgres, server: str, served: Podcast, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with PostgresOverTcp(server) as over, runtime.build(at(settings, over.address)) as rt:
        rt.store.add_feeds([Feed(url=served.url("/feed.xml"))], now)
        rt.store.sync_watches([Watch(name="dobrynin", entity="Anatoly Dobrynin", aliases=("Dobrynin",))], now)
        save = rt.store.save_polls

        def lose_and_save(*arguments: object) -> int:
            LOSSES[loss](postgres, over)
            monkeypatch.setattr(Store, "save_polls", save.__func__)  # type: ignore[attr-defined]
            return save(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(Store, "save_polls", lambda self, *a: lose_and_save(*a))
        tallies = [verb(rt, now) for verb in LINE.values()]
        again = [verb(rt, now + timedelta(hours=1)) for verb in LINE.values()]
        assert sum(t.new for t in (tallies[-1], again[-1])) == 1
        assert len(list(rt.store.mentions())) == 1


# ---- A role that may little


def test_a_role_that_may_make_nothing_in_public_runs_the_line_in_a_schema_of_its_own(
    settings: Settings, server: str, served: Podcast, now: datetime
) -> None:
    with closing(open_store(at(settings, server))) as owner, owner.writing() as c:
        if c.execute(text("SELECT 1 FROM pg_roles WHERE rolname = 'writer'")).scalar() is None:
            c.execute(text("CREATE ROLE writer LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"))
        c.execute(text("REVOKE ALL ON SCHEMA public FROM PUBLIC"))
        c.execute(text('CREATE SCHEMA "pod watch" AUTHORIZATION writer'))
    url = make_url(server).set(username="writer").update_query_dict({"options": '-csearch_path="pod\\ watch"'})
    with runtime.build(at(settings, url.render_as_string(hide_password=False))) as rt:
        rt.store.add_feeds([Feed(url=served.url("/feed.xml"))], now)
        rt.store.sync_watches([Watch(name="dobrynin", entity="Anatoly Dobrynin", aliases=("Dobrynin",))], now)
        assert [verb(rt, now).new for verb in LINE.values()] == [1, 1, 1, 1]
        assert "feeds" in inspect(rt.store.engine).get_table_names(schema="pod watch")


def test_a_schema_that_is_not_there_is_one_line_with_the_statement_that_makes_it(
    settings: Settings, server: str
) -> None:
    url = make_url(server).update_query_dict({"options": "-csearch_path=nowhere"})
    with pytest.raises(StoreError, match=r"there is no schema to make the tables in.* CREATE SCHEMA"):
        open_store(at(settings, url.render_as_string(hide_password=False)))


# ---- Encodings


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_every_text_is_refused_in_one_line(
    encoding: str, settings: Settings, server: str
) -> None:
    name = f"in_{encoding.lower()}"
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as c:
        c.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        c.execute(text(f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"))
    engine.dispose()
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    with pytest.raises(StoreError, match=f"the database is in {encoding}, which cannot hold every text - make one"):
        open_store(at(settings, url))
