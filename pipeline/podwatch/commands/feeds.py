"""podwatch feeds: which podcasts are polled, and how they are."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from podwatch.commands import cli, feed_settings
from podwatch.commands.audit_notes import note
from podwatch.commands.feed_settings import FeedName, normalize_tags
from podwatch.commands.options import Json
from podwatch.commands.output import (
    emit_json,
    open_runtime,
    print_stderr,
    require_utf8,
    show_rows,
    strip_control,
    utc_now,
)
from podwatch.errors import PodwatchError
from podwatch.policy.wording import agree, count_of
from podwatch.redaction import display_address, has_secret, is_redacted, redact_text

if TYPE_CHECKING:
    from podwatch.line.feed_discovery import Found
    from podwatch.model import Feed

app = cli.Group(help="The podcasts that are polled.", no_args_is_help=True)
Tags = Annotated[list[str] | None, cli.Option("--tag", help="A tag for them; may be given several times.")]


@app.command("import")
def import_(file: Annotated[Path, cli.Argument(help="An OPML file.")], tag: Tags = None, json: Json = False) -> None:
    """Adds the feeds of an OPML file; its folders become tags.

    Twice changes nothing. An entry that is no feed is left out and named, and the exit status is 1.

    Example: podwatch feeds import subscriptions.opml
    """
    from podwatch.feeds import opml

    tags = normalize_tags(tag)
    found, errors = opml.read_opml(file)
    for line in errors:
        print_stderr(f"left out: {line}")
    whole = [replace(f, tags=tuple(dict.fromkeys(f.tags + tags))) for f in found if not is_redacted(f.url)]
    if len(whole) < len(found):
        n = len(found) - len(whole)
        left_out = f"{count_of(n, 'feed')} {agree(n, 'is', 'are')} left out: *** stands for a secret in"
        left_out += agree(n, " its address", " their addresses")
        print_stderr(f"{left_out} - export {agree(n, 'it', 'them')} with podwatch feeds export --with-secrets")
    _add(whole, json)
    if errors:
        raise cli.Exit(1)


@app.command()
def add(
    url: Annotated[list[str], cli.Argument(help="Addresses of feeds.")], tag: Tags = None, json: Json = False
) -> None:
    """Adds feeds by their address, that of a show's web page, or its link at Apple Podcasts.

    A login in it (https://user:password@host/feed) is kept apart from it.

    Example: podwatch feeds add https://show.example/feed.xml --tag politics
    """
    from podwatch.feeds import apple_podcast_id, opml
    from podwatch.line.feed_discovery import look_behind_pages, look_up_show

    tags = normalize_tags(tag)
    for address in url:
        if is_redacted(address):
            what = "has *** in place of a secret"
            raise PodwatchError(what, where=display_address(address), todo="give the whole address")
    with open_runtime() as rt:
        shows = [look_up_show(rt, address) for address in url]
        looked = look_behind_pages(rt, [opml.feed_at(address, tags=tags) for address in shows])
    from_apple = [(a, feed.url) for a, (feed, _) in zip(url, looked, strict=True) if apple_podcast_id(a)]
    _add([feed for feed, _ in looked], json, from_apple + _report_pages(looked))


def _report_pages(looked: Sequence[tuple[Feed, Found | None]]) -> list[tuple[str, str]]:
    """The pages with the feeds that they name; those that name none are told at once."""
    for _, found in looked:
        if found is not None and found.feed is None:
            where = display_address(found.given)
            print_stderr(f"{where}: is a web page that names no feed - add the address of the feed itself")
    return [(found.given, found.feed) for _, found in looked if found is not None and found.feed is not None]


app.command("set")(feed_settings.set_)
app.command()(feed_settings.disable)
app.command()(feed_settings.enable)


@app.command()
def remove(url: FeedName, json: Json = False) -> None:
    """Removes a feed with its episodes, transcripts and mentions.

    Example: podwatch feeds remove 3
    """
    from podwatch.policy.feed_choice import choose_feed
    from podwatch.store.audit import Action

    with open_runtime() as rt:
        feed = choose_feed(rt.store.feeds(), require_utf8(url))
        rt.store.remove_feed(feed.url)
        shown = display_address(feed.url)
        note(rt, Action.REMOVE_FEED, shown, {"title": feed.title, "tags": list(feed.tags)}, None)
    emit_json({"removed": shown}) if json else print(f"removed {shown}")


@app.command()
def login(
    url: FeedName,
    user: Annotated[str | None, cli.Option("--user", help="The user name; only the password is asked for.")] = None,
    remove: Annotated[bool, cli.Option("--remove", help="Takes the login away.")] = False,
    json: Json = False,
) -> None:
    """Sets or replaces the login of a feed.

    Asks for it on a terminal, else reads user:password from stdin.

    Example: podwatch feeds login 3 --user me
    """
    from podwatch.line.feed_list import encrypt_logins
    from podwatch.policy.feed_choice import choose_feed
    from podwatch.store.audit import Action

    with open_runtime() as rt:
        feed = choose_feed(rt.store.feeds(), require_utf8(url))
        stored = None if remove else rt.keyring.seal(_ask_login(user))
        rt.store.set_login(feed.id, stored, utc_now())
        was, now_has = {"login": feed.login is not None}, {"login": not remove}
        note(rt, Action.SET_LOGIN, display_address(feed.url), was, now_has)
        encrypt_logins(rt)
    shown = display_address(feed.url)
    emit_json({"url": shown, "login": not remove}) if json else print(
        f"{shown}: login {'removed' if remove else 'set'}"
    )


@app.command("encrypt-logins")
def encrypt_logins_(json: Json = False) -> None:
    """Encrypts every stored login with the first key of PODWATCH_SECRET_KEY.

    Twice changes nothing.

    Example: podwatch feeds encrypt-logins
    """
    from podwatch.line.feed_list import encrypt_logins

    with open_runtime() as rt:
        if not rt.keyring.has_key:
            raise PodwatchError("is not set", where="PODWATCH_SECRET_KEY", todo="see docs/settings.md")
        done, errors = encrypt_logins(rt)
    for line in errors:
        print_stderr(f"podwatch: {line}")
    row = {"encrypted": done, "failed": len(errors)}
    emit_json(row) if json else print(f"{count_of(done, 'login')} encrypted")
    if errors:
        raise cli.Exit(1)


@app.command()
def export(
    file: Annotated[Path | None, cli.Argument(help="The OPML file to write; stdout without it.")] = None,
    with_secrets: Annotated[
        bool, cli.Option("--with-secrets", help="Whole addresses, with their logins and tokens.")
    ] = False,
    json: Json = False,
) -> None:
    """Writes the feeds with their tags as OPML.

    For other programs or another podwatch; secrets only when asked for.

    Example: podwatch feeds export feeds.opml
    """
    from podwatch.logins import join_login

    with open_runtime() as rt:
        feeds = rt.store.feeds()
        if with_secrets:
            feeds = [
                replace(f, url=join_login(f.url, rt.keyring.open(f.login, f.url)) if f.login else f.url) for f in feeds
            ]
        else:
            secret = sum(f.login is not None or has_secret(f.url) for f in feeds)
            feeds = [replace(f, url=display_address(f.url)) for f in feeds]
            if secret:
                print_stderr(f"the secrets of {count_of(secret, 'feed')} are left out; --with-secrets writes them")
    from podwatch.feeds import opml

    text = opml.write_opml(feeds)
    if file is None:
        emit_json({"opml": text}) if json else sys.stdout.write(text)
        return
    try:
        with open(file, "w", encoding="utf-8", opener=_open_private if with_secrets else None) as out:
            out.write(text)
    except OSError as e:
        raise PodwatchError(e.strerror or str(e), where=str(file), todo="check the path") from None
    emit_json({"file": file, "feeds": len(feeds)}) if json else print(
        f"{strip_control(str(file))}: {count_of(len(feeds), 'feed')}"
    )


@app.command("list")
def list_(json: Json = False) -> None:
    """The feeds with their health.

    Last poll, last episode, transcripts, last error, next poll.

    Example: podwatch feeds list --json
    """
    from podwatch.diagnose.coverage import transcripts_by_feed
    from podwatch.policy.coverage import describe_undated
    from podwatch.policy.poll_schedule import is_dead

    moment = utc_now()
    with open_runtime() as rt:
        feeds = rt.store.feeds()
        transcripts, undated = transcripts_by_feed(rt.store, moment), rt.store.undated_episodes()
        rows = [
            {
                "id": f.id,
                "url": display_address(f.url),
                "login": f.login is not None,
                "title": redact_text(f.title),
                "tags": list(f.tags),
                "last_poll": f.last_polled_at,
                "last_episode": f.last_episode_at,
                "next_poll": f.next_poll_at if f.disabled_at is None or json else "disabled",
                "disabled": f.disabled_at is not None,
                "failures": f.failures,
                "failing_since": f.failing_since,
                "dead": is_dead(f.failing_since, moment),
                "error": redact_text(f.error) if f.error else None,
                "transcripts": transcripts.get(f.id, ""),
                "undated": undated.get(f.id, 0),
            }
            for f in feeds
        ]
    dead = sum(row["dead"] is True for row in rows)
    if dead:
        have = f"{count_of(dead, 'feed')} {agree(dead, 'has', 'have')}"
        print_stderr(f"{have} failed for two weeks or more: mend or remove {agree(dead, 'it', 'them')}")
    for f in feeds:
        if f.id in undated:
            print_stderr(f"{display_address(f.url)}: {describe_undated(undated[f.id])}")
    columns = ("id", "title", "url", "tags", "last_poll", "last_episode", "transcripts", "next_poll", "error")
    show_rows(rows, columns, json, "no feeds yet: podwatch feeds import FILE.opml")


def _add(feeds: list[Feed], as_json: bool, found: Sequence[tuple[str, str]] = ()) -> None:
    """found: addresses that were given, with the feeds to which they led."""
    from podwatch.line.feed_list import add_feeds
    from podwatch.store.audit import Action

    with open_runtime() as rt:
        listed, new = add_feeds(rt, feeds, utc_now())
        after = {"feeds": [display_address(f.url) for f in feeds[:100]]}
        note(rt, Action.ADD_FEEDS, f"{new} new of {listed} feeds", None, after)
    shown = {display_address(given): display_address(feed) for given, feed in found}
    row = {"feeds": listed, "new": new} | ({"found": shown} if shown else {})
    if as_json:
        emit_json(row)
        return
    for given, address in shown.items():
        print(f"{given}: its feed is {address}")
    print(f"{count_of(listed, 'feed')}, {new} new")


def _ask_login(user: str | None) -> str:
    """user:password, typed without an echo or read from stdin: an argument would stay in the shell's history."""
    from podwatch.logins import check_login

    if sys.stdin.isatty():
        user = cli.prompt("user", err=True) if user is None else user
        return check_login(f"{user}:{cli.prompt('password', hide_input=True, err=True)}")
    line = sys.stdin.readline().rstrip("\r\n")
    return check_login(require_utf8(line if user is None else f"{user}:{line}"))


def _open_private(path: str, flags: int) -> int:
    """Opens a file that only its owner may read, when it is made anew."""
    return os.open(path, flags, 0o600)
