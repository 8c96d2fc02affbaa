"""Where the recogniser's model is, and whether it is what it should be: by revision, by size, and by hash when asked.

A model is a folder of CTranslate2 with the files of REQUIRED. It comes from `podwatch listen --get-model`
(model_download.py), from another machine, or is somebody's own: one that is not in PINNED is named by its bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from podwatch.errors import SpeechError
from podwatch.speech_settings import SpeechSettings

REQUIRED = ("config.json", "model.bin", "tokenizer.json")  # without the last, faster-whisper would ask the network
VOCABULARIES = ("vocabulary.txt", "vocabulary.json")
_BLOCK = 1024 * 1024  # bytes read at once


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model. size: bytes."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PinnedModel:
    """A model that can be downloaded: a commit of a repository on the Hugging Face hub, and its files there."""

    name: str
    repository: str
    revision: str
    files: tuple[ModelFile, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model on this machine. revision: seven digits of the commit; of its bytes where it is not in PINNED."""

    name: str
    revision: str
    folder: Path


_TOKENIZER = ModelFile("tokenizer.json", 2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab")
_VOCABULARY = ModelFile("vocabulary.txt", 459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913")
_ENGLISH = (
    ModelFile("tokenizer.json", 2_128_466, "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
    ModelFile("vocabulary.txt", 422_309, "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
)
_MULTILINGUAL = (_TOKENIZER, _VOCABULARY)
_TOKENIZER_3 = ModelFile(
    "tokenizer.json", 2_480_617, "6d8cbd7cd0d8d5815e478dac67b85a26bbe77c1f5e0c6d76d1ce2abc0e5f21ca"
)
_TOKENIZER_TURBO = ModelFile(
    "tokenizer.json", 2_710_337, "297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd"
)
_VERSION_3 = (
    ModelFile("preprocessor_config.json", 340, "7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711"),
    ModelFile("vocabulary.json", 1_068_114, "c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1"),
)
# fmt: off
# (name, repository, commit, config.json and model.bin as (bytes, sha256), the files that several models share)
_TABLE: tuple[tuple[str, str, str, tuple[int, str], tuple[int, str], tuple[ModelFile, ...]], ...] = (
    ("tiny", "Systran/faster-whisper-tiny", "d90ca5fe260221311c53c58e660288d3deb8d356",
     (2_249, "a73a28cdfe1c43ccc7202fa333d1f89c202477271407ae9a7f19afa52039cac8"),
     (75_538_270, "dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1"), _MULTILINGUAL),
    ("tiny.en", "Systran/faster-whisper-tiny.en", "0d3d19a32d3338f10357c0889762bd8d64bbdeba",
     (2_317, "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
     (75_537_502, "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"), _ENGLISH),
    ("base", "Systran/faster-whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
     (2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
     (145_217_532, "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"), _MULTILINGUAL),
    ("base.en", "Systran/faster-whisper-base.en", "3d3d5dee26484f91867d81cb899cfcf72b96be6c",
     (2_227, "f3bc3821e9fc76a27bae538e11ae5b677dcdd352b4600429ce7951d398569aeb"),
     (145_216_508, "2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef"), _ENGLISH),
    ("small", "Systran/faster-whisper-small", "536b0662742c02347bc0e980a01041f333bce120",
     (2_370, "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828"),
     (483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"), _MULTILINGUAL),
    ("small.en", "Systran/faster-whisper-small.en", "d1d751a5f8271d482d14ca55d9e2deeebbae577f",
     (2_657, "666a9605530ac1f61fa8177f3702b4dacec9966749e42610839fcc32661d5fae"),
     (483_545_366, "62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a"), _ENGLISH),
    ("medium", "Systran/faster-whisper-medium", "08e178d48790749d25932bbc082711ddcfdfbc4f",
     (2_257, "3622a2ddc41ec0e0fd4e68c13c6830f03b90c38d89aaad184de02c8c642cf807"),
     (1_527_906_378, "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae"), _MULTILINGUAL),
    ("medium.en", "Systran/faster-whisper-medium.en", "a29b04bd15381511a9af671baec01072039215e3",
     (2_643, "4a1848ebabe7938d9797c15a2e8e4ce1d36e6fd4a43d096ae5955257c67c7962"),
     (1_527_904_330, "11b220779aea4c6f3ce9d2549c8a95ea869ed84066864b999531ef53e594fe5b"), _ENGLISH),
    ("large-v2", "Systran/faster-whisper-large-v2", "f0fe81560cb8b68660e564f55dd99207059c092e",
     (2_796, "d86b7a7664a12559d644aa210a32ce9a7e03913e794b7ea4fb7182de69e273a7"),
     (3_086_912_962, "bf2a9746382e1aa7ffff6b3a0d137ed9edbd9670c3b87e5d35f5e85e70d0333a"), _MULTILINGUAL),
    ("large-v3", "Systran/faster-whisper-large-v3", "edaa852ec7e145841d8ffdb056a99866b5f0a478",
     (2_394, "a9306624f5ec14270a014b647e5c316b6e03a662c369758d1b90697a7b0655b9"),
     (3_087_284_237, "69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1"), (_TOKENIZER_3, *_VERSION_3)),
    ("large-v3-turbo", "dropbox-dash/faster-whisper-large-v3-turbo", "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
     (2_263, "b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e"),
     (1_617_884_929, "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da"),
     (_TOKENIZER_TURBO, *_VERSION_3)),
    ("distil-large-v3", "Systran/faster-distil-whisper-large-v3", "c3058b475261292e64a0412df1d2681c06260fab",
     (2_690, "90c55f775cc4e0bb17293d0bf12f96557a486f20dea886fabd8e6075a3588b21"),
     (1_512_927_867, "b79368e19b6623813609431a6e5ee309a71506701ebc49fd7820e692dec7c5f5"), (_TOKENIZER_3, *_VERSION_3)),
)
# fmt: on
PINNED: Mapping[str, PinnedModel] = MappingProxyType(
    {
        name: PinnedModel(
            name,
            repository,
            revision,
            (ModelFile("config.json", *config), ModelFile("model.bin", *weights), *shared),
        )
        for name, repository, revision, config, weights, shared in _TABLE
    }
)


def models_folder(settings: SpeechSettings) -> Path:
    """The folder that models are kept in, each under its name."""
    return Path(settings.models or "models").expanduser().absolute()


def model_folder(settings: SpeechSettings) -> Path:
    """The folder that the setting names: itself a folder, or a name in models_folder()."""
    own = Path(settings.model).expanduser()
    return own.absolute() if own.is_dir() or len(own.parts) > 1 else models_folder(settings) / settings.model


def find_model(settings: SpeechSettings) -> LocalModel:
    """The model that is to be used; raises SpeechError when it is not there, or not whole."""
    folder = model_folder(settings)
    missing = [name for name in REQUIRED if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in VOCABULARIES):
        missing.append(VOCABULARIES[0])
    name = settings.model if settings.model in PINNED else ""
    todo = f"podwatch listen --get-model {name}" if name else "set PODWATCH_SPEECH_MODEL to a name or a folder with one"
    if not folder.is_dir():
        known = "" if name or len(Path(settings.model).parts) > 1 else f"; known are {', '.join(PINNED)}"
        raise SpeechError(f"the speech model {settings.model} is not there{known}", where=str(folder), todo=todo)
    if missing:
        raise SpeechError(f"the speech model lacks {', '.join(missing)}", where=str(folder), todo=todo)
    pinned = _pinned_as(folder)
    if pinned is not None:
        return LocalModel(pinned.name, pinned.revision[:7], folder)
    if name and folder == models_folder(settings) / name:
        raise SpeechError(f"has files of another size than the model {name}", where=str(folder), todo=todo)
    return LocalModel(folder.name, _fingerprint(folder), folder)


def wrong_files(folder: Path) -> list[str]:
    """The files of a pinned model whose bytes are not what they should be; read to the end, for doctor."""
    pinned = _pinned_as(folder)
    return [f.name for f in pinned.files if hash_file(folder / f.name) != f.sha256] if pinned else []


def hash_file(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _pinned_as(folder: Path) -> PinnedModel | None:
    """The pinned model whose files these are by their sizes, to the byte."""
    sizes = dict(_sizes(folder))
    return next((m for m in PINNED.values() if all(sizes.get(f.name) == f.size for f in m.files)), None)


def _sizes(folder: Path) -> Iterator[tuple[str, int]]:
    for name in (*REQUIRED, *VOCABULARIES, "preprocessor_config.json"):
        try:
            yield name, (folder / name).stat().st_size
        except OSError:
            continue


def _fingerprint(folder: Path) -> str:
    """Seven digits that tell this model from others: of its settings, its size, and of parts of its weights."""
    digest = hashlib.sha256((folder / "config.json").read_bytes())
    weights = folder / "model.bin"
    size = weights.stat().st_size
    digest.update(str(size).encode())
    with weights.open("rb") as file:
        for part in range(16):
            file.seek(size * part // 16)
            digest.update(file.read(65536))
    return digest.hexdigest()[:7]


def mended_tokenizer(folder: Path) -> Any | None:
    """The tokenizer of a model with the merge that it lacks; None when it lacks none.

    The tokenizer.json of OpenAI's multilingual models on the hub, but for large-v3, begins with the second merge, so
    that " the" becomes two tokens, which the model was not taught. It matters for text that is given to the model.
    """
    described = json.loads((folder / "tokenizer.json").read_bytes())
    model = described.get("model", {})
    merges = model.get("merges") or []
    first = ["Ġ", "t"] if merges and isinstance(merges[0], list) else "Ġ t"
    if not merges or first in merges or "Ġt" not in model.get("vocab", {}):
        return None
    import tokenizers

    model["merges"] = [first, *merges]
    return tokenizers.Tokenizer.from_str(json.dumps(described))
