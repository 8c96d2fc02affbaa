"""podwatch hearings: the places where a watched name was in doubt, and what the audio said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import open_runtime, show_rows

if TYPE_CHECKING:
    from podwatch.store.hearings import StoredHearing

COLUMNS = ("name", "written", "text", "heard", "outcome", "show", "title")


def hearings(
    transcript: Annotated[int | None, cli.Option("--transcript", metavar="ID", help="Only of this transcript.")] = None,
    limit: Annotated[int | None, cli.Option("--limit", min=1, help="How many at most, the newest first.")] = None,
    json: Json = False,
) -> None:
    """What was heard again of names in doubt.

    Example: podwatch hearings --limit 20
    """
    with open_runtime() as rt:
        found = rt.store.list_hearings(transcript_id=transcript, limit=limit)
        none = "nothing was in doubt" if rt.settings.speech.again else "nothing is heard again: PODWATCH_HEAR_AGAIN=on"
    show_rows([_values(f) if json else _cells(f) for f in found], COLUMNS, json, none)


def _values(f: StoredHearing) -> dict[str, Any]:
    d, h = f.hearing.doubt, f.hearing
    return {
        "name": d.name,
        "surface": d.surface,
        "start": d.start,
        "end": d.end,
        "score": d.score,
        "is_wide": d.is_wide,
        "outcome": h.outcome.value if f.is_decided else None,
        "likelihoods": list(h.likelihoods),
        "recogniser": h.recogniser,
        "transcript": f.transcript_id,
        "show": f.show,
        "title": f.title,
    }


def _cells(f: StoredHearing) -> dict[str, Any]:
    from podwatch.model import HearingOutcome
    from podwatch.query.second_hearing import judge

    d, h = f.hearing.doubt, f.hearing
    is_heard = f.is_decided and h.outcome is HearingOutcome.HEARD
    return {
        "name": d.name,
        "written": d.surface,
        "text": "wide" if d.is_wide else f"{d.score:.2f}",
        "heard": f"{judge(d.score, d.surface, d.name, h).score:.2f}" if is_heard else "",
        "outcome": h.outcome.value.replace("_", " ") if f.is_decided else "waits",
        "show": f.show,
        "title": f.title,
    }
