"""The audio of an episode for who hears some seconds of it: a file on the disk, or the parts of a published one.

Parts are had by range requests while that is possible and less than the whole; else the whole is downloaded, and the
log says why. Nobody else sees the difference, but for times that are an estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from podwatch.errors import HttpError, SpeechError
from podwatch.line.listen import download_audio, login_for
from podwatch.model import ListenRequest
from podwatch.net.ranges import RangeReader, RangesError
from podwatch.redaction import display_address
from podwatch.runtime import Runtime, log
from podwatch.speech.decoding import measure_seconds, open_audio
from podwatch.speech.hearing_places import read_windows
from podwatch.speech.recognisers import SAMPLE_RATE
from podwatch.speech.span_decoding import SpanDecoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RANGES_SECONDS = 1800.0  # that all requests for parts of a file may wait
Span = tuple[float, float]  # seconds


class HearingAudio(Protocol):
    """is_exact: its times are those of the whole decoded, else they may be off by half a minute. seconds: its length,
    0.0 where that is not known."""

    @property
    def is_exact(self) -> bool: ...

    @property
    def seconds(self) -> float: ...

    def plan(self, spans: Sequence[Span]) -> None:
        """The spans that may be read, or parts of them."""

    def read(self, span: Span) -> NDArray[np.float32]:
        """The samples of a planned span, or of a part of one; fewer where the audio ends before."""

    def require_exact(self) -> None:
        """Makes the times exact, whatever that costs."""


class AudioFile:
    """A file on the disk: the planned spans are decoded in one go."""

    is_exact = True

    def __init__(self, path: Path, max_hours: float) -> None:
        self._path, self._max_hours = path, max_hours
        self._samples: dict[Span, NDArray[np.float32]] = {}

    @property
    def seconds(self) -> float:
        return measure_seconds(self._path)

    def plan(self, spans: Sequence[Span]) -> None:
        with open_audio(self._path, max_hours=self._max_hours) as audio:
            self._samples = dict(read_windows(audio, spans))

    def read(self, span: Span) -> NDArray[np.float32]:
        if span in self._samples:
            return self._samples[span]
        start, samples = next((p[0], s) for p, s in self._samples.items() if p[0] <= span[0] and span[1] <= p[1])
        return samples[int((span[0] - start) * SAMPLE_RATE) : max(0, int((span[1] - start) * SAMPLE_RATE))]

    def require_exact(self) -> None:
        pass


class PublishedAudio:
    """What an episode's addresses have, read in parts, or downloaded to ``path`` once that cannot be.

    progress: called often. Raises the errors of downloads and of decoding.
    """

    def __init__(
        self, rt: Runtime, request: ListenRequest, path: Path, progress: Callable[[], None] = lambda: None
    ) -> None:
        self._rt, self._request, self._path, self._progress = rt, request, path, progress
        self._spans: Sequence[Span] = ()
        self._whole: AudioFile | None = None
        self._ranges: RangeReader | None = None
        self._decoder: SpanDecoder | None = None

    @property
    def is_exact(self) -> bool:
        return self._decoder is None or self._decoder.is_exact

    @property
    def seconds(self) -> float:
        self._open()
        if self._decoder is not None:
            return self._decoder.seconds
        return self._whole.seconds if self._whole is not None else 0.0

    def plan(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._open()
        if self._whole is not None:
            self._whole.plan(spans)

    def _open(self) -> None:
        """Once: in parts, or as a whole."""
        if self._decoder is not None or self._whole is not None:
            return
        try:
            self._ranges = self._open_ranges()
            where = display_address(self._request.episode.audio_url or "")
            self._decoder = SpanDecoder(self._ranges, max_hours=self._rt.settings.speech.max_hours, where=where)
        except (RangesError, SpeechError) as e:
            self._download(e.what)

    def read(self, span: Span) -> NDArray[np.float32]:
        if self._decoder is not None:
            try:
                return self._decoder.read(*span)
            except (RangesError, SpeechError) as e:
                self._download(e.what)
        assert self._whole is not None
        return self._whole.read(span)

    def require_exact(self) -> None:
        if not self.is_exact:
            self._download("times in it are an estimate")

    def describe(self) -> str:
        """How much was read, for the log."""
        if self._whole is not None or self._ranges is None:
            return "all of it was downloaded"
        read, size = self._ranges.received / 1e6, self._ranges.size / 1e6
        return f"{read:.1f} of its {size:.1f} MB were read, in {self._ranges.requests} requests"

    def close(self) -> None:
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None

    def _open_ranges(self) -> RangeReader:
        """Of the first address that answers; raises the error of the first where none does."""
        episode, error = self._request.episode, None
        for url in (episode.audio_url, *episode.other_audio):
            if not url:
                continue
            login = login_for(self._rt, self._request, url)
            try:
                return self._rt.http.open_ranges(url, deadline=RANGES_SECONDS, login=login, progress=self._progress)
            except RangesError:
                raise
            except HttpError as e:
                error = error or e
        raise error or SpeechError("its feed names no audio", where=episode.title)

    def _download(self, why: str) -> None:
        self.close()
        episode = self._request.episode
        log.info("hear again: %s: %s: the whole audio is downloaded: %s", episode.show, episode.title, why)
        download_audio(self._rt, self._request, self._path)
        self._progress()
        self._whole = AudioFile(self._path, self._rt.settings.speech.max_hours)
        if self._spans:
            self._whole.plan(self._spans)
