"""Hears an audio file on disk for the commands that take transcripts, with its progress on stderr."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from podwatch.commands.progress import progress_bar
from podwatch.errors import SpeechError
from podwatch.model import Doubt, Hearing, Mention, Transcript
from podwatch.settings import Settings
from podwatch.speech.chunks import split_at_silence
from podwatch.speech.decoding import open_audio
from podwatch.speech.model_download import get_model
from podwatch.speech.models import LocalModel
from podwatch.speech.phantoms import Phantom, find_phantoms
from podwatch.speech.quality import SpeechQuality, measure_quality
from podwatch.speech.recognisers import Recogniser, build_recogniser
from podwatch.speech.transcribing import chunk_seconds, to_transcript, transcribe


@dataclass(frozen=True, slots=True)
class HeardFile:
    """What is said in a file, and how sure that is. recogniser: its name."""

    transcript: Transcript
    quality: SpeechQuality
    phantoms: tuple[Phantom, ...]
    recogniser: str

    def without_phantoms(self, mentions: Iterator[Mention] | tuple[Mention, ...] | list[Mention]) -> list[Mention]:
        """The mentions that stand in no phantom: nobody said those."""
        return [m for m in mentions if not any(p.start <= m.start and m.end <= p.end for p in self.phantoms)]

    def describe(self) -> Iterator[str]:
        """How it was heard, in sentences."""
        q = self.quality
        yield f"heard by {self.recogniser}; language {q.language or 'not known'}"
        if q.probability is not None:
            yield f"mean probability of a word {q.probability:.2f}, compression {q.compression:.1f}"
        if q.is_doubtful:
            yield "much of it may be wrong: words that nobody is sure of, or the same again and again"
        if q.silence is not None:
            yield f"{q.silence:.0%} of it is without talk"
        for loop in q.loops:
            yield f"at {loop.start:.0f} s a loop of {loop.rounds} rounds is said once: {loop.text[:60]}"
        for phantom in self.phantoms:
            text = self.transcript.text[phantom.start : phantom.end]
            yield f"nobody is likely to have said {text!r}: {phantom.reason}"


def download_model(name: str, settings: Settings) -> LocalModel:
    """The model of this name, downloaded if need be, with its progress on stderr. Raises SpeechError."""
    with progress_bar(f"MB of {name}", piped=True) as show:
        return get_model(name, settings, lambda done, of: show(done // 1_000_000, of // 1_000_000))


class FileListener:
    """Hears one file after the other with one recogniser, which is loaded with the first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._recogniser: Recogniser | None = None

    def hear(self, file: Path) -> HeardFile:
        """What is said in a file; raises SpeechError naming it."""
        speech = self._settings.speech
        if self._recogniser is None:
            self._recogniser = build_recogniser(self._settings)
        target, longest = chunk_seconds(self._recogniser)
        with (
            open_audio(file, max_hours=speech.max_hours, where=str(file)) as audio,
            progress_bar("seconds of audio", piped=True) as show,
        ):
            of = max(1, round(audio.seconds))
            chunks = transcribe(
                split_at_silence(audio, target=target, longest=longest),
                self._recogniser,
                {},
                lambda number, chunk: None,
                language=speech.language or None,
                progress=lambda second: show(min(of, round(second)), of),
            )
        transcript = replace(to_transcript(chunks, source=str(file), language=speech.language or None), title=file.stem)
        if not transcript.text:
            raise SpeechError("nobody speaks in it", where=str(file))
        quality = measure_quality(chunks, transcript.language)
        return HeardFile(transcript, quality, tuple(find_phantoms(chunks)), self._recogniser.name)

    def hear_again(self, file: Path, heard: HeardFile, doubts: Sequence[Doubt]) -> tuple[Hearing, ...]:
        """What the audio of a heard file says of these doubts; none where the recogniser tells no probabilities."""
        from podwatch.line.hearing_audio import AudioFile
        from podwatch.line.place_hearing import PlaceHearing

        speech, recogniser = self._settings.speech, self._recogniser
        hearer = recogniser.forced_decoder(heard.transcript.language or "en") if recogniser else None
        if recogniser is None or hearer is None:
            return ()
        audio = AudioFile(file, speech.max_hours)
        places = PlaceHearing(audio, heard.transcript, recogniser, hearer, is_own=True, is_same=True)
        return tuple(place.hearing for place in places.hear(doubts, math.inf))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        if self._recogniser is not None:
            self._recogniser.close()
