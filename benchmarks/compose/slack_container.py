"""Starts the Slack emulator of tests/support/slack in a container, and lets other containers reach it.

The emulator listens on loopback alone; what comes in at PORT is passed on to it. It needs nothing but Python; Node and
the emulator are mounted.

python slack_container.py NODE ENTRY SEED
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading

PORT, INSIDE = 4100, 4101


def pipe(source: socket.socket, sink: socket.socket) -> None:
    """Copies until the source ends, then tells the sink."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # one of the two has gone
        source.close()
        sink.close()


def main(node: str, entry: str, seed: str) -> int:
    emulator = subprocess.Popen([node, entry, "start", "-s", "slack", "-p", str(INSIDE), "--seed", seed])
    with socket.create_server(("0.0.0.0", PORT)) as server:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
        return emulator.wait()


def accept(server: socket.socket) -> None:
    while True:
        client, _ = server.accept()
        try:
            inside = socket.create_connection(("127.0.0.1", INSIDE), timeout=30)
        except OSError:  # not listening yet
            client.close()
            continue
        inside.settimeout(None)
        for pair in ((client, inside), (inside, client)):
            threading.Thread(target=pipe, args=pair, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
