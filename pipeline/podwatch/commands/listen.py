"""podwatch listen: speech to text for the episodes that come without a transcript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import open_runtime, print_tally
from podwatch.commands.progress import stage_bars

if TYPE_CHECKING:
    from podwatch.line.listen import ListenProgress

TITLE = 40  # characters of a title beside its bar


def listen(
    most: Annotated[int | None, cli.Option("--most", min=1, help="At most so many episodes.")] = None,
    json: Json = False,
) -> None:
    """Recognises the audio of episodes without a transcript. Off until a feed, a tag or PODWATCH_LISTEN says on."""
    from podwatch.line.listen import ListenOptions
    from podwatch.line.listen import listen as listen_verb

    with open_runtime() as rt, listening_bars() as progress:
        tally = listen_verb(rt, rt.store.clock(), options=ListenOptions(progress=progress, most=most))
    print_tally(tally, json)


@contextmanager
def listening_bars() -> Iterator[Callable[[ListenProgress], None]]:
    """A bar, or lines, for each episode: seconds of audio that were heard, and the time left."""
    with stage_bars() as update:
        yield lambda p: update(f"s of {p.title[:TITLE]}", int(p.done), int(p.of) if p.of else None)
