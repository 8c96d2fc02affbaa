"""Hears with Whisper on this machine, through faster-whisper (CTranslate2): the parts with speech, in batches.

The same samples give the same words, on any number of threads: nothing is sampled, no text is conditioned on another.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from podwatch.errors import SpeechError
from podwatch.model import RecognisedChunk, RecognisedSegment, RecognisedWord
from podwatch.settings import Settings
from podwatch.speech.forced_decoding import ForcedDecoder
from podwatch.speech.language_names import language_code
from podwatch.speech.models import find_model, mended_tokenizer
from podwatch.speech.recognisers import SAMPLE_RATE
from podwatch.speech.segments import is_no_speech, split_segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BEAMS = 5
BATCH = {"cpu": 4, "cuda": 16}  # parts of 30 s at once: on a CPU, 8 are no faster and need 1.4 GB where 4 need 0.9
MAX_THREADS = 8  # beyond that decoding hardly gains
WHISPER_CODES = {"jv": "jw"}  # where they are not those of ISO 639-1
MAX_HINTS = 12  # names: with more of them Whisper loops, or leaves out what was said


class FasterWhisper:
    """longest: any chunk fits, since only the parts of 30 s that are recognised at once need memory."""

    longest, tells_speakers, takes_keyterms = 3600.0, False, False

    def __init__(self, whole: Settings) -> None:
        settings = whole.speech
        model = find_model(settings)
        try:
            import ctranslate2
            from faster_whisper import BatchedInferencePipeline, WhisperModel
        except ImportError:
            what, todo = "faster-whisper is not installed", "pip install 'podwatch[speech]'"
            raise SpeechError(what, where="PODWATCH_SPEECH_RECOGNISER", todo=todo) from None
        self._device = choose_device(settings.device, ctranslate2.get_cuda_device_count())
        compute = choose_compute(settings.compute, self._device)
        try:
            self._model: Any = WhisperModel(
                str(model.folder),
                device=self._device,
                compute_type=compute,
                cpu_threads=settings.threads or default_threads(),
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as e:
            raise _loading_error(str(e), str(model.folder), self._device, compute) from None
        self._model.hf_tokenizer = mended_tokenizer(model.folder) or self._model.hf_tokenizer
        self._pipeline: Any = BatchedInferencePipeline(self._model)
        self._takes_hints = not model.name.startswith("tiny")  # it leaves out what was said
        self.name = f"faster-whisper {model.name}@{model.revision} {compute}"

    def recognise(
        self, samples: NDArray[np.float32], *, language: str | None, hints: Sequence[str] = ()
    ) -> RecognisedChunk:
        """See Recogniser. hints: at most the first MAX_HINTS; a find that they led to is no evidence by itself."""
        seconds = len(samples) / SAMPLE_RATE
        code = WHISPER_CODES.get(language, language) if language else None
        if code and code not in self._model.supported_languages:
            only = " English only" if not self._model.model.is_multilingual else f" nothing of {language}"
            todo = "choose a PODWATCH_SPEECH_MODEL without .en" if "only" in only else "set PODWATCH_SPEECH_LANGUAGE"
            what = f"is in the language {language}, and {self.name} understands{only}"
            raise SpeechError(what, todo=todo)
        self._pipeline.last_speech_timestamp = 0.0  # else what an abandoned call left moves the first words of this one
        try:
            found, info = self._pipeline.transcribe(
                samples,
                language=code,
                beam_size=BEAMS,
                batch_size=BATCH[self._device],
                temperature=0.0,
                word_timestamps=True,
                condition_on_previous_text=False,
                vad_filter=True,
                hotwords=(", ".join(hints[:MAX_HINTS]) or None) if self._takes_hints else None,
            )
            segments = tuple(_read_segments(found, seconds))
        except (RuntimeError, MemoryError) as e:
            out = "memory" in str(e).lower() or isinstance(e, MemoryError)
            todo = "choose a smaller PODWATCH_SPEECH_MODEL" if out else ""
            raise SpeechError(f"the recogniser broke ({e})"[:300], where=self.name, todo=todo, retryable=out) from None
        return RecognisedChunk(
            start=0.0,
            end=seconds,
            segments=segments,
            language=language or (language_code(info.language) if segments else None),
            speech_seconds=round(info.duration_after_vad, 2),
        )

    def forced_decoder(self, language: str) -> ForcedDecoder | None:
        """See Recogniser."""
        from faster_whisper.tokenizer import Tokenizer

        code, model = WHISPER_CODES.get(language, language), self._model
        if code not in model.supported_languages:
            return None
        many = model.model.is_multilingual
        return ForcedDecoder(model, Tokenizer(model.hf_tokenizer, many, task="transcribe", language=code), self.name)

    def close(self) -> None:
        self._pipeline = self._model = None


def default_threads() -> int:
    """One a core that this process may use, at most MAX_THREADS."""
    return max(1, min(MAX_THREADS, len(os.sched_getaffinity(0))))


def choose_device(wanted: str, cuda_devices: int) -> str:
    """cpu or cuda; raises SpeechError when a GPU is wanted that is not there."""
    if wanted == "cuda" and not cuda_devices:
        what = "no CUDA device is usable: no GPU, or no driver for it"
        raise SpeechError(what, where="PODWATCH_SPEECH_DEVICE=cuda", todo="set it to cpu or auto")
    return "cuda" if cuda_devices and wanted != "cpu" else "cpu"


def choose_compute(wanted: str, device: str) -> str:
    """The compute type of CTranslate2: int8 is 1.6 times as cheap as float32 on a CPU."""
    if wanted != "auto":
        return wanted
    return "float16" if device == "cuda" else "int8"


def _read_segments(found: Any, seconds: float) -> Iterator[RecognisedSegment]:
    """Whisper's segments, which have up to 30 s, cut at the ends of sentences and at pauses.

    Its times may lie behind the end of the audio, which it hears with silence added.
    """

    def at(second: float) -> float:
        return round(min(float(second), seconds), 2)

    for s in found:
        if is_no_speech(s.no_speech_prob, s.avg_logprob):
            continue
        words = [RecognisedWord(at(w.start), at(w.end), w.word, round(float(w.probability), 3)) for w in s.words or ()]
        if words:
            yield from split_segment(words)
        elif s.text.strip():
            yield RecognisedSegment(at(s.start), at(s.end), s.text.strip())


def _loading_error(why: str, folder: str, device: str, compute: str) -> SpeechError:
    """What a model that does not load means, in a sentence."""
    if "compute type" in why or "efficient" in why:
        what, where = f"this machine cannot compute in {compute} on {device}", f"PODWATCH_SPEECH_COMPUTE={compute}"
        return SpeechError(what, where=where, todo="set it to auto")
    todo = "get it again: podwatch listen --get-model"
    return SpeechError(f"the model does not load ({why})"[:300], where=folder, todo=todo)
