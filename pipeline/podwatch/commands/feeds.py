"""podwatch feeds: which podcasts are polled, and how they are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

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
from podwatch.diagnose.coverage import transcripts_by_feed
from podwatch.errors import PodwatchError
from podwatch.feeds import opml
from podwatch.model import Feed
from podwatch.policy.poll_schedule import is_dead
from podwatch.transcripts.sources import check_template

app = typer.Typer(help="The podcasts that are polled.", no_args_is_help=True)
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A tag for them; may be given several times.")]


@app.command("import")
def import_(file: Annotated[Path, typer.Argument(help="An OPML file.")], tag: Tags = None, json: Json = False) -> None:
    """Adds the feeds of an OPML file; its folders become tags. Twice changes nothing."""
    tags = _tags(tag)
    _add([Feed(url=f.url, title=f.title, tags=tuple(dict.fromkeys(f.tags + tags))) for f in opml.read_opml(file)], json)


@app.command()
def add(
    url: Annotated[list[str], typer.Argument(help="Addresses of feeds.")], tag: Tags = None, json: Json = False
) -> None:
    """Adds feeds by their address."""
    tags = _tags(tag)
    _add([Feed(url=opml.normalize_address(u), tags=tags) for u in url], json)


@app.command("set")
def set_(
    url: Annotated[str, typer.Argument(help="The address of the feed.")],
    page: Annotated[
        str,
        typer.Option(
            "--transcript-page",
            help="Where its episodes' transcript pages are: https://site/{slug}, notes:site for links in the show"
            " notes, or off. Fields: guid, title, slug, date, year, number, season, link.",
        ),
    ],
    json: Json = False,
) -> None:
    """Says where transcripts are that the feed does not name. Off by default; robots.txt is obeyed."""
    template = None if page == "off" else check_template(require_utf8(page))
    with open_runtime() as rt:
        if not rt.store.set_transcript_page(require_utf8(url), template, utc_now()):
            raise PodwatchError("is not among the feeds", where=url, todo="see podwatch feeds list")
    emit_json({"url": url, "transcript_page": template}) if json else print(f"{url}: transcript page {page}")


@app.command()
def remove(url: Annotated[str, typer.Argument(help="The address of the feed.")], json: Json = False) -> None:
    """Removes a feed with its episodes, transcripts and mentions."""
    with open_runtime() as rt:
        if not rt.store.remove_feed(require_utf8(url)):
            raise PodwatchError("is not among the feeds", where=url, todo="see podwatch feeds list")
    emit_json({"removed": url}) if json else print(f"removed {url}")


@app.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="The OPML file to write; stdout without it.")] = None,
    json: Json = False,
) -> None:
    """Writes the feeds with their tags as OPML, for other programs or another podwatch."""
    with open_runtime() as rt:
        feeds = rt.store.feeds()
    text = opml.write_opml(feeds)
    if file is None:
        emit_json({"opml": text}) if json else sys.stdout.write(text)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as e:
        raise PodwatchError(e.strerror or str(e), where=str(file), todo="check the path") from None
    emit_json({"file": file, "feeds": len(feeds)}) if json else print(f"{strip_control(str(file))}: {len(feeds)} feeds")


@app.command("list")
def list_(json: Json = False) -> None:
    """The feeds with their health: last poll, last episode, transcripts, last error, next poll."""
    moment = utc_now()
    with open_runtime() as rt:
        transcripts = transcripts_by_feed(rt.store, moment)
        rows = [
            {
                "url": f.url,
                "title": f.title,
                "tags": list(f.tags),
                "last_poll": f.last_polled_at,
                "last_episode": f.last_episode_at,
                "next_poll": f.next_poll_at,
                "failures": f.failures,
                "failing_since": f.failing_since,
                "dead": is_dead(f.failing_since, moment),
                "error": f.error,
                "transcripts": transcripts.get(f.id, ""),
            }
            for f in rt.store.feeds()
        ]
    dead = sum(row["dead"] is True for row in rows)
    if dead:
        print_stderr(f"{dead} feeds have failed for two weeks or more: mend or remove them")
    columns = ("title", "url", "tags", "last_poll", "last_episode", "transcripts", "next_poll", "error")
    show_rows(rows, columns, json, "no feeds yet: podwatch feeds import FILE.opml")


def _tags(given: list[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(opml.normalize_tag(require_utf8(t)) for t in given or ()))


def _add(feeds: list[Feed], as_json: bool) -> None:
    with open_runtime() as rt:
        new = rt.store.add_feeds(feeds, utc_now())
    row = {"feeds": len(feeds), "new": new}
    emit_json(row) if as_json else print(f"{len(feeds)} feeds, {new} new")
