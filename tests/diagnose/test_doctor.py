"""podwatch doctor: what is wrong is found, named and told how to mend, and one trouble hides no other."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text, update

from benchmarks.crash import alert_rows
from podwatch.commands import app
from podwatch.diagnose import doctor
from podwatch.diagnose.findings import Finding, Health
from podwatch.diagnose.model_checks import MODELS
from podwatch.entities import recognition
from podwatch.model import Feed, PollResult, Watch
from podwatch.phonetics import NameMatch, NameMatcher
from podwatch.settings import Secret, Settings, Smtp, Webhook
from podwatch.store.database import open_store
from podwatch.store.tables import deliveries
from tests.support.mail_server import MailServer
from tests.support.migrated_database import place_database
from tests.support.postgres import Postgres
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import Fault, FaultProxy, refused
from tests.support.slack.socket_mode import SocketMode
from tests.support.webhook_receiver import WebhookReceiver

NOW = datetime.now(UTC)
OK, NOTE, WRONG = Health.OK, Health.NOTE, Health.WRONG


def found(settings: Settings, later: timedelta = timedelta()) -> dict[str, Finding]:
    """The findings by name, as they are ``later`` than now; of several of one name the worst."""
    worst: dict[str, Finding] = {}
    for f in doctor.examine(settings, datetime.now(UTC) + later):
        if f.check not in worst or [OK, NOTE, WRONG].index(f.health) > [OK, NOTE, WRONG].index(worst[f.check].health):
            worst[f.check] = f
    return worst


def kept(settings: Settings, *watches: Watch, feeds: tuple[Feed, ...] = ()) -> Settings:
    """A database with these watches and feeds."""
    place_database(settings.home)
    store = open_store(settings)
    store.sync_watches(watches, NOW)
    store.add_feeds(feeds, NOW)
    store.close()
    return settings


def to(channel: str, name: str = "grain") -> Watch:
    return Watch(name=name, query="grain", channel=channel)


@pytest.fixture
def slack_settings(settings: Settings, workspace: Emulator, proxy: FaultProxy) -> Settings:
    return replace(settings, slack_token=Secret(workspace.token), slack_base_url=proxy.base_url)


def test_when_all_is_well_nothing_is_wrong(slack_settings: Settings) -> None:
    seen = found(kept(slack_settings, to("#podcasts"), feeds=(Feed(url="https://a.example/f"),)))
    assert {f.check: f.health for f in seen.values() if f.health is not OK} == {}
    assert {"disk", "database", "feeds", "watches", "deliveries", "model language", "model sandbox", "slack"} <= set(
        seen
    )
    assert seen["channel #podcasts"].message.startswith("Slack's C")
    assert seen["slack"].message.endswith(" in Newsroom")
    assert seen["clock"].health is OK


# ---- database


def test_an_empty_database_is_worth_a_note_and_stays_empty(settings: Settings) -> None:
    for _ in range(2):
        seen = found(settings)
        assert (seen["database"].health, seen["database"].todo) == (NOTE, "podwatch feeds import FILE makes its tables")


@pytest.mark.parametrize(
    ("version", "health", "todo"), [("0001", NOTE, "podwatch db migrate"), ("9999", WRONG, "upgrade podwatch")]
)
def test_a_database_of_another_revision_is_said_and_not_touched(
    version: str, health: Health, todo: str, settings: Settings
) -> None:
    kept(settings)
    engine = create_engine(settings.database_url.reveal())
    with engine.begin() as c:
        c.execute(text(f"UPDATE alembic_version SET version_num = '{version}'"))
    seen = found(settings)["database"]
    assert (seen.health, seen.todo.startswith(todo)) == (health, True)
    assert f"has revision {version}" in seen.message
    with engine.begin() as c:
        assert c.execute(text("SELECT version_num FROM alembic_version")).scalar() == version
    engine.dispose()


def test_a_database_that_is_not_there_is_one_line_without_its_password_and_the_rest_is_still_looked_at(
    slack_settings: Settings,
) -> None:
    seen = found(replace(slack_settings, database_url=Secret("postgresql://u:hunter2@127.0.0.1:1/x")))
    assert seen["database"].health is WRONG
    assert "the database cannot be opened" in seen["database"].message
    assert "hunter2" not in str(seen)
    assert seen["slack"].health is OK


def test_on_postgresql_its_clock_is_looked_at_and_a_read_only_server_is_said(
    settings: Settings, postgres: Postgres
) -> None:
    url = postgres.new_database()
    there = kept(replace(settings, database_url=Secret(url)))
    assert found(there)["clock"].health is OK
    assert found(there, timedelta(hours=1))["clock"].health is WRONG
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as c:
        c.execute(text(f'ALTER DATABASE "{engine.url.database}" SET default_transaction_read_only = on'))
    engine.dispose()
    assert found(there)["database"].message.endswith("the database is read-only")


# ---- this machine


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(("free", "health"), [(5e9, OK), (5e8, NOTE), (1e8, WRONG)])
def test_a_disk_that_fills_up_is_said_in_time(
    free: float, health: Health, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**10, 0, int(free)))
    assert found(settings)["disk"].health is health


def test_a_clock_that_is_wrong_is_told_by_slacks(slack_settings: Settings) -> None:
    assert found(slack_settings, timedelta(minutes=10))["clock"].health is WRONG


def test_a_model_that_does_not_load_hides_no_other(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise ImportError("no module named torch")

    monkeypatch.setattr(doctor, "MODELS", {"broken": broken, **MODELS})
    seen = found(settings)
    assert seen["model broken"].message == "does not load (ImportError: no module named torch)"
    assert seen["model language"].health is OK


@pytest.mark.parametrize(("name", "works"), [("names", "finds names"), ("ear", "hears misspelt names")])
def test_what_finds_names_is_tried(name: str, works: str, settings: Settings) -> None:
    assert found(replace(settings, entities=True))[f"model {name}"].message.startswith(works)


def test_without_the_model_for_names_podwatch_works_and_says_so(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "MODELS", ())
    seen = found(replace(settings, entities=True))["model names"]
    assert (seen.health, "not installed" in seen.message) == (NOTE, True)
    assert seen.todo.startswith("set PODWATCH_ENTITIES=off")
    assert "model names" not in found(replace(settings, entities=False))


def test_an_ear_whose_data_is_damaged_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(self: NameMatcher, text: str, title: str = "", notes: str = "") -> list[NameMatch]:
        raise OSError("g2p.npz is cut short")

    monkeypatch.setattr(NameMatcher, "find_matches", damaged)
    seen = found(settings)["model ear"]
    assert (seen.health, seen.todo) == (WRONG, "install podwatch again: make install")


def test_dead_alerts_are_told_with_what_sends_them_again(settings: Settings) -> None:
    store = open_store(settings)
    alert_rows.insert_alerts(store, 3, ["console:"])
    with store.writing() as c:
        c.execute(update(deliveries).values(state="dead"))
    store.close()
    seen = found(settings)["deliveries"]
    assert (seen.health, seen.message) == (WRONG, "3 alerts are dead")
    assert seen.todo.endswith("podwatch deliver --retry-dead")


# ---- feeds and watches


def test_feeds_that_nobody_polls_and_feeds_that_are_dead_are_named(settings: Settings) -> None:
    kept(settings, feeds=(Feed(url="https://a.example/f"), Feed(url="https://b.example/f")))
    days = timedelta(days=20)
    later = NOW + days
    assert found(settings, days)["feeds"].message == "2 of 2 wait for a poll since a day or more"
    store = open_store(settings)
    dead = replace(store.feeds()[0], failing_since=NOW, failures=40, error="404 Not Found", next_poll_at=later + days)
    store.save_polls([PollResult(feed=dead)], later, first=10)
    store.close()
    seen = found(settings, days)
    assert seen["feed https://a.example/f"].health is WRONG
    assert "404 Not Found" in seen["feed https://a.example/f"].message
    assert seen["feeds"].message == "1 of 2 waits for a poll since a day or more"


def test_nothing_to_do_yet_is_worth_a_note(settings: Settings) -> None:
    seen = found(kept(settings))
    assert (seen["feeds"].health, seen["watches"].health) == (NOTE, NOTE)


def test_a_watch_that_cannot_be_looked_for_is_named(settings: Settings) -> None:
    kept(settings, to("console:"))
    store = open_store(settings)
    store.save_watch_error(store.watches()[0], "cannot be read")
    store.close()
    assert found(settings)["watches"].message == "grain: cannot be read"


# ---- Slack


def test_without_a_token_the_console_serves_and_that_is_said(settings: Settings) -> None:
    seen = found(kept(settings, to("#trade")))
    assert (seen["slack"].health, seen["channel #trade"].message) == (NOTE, "the console")


# a refusal of auth.test -> what to do
TOKENS = {
    "invalid_auth": "set a new SLACK_BOT_TOKEN",
    "token_revoked": "set a new SLACK_BOT_TOKEN",
    "account_inactive": "install it again",
}


@pytest.mark.parametrize("code", TOKENS)
def test_a_token_that_slack_refuses_is_told_how_to_mend(code: str, slack_settings: Settings, proxy: FaultProxy) -> None:
    proxy.fail_next(refused(code), method="auth.test")
    seen = found(slack_settings)["slack"]
    assert (seen.health, TOKENS[code] in seen.todo) == (WRONG, True)
    assert slack_settings.slack_token.reveal() not in str(seen)


def test_the_scopes_that_are_missing_are_named(slack_settings: Settings, proxy: FaultProxy) -> None:
    said = {"ok": True, "user": "podwatch", "team": "Newsroom", "team_id": "T1"}
    headers = {"X-OAuth-Scopes": "chat:write, channels:read", "Content-Type": "application/json"}
    proxy.fail_next(Fault(body=json.dumps(said), headers=headers), method="auth.test")
    seen = found(slack_settings)
    assert {f.check: f.health for f in seen.values() if f.check.startswith("scope ")} == {
        "scope channels:history": WRONG,
        "scope groups:read": NOTE,
        "scope groups:history": NOTE,
    }
    assert seen["scope channels:history"].todo == "add it to the app, install it again"


@pytest.fixture(scope="module")
def strict() -> Iterator[Emulator]:
    with Emulator(
        {"xoxb-all": "chat:write, channels:read, channels:history", "xoxb-deaf": "chat:write, channels:read"}
    ) as running:
        yield running


def test_a_scope_that_only_shows_when_it_is_used_is_found_at_the_channel(settings: Settings, strict: Emulator) -> None:
    there = replace(settings, slack_token=Secret("xoxb-deaf"), slack_base_url=strict.base_url)
    seen = found(kept(there, to("#podcasts")))["channel #podcasts"]
    assert (seen.health, seen.todo) == (WRONG, "add the scope channels:history to the app, install it again")


def test_each_channel_is_tested_and_one_that_is_wrong_hides_no_other(
    slack_settings: Settings, workspace: Emulator
) -> None:
    made = workspace.call("conversations.create", name="doctor-shut")["channel"]["id"]
    workspace.call("conversations.archive", channel=made)
    watches = [
        to("#podcasts", "a"),
        to("#nowhere", "b"),
        to("#doctor-shut", "c"),
        to("webhook:none", "d"),
        to("mailto:x", "e"),
    ]
    seen = found(kept(slack_settings, *watches))
    health = {name.removeprefix("channel "): f.health for name, f in seen.items() if name.startswith("channel ")}
    assert health == {
        "#podcasts": OK,
        "#nowhere": WRONG,
        "#doctor-shut": WRONG,
        "webhook:none": WRONG,
        "mailto:x": WRONG,
    }
    assert "unarchive it" in seen["channel #doctor-shut"].todo
    assert "create the channel or mend the watchlist" in seen["channel #nowhere"].todo


def test_a_private_channel_that_the_app_has_left_asks_for_an_invitation(
    slack_settings: Settings, workspace: Emulator
) -> None:
    private = workspace.channel_id("doctor")
    assert workspace.call("conversations.leave", channel=private)["ok"]
    seen = found(kept(slack_settings, to(private)))[f"channel {private}"]
    assert seen.health is WRONG
    assert "invite the app" in seen.todo


def test_the_token_of_the_buttons_is_tested_too(settings: Settings) -> None:
    with SocketMode() as slack:
        there = replace(
            settings, slack_token=Secret("xoxb-1"), slack_app_token=Secret("xapp-1"), slack_base_url=slack.base_url
        )
        assert found(there)["buttons"].health is OK
        assert slack.opened == 0
        slack.fail_next("apps.connections.open", error="missing_scope")
        assert "add the scope connections:write" in found(there)["slack"].todo


def test_mail_and_webhooks_are_tested_without_sending_anything(settings: Settings) -> None:
    with MailServer() as server, WebhookReceiver() as desk:
        there = replace(
            settings,
            smtp=Smtp("127.0.0.1", server.port, "none"),
            mail_from="podwatch@example.org",
            webhooks={
                "desk": Webhook(Secret(desk.url), Secret("s")),
                "in": Webhook(Secret("http://10.0.0.1/"), Secret("s")),
            },
        )
        watches = (to("mailto:a@b.org", "a"), to("webhook:desk", "b"), to("webhook:in", "c"))
        seen = found(kept(there, *watches))
        assert seen["channel mailto:a@b.org"].health is OK
        assert seen["channel webhook:desk"].health is OK
        assert "PODWATCH_ALLOW_ADDRESSES" in seen["channel webhook:in"].todo
        assert (server.mails, desk.received) == ([], [])
        server.replies["EHLO"] = "554 no"
        assert found(there)["channel mailto:a@b.org"].health is WRONG


# ---- the command


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["doctor", *arguments])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PODWATCH_HOME", str(tmp_path))
    return Settings(home=tmp_path, database_url=Secret(f"sqlite:///{tmp_path}/podwatch.db"))


def rows(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_exit_status_says_whether_something_is_wrong(home: Settings) -> None:
    kept(home, to("console:"))
    done = run("--json")
    assert done.exit_code == 0
    assert all(set(row) == {"check", "state", "said", "todo"} for row in rows(done))
    kept(home, to("webhook:none"))
    done = run("--json")
    assert done.exit_code == 1
    [row] = [row for row in rows(done) if row["state"] == "wrong"]
    assert (row["check"], row["todo"]) == ("channel webhook:none", "add none to PODWATCH_WEBHOOKS")


def test_a_setting_that_cannot_be_read_is_a_finding(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODWATCH_SMTP_URL", "mail.example.org")
    done = run("--json")
    assert done.exit_code == 1
    assert rows(done)[0]["check"] == "settings"


def test_send_posts_one_test_card_to_each_channel(
    home: Settings, workspace: Emulator, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", workspace.token)
    monkeypatch.setenv("PODWATCH_SLACK_BASE_URL", proxy.base_url)
    kept(home, to("#politics", "a"), to("#politics", "b"), to("#nowhere", "c"))
    before = len(workspace.messages("#politics"))
    done = run("--send", "--json")
    tests = {row["check"]: row["state"] for row in rows(done) if row["check"].startswith("test to")}
    assert tests == {"test to #politics": "ok", "test to #nowhere": "wrong"}
    [card] = workspace.messages("#politics")[before:]
    assert "This is a *test* of podwatch" in card["text"]
    assert run("--send", "--json").exit_code == 1
    assert len(workspace.messages("#politics")) == before + 2, "each test is an alert of its own"


def test_a_channel_of_slacks_waits_for_a_token_and_is_no_error(settings: Settings) -> None:
    there = replace(settings, console=False)
    kept(there, Watch(name="w", query="x", channel="#trade"))
    seen = found(there)["channel #trade"]
    assert (seen.health, seen.todo.startswith("set SLACK_BOT_TOKEN")) == (NOTE, True)
