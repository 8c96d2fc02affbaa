"""Text to speech by four engines with some fifty voices and accents, run locally; none of it is part of podwatch.

A name can be said three ways: as somebody says it who knows it (the respelling in names.txt), as English rules read its
spelling, or as its own language does (espeak-ng's phonemes, for the engines that take phonemes).
"""

from __future__ import annotations

import io
import json
import random
import re
import subprocess
import unicodedata
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.sounds_like.phrases import Passage

Wave = NDArray[np.float32]  # mono, -1 to 1
VOICES_OF_KOKORO = "package/voices/"  # in the package of npm
RATE = 16_000  # samples a second, what Whisper hears

# Accents of Kokoro's voices come from their packs: a* US, b* UK, the others read English with an accent of their own.
KOKORO_ENGLISH = (
    "af_alloy",
    "af_bella",
    "af_heart",
    "af_kore",
    "af_nicole",
    "af_nova",
    "af_river",
    "af_sarah",
    "af_sky",
    "am_adam",
    "am_echo",
    "am_eric",
    "am_fenrir",
    "am_liam",
    "am_michael",
    "am_onyx",
    "am_puck",
    "bf_alice",
    "bf_emma",
    "bf_isabella",
    "bm_daniel",
    "bm_fable",
    "bm_george",
    "bm_lewis",
)
KOKORO_ACCENTS = (
    "ef_dora",
    "em_alex",
    "ff_siwis",
    "hf_alpha",
    "hm_omega",
    "hm_psi",
    "if_sara",
    "im_nicola",
    "jf_alpha",
    "jm_kumo",
    "pf_dora",
    "pm_alex",
    "zf_xiaobei",
    "zm_yunxi",
)
FLITE = ("awb", "rms", "slt")
ESPEAK = tuple(
    f"{dialect}+{variant}"
    for dialect in ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029")
    for variant in ("m3", "m7")
)
SHARES = {"kokoro": 0.10, "kokoro-accent": 0.08, "piper": 0.44, "flite": 0.34, "espeak": 0.04}

# Languages whose own pronunciation espeak-ng reads from the Latin spelling that names.txt has.
NATIVE = frozenset(
    {"cs", "da", "de", "es", "et", "fi", "fr", "hr", "hu", "it", "lt", "lv", "nl", "no", "pl", "pt", "ro", "sk", "sl"}
    | {"sq", "sr", "sv", "tr"}
)
_ESPEAK_NAME = {"no": "nb", "pt": "pt-br"}
# Phonemes that only other languages have, as the nearest that the engines know.
_NEAREST = str.maketrans({"ɫ": "l", "ʑ": "ʒ", "ʐ": "ʒ", "ʉ": "u", "ɘ": "ə", "ɵ": "ø", "ʏ": "y", "ɦ": "h", "ʋ": "v"})


@dataclass(frozen=True, slots=True)
class Manner:
    """How a passage is said."""

    voice: str  # engine/voice
    style: str  # say | spelled | native
    speed: float  # 1 is the voice's own


def choose_manner(passage: Passage, chance: random.Random) -> Manner:
    engine = chance.choices(tuple(SHARES), tuple(SHARES.values()))[0]
    voices: dict[str, tuple[str, ...]] = {
        "kokoro": KOKORO_ENGLISH,
        "kokoro-accent": KOKORO_ACCENTS,
        "piper": ("joe",),
        "flite": FLITE,
        "espeak": ESPEAK,
    }
    voice = chance.choice(voices[engine])
    style = chance.choices(("say", "spelled", "native"), (0.75, 0.10, 0.15))[0]
    if style == "native" and (passage.subject.language not in NATIVE or engine in ("flite", "espeak")):
        style = "say"
    return Manner(f"{engine.removesuffix('-accent')}/{voice}", style, chance.uniform(0.9, 1.2))


class Voices:
    """The engines, loaded once; ``root`` is what benchmarks.sounds_like.materials filled."""

    def __init__(self, root: Path) -> None:
        import onnxruntime  # of the group voices, which only this needs

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1

        def load(path: Path) -> Any:
            return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

        self._kokoro = load(root / "kokoro/model.onnx")
        self._kokoro_ids = json.loads((root / "kokoro/vocab.json").read_text(encoding="utf-8"))["vocab"]
        self._packs = root / "unpacked" / VOICES_OF_KOKORO
        self._piper = load(root / "piper/joe.onnx")
        self._piper_ids = json.loads((root / "piper/joe.json").read_text(encoding="utf-8"))["phoneme_id_map"]

    def speak(self, passage: Passage, manner: Manner) -> Wave:
        """The passage at 16 kHz."""
        engine, _, voice = manner.voice.partition("/")
        if engine in ("flite", "espeak"):
            return speak_by_program(passage, manner)
        accent = "en-gb" if voice.startswith("b") else "en-us"
        phonemes = _phonemes(passage, manner, accent)
        if engine == "kokoro":
            return self._speak_kokoro(phonemes, voice, manner.speed)
        return self._speak_piper(phonemes, manner.speed)

    def _speak_kokoro(self, phonemes: str, voice: str, pace: float) -> Wave:
        tokens = [self._kokoro_ids[p] for p in phonemes if p in self._kokoro_ids][:509]
        pack = np.fromfile(self._packs / f"{voice}.bin", np.float32).reshape(-1, 1, 256)
        feed = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": pack[len(tokens)],
            "speed": np.array([pace], np.float32),
        }
        return resample(np.squeeze(self._kokoro.run(None, feed)[0]).astype(np.float32), 24_000)

    def _speak_piper(self, phonemes: str, pace: float) -> Wave:
        pad, ids = self._piper_ids["_"], list(self._piper_ids["^"])
        for phoneme in phonemes:
            ids += [*pad, *self._piper_ids.get(phoneme, [])]
        ids += [*pad, *self._piper_ids["$"]]
        feed = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([0.667, 1 / pace, 0.8], np.float32),
        }
        return resample(np.squeeze(self._piper.run(None, feed)[0]).astype(np.float32), 22_050)


def speak_by_program(passage: Passage, manner: Manner) -> Wave:
    """The passage by flite or espeak-ng, which need no models."""
    engine, _, voice = manner.voice.partition("/")
    if engine == "flite":
        return _flite(_respell(passage, manner, spaced=True), voice, manner.speed)
    return _espeak(_respell(passage, manner), voice, manner.speed)


def _respell(passage: Passage, manner: Manner, *, spaced: bool = False) -> str:
    """The text with each name as it is to be pronounced. spaced: for engines that ignore a hyphen."""
    text, at = "", 0
    for span in passage.name_spans:
        name = passage.text[span.start : span.end] if manner.style == "spelled" else span.spoken
        text += passage.text[at : span.start] + (name.replace("-", " ") if spaced else name)
        at = span.end
    return text + passage.text[at:]


def _phonemes(passage: Passage, manner: Manner, accent: str) -> str:
    if manner.style != "native":
        return _clauses(_respell(passage, manner), accent)
    parts, at = [], 0
    for span in passage.name_spans:
        parts += [_clauses(passage.text[at : span.start], accent), _native(passage, span.start, span.end)]
        at = span.end
    return " ".join(part for part in [*parts, _clauses(passage.text[at:], accent)] if part)


def _native(passage: Passage, start: int, end: int) -> str:
    language = passage.subject.language
    return _ipa(passage.text[start:end], _ESPEAK_NAME.get(language, language))


def _clauses(text: str, accent: str) -> str:
    """Phonemes with their punctuation, at which the voices pause."""
    found = []
    for clause in re.findall(r"[^,.?!;:]+[,.?!;:]*", text):
        words = clause.rstrip(",.?!;: ")
        found.append(_ipa(words, accent) + clause.strip()[len(words.strip()) :])
    return " ".join(part for part in found if part)


@cache
def _ipa(text: str, language: str) -> str:
    done = subprocess.run(
        ["espeak-ng", "-q", "--ipa", "-v", language, text.strip()], capture_output=True, text=True, check=True
    )
    plain = re.sub(r"\([a-z-]+\)", "", done.stdout)  # espeak-ng marks where it changed the language
    return " ".join(plain.translate(_NEAREST).split())


def _flite(text: str, voice: str, pace: float) -> Wave:
    stretch = f"duration_stretch={1 / pace:.2f}"
    done = subprocess.run(
        ["flite", "-voice", voice, "--setf", stretch, "-t", _ascii(text), "-o", "/dev/stdout"],
        capture_output=True,
        check=True,
    )
    return _wave(done.stdout)


def _espeak(text: str, voice: str, pace: float) -> Wave:
    done = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(round(160 * pace)), "--stdout", text], capture_output=True, check=True
    )
    return _wave(done.stdout)


def _ascii(text: str) -> str:
    """flite reads letters without accents only."""
    plain = unicodedata.normalize("NFKD", text.translate(str.maketrans("łøđıŁØ’ʻ", "lodiLO''")))
    return plain.encode("ascii", "ignore").decode()


def _wave(data: bytes) -> Wave:
    """Reads a RIFF file from a pipe: the lengths in its header are wrong."""
    with wave.open(io.BytesIO(data)) as file:
        rate, width = file.getframerate(), file.getsampwidth()
    at = data.index(b"data") + 8
    body = data[at : at + (len(data) - at) // width * width]
    return resample(np.frombuffer(body, np.int16).astype(np.float32) / np.float32(32768), rate)


def resample(sound: Wave, rate: int) -> Wave:
    """At 16 kHz, linearly, after averaging out what 16 kHz cannot hold: enough for speech."""
    if rate == RATE:
        return sound
    seconds = len(sound) / rate
    smooth = np.convolve(sound, np.ones(2, np.float32) / 2, "same") if rate > RATE else sound
    at = np.arange(int(seconds * RATE)) / RATE
    return np.interp(at, np.arange(len(smooth)) / rate, smooth).astype(np.float32)
