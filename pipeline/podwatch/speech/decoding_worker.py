"""The process in which an audio file is decoded, started by decoding.py beside it: one process, one file.

A decoder is a large piece of C that reads a stranger's bytes. So it gets the open file and a pipe, and nothing else:
it can open no other file and no connection (a playlist or an MP4 can name them), write no file, and take no more memory
and CPU time than audio of that length needs. It ends with its parent.
"""

from __future__ import annotations

import io
import json
import math
import os
import resource
import sys
import wave
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, BinaryIO

import av
import av.error
from av.audio.resampler import AudioResampler

from podwatch.errors import SpeechError
from podwatch.sandbox.worker import end_when_closed
from podwatch.speech.decoding import DONE, FACTS, FAILED, HEAD, SAMPLES
from podwatch.speech.file_heads import is_mp4, mp3_seconds, mp4_index, wav_seconds
from podwatch.speech.protection import is_protected

MEMORY = 512 * 1024 * 1024  # bytes of address space; 120 MB of it are Python and the decoders
FIRST_CPU = 60.0  # seconds to find out what the file is, and how long
CPU_SHARE = 0.05  # CPU seconds that a second of audio may take; an honest one takes 0.003
RAISED_EVERY = 600.0  # seconds of audio
BLOCK = 64 * 1024  # bytes of samples in a message: two seconds
RATE = 16_000
BYTES_A_SECOND = 2 * RATE
MOST = 0.5  # share of a file that has to be there, and sound: less is an error
BAD_SECONDS = 30.0  # that must not be decodable before it counts
# Demuxers and decoders that are let near the file. No playlist is among them, and nothing that reads other files.
FORMATS = "mp3,mov,ogg,flac,wav,w64,aac,matroska,aiff,caf,amr,amrnb,amrwb,asf,mpegts,mpeg,ac3,eac3"
DECODERS = (
    "mp3float,mp3,mp2float,mp2,aac,aac_latm,opus,vorbis,flac,alac,speex,amrnb,amrwb,wmav1,wmav2,wmapro,ac3,eac3,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_s8,pcm_u8,"
    "pcm_alaw,pcm_mulaw,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt"
)
# The lengths that these write in their heads are those of the whole file, also where its end is missing.
EXACT = {"mov,mp4,m4a,3gp,3g2,mj2", "flac", "w64", "aiff", "caf", "matroska,webm", "asf"}
OPTIONS = {"format_whitelist": FORMATS, "codec_whitelist": DECODERS, "protocol_whitelist": "none"}
NOT_AUDIO = "is no audio file, or of a format that is not read here"
_LONGER = "PODWATCH_LISTEN_MAX_HOURS says how long it may be"


def main() -> None:
    """Arguments: the pipe to end with, the file, "decode" or "measure", and the seconds that it may have."""
    pipe, file, mode, most = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
    limit_process(pipe, most)
    with os.fdopen(file, "rb") as opened, os.fdopen(1, "wb") as out:
        send_all(out, answer(opened, mode, most))


def limit_process(pipe: int, most: float) -> None:
    """From here on nothing can be opened, and little memory and time be had. most: seconds of audio."""
    end_when_closed(pipe)
    _load_all()
    allowed = FIRST_CPU + CPU_SHARE * most
    for limit, soft, hard in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NOFILE, 0, 0),
        (resource.RLIMIT_AS, MEMORY, MEMORY),
        (resource.RLIMIT_CPU, math.ceil(FIRST_CPU), math.ceil(allowed)),
    ):
        resource.setrlimit(limit, (soft, hard))


def send_all(out: BinaryIO, messages: Iterator[tuple[bytes, bytes]]) -> None:
    """Sends the messages as they are made, and what makes them end early."""
    try:
        for kind, data in messages:
            send(out, kind, data)
    except SpeechError as e:
        send(out, FAILED, json.dumps({"what": e.what, "todo": e.todo, "retryable": e.retryable}).encode())
    except MemoryError:
        send(out, FAILED, json.dumps({"what": "needs too much memory to decode"}).encode())


def _load_all() -> None:
    """Decodes a moment of silence: PyAV loads its parts when they are first used, which cannot be done later."""
    for found in walk_packages(av.__path__, "av."):
        if not found.name.endswith("__main__"):
            import_module(found.name)
    silence = io.BytesIO()
    with wave.open(silence, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8000)
        written.writeframes(bytes(1600))
    silence.seek(0)
    with av.open(silence, options=OPTIONS) as container:
        for _ in _decoded(container, container.streams.audio[0]):
            pass


def answer(file: BinaryIO, mode: str, most: float) -> Iterator[tuple[bytes, bytes]]:
    """The messages for a file: its facts, then its samples, of 16 bits, and the end."""
    size = os.fstat(file.fileno()).st_size
    if not size:
        raise SpeechError("the file is empty", retryable=True)
    if is_protected(file):
        raise SpeechError("is locked by DRM, so that nothing can be decoded")
    said = _said_seconds(file)
    if mode == "measure" and said is not None:
        yield FACTS, json.dumps({"seconds": said, "said": said}).encode()
        return
    seconds = _measured_seconds(file)
    if not seconds:
        raise SpeechError("no sound in it can be decoded: it is damaged, or no audio file")
    facts = json.dumps({"seconds": seconds, "said": said}).encode()
    if mode == "measure":
        yield FACTS, facts
        return
    if seconds > most:
        raise SpeechError(f"is {_length(seconds)} long, more than {_length(most)}", todo=_LONGER)
    if said is not None and seconds < MOST * said:
        raise SpeechError(f"is cut off: {_length(seconds)} of its {_length(said)} are there", retryable=True)
    yield FACTS, facts
    yield from _blocks(file, seconds, most)
    yield DONE, b""


def open_sound(file: BinaryIO, **options: str) -> tuple[Any, Any]:
    """(container, its first audio stream); options: more of them, of the demuxer."""
    file.seek(0)
    try:
        container = av.open(file, metadata_errors="replace", options=OPTIONS | options)
    except av.error.FFmpegError as e:
        if isinstance(e, MemoryError):
            raise
        if is_mp4(file) and not mp4_index(file):
            raise SpeechError("is cut off: the index at its end is missing", retryable=True) from None
        raise SpeechError(NOT_AUDIO) from None
    if not len(container.streams):
        raise SpeechError(NOT_AUDIO)
    if not container.streams.audio:
        raise SpeechError("has no sound track")
    stream = container.streams.audio[0]
    for other in container.streams:
        if other.index != stream.index and hasattr(other, "discard"):  # since PyAV 18; before, they are only read past
            other.discard = type(other.discard).all
    if stream.codec_context is None or stream.codec_context.name not in DECODERS.split(","):
        name = "an unknown codec" if stream.codec_context is None else stream.codec_context.name
        raise SpeechError(f"its sound is in {name}, which is not decoded here")
    return container, stream


def _said_seconds(file: BinaryIO) -> float | None:
    """How long the file says that it is, as far as that can be trusted."""
    container, stream = open_sound(file)
    with container:
        name = container.format.name
        if name == "wav":
            return wav_seconds(file)
        if name == "mp3":
            return mp3_seconds(file, stream.sample_rate)
        if name not in EXACT:
            return None
        if stream.duration and stream.time_base:
            seconds = float(stream.duration * stream.time_base)
        else:
            seconds = (container.duration or 0) / 1_000_000
    return seconds if seconds > 0 else None


def _measured_seconds(file: BinaryIO) -> float:
    """How much sound the packets hold that are there, without decoding them."""
    container, stream = open_sound(file)
    total, first, last = 0, None, 0
    with container:
        base = stream.time_base
        try:
            for packet in container.demux(stream):
                total += max(0, packet.duration or 0)
                if packet.pts is not None:
                    first = packet.pts if first is None else first
                    last = max(last, packet.pts)
        except av.error.FFmpegError as e:
            if isinstance(e, MemoryError):
                raise
    if not base:
        return 0.0
    return float(total * base) or float((last - (first or 0)) * base)


def _blocks(file: BinaryIO, seconds: float, most: float) -> Iterator[tuple[bytes, bytes]]:
    container, stream = open_sound(file)
    waiting = bytearray()
    made = bad = 0.0
    raised = 0.0
    with container:
        for data, lost in _decoded(container, stream):
            waiting += data
            bad += lost
            made += len(data) / BYTES_A_SECOND
            if (bad > BAD_SECONDS and bad > made) or made > most:
                break
            if made - raised > RAISED_EVERY:
                raised = made
                _allow_cpu(made)
            while len(waiting) >= BLOCK:
                yield SAMPLES, bytes(waiting[:BLOCK])
                del waiting[:BLOCK]
    if made > most:
        raise SpeechError(f"is longer than {_length(most)}", todo=_LONGER)
    if made < MOST * seconds:
        raise SpeechError(f"is damaged: only {_length(made)} of its {_length(seconds)} can be decoded", retryable=True)
    if waiting:
        yield SAMPLES, bytes(waiting)


def _decoded(container: Any, stream: Any) -> Iterator[tuple[bytes, float]]:
    """(samples, seconds that could not be decoded) of each packet. A broken packet is left out, as players do."""
    resampler, shape = None, None
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError as e:
            if isinstance(e, MemoryError):
                raise
            packet = None  # what follows cannot be read: the file is cut off there
        if packet is None:
            break
        try:
            frames = stream.codec_context.decode(packet)
        except av.error.FFmpegError as e:
            if isinstance(e, MemoryError):
                raise
            yield b"", float((packet.duration or 0) * stream.time_base)
            continue
        for frame in frames:
            now = (frame.format.name, frame.layout.name, frame.sample_rate)
            if now != shape:  # the next piece of a file that was put together of several
                if resampler is not None:
                    yield sample_bytes(resampler.resample(None)), 0.0
                resampler, shape = AudioResampler(format="s16", layout="mono", rate=RATE), now
            assert resampler is not None
            frame.pts = None  # samples are counted: a time stamp that is wrong makes no gap
            yield sample_bytes(resampler.resample(frame)), 0.0
    if resampler is not None:
        yield sample_bytes(resampler.resample(None)), 0.0


def sample_bytes(frames: list[Any]) -> bytes:
    return b"".join(bytes(frame.planes[0])[: frame.samples * 2] for frame in frames)


def _allow_cpu(made: float) -> None:
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (min(hard, math.ceil(FIRST_CPU + CPU_SHARE * made)), hard))


def send(out: BinaryIO, kind: bytes, data: bytes) -> None:
    out.write(HEAD.pack(kind, len(data)))
    out.write(data)
    out.flush()


def _length(seconds: float) -> str:
    """90.0 -> "1.5 min" """
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"
