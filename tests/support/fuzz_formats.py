"""Spoils valid transcripts of every format until something other than a TranscriptError comes out, or time is up.

    python -m tests.support.fuzz_formats [--seconds N] [--seed N] [--guided]

The changes are random; --guided lets atheris choose them by coverage (it is no dependency: install it beside). Each result is held to what
tests/transcripts/test_formats.py calls sound. The last line says how many documents were read, and the slowest of them; the exit
status is 1 when one failed, and the document is then kept in the current folder as fuzz-failure.bin.
"""

from __future__ import annotations

import argparse
import inspect
import random
import sys
import time
import traceback
from pathlib import Path

from podwatch.transcripts.formats import FORMATS
from tests.transcripts.test_formats import SAMPLES, segments_or_one_error

MAX_SECONDS = 2.0  # seconds for one of these small documents are a bug of their own
MEDIA_TYPES = sorted({m for f in FORMATS.values() for m in f.media_types} | {""})
FRAGMENTS = [
    b"<", b">", b"-->", b"\n\n", b"\0", b"\xff", b"{", b"[", b'"', b"&#0;", b"&lt;", b"NaN", b"null", b"1e999", b":",
    b"00:00:01.000", b"</p>", b"<!--", b"<![CDATA[", b"\\ud800", b"\\u0000", b"-1", b"9" * 30, b"<v ", b"\r", b"\xe2\x80",
    "\u0130\u2028\U0001f600".encode(), b"**A:**", b"[12:34]", b"Starting point is ",
]  # fmt: skip


class Tally:
    documents = 0
    refused = 0
    slowest = 0.0


def check_document(data: bytes) -> None:
    """The first byte chooses the declared type, so that a fuzzer can change it, too."""
    declared = MEDIA_TYPES[data[0] % len(MEDIA_TYPES)] if data else ""
    began = time.perf_counter()
    try:
        Tally.refused += bool(segments_or_one_error(data[1:], declared))
        took = time.perf_counter() - began
        assert took < MAX_SECONDS, f"took {took:.1f} s"
    except BaseException:
        Path("fuzz-failure.bin").write_bytes(data)
        raise
    Tally.slowest = max(Tally.slowest, took)
    Tally.documents += 1


def mutate(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.randint(1, 8)):
        a, b = sorted((rng.randint(0, len(data)), rng.randint(0, len(data))))
        how = rng.randrange(6)
        if how == 0:
            data = data[:a] + rng.choice(FRAGMENTS) + data[a:]
        elif how == 1:
            data = data[:a] + data[min(b, a + 40) :]
        elif how == 2:
            data = data[:b] + data[a:b][:300] + data[b:]
        elif how == 3 and data:
            data = data[:a] + bytes((rng.randrange(256),)) + data[a + 1 :]
        elif how == 4:
            other = rng.choice(SAMPLES)
            data = data[:a] + other[rng.randint(0, len(other)) :][:400]
        else:
            data = data[:a] + rng.choice(FRAGMENTS) * rng.randint(1, 50) + data[b:]
    return data[:20_000]


def fuzz_at_random(seconds: float, seed: int) -> None:
    rng = random.Random(seed)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        check_document(bytes((rng.randrange(256),)) + mutate(rng, rng.choice(SAMPLES)))


def fuzz_by_coverage(seconds: float, seed: int) -> None:
    """Never returns: the fuzzer ends the process, with a status other than 0 when a document failed."""
    import tempfile

    import atheris

    for name in [n for n in sys.modules if n.startswith("podwatch.")]:
        for key, value in list(vars(sys.modules[name]).items()):
            if inspect.isfunction(value) and value.__module__ == name:
                setattr(sys.modules[name], key, atheris.instrument_func(value))
    folder = tempfile.mkdtemp()
    for i, sample in enumerate(SAMPLES):
        Path(folder, str(i)).write_bytes(b"\0" + sample)
    atheris.Setup(
        [sys.argv[0], folder, f"-max_total_time={int(seconds)}", f"-seed={seed}", "-max_len=8192"], check_document
    )
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--guided", action="store_true", help="let atheris choose the changes")
    asked = parser.parse_args()
    try:
        (fuzz_by_coverage if asked.guided else fuzz_at_random)(asked.seconds, asked.seed)
    except Exception:  # noqa: BLE001 - whatever it is, it is what this looks for
        traceback.print_exc()
        print("FAILED: fuzz-failure.bin holds the document")
        return 1
    print(
        f"{Tally.documents:,} documents, {Tally.refused:,} refused, slowest {Tally.slowest:.2f} s: every one in segments or one error"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
