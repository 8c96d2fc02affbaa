"""Checks everything that podwatch needs, for `podwatch doctor`: whether it is well, and if not, what to do.

No row is changed and nothing is posted (but by ``send_test_cards``). Each check stands alone: when one fails the others
are still made, and one that needs what is missing says so.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from podwatch.diagnose.coverage import coverage_line, feeds_without_transcripts
from podwatch.diagnose.delivery_checks import check_deliveries
from podwatch.diagnose.findings import MAX_LISTED, Finding, Health, error_finding
from podwatch.diagnose.model_checks import MODELS, MissingModel
from podwatch.diagnose.speech_checks import check_backlog, check_speech
from podwatch.errors import PodwatchError
from podwatch.line.listen_plan import is_on
from podwatch.logins import Keyring, is_sealed
from podwatch.model import Alert, DeliverMode, Episode, Kind, Mention, Period, Watch, guessed_charset
from podwatch.notifiers import NOTIFIERS, escaping, lacks_token, scheme_of, show_channel
from podwatch.policy.coverage import describe_reasons, describe_undated
from podwatch.policy.poll_schedule import is_dead
from podwatch.policy.wording import agree, count_of
from podwatch.redaction import display_address, redact_text
from podwatch.settings import Settings
from podwatch.store.database import Store, inspect_database, open_store
from podwatch.store.marks import COMPLETE_LINE, HEARTBEAT

MB = 1024 * 1024
LOW_DISK, FULL_DISK = 1024 * MB, 200 * MB  # bytes left
MAX_CLOCK_SKEW = timedelta(seconds=60)  # webhooks are refused after 300, and leases count on less
OVERDUE = timedelta(days=1)  # after its next poll: nobody runs podwatch
LATE_LINE = timedelta(days=2)  # after the last complete one


@dataclass(slots=True)
class Surroundings:
    """What the checks examine. store: None when the database could not be opened, or would have to be migrated."""

    settings: Settings
    now: datetime
    store: Store | None = None

    def watches(self) -> list[Watch]:
        return self.store.watches() if self.store else []


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Every finding, in the order of CHECKS."""
    surroundings = Surroundings(settings, now)
    try:
        for name, check in CHECKS.items():
            try:
                yield from check(surroundings)
            except PodwatchError as e:
                yield error_finding(name, e)
            except Exception as e:  # noqa: BLE001 - a check that breaks must not hide what the others found
                yield Finding(name, Health.WRONG, f"the check itself broke ({type(e).__name__}: {e})"[:300])
    finally:
        if surroundings.store is not None:
            surroundings.store.close()


def _disk(surroundings: Surroundings) -> Iterator[Finding]:
    home = surroundings.settings.home
    existing = next(p for p in (home, *home.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    message = f"{free // MB:,} MB free for {home}"
    if free < FULL_DISK:
        yield Finding("disk", Health.WRONG, message, "make room: a full disk stops everything")
    else:
        yield Finding("disk", Health.NOTE if free < LOW_DISK else Health.OK, message)


def _database(surroundings: Surroundings) -> Iterator[Finding]:
    found = inspect_database(surroundings.settings)
    if found.revision is None:
        yield Finding("database", Health.NOTE, f"{found.where} is empty", "podwatch feeds import FILE makes its tables")
        return
    if found.revision != found.wanted:
        known = found.revision < found.wanted
        message = f"{found.where} has revision {found.revision}, this podwatch needs {found.wanted}"
        todo = "podwatch db migrate brings it up to date" if known else "upgrade podwatch, or use another database"
        yield Finding("database", Health.NOTE if known else Health.WRONG, message, todo)
        return
    surroundings.store = open_store(surroundings.settings)
    rows = ", ".join(f"{n} {name}" for name, n in surroundings.store.counts().items())
    yield Finding("database", Health.OK, f"{found.where}, revision {found.revision}: {rows}")
    if found.clock is not None:
        yield compare_clocks("the database", found.clock, surroundings.now)


def compare_clocks(owner: str, theirs: datetime, ours: datetime) -> Finding:
    """How far the clock of this machine is from another's."""
    skew = abs(theirs - ours)
    message = f"{skew.total_seconds():.0f} s apart from the clock of {owner}"
    if skew > MAX_CLOCK_SKEW:
        return Finding("clock", Health.WRONG, message, "let NTP set the clock of this machine, or of the other")
    return Finding("clock", Health.OK, message)


def _feeds(surroundings: Surroundings) -> Iterator[Finding]:
    if surroundings.store is None:
        return
    feeds, now = surroundings.store.feeds(), surroundings.now
    if not feeds:
        yield Finding("feeds", Health.NOTE, "there are none yet", "podwatch feeds import FILE.opml")
        return
    dead = [f for f in feeds if is_dead(f.failing_since, now)]
    failing = [f for f in feeds if f.error and f not in dead]
    late = [f for f in feeds if f.next_poll_at is not None and f.disabled_at is None and now - f.next_poll_at > OVERDUE]
    for f in dead[:MAX_LISTED]:
        todo, why = "correct it, or podwatch feeds remove", redact_text(f.error or "")
        message = f"has failed since {f.failing_since:%Y-%m-%d}: {why}"
        yield Finding(f"feed {display_address(f.url)}", Health.WRONG, message, todo)
    if len(dead) > MAX_LISTED:
        more = f"{len(dead) - MAX_LISTED} more have failed for weeks"
        yield Finding("feeds", Health.WRONG, more, "podwatch feeds list")
    if late:
        todo = "is the DAG switched on, does the scheduler run? Or: podwatch run"
        yield Finding(
            "feeds",
            Health.WRONG,
            f"{len(late)} of {len(feeds)} {agree(len(late), 'waits', 'wait')} for a poll since a day or more",
            todo,
        )
    undated = surroundings.store.undated_episodes()
    for f in [f for f in feeds if f.id in undated][:MAX_LISTED]:
        yield Finding(f"feed {display_address(f.url)}", Health.NOTE, describe_undated(undated[f.id]))
    message = f"{count_of(len(feeds), 'feed')}, {len(failing)} of them failing for now, {len(dead)} for weeks"
    if disabled := sum(f.disabled_at is not None for f in feeds):
        message += f", {disabled} disabled"
    yield Finding("feeds", Health.NOTE if failing else Health.OK, message, "podwatch feeds list" if failing else "")


def _line(surroundings: Surroundings) -> Iterator[Finding]:
    store, now = surroundings.store, surroundings.now
    feeds = store.feeds() if store else []
    if store is None or not feeds:
        return
    last, beat = store.mark(COMPLETE_LINE), store.mark(HEARTBEAT)
    todo = "is the DAG switched on, does the scheduler run? Or: podwatch run"
    if last is None:
        polled = any(f.last_polled_at for f in feeds)  # by an older podwatch, or by single commands
        yield Finding("line", Health.NOTE if polled else Health.OK, "has not run through yet", todo if polled else "")
        return
    is_late = now - last.at > LATE_LINE
    message = f"last ran through at {last.at:%Y-%m-%d %H:%M} UTC"
    yield Finding("line", Health.WRONG if is_late else Health.OK, message, todo if is_late else "")
    if surroundings.settings.heartbeat_url:
        taken = beat is not None and beat.at >= last.at
        message = f"last taken at {beat.at:%Y-%m-%d %H:%M} UTC" if beat else "none was taken yet"
        todo = "" if taken else "the log of the last run says why; check PODWATCH_HEARTBEAT_URL"
        yield Finding("heartbeat", Health.OK if taken else Health.NOTE, message, todo)


def _coverage(surroundings: Surroundings) -> Iterator[Finding]:
    if surroundings.store is None or not surroundings.store.feeds():
        return
    now, store = surroundings.now, surroundings.store
    silent = list(feeds_without_transcripts(store.coverage_facts(Period(None, now)), now))
    todo = "ask its publisher for transcripts, or: podwatch feeds set --transcript-page, podwatch fetch --from FOLDER"
    for url, c in silent[:MAX_LISTED]:
        message = f"none of its episodes has a transcript ({describe_reasons(c)})"
        yield Finding(f"feed {url}", Health.NOTE, message, todo)
    if len(silent) > MAX_LISTED:
        more = len(silent) - MAX_LISTED
        message = f"{count_of(more, 'more feed')} {agree(more, 'has', 'have')} no transcript at all"
        yield Finding("coverage", Health.NOTE, message, "podwatch feeds list")
    yield Finding("coverage", Health.OK, coverage_line(store, now))


def _transcripts(surroundings: Surroundings) -> Iterator[Finding]:
    found = surroundings.store.guessed_charsets() if surroundings.store else []
    if found:
        named = "; ".join(f"{title[:60]} as {guessed_charset(kind)}" for title, kind in found[:MAX_LISTED])
        message = f"{len(found)} say no encoding and were read by a guess, the newest: {named}"
        yield Finding("transcripts", Health.NOTE, message, "look at one; its publisher can serve it in UTF-8")


def _logins(surroundings: Surroundings) -> Iterator[Finding]:
    feeds = [f for f in surroundings.store.feeds() if f.login] if surroundings.store else []
    keyring, encrypt = Keyring(surroundings.settings.secret_keys), "podwatch feeds encrypt-logins"
    unreadable, old, plain = list[PodwatchError](), 0, 0
    for f in feeds:
        assert f.login is not None
        try:
            keyring.open(f.login, f.url)
        except PodwatchError as e:
            unreadable.append(e)
            continue
        plain += not is_sealed(f.login)
        old += is_sealed(f.login) and not keyring.is_current(f.login)
    for error in unreadable[:MAX_LISTED]:
        yield error_finding("logins", error)
    if len(unreadable) > MAX_LISTED:
        yield Finding("logins", Health.WRONG, f"{len(unreadable) - MAX_LISTED} more cannot be decrypted")
    if plain:
        todo = encrypt if keyring.has_key else f"set PODWATCH_SECRET_KEY, then {encrypt}"
        yield Finding("logins", Health.NOTE, f"{plain} of {len(feeds)} are stored without encryption", todo)
    if old:
        message = f"{old} of {len(feeds)} are encrypted with an older key"
        yield Finding("logins", Health.NOTE, message, f"{encrypt}; then the older key can go")
    if feeds and not (unreadable or plain or old):
        yield Finding(
            "logins",
            Health.OK,
            f"{count_of(len(feeds), 'feed')} {agree(len(feeds), 'has', 'have')} one, each encrypted",
        )


def _watches(surroundings: Surroundings) -> Iterator[Finding]:
    if surroundings.store is None:
        return
    watches = surroundings.watches()
    if not watches:
        yield Finding("watches", Health.NOTE, "there are none yet", "podwatch watches sync watchlist.yaml")
        return
    broken = surroundings.store.errors()["watch"]
    for line in broken[:MAX_LISTED]:
        yield Finding("watches", Health.WRONG, line, "correct the watchlist, then podwatch watches sync")
    yield Finding("watches", Health.OK, f"{count_of(len(watches), 'watch')}, {len(broken)} of them broken")


def _deliveries(surroundings: Surroundings) -> Iterator[Finding]:
    if surroundings.store is not None:
        yield from check_deliveries(surroundings.store, surroundings.store.clock(), surroundings.now)


def _slack(surroundings: Surroundings) -> Iterator[Finding]:
    s = surroundings.settings
    if not s.slack_token:
        message = "no SLACK_BOT_TOKEN: alerts for Slack wait for it"
        yield Finding("slack", Health.NOTE, message, "see docs/slack.md")
        return
    from podwatch.notifiers.slack_probe import PRIVATE_CHANNEL_SCOPES, REQUIRED_SCOPES, SlackProbe

    probe = SlackProbe(s.slack_token, s.slack_base_url, s.slack_proxy)
    bot = probe.identify_bot()
    yield Finding("slack", Health.OK, f"the token is {bot.name} in {bot.team}")
    if bot.clock is not None:
        yield compare_clocks("Slack", bot.clock, surroundings.now)
    if bot.scopes is not None:
        for scope, why in {**REQUIRED_SCOPES, **PRIVATE_CHANNEL_SCOPES}.items():
            if scope not in bot.scopes:
                health = Health.WRONG if scope in REQUIRED_SCOPES else Health.NOTE
                yield Finding(f"scope {scope}", health, f"is missing, {why}", "add it to the app, install it again")
        yield Finding("scopes", Health.OK, ", ".join(sorted(bot.scopes)) or "none")
    if s.slack_app_token:
        probe.check_app_token(s.slack_app_token)
        yield Finding("buttons", Health.OK, "SLACK_APP_TOKEN opens Socket Mode; let podwatch slack run")


def _channels(surroundings: Surroundings) -> Iterator[Finding]:
    if surroundings.store is None:
        return
    for channel in alert_channels(surroundings.watches()):
        name = f"channel {escaping.truncate_end(escaping.clean_line(show_channel(channel)), 80)}"
        if lacks_token(channel, surroundings.settings):
            todo = "set SLACK_BOT_TOKEN, see docs/slack.md"
            yield Finding(name, Health.NOTE, "is Slack's: what is for it waits", todo)
            continue
        try:
            yield Finding(name, Health.OK, _check_channel(channel, surroundings.settings))
        except PodwatchError as e:
            yield error_finding(name, e)


def _check_channel(channel: str, settings: Settings) -> str:
    """How alerts get to a channel; raises ChannelError when they would not."""
    match scheme_of(channel, settings):
        case "slack":
            from podwatch.notifiers.slack_probe import SlackProbe

            probe = SlackProbe(settings.slack_token, settings.slack_base_url, settings.slack_proxy)
            return f"Slack's {probe.check_channel(channel)}"
        case "mail":
            from podwatch.notifiers.mail import MailNotifier

            MailNotifier(settings.smtp, settings.mail_from).check(channel)
            return f"mail through {settings.smtp.host if settings.smtp else ''}"
        case "webhook":
            from podwatch.notifiers.webhook import WebhookNotifier

            WebhookNotifier(settings).check(channel)
            return "a webhook whose address may be reached"
    return "the console"


def alert_channels(watches: Sequence[Watch]) -> list[str]:
    """The channels that get alerts of these watches."""
    return sorted({w.channel for w in watches if w.deliver is not DeliverMode.NONE})


def _models(surroundings: Surroundings) -> Iterator[Finding]:
    for name, load in MODELS.items():
        if name == "names" and not surroundings.settings.entities:
            continue
        try:
            yield Finding(f"model {name}", Health.OK, load())
        except MissingModel as e:
            yield Finding(f"model {name}", Health.NOTE, *e.args)
        except Exception as e:  # noqa: BLE001 - a package that is broken can raise anything
            message = f"does not load ({type(e).__name__}: {e})"[:300]
            yield Finding(f"model {name}", Health.WRONG, message, "install podwatch again: make install")


def _speech(surroundings: Surroundings) -> Iterator[Finding]:
    store, settings = surroundings.store, surroundings.settings
    yield from check_speech(settings, listens=is_on(store, settings.speech) if store else settings.speech.may_listen)
    if store:
        yield from check_backlog(store, settings, surroundings.now)


CHECKS: Mapping[str, Callable[[Surroundings], Iterator[Finding]]] = MappingProxyType(
    {
        "disk": _disk,
        "database": _database,
        "feeds": _feeds,
        "line": _line,
        "coverage": _coverage,
        "transcripts": _transcripts,
        "logins": _logins,
        "watches": _watches,
        "deliveries": _deliveries,
        "models": _models,
        "speech": _speech,
        "slack": _slack,
        "channels": _channels,
    }
)


def send_test_cards(settings: Settings, watches: Sequence[Watch], now: datetime) -> Iterator[Finding]:
    """Posts a test card to every channel of the watchlist; to the console when there is none."""
    for channel in alert_channels(watches) or ["console:"]:
        name = f"test to {escaping.truncate_end(escaping.clean_line(show_channel(channel)), 80)}"
        try:
            receipt = NOTIFIERS[scheme_of(channel, settings)](settings).send(build_test_alert(channel, now))
        except PodwatchError as e:
            yield error_finding(name, e)
        else:
            yield Finding(name, Health.OK, f"arrived as {receipt.id}")


def build_test_alert(channel: str, now: datetime) -> Alert:
    """An alert that says that it is a test; its key is random, so that each is delivered."""
    snippet = "This is a test of podwatch: if you can read it, alerts will reach you here."
    episode = Episode(guid="test", show="podwatch doctor", title="A test", published_at=now)
    mention = Mention(
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
    return Alert(key=f"test-{secrets.token_hex(8)}", watch=watch, episode=episode, channel=channel, mentions=(mention,))
