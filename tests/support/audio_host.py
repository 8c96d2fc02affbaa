"""A publisher's audio for tests: a quiet WAV of some length on loopback, served by ranges as players ask for it."""

from __future__ import annotations

import io
import re
import wave

from tests.support.loopback_server import LoopbackServer, QuietHandler

RATE = 8000  # samples a second


def quiet_wave(seconds: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(1)
        w.setframerate(RATE)
        w.writeframes(b"\x80" * (RATE * seconds))
    return out.getvalue()


class AudioHost(LoopbackServer):
    """Serves one file at ``url``, whatever the path."""

    def __init__(self, seconds: int = 120) -> None:
        self._data = quiet_wave(seconds)
        super().__init__()
        self.url = f"{self.address}/audio.wav"

    def handler(self) -> type[QuietHandler]:
        data = self._data

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                first = int(asked[1]) if asked else 0
                last = min(int(asked[2]) if asked and asked[2] else len(data) - 1, len(data) - 1)
                self.send_response(206 if asked else 200)
                self.send_header("Content-Type", "audio/wav")
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(last - first + 1))
                if asked:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
                self.end_headers()
                self.wfile.write(data[first : last + 1])

        return Handler
