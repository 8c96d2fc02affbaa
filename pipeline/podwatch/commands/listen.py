"""podwatch listen: speech to text for the episodes that come without a transcript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import emit_json, load_settings, open_runtime, print_stderr, print_tally
from podwatch.commands.progress import stage_bars
from podwatch.errors import SpeechError

if TYPE_CHECKING:
    from podwatch.line.listen import ListenProgress

TITLE = 40  # characters of a title beside its bar


def listen(
    model: Annotated[
        str | None,
        cli.Argument(metavar="[MODEL]", help="With --get-model: another one; speakers: what tells them apart."),
    ] = None,
    most: Annotated[int | None, cli.Option("--most", min=1, help="At most so many episodes.")] = None,
    get_model: Annotated[
        bool, cli.Option("--get-model", help="Downloads the model that PODWATCH_SPEECH_MODEL names, and listens not.")
    ] = False,
    again: Annotated[
        bool, cli.Option("--again", help="Instead: hears the places again where a watched name is in doubt.")
    ] = False,
    json: Json = False,
) -> None:
    """Recognises the audio of episodes without a transcript.

    It is off until a feed, a tag (PODWATCH_LISTEN_TAGS) or PODWATCH_LISTEN says on; docs/listening.md has the rest.

    Example: podwatch feeds set 3 --listen on && podwatch listen
    """
    if get_model:
        _get_model(model, json)
        return
    if model is not None:
        raise cli.BadParameter(f"{model} is only taken with --get-model")
    if again:
        _hear_again(json)
        return
    from podwatch.line.listen import ListenOptions
    from podwatch.line.listen import listen as listen_verb
    from podwatch.line.listen_plan import is_on

    with open_runtime() as rt:
        if not is_on(rt.store, rt.settings.speech):
            print_stderr("no feed is listened to: podwatch feeds set FEED --listen on, or PODWATCH_LISTEN=on")
        with listening_bars() as progress:
            tally = listen_verb(rt, rt.store.clock(), options=ListenOptions(progress=progress, most=most))
    print_tally(tally, json)


def _hear_again(as_json: bool) -> None:
    from podwatch.line.hear_again import hear_again

    with open_runtime() as rt:
        if not rt.settings.speech.again:
            print_stderr("nothing is heard again: set PODWATCH_HEAR_AGAIN=on")
        tally = hear_again(rt, rt.store.clock())
        if tally.done:
            print_stderr("what was heard counts with the next podwatch detect")
    print_tally(tally, as_json)


def _get_model(name: str | None, as_json: bool) -> None:
    from podwatch.commands.audio import download_model
    from podwatch.speech.models import PINNED
    from podwatch.speech.speakers.speaker_model import NAME as SPEAKERS
    from podwatch.speech.speakers.speaker_model import REVISION, get_speaker_model

    settings = load_settings()
    name = name or settings.speech.model
    if name == SPEAKERS:
        found = get_speaker_model(settings.speech, tell=print_stderr)
        row = {"model": name, "revision": REVISION, "folder": str(found.path.parent)}
        emit_json(row) if as_json else print(
            f"{REVISION} is in {found.path.parent}; PODWATCH_SPEECH_SPEAKERS=on uses it"
        )
        return
    if name not in PINNED:
        what = f"is none of the models that podwatch gets: {', '.join(PINNED)}, {SPEAKERS}"
        raise SpeechError(what, where=name, todo="choose one of them")
    model = download_model(name, settings)
    row = {"model": model.name, "revision": model.revision, "folder": str(model.folder)}
    emit_json(row) if as_json else print(f"{model.name}@{model.revision} is in {model.folder}")


@contextmanager
def listening_bars() -> Iterator[Callable[[ListenProgress], None]]:
    """A bar, or lines, for each episode: seconds of audio that were heard, and the time left."""
    with stage_bars() as update:
        yield lambda p: update(f"s of {p.title[:TITLE]}", int(p.done), int(p.of) if p.of else None)
