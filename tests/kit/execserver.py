"""A real WebSocket server on the loopback that answers an exec: a container runtime to blame."""

from __future__ import annotations

import base64
import hashlib
import socketserver
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCEPTS = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What RFC 6455 adds to the key of a client."""

BINARY, CLOSE = 0x82, 0x88
STDOUT, ERROR = 1, 3
"""Channels of an exec stream."""


@contextmanager
def executing(*pieces: tuple[int, str]) -> Iterator[str]:
    """Serve an exec that sends these pieces, a channel and a text each; yield the address."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            headers = {}
            while line := self.rfile.readline().strip().decode():
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            key = headers["sec-websocket-key"] + ACCEPTS
            accept = base64.b64encode(hashlib.sha1(key.encode()).digest())  # noqa: S324 - RFC 6455
            self.wfile.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            for channel, text in pieces:
                self._send(BINARY, bytes([channel]) + text.encode())
            self._send(CLOSE, b"")

        def _send(self, kind: int, content: bytes) -> None:
            self.wfile.write(bytes([kind, 126]) + len(content).to_bytes(2, "big") + content)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
