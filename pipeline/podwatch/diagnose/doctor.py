"""Looks at everything that podwatch needs, and says of each thing whether it is well, and if not, what to do.

It changes no row and posts nothing (``send_tests`` does, when asked). Each check stands alone: one that fails keeps
no other from being made, and what depends on something that is missing says so.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from podwatch.errors import PodwatchError
from podwatch.model import Alert, DeliverMode, Episode, Kind, Mention, Watch
from podwatch.notifiers import NOTIFIERS, scheme_of
from podwatch.notifiers import escaping as plain
from podwatch.policy.poll_schedule import is_dead
from podwatch.settings import Settings
from podwatch.store.database import Store, inspect_database, open_store

MB = 1024 * 1024
LITTLE_ROOM, NO_ROOM = 1024 * MB, 200 * MB
CLOCKS_APART = timedelta(seconds=60)  # webhooks are refused after 300, and leases count on less
OVERDUE = timedelta(days=1)  # a feed that should have been polled that long ago: nobody runs podwatch
LISTED = 5  # of a kind


class Health(StrEnum):
    OK = "ok"
    NOTE = "note"  # works, and somebody should know
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to do about it."""

    what: str
    health: Health
    said: str
    todo: str = ""


@dataclass(slots=True)
class Surroundings:
    """What the checks look at. store: None when the database could not be opened, or would have to be migrated."""

    settings: Settings
    now: datetime
    store: Store | None = None

    def watches(self) -> list[Watch]:
        return self.store.watches() if self.store else []


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Every finding, in the order of CHECKS."""
    ground = Surroundings(settings, now)
    try:
        for name, check in CHECKS.items():
            try:
                yield from check(ground)
            except PodwatchError as e:
                yield wrong_finding(name, e)
            except Exception as e:  # noqa: BLE001 - a check that breaks must not hide what the others found
                yield Finding(name, Health.WRONG, f"the check itself broke ({type(e).__name__}: {e})"[:300])
    finally:
        if ground.store is not None:
            ground.store.close()


def wrong_finding(what: str, e: PodwatchError) -> Finding:
    where = f"{e.where}: " if e.where and e.where not in what else ""
    return Finding(what, Health.WRONG, f"{where}{e.what}", e.todo)


def _disk(ground: Surroundings) -> Iterator[Finding]:
    home = ground.settings.home
    there = next(p for p in (home, *home.parents) if p.exists())
    free = shutil.disk_usage(there).free
    said = f"{free // MB:,} MB free for {home}"
    if free < NO_ROOM:
        yield Finding("disk", Health.WRONG, said, "make room: a full disk stops everything")
    else:
        yield Finding("disk", Health.NOTE if free < LITTLE_ROOM else Health.OK, said)


def _database(ground: Surroundings) -> Iterator[Finding]:
    found = inspect_database(ground.settings)
    if found.revision is None:
        yield Finding("database", Health.NOTE, f"{found.where} is empty", "podwatch feeds import FILE makes its tables")
        return
    if found.revision != found.wanted:
        known = found.revision < found.wanted
        said = f"{found.where} has revision {found.revision}, this podwatch needs {found.wanted}"
        todo = "any other command brings it up to date" if known else "upgrade podwatch, or use another database"
        yield Finding("database", Health.NOTE if known else Health.WRONG, said, todo)
        return
    ground.store = open_store(ground.settings)
    rows = ", ".join(f"{n} {name}" for name, n in ground.store.counts().items())
    yield Finding("database", Health.OK, f"{found.where}, revision {found.revision}: {rows}")
    if found.clock is not None:
        yield compare_clocks("the database", found.clock, ground.now)


def compare_clocks(whose: str, there: datetime, here: datetime) -> Finding:
    """The clock of this machine beside another's."""
    apart = abs(there - here)
    said = f"{apart.total_seconds():.0f} s apart from the clock of {whose}"
    if apart > CLOCKS_APART:
        return Finding("clock", Health.WRONG, said, "let NTP set the clock of this machine, or of the other")
    return Finding("clock", Health.OK, said)


def _feeds(ground: Surroundings) -> Iterator[Finding]:
    if ground.store is None:
        return
    feeds, now = ground.store.feeds(), ground.now
    if not feeds:
        yield Finding("feeds", Health.NOTE, "there are none yet", "podwatch feeds import FILE.opml")
        return
    dead = [f for f in feeds if is_dead(f.failing_since, now)]
    failing = [f for f in feeds if f.error and f not in dead]
    late = [f for f in feeds if f.next_poll_at is not None and now - f.next_poll_at > OVERDUE]
    for f in dead[:LISTED]:
        todo = "correct it, or podwatch feeds remove"
        yield Finding(f"feed {f.url}", Health.WRONG, f"has failed since {f.failing_since:%Y-%m-%d}: {f.error}", todo)
    if len(dead) > LISTED:
        yield Finding("feeds", Health.WRONG, f"{len(dead) - LISTED} more have failed for weeks", "podwatch feeds list")
    if late:
        todo = "is the DAG switched on, does the scheduler run? Or: podwatch run"
        yield Finding("feeds", Health.WRONG, f"{len(late)} of {len(feeds)} wait for a poll since a day or more", todo)
    said = f"{len(feeds)} feeds, {len(failing)} of them failing for now, {len(dead)} for weeks"
    yield Finding("feeds", Health.NOTE if failing else Health.OK, said, "podwatch feeds list" if failing else "")


def _watches(ground: Surroundings) -> Iterator[Finding]:
    if ground.store is None:
        return
    watches = ground.watches()
    if not watches:
        yield Finding("watches", Health.NOTE, "there are none yet", "podwatch watches sync watchlist.yaml")
        return
    broken = ground.store.errors()["watch"]
    for line in broken[:LISTED]:
        yield Finding("watches", Health.WRONG, line, "correct the watchlist, then podwatch watches sync")
    yield Finding("watches", Health.OK, f"{len(watches)} watches, {len(broken)} of them broken")


def _deliveries(ground: Surroundings) -> Iterator[Finding]:
    if ground.store is None:
        return
    states = ground.store.alert_states()
    dead, retry = states.get("dead", 0), states.get("retry", 0)
    if dead:
        todo = "podwatch explain KEY says why; when it is mended: podwatch deliver --retry-dead"
        yield Finding("deliveries", Health.WRONG, f"{dead} alerts are dead", todo)
    said = f"{states.get('sent', 0)} sent, {states.get('due', 0)} due, {retry} to be tried again"
    yield Finding("deliveries", Health.NOTE if retry else Health.OK, said)


def _slack(ground: Surroundings) -> Iterator[Finding]:
    s = ground.settings
    if not s.slack_token:
        said = "no SLACK_BOT_TOKEN: alerts for Slack go to the console"
        yield Finding("slack", Health.NOTE, said, "see docs/slack.md")
        return
    from podwatch.notifiers.slack_probe import PRIVATE_CHANNEL_SCOPES, REQUIRED_SCOPES, SlackProbe

    probe = SlackProbe(s.slack_token, s.slack_base_url)
    bot = probe.identify_bot()
    yield Finding("slack", Health.OK, f"the token is {bot.name} in {bot.team}")
    if bot.clock is not None:
        yield compare_clocks("Slack", bot.clock, ground.now)
    if bot.scopes is not None:
        for scope, why in {**REQUIRED_SCOPES, **PRIVATE_CHANNEL_SCOPES}.items():
            if scope not in bot.scopes:
                health = Health.WRONG if scope in REQUIRED_SCOPES else Health.NOTE
                yield Finding(f"scope {scope}", health, f"is missing, {why}", "add it to the app, install it again")
        yield Finding("scopes", Health.OK, ", ".join(sorted(bot.scopes)) or "none")
    if s.slack_app_token:
        probe.check_app_token(s.slack_app_token)
        yield Finding("buttons", Health.OK, "SLACK_APP_TOKEN opens Socket Mode; let podwatch slack run")


def _channels(ground: Surroundings) -> Iterator[Finding]:
    if ground.store is None:
        return
    for channel in channels(ground.watches()):
        name = f"channel {plain.truncate_end(plain.clean_line(channel), 80)}"
        try:
            said = _reachable(channel, ground.settings)
        except PodwatchError as e:
            yield wrong_finding(name, e)
        else:
            yield Finding(name, Health.OK, said)


def _reachable(channel: str, settings: Settings) -> str:
    """How alerts get there; raises ChannelError when they would not."""
    match scheme_of(channel, settings):
        case "slack":
            from podwatch.notifiers.slack_probe import SlackProbe

            return f"Slack's {SlackProbe(settings.slack_token, settings.slack_base_url).check_channel(channel)}"
        case "mail":
            from podwatch.notifiers.mail import MailNotifier

            MailNotifier(settings.smtp, settings.mail_from).check(channel)
            return f"mail through {settings.smtp.host if settings.smtp else ''}"
        case "webhook":
            from podwatch.notifiers.webhook import WebhookNotifier

            WebhookNotifier(settings).check(channel)
            return "a webhook whose address may be reached"
    return "the console"


def channels(watches: Sequence[Watch]) -> list[str]:
    """Where alerts of these watches go."""
    return sorted({w.channel for w in watches if w.deliver is not DeliverMode.NONE})


class MissingPart(Exception):
    """A part that podwatch does without: (state, what to do)."""


def _models(ground: Surroundings) -> Iterator[Finding]:
    for name, load in MODELS.items():
        if name == "names" and not ground.settings.entities:
            continue
        try:
            yield Finding(f"model {name}", Health.OK, load())
        except MissingPart as e:
            yield Finding(f"model {name}", Health.NOTE, *e.args)
        except Exception as e:  # noqa: BLE001 - a package that is broken can raise anything
            said = f"does not load ({type(e).__name__}: {e})"[:300]
            yield Finding(f"model {name}", Health.WRONG, said, "install podwatch again: make install")


def _language() -> str:
    from podwatch.transcripts.language import decide_language

    text = "The president said on Monday that the talks would go on until both sides had agreed on a text. " * 15
    found = decide_language(None, text)
    if found.code != "en":
        raise ValueError(f"takes English for {found.code}")
    return "tells languages apart"


def _sandbox() -> str:
    from podwatch import feeds

    document = (
        b"<rss version='2.0'><channel><title>t</title><item><guid>1</guid><title>x</title></item></channel></rss>"
    )
    if len(feeds.read_feed(document, "doctor").episodes) != 1:
        raise ValueError("does not read a feed")
    return "reads a feed within its limits"


def _names() -> str:
    from podwatch.entities import recognition as recognise

    why = recognise.missing_requirement()
    if why is not None:
        said, _, todo = why.partition(" - ")
        raise MissingPart(said, todo)
    found = {e.text for e in recognise.load_model()("Angela Merkel met Emmanuel Macron in Berlin on Monday.").ents}
    if "Angela Merkel" not in found:
        raise ValueError("does not find a name in a sentence")
    return "finds names (spaCy's English model)"


def _phonetics() -> str:
    from podwatch import phonetics as sounds

    text = "The special envoy Steve Whitkoff said so. Later Whitgoff flew to Moscow, and Wit Goff came back."
    if not sounds.NameMatcher([sounds.WatchedName("Steve Witkoff", type="person")]).find_matches(text):
        raise ValueError("does not hear a misspelt name")
    return "hears misspelt names"


# What is loaded beside podwatch itself -> how to see that it works; Absent when podwatch does without.
MODELS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {"language": _language, "sandbox": _sandbox, "names": _names, "ear": _phonetics}
)

CHECKS: Mapping[str, Callable[[Surroundings], Iterator[Finding]]] = MappingProxyType(
    {
        "disk": _disk,
        "database": _database,
        "feeds": _feeds,
        "watches": _watches,
        "deliveries": _deliveries,
        "models": _models,
        "slack": _slack,
        "channels": _channels,
    }
)


def send_tests(settings: Settings, watches: Sequence[Watch], now: datetime) -> Iterator[Finding]:
    """Posts a test card to every channel of the watchlist; to the console when there is none."""
    for channel in channels(watches) or ["console:"]:
        name = f"test to {plain.truncate_end(plain.clean_line(channel), 80)}"
        try:
            receipt = NOTIFIERS[scheme_of(channel, settings)](settings).send(test_alert(channel, now))
        except PodwatchError as e:
            yield wrong_finding(name, e)
        else:
            yield Finding(name, Health.OK, f"arrived as {receipt.id}")


def test_alert(channel: str, now: datetime) -> Alert:
    """A card that says that it is a test; each is an alert of its own."""
    snippet = "This is a test of podwatch: if you can read it, alerts will reach you here."
    about = Episode(guid="test", show="podwatch doctor", title="A test", published_at=now)
    said = Mention(
        watch="test",
        kind=Kind.EXACT,
        score=1.0,
        surface="test",
        start=10,
        end=14,
        seconds=0.0,
        segment=0,
        speaker=None,
        snippet=snippet,
        snippet_start=snippet.index("test"),
    )
    watch = Watch(name="test", query="test", channel=channel)
    return Alert(key=f"test-{secrets.token_hex(8)}", watch=watch, episode=about, channel=channel, mentions=(said,))
