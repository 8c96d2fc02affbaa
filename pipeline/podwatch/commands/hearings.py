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
    from podwatch.diagnose.names_in_doubt import describe_place

    d, h, described = f.hearing.doubt, f.hearing, describe_place(f)
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
        "why": described.text,
        "asked_at": f.asked_at,
        "heard_at": f.heard_at,
        "transcript": f.transcript_id,
        "episode": f.episode_id,
        "show": f.show,
        "title": f.title,
    }


def _cells(f: StoredHearing) -> dict[str, Any]:
    from podwatch.diagnose.names_in_doubt import PlaceState, describe_place

    d, described = f.hearing.doubt, describe_place(f)
    heard = described.state is PlaceState.HEARD and described.score is not None
    return {
        "name": d.name,
        "written": described.surface,
        "text": "wide" if d.is_wide else f"{d.score:.2f}",
        "heard": f"{described.score:.2f}" if heard else "",
        "outcome": described.text,
        "show": f.show,
        "title": f.title,
    }
