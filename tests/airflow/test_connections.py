"""Airflow's connections as podwatch's settings: every way to write one, and one line for one that cannot be used."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url

from podwatch.settings import Secret, Settings, from_environment, parse_smtp_url
from podwatch.store.database import open_store
from tests.support.airflow_programs import run_program
from tests.support.postgres import Postgres

READ_CONNECTIONS = """
import json, logging, os, sys
import airflow.sdk
import podwatch_airflow
from podwatch.errors import PodwatchError

lines = []
class Keep(logging.Handler):
    def emit(self, record): lines.append(record.getMessage())
podwatch_airflow.log.addHandler(Keep())

found = []
for changes, given in json.loads(sys.argv[1]):
    os.environ.update(changes)
    del lines[:]
    try:
        both = [podwatch_airflow.podwatch_variables({"A": "1"}), podwatch_airflow.podwatch_variables(given)]
        found.append([*both, "", lines[:]])
    except PodwatchError as e:
        found.append([{}, {}, e.line, lines[:]])
    for name in changes:
        del os.environ[name]
print(json.dumps(found))
"""
# Posts to the operators without the package, and with a connection whose extra names the server.
POST_TO_OPERATORS = """
import json, logging, os, sys
import airflow.sdk
import podwatch_airflow

lines = []
class Keep(logging.Handler):
    def emit(self, record): lines.append(record.getMessage())
podwatch_airflow.log.addHandler(Keep())
if sys.argv[1] == "without the package":
    sys.modules["airflow.providers.slack.notifications.slack"] = None
print(json.dumps([podwatch_airflow.incidents._post_to_operators({}, "#trade", "hello"), lines]))
"""


def slack(**fields: Any) -> dict[str, str]:
    return {"AIRFLOW_CONN_PODWATCH_SLACK": json.dumps({"conn_type": "slack", "password": "x"} | fields)}


def database(kind: str = "postgres", **fields: Any) -> dict[str, str]:
    return {"AIRFLOW_CONN_PODWATCH_DATABASE": json.dumps({"conn_type": kind} | fields)}


def smtp(**fields: Any) -> dict[str, str]:
    return {"AIRFLOW_CONN_PODWATCH_SMTP": json.dumps({"conn_type": "smtp", "host": "mail.example"} | fields)}


GIVEN = {"SLACK_BOT_TOKEN": "xoxb-env", "PODWATCH_SLACK_BASE_URL": "", "PODWATCH_DATABASE_URL": "sqlite:///e.db"}
BOTH = {
    **slack(password="xoxb-conn", host="http://127.0.0.1:4100/api/"),
    "AIRFLOW_CONN_PODWATCH_DATABASE": "postgres://me:p%40ss@db.example:5433/podwatch?sslmode=require",
}
HERE: dict[str, Any] = {"host": "db.example", "login": "me", "schema": "podwatch"}

# A connection, and the address that it gives.
SLACK_SERVERS: dict[str, tuple[dict[str, str], str | None]] = {
    "none": (slack(), None),
    "a whole address": (slack(host="https://slack.example/api/"), "https://slack.example/api/"),
    "a whole address and a port": (
        slack(host="https://slack.example/api/", port=8443),
        "https://slack.example:8443/api/",
    ),
    "a port twice": (slack(host="https://slack.example:8443/api/", port=8443), "https://slack.example:8443/api/"),
    "its parts": (slack(host="slack.example", port=4100, schema="http"), "http://slack.example:4100"),
    "a URI": ({"AIRFLOW_CONN_PODWATCH_SLACK": "slack://:x@slack.example:4100/http"}, "http://slack.example:4100"),
    "a host with a path": (slack(host="slack.example/api/", port=8443), "https://slack.example:8443/api/"),
    "IPv6": (slack(host="::1", port=4100, schema="http"), "http://[::1]:4100"),
    "IPv6 in brackets": (slack(host="http://[::1]/api/", port=4100), "http://[::1]:4100/api/"),
    "the provider's own": (slack(extra={"base_url": "https://s.example/api/"}), "https://s.example/api/"),
    "the provider's own before the host": (
        slack(host="old.example", port=1, extra={"base_url": "https://s.example/api/"}),
        "https://s.example/api/",
    ),
    "an old form's": (slack(extra={"extra__slack__base_url": "https://s.example/api/"}), "https://s.example/api/"),
    "an empty one": (slack(host="a.example", extra={"base_url": ""}), "https://a.example"),
    "an extra that is a list": (slack(host="a.example", extra="[1]"), "https://a.example"),
}
# A connection, and what the driver is given of it.
DATABASES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "the fields": (
        database(host="db.example", port=5433, login="me", password="x", schema="podwatch"),
        {"host": "db.example", "port": 5433, "user": "me", "password": "x", "dbname": "podwatch"},
    ),
    "postgresql": (database("postgresql", **HERE), {"host": "db.example", "user": "me", "dbname": "podwatch"}),
    "a password of marks": (
        database(**HERE, password="a@b:c/d?e#f%20 g"),
        {"host": "db.example", "user": "me", "password": "a@b:c/d?e#f%20 g", "dbname": "podwatch"},
    ),
    "a login of marks": (
        database(**HERE | {"login": "me@corp:x/y"}),
        {"host": "db.example", "user": "me@corp:x/y", "dbname": "podwatch"},
    ),
    "options of both kinds": (
        database(**HERE, extra={"sslmode": "require", "connect_timeout": 10}),
        {"host": "db.example", "user": "me", "dbname": "podwatch", "sslmode": "require", "connect_timeout": "10"},
    ),
    "every type": (
        database(**HERE, extra={"keepalives": True, "sslcompression": False, "keepalives_idle": 30.0, "options": None}),
        {
            "host": "db.example",
            "user": "me",
            "dbname": "podwatch",
            "keepalives": "1",
            "sslcompression": "0",
            "keepalives_idle": "30",
        },
    ),
    "text with blanks and marks": (
        database(**HERE, extra={"options": "-c search_path=a,b -c x=1&2", "application_name": "pod+watch", "port": 1}),
        {
            "host": "db.example",
            "user": "me",
            "dbname": "podwatch",
            "options": "-c search_path=a,b -c x=1&2",
            "application_name": "pod+watch",
            "port": "1",
        },
    ),
    "what is Airflow's own": (
        database(
            **HERE,
            extra={
                "cursor": "dictcursor",
                "iam": False,
                "aws_conn_id": "a",
                "redshift": False,
                "cluster-identifier": "c",
                "sslmode": "require",
            },
        ),
        {"host": "db.example", "user": "me", "dbname": "podwatch", "sslmode": "require"},
    ),
    "the provider's query": (
        database(**HERE, extra={"sqlalchemy_query": {"target_session_attrs": "read-write"}}),
        {"host": "db.example", "user": "me", "dbname": "podwatch", "target_session_attrs": "read-write"},
    ),
    "IPv6": (database(host="::1", port=5433, schema="p"), {"host": "::1", "port": 5433, "dbname": "p"}),
    "a socket": (
        database(host="/var/run/postgresql", login="me", schema="p"),
        {"host": "/var/run/postgresql", "user": "me", "dbname": "p"},
    ),
    "a socket and a port": (
        database(host="/run/pg", port=5433, schema="p"),
        {"host": "/run/pg", "port": "5433", "dbname": "p"},
    ),
    "two servers": (
        database(host="a.example,b.example", schema="p", extra={"target_session_attrs": "primary"}),
        {"host": "a.example,b.example", "port": ",", "dbname": "p", "target_session_attrs": "primary"},
    ),
    "two servers and a port": (
        database(host="a.example,b.example", port=5433, schema="p"),
        {"host": "a.example,b.example", "port": "5433,5433", "dbname": "p"},
    ),
    "a URI": (
        {"AIRFLOW_CONN_PODWATCH_DATABASE": "postgres://me:p%40ss@db.example:5433/podwatch?sslmode=require"},
        {
            "host": "db.example",
            "port": 5433,
            "user": "me",
            "password": "p@ss",
            "dbname": "podwatch",
            "sslmode": "require",
        },
    ),
}
FILES: dict[str, tuple[dict[str, str], str]] = {
    "a URI": ({"AIRFLOW_CONN_PODWATCH_DATABASE": "sqlite:////data/podwatch.db"}, "sqlite:////data/podwatch.db"),
    "the schema": (database("sqlite", schema="/data/p.db"), "sqlite:////data/p.db"),
    "the host": (database("sqlite", host="/data/p.db"), "sqlite:////data/p.db"),
}
# (host, port, tls) of the mail server
MAIL_SERVERS: dict[str, tuple[dict[str, str], tuple[str, int, str]]] = {
    "nothing said": (smtp(), ("mail.example", 587, "starttls")),
    "port 465": (smtp(port=465), ("mail.example", 465, "implicit")),
    "port 2525": (smtp(port=2525), ("mail.example", 2525, "starttls")),
    "tls in the extra": (smtp(port=25, extra={"tls": "none"}), ("mail.example", 25, "none")),
    "no SSL": (smtp(port=25, extra={"disable_ssl": True}), ("mail.example", 25, "starttls")),
    "no SSL and no TLS": (
        smtp(port=25, extra={"disable_ssl": True, "disable_tls": True}),
        ("mail.example", 25, "none"),
    ),
    "the same as text": (
        smtp(port=25, extra={"disable_ssl": "true", "disable_tls": "true"}),
        ("mail.example", 25, "none"),
    ),
    "a filled form": (
        smtp(port=465, extra={"disable_ssl": False, "disable_tls": False}),
        ("mail.example", 465, "implicit"),
    ),
    "a filled form, another port": (smtp(port=2465, extra={"disable_ssl": False}), ("mail.example", 2465, "implicit")),
    "a filled form, port 587": (smtp(port=587, extra={"disable_ssl": False}), ("mail.example", 587, "starttls")),
    "text that says no": (smtp(port=465, extra={"disable_ssl": "false"}), ("mail.example", 465, "implicit")),
    "ours before theirs": (
        smtp(port=25, extra={"tls": "starttls", "disable_ssl": True, "disable_tls": True}),
        ("mail.example", 25, "starttls"),
    ),
    "IPv6": (smtp(host="::1", port=25), ("::1", 25, "starttls")),
}
UNUSABLE: dict[str, tuple[dict[str, str], str]] = {
    "sqlite without a file": (database("sqlite"), "podwatch_database: names no file - fill in its schema"),
    "an empty sqlite URI": (
        {"AIRFLOW_CONN_PODWATCH_DATABASE": "sqlite://"},
        "podwatch_database: names no file - fill in",
    ),
    "another database": (database("mysql", host="db"), "podwatch_database: is of the type mysql - podwatch keeps its"),
    "no type": (database("", host="db"), "podwatch_database: has no type - podwatch keeps its tables in postgres"),
    "mail without a server": (smtp(host=""), "podwatch_smtp: names no mail server - fill in its host"),
}
WARNED: dict[str, tuple[dict[str, str], str]] = {
    "a mistyped option": (
        database(**HERE, extra={"ssl_mode": "require"}),
        "ssl_mode in the extra of podwatch_database",
    ),
    "an option that is a list": (database(**HERE, extra={"sslmode": ["require"]}), "sslmode in the extra of"),
    "unverified certificates": (smtp(extra={"ssl_context": "none"}), "ssl_context of podwatch_smtp is not used"),
}
OTHERS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "both": (BOTH, GIVEN),
    "none": ({}, {"PODWATCH_HOME": "/h"}),
    "the rest of slack": (
        slack(extra={"app_token": "xapp-1", "proxy": "http://u:p@proxy.example:3128", "timeout": 12}),
        {"PODWATCH_SLACK_PROXY": "http://mine.example:1"},
    ),
    "the sender": (
        smtp(port=465, login="me@x", password="p@:/", extra={"from_email": "podwatch@example.org"}),
        {"PODWATCH_MAIL_FROM": "mine@example.org"},
    ),
}
TABLES: list[dict[str, Any]] = [SLACK_SERVERS, DATABASES, FILES, MAIL_SERVERS, UNUSABLE, WARNED]


@cache
def all_read() -> list[Any]:
    """Of every case of every table: the variables with and without an environment, the error, the log's lines."""
    jobs: list[Any] = [(case[0], {}) for table in TABLES for case in table.values()] + list(OTHERS.values())
    found: list[Any] = run_program(READ_CONNECTIONS, json.dumps(jobs))
    return found


def read(table: dict[str, Any], case: str) -> Any:
    tables = [*TABLES, OTHERS]
    at = next(i for i, t in enumerate(tables) if t is table)  # two tables may hold a case of the same name
    return all_read()[sum(len(t) for t in tables[:at]) + list(table).index(case)]


@pytest.mark.parametrize("case", SLACK_SERVERS)
def test_a_slack_connection_names_its_server_in_every_way_it_can_be_written(case: str) -> None:
    assert read(SLACK_SERVERS, case)[0].get("PODWATCH_SLACK_BASE_URL") == SLACK_SERVERS[case][1]


@pytest.mark.parametrize("case", DATABASES)
def test_a_database_connection_reaches_the_driver_with_all_of_its_fields_and_options(case: str) -> None:
    variables, _, error, logged = read(DATABASES, case)
    url = make_url(variables["PODWATCH_DATABASE_URL"]).set(drivername="postgresql+psycopg")
    _, given = create_engine(url).dialect.create_connect_args(url)
    assert {name: value for name, value in given.items() if name != "context"} == DATABASES[case][1]
    assert (error, logged) == ("", [])


@pytest.mark.parametrize("case", FILES)
def test_a_sqlite_connection_names_its_file(case: str) -> None:
    assert read(FILES, case)[0]["PODWATCH_DATABASE_URL"] == FILES[case][1]


@pytest.mark.parametrize("case", MAIL_SERVERS)
def test_a_mail_connection_is_encrypted_as_its_extra_says(case: str) -> None:
    server = parse_smtp_url(read(MAIL_SERVERS, case)[0]["PODWATCH_SMTP_URL"])
    assert server is not None
    assert (server.host, server.port, server.tls) == MAIL_SERVERS[case][1]


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_connection_that_cannot_be_used_is_one_line_that_names_it_and_what_to_fill_in(case: str) -> None:
    line = read(UNUSABLE, case)[2]
    assert line.startswith("the Airflow connection " + UNUSABLE[case][1])


@pytest.mark.parametrize("case", WARNED)
def test_what_is_left_out_of_an_extra_is_said_in_the_log(case: str) -> None:
    _, _, error, logged = read(WARNED, case)
    assert error == ""
    assert logged[0].startswith(f"podwatch: {WARNED[case][1]}")


def test_connections_fill_in_what_the_environment_lacks() -> None:
    alone, with_environment, _, _ = read(OTHERS, "both")
    assert alone == {
        "A": "1",
        "SLACK_BOT_TOKEN": "xoxb-conn",
        "PODWATCH_SLACK_BASE_URL": "http://127.0.0.1:4100/api/",
        "PODWATCH_DATABASE_URL": "postgresql://me:p%40ss@db.example:5433/podwatch?sslmode=require",
    }
    assert with_environment == {"SLACK_BOT_TOKEN": "xoxb-env", "PODWATCH_DATABASE_URL": "sqlite:///e.db"}


def test_without_connections_the_environment_alone_decides() -> None:
    assert read(OTHERS, "none")[:2] == [{"A": "1"}, {"PODWATCH_HOME": "/h"}]


def test_the_app_token_the_proxy_and_the_timeout_become_settings() -> None:
    alone, with_environment, _, _ = read(OTHERS, "the rest of slack")
    settings = from_environment(alone)
    assert settings.slack_app_token.reveal() == "xapp-1"
    assert settings.slack_proxy.reveal() == "http://u:p@proxy.example:3128"
    assert settings.slack_timeout == 12.0
    assert with_environment["PODWATCH_SLACK_PROXY"] == "http://mine.example:1"


def test_a_mail_connection_gives_the_login_and_the_sender() -> None:
    alone, with_environment, _, _ = read(OTHERS, "the sender")
    assert alone["PODWATCH_SMTP_URL"] == "smtps://me%40x:p%40%3A%2F@mail.example:465"
    assert alone["PODWATCH_MAIL_FROM"] == "podwatch@example.org"
    assert with_environment["PODWATCH_MAIL_FROM"] == "mine@example.org"


def test_a_connection_with_text_and_numbers_in_its_extra_opens_a_real_database(
    postgres: Postgres, settings: Settings
) -> None:
    there = make_url(postgres.new_database())
    fields: dict[str, Any] = {
        "login": there.username,
        "schema": there.database,
        "host": there.query.get("host") or there.host,
    }
    given = database(**fields, port=there.port, extra={"connect_timeout": 10, "application_name": "podwatch test"})
    [[alone, *_]] = run_program(READ_CONNECTIONS, json.dumps([(given, {})]))
    store = open_store(Settings(home=settings.home, database_url=Secret(alone["PODWATCH_DATABASE_URL"])))
    with store.reading() as c:
        assert c.exec_driver_sql("SHOW application_name").scalar() == "podwatch test"
    store.close()


def test_without_the_package_of_airflows_notifier_the_log_names_it_and_nobody_counts_as_told() -> None:
    told, lines = run_program(POST_TO_OPERATORS, "without the package", **slack(host="http://127.0.0.1:1/api/"))
    assert not told
    assert lines == [
        "podwatch: PODWATCH_OPERATIONS_CHANNEL needs the package apache-airflow-providers-slack: nobody was told"
    ]


def test_without_a_connection_the_log_says_so_and_nobody_counts_as_told() -> None:
    told, lines = run_program(POST_TO_OPERATORS, "as it is")
    assert not told
    assert len(lines) == 1
    assert "there is no connection podwatch_operations or podwatch_slack" in lines[0]
