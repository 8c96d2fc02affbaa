"""Downloads a pinned model when it is asked for, and at no other time: by its commit, resumed, checked by hash."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from podwatch.errors import HttpError, SpeechError, StorageError
from podwatch.net.client import HttpClient
from podwatch.settings import Settings
from podwatch.speech.models import PINNED, LocalModel, ModelFile, find_model, hash_file, models_folder

HUB = "https://huggingface.co"
DEADLINE = 12 * 3600.0  # seconds for a file: the largest has 3 GB
SPARE = 200 * 1024 * 1024  # bytes that stay free on the disk
_ELSEWHERE = "or copy the folder from a machine that has it, see docs/listening.md"
_NOT_PINNED = "try again; if that says the same, set PODWATCH_SPEECH_MODEL to a folder of your own with the files"


def get_model(
    name: str,
    settings: Settings,
    progress: Callable[[int, int], object] = lambda done, of: None,
    *,
    hub: str = HUB,
) -> LocalModel:
    """The model of this name, downloaded into the models folder if it is not there, or not whole.

    progress: is told the bytes so far, and all of them; often. hub: where the repositories are. Raises SpeechError.
    """
    if name not in PINNED:
        raise SpeechError(f"there is no model {name}", where="--get-model", todo=f"choose one of {', '.join(PINNED)}")
    model = PINNED[name]
    speech = replace(settings.speech, model=name)
    folder = models_folder(speech) / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        missing = [f for f in model.files if not _is_there(folder, f)]
        free = shutil.disk_usage(folder).free
    except OSError as e:
        raise SpeechError(
            f"cannot be written ({e.strerror})", where=str(folder), todo="set PODWATCH_SPEECH_MODELS"
        ) from e
    wanted = sum(f.size for f in missing)
    if wanted + SPARE > free:
        what = f"the model {name} needs {wanted // 2**20:,} MB, and {free // 2**20:,} are free"
        raise SpeechError(what, where=str(folder), todo="make room, or set PODWATCH_SPEECH_MODELS to another disk")
    done = model.size - wanted
    http = HttpClient(settings)
    try:
        for file in sorted(missing, key=lambda f: f.size):
            url = f"{hub}/{model.repository}/resolve/{model.revision}/{file.name}"
            _download(http, url, file, folder, partial(_report, progress, done, model.size))
            done += file.size
            progress(done, model.size)
    finally:
        http.close()
    return find_model(speech)


def _download(
    http: HttpClient, url: str, file: ModelFile, folder: Path, progress: Callable[[int, int | None], object]
) -> None:
    """One file; what is not what it should be is deleted, and said."""
    path = folder / file.name
    try:
        got = http.download(url, path, max_bytes=file.size, deadline=DEADLINE, progress=progress)
    except HttpError as e:
        if e.what.startswith("is larger than"):
            what = f"is not the file that podwatch pins: {e.what}"
            raise SpeechError(what, where=e.where, todo=_NOT_PINNED) from None
        todo = f"{e.todo or 'say the same again: it goes on where it was'}, {_ELSEWHERE}"
        raise SpeechError(e.what, where=e.where, todo=todo, retryable=e.retryable) from None
    except StorageError as e:
        raise SpeechError(e.what, where=str(path), todo=e.todo or "make room") from None
    if got.size != file.size or got.sha256 != file.sha256:
        path.unlink(missing_ok=True)
        what = f"is not the file that podwatch pins ({got.size:,} bytes, sha256 {got.sha256[:12]}...)"
        raise SpeechError(what, where=url, todo=_NOT_PINNED, retryable=True)


def _report(progress: Callable[[int, int], object], before: int, of: int, done: int, of_file: int | None) -> None:
    progress(before + done, of)


def _is_there(folder: Path, file: ModelFile) -> bool:
    path = folder / file.name
    return path.is_file() and path.stat().st_size == file.size and hash_file(path) == file.sha256
