"""podwatch feeds set, disable and enable: what a person decides of a feed that is there already."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from podwatch.commands import cli
from podwatch.commands.audit_notes import note
from podwatch.commands.options import Json
from podwatch.commands.output import emit_json, open_runtime, require_utf8, strip_control, utc_now
from podwatch.redaction import display_address, redact_text

if TYPE_CHECKING:
    from podwatch.model import Feed


class Listening(StrEnum):
    """Whether a feed's audio is recognised."""

    ON = "on"
    OFF = "off"
    DEFAULT = "default"


FeedName = Annotated[str, cli.Argument(help="The feed: its address, whole or as the list shows it, or its number.")]


def set_(
    url: FeedName,
    title: Annotated[
        str | None, cli.Option("--title", help='What it is called here, whatever it calls itself; "" for its own.')
    ] = None,
    tag: Annotated[
        list[str] | None, cli.Option("--tag", help="Its tags instead of those it has; several times for more.")
    ] = None,
    no_tags: Annotated[bool, cli.Option("--no-tags", help="Takes all its tags away.")] = False,
    page: Annotated[
        str | None,
        cli.Option(
            "--transcript-page",
            help="Where its episodes' transcript pages are: https://site/{slug}, notes:site for links in the show"
            " notes, or off. Fields: guid, title, slug, date, year, number, season, link. robots.txt is obeyed.",
        ),
    ] = None,
    listen: Annotated[
        Listening | None,
        cli.Option("--listen", help="Whether podwatch recognises its audio itself; default: as PODWATCH_LISTEN says."),
    ] = None,
    keep: Annotated[
        str | None,
        cli.Option("--keep", help="How long its transcripts' text is kept: 90d, 12w, 2y, forever, default."),
    ] = None,
    json: Json = False,
) -> None:
    """Sets a feed's title, tags, transcript pages, listening or retention.

    Example: podwatch feeds set 3 --tag politics --listen on
    """
    from podwatch.commands.prune import parse_days
    from podwatch.feeds import opml
    from podwatch.policy.feed_choice import choose_feed
    from podwatch.policy.retention import describe_keep
    from podwatch.store.audit import Action
    from podwatch.transcripts.sources import check_template

    if title is None and not tag and not no_tags and page is None and listen is None and keep is None:
        raise cli.BadParameter("give --title, --tag, --no-tags, --transcript-page, --listen or --keep")
    if tag and no_tags:
        raise cli.BadParameter("give --tag or --no-tags")
    days = None if keep in (None, "default") else parse_days(require_utf8(keep or ""))
    template = None if page in (None, "off") else check_template(require_utf8(page or ""))
    with open_runtime() as rt:
        feed = choose_feed(rt.store.feeds(), require_utf8(url))
        own = feed.facts.title if feed.facts else ""
        chosen = None if title is None else opml.normalize_title(require_utf8(title)) or own
        rt.store.describe_feed(feed.url, title=chosen, tags=normalize_tags(tag) if tag or no_tags else None)
        if page is not None:
            rt.store.set_transcript_page(feed.url, template, utc_now())
        if listen is not None:
            rt.store.set_listen(feed.id, None if listen is Listening.DEFAULT else listen is Listening.ON)
        if keep is not None:
            rt.store.set_keep(feed.id, days)
        before, feed = feed, choose_feed(rt.store.feeds(), str(feed.id))
        note(
            rt,
            Action.SET_FEED,
            display_address(feed.url),
            _facts(before),
            _facts(feed) | _asked(listen, keep, template),
        )
    row: dict[str, object] = {"url": display_address(feed.url)}
    row |= {} if title is None else {"title": redact_text(feed.title)}
    row |= {"tags": list(feed.tags)} if tag or no_tags else {}
    row |= {} if listen is None else {"listen": listen.value}
    row |= {} if keep is None else {"keep": "default" if days is None else describe_keep(days)}
    row |= {} if page is None else {"transcript_page": None if template is None else display_address(template)}
    if json:
        emit_json(row)
        return
    said = ", ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in row.items() if name != "url")
    print(f"{row['url']}: {said}")


def disable(url: FeedName, json: Json = False) -> None:
    """Polls a feed no more, and keeps all that is known of it.

    Example: podwatch feeds disable 3
    """
    _set_disabled(url, True, json)


def enable(url: FeedName, json: Json = False) -> None:
    """Polls a disabled feed again, from the next poll on.

    Example: podwatch feeds enable 3
    """
    _set_disabled(url, False, json)


def _set_disabled(url: str, disabled: bool, json: bool) -> None:
    from podwatch.policy.feed_choice import choose_feed
    from podwatch.store.audit import Action

    with open_runtime() as rt:
        feed = choose_feed(rt.store.feeds(), require_utf8(url))
        changed = rt.store.set_disabled(feed.url, utc_now(), disabled=disabled)
        if changed:
            was, now_is = {"disabled": not disabled}, {"disabled": disabled}
            note(rt, Action.SET_FEED, display_address(feed.url), was, now_is)
    shown, word = display_address(feed.url), "disabled" if disabled else "enabled"
    already = "" if changed else "was already "
    emit_json({"url": shown, "disabled": disabled}) if json else print(f"{shown}: {already}{word}")


def _facts(feed: Feed) -> dict[str, object]:
    return {"title": redact_text(feed.title), "tags": list(feed.tags)}


def _asked(listen: Listening | None, keep: str | None, template: str | None) -> dict[str, object]:
    """What was asked for besides, as it was typed."""
    found = {"listen": listen and listen.value, "keep": keep, "transcript page": template and display_address(template)}
    return {name: value for name, value in found.items() if value}


def _shown(value: object) -> str:
    if isinstance(value, list):
        return strip_control(", ".join(value)) or "none"
    return strip_control(str(value)) if value else "off"


def normalize_tags(given: list[str] | None) -> tuple[str, ...]:
    from podwatch.feeds import opml

    return tuple(dict.fromkeys(opml.normalize_tag(require_utf8(t)) for t in given or ()))
