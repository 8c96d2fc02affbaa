"""podwatch mute: a watch or a show raises no alert until a date; its mentions are stored all the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from podwatch.commands import cli
from podwatch.commands.audit_notes import note, user_name
from podwatch.commands.choices import known_feed, known_watch
from podwatch.commands.options import Json, moment_option, parse_future, parse_length
from podwatch.commands.output import emit_json, open_runtime, require_utf8, show_rows, strip_control, utc_now
from podwatch.errors import PodwatchError
from podwatch.model import Mute

if TYPE_CHECKING:
    from podwatch.store.database import Store

app = cli.Group(help="What tells nobody for a while.", no_args_is_help=True)
_COLUMNS = ("id", "watch", "show", "until", "by", "reason")


@app.command()
def add(
    until: Annotated[
        datetime | None,
        moment_option("--until", parse=parse_future, help_="When it ends (UTC): 2026-12-24, or 2026-12-24T18:00."),
    ] = None,
    for_: Annotated[
        timedelta | None,
        cli.Option("--for", parser=parse_length, metavar="LENGTH", help="How long, instead of --until: 2d, 12h, 2w."),
    ] = None,
    watch: Annotated[str | None, cli.Option("--watch", help="A watch, by name.")] = None,
    feed: Annotated[str | None, cli.Option("--feed", help="A show, by its feed's address or its title.")] = None,
    reason: Annotated[str, cli.Option("--reason", help="Why, for those who wonder.")] = "",
    json: Json = False,
) -> None:
    """Mutes a watch, a show, or (with both) a watch in one show.

    Mentions are stored all the same.

    Example: podwatch mute add --watch grain --for 2d
    """
    from podwatch.store.audit import Action

    moment = utc_now()
    if (until is None) == (for_ is None):
        raise cli.BadParameter("give --for 2d or --until 2026-12-24")
    end = until if for_ is None or until is not None else moment + for_
    assert end is not None
    if watch is None and feed is None:
        raise PodwatchError("says neither --watch nor --feed", where="podwatch mute add", todo="name what to mute")
    if end <= moment:
        raise PodwatchError("is in the past", where=f"--until {end:%Y-%m-%dT%H:%M}", todo="give a later date")
    with open_runtime() as rt:
        mute = rt.store.add_mute(
            Mute(
                watch_id=_watch_id(rt.store, watch) if watch is not None else None,
                feed_id=muted.id if (muted := known_feed(rt.store, feed)) else None,
                until=end,
                reason=require_utf8(reason),
                by=user_name(),
            ),
            moment,
        )
        after = {"until": f"{end:%Y-%m-%dT%H:%MZ}"} | ({"reason": mute.reason} if mute.reason else {})
        note(rt, Action.MUTE, _describe(mute), None, after)
    line = f"muted {_describe(mute)} until {end:%Y-%m-%d %H:%M} UTC (mute {mute.id})"
    emit_json(_row(mute)) if json else print(strip_control(line))


@app.command("list")
def list_(
    all_: Annotated[bool, cli.Option("--all", help="Also those that are over.")] = False, json: Json = False
) -> None:
    """What is muted now, until when, by whom and why.

    Example: podwatch mute list --all
    """
    with open_runtime() as rt:
        mutes = rt.store.mutes() if all_ else rt.store.active_mutes(utc_now())
    show_rows([_row(m) for m in mutes], _COLUMNS, json, "nothing is muted")


@app.command()
def end(id: Annotated[int, cli.Argument(help="Its number, see podwatch mute list.")], json: Json = False) -> None:
    """Ends a mute now.

    Example: podwatch mute end 3
    """
    from podwatch.store.audit import Action

    with open_runtime() as rt:
        found = [m for m in rt.store.active_mutes(utc_now()) if m.id == id]
        if not found or not rt.store.end_mute(id, utc_now()):
            raise PodwatchError("there is no such mute now", where=str(id), todo="see podwatch mute list")
        note(rt, Action.END_MUTE, _describe(found[0]), {"until": f"{found[0].until:%Y-%m-%dT%H:%MZ}"}, None)
    emit_json({"ended": id}) if json else print(f"ended mute {id}")


def _watch_id(store: Store, name: str) -> int:
    known_watch(store, name)
    return next(w.id for w in store.watches() if w.name == name)


def _describe(mute: Mute) -> str:
    return " in ".join(part for part in (mute.watch, mute.show) if part)


def _row(m: Mute) -> dict[str, object]:
    return {
        "id": m.id,
        "watch": m.watch,
        "show": m.show,
        "until": m.until,
        "by": m.by,
        "reason": m.reason,
        "created_at": m.created_at,
    }
