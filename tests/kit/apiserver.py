"""A real HTTP server on the loopback that answers as a test tells it: an API server to blame."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from fixtures.kubeapi.client import Api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a server appends to the key of a handshake (RFC 6455)."""


class CutError(Exception):
    """Raised by a stream where its connection is to drop."""


@dataclass(frozen=True)
class Request:
    """What was asked; `body` is its JSON, None where there was none."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None


@dataclass(frozen=True)
class Reply:
    """An answer. `content` is JSON, text, or an iterable of pieces that are sent one by one."""

    content: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ran:
    """The answer to an exec, over a WebSocket: what the command printed, and its exit code.

    The command's last word is `query["command"]` of the request.
    """

    code: int = 0
    output: str = ""


class _Server(ThreadingHTTPServer):
    # The default lets 5 connections wait, and the kernel drops what comes beside them: a client
    # that a busy machine lets wait would then hang until its next attempt, seconds later.
    request_queue_size = 128


class ApiServer:
    """`answer` is called for each request, from threads of the server."""

    def __init__(self, answer: Callable[[Request], Reply | Ran]) -> None:
        self.answer = answer
        self.asked: list[Request] = []
        self.done = threading.Event()
        """Set when the test is over: for streams that stall until then."""
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = _Server(("127.0.0.1", 0), handler)

    @property
    def address(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def api(self, folder: Path) -> Api:
        """Return a client that has this server in its kubeconfig."""
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": self.address}}],
            "users": [{"name": "test", "user": {"token": "secret"}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        }
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        return Api(path, None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: ApiServer

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        request = Request(
            self.command, parts.path, dict(parse_qsl(parts.query)), dict(self.headers), body
        )
        self.owner.asked.append(request)
        try:
            reply = self.owner.answer(request)
        except CutError:
            self._cut()
            return
        if isinstance(reply, Ran):
            self._tell(reply)
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if isinstance(reply.content, dict | str):
            data = "".join(_pieces(reply.content)).encode()
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        try:
            for piece in filter(None, _pieces(reply.content)):
                data = piece.encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()
        except CutError:
            self._cut()
            return
        self.wfile.write(b"0\r\n\r\n")

    def _tell(self, ran: Ran) -> None:
        """Answer an exec in the protocol v4.channel.k8s.io: channel 1 is output, 3 the status."""
        key = self.headers["Sec-WebSocket-Key"] + WEBSOCKET
        accept = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest())
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept.decode())
        self.send_header("Sec-WebSocket-Protocol", "v4.channel.k8s.io")
        self.end_headers()
        causes = [{"reason": "ExitCode", "message": str(ran.code)}]
        failed = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
        status = failed if ran.code else {"status": "Success"}
        for channel, text in ((1, ran.output), (3, json.dumps(status))):
            data = bytes([channel]) + text.encode()
            self.wfile.write(struct.pack("!BBH", 0x82, 126, len(data)) + data)
        self.wfile.write(struct.pack("!BBH", 0x88, 2, 1000))
        self.wfile.flush()
        self.close_connection = True

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):  # the client may have closed it first
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - named after HTTP's methods

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - its signature
        """Say nothing."""


def _pieces(content: Any) -> Iterable[str]:  # noqa: ANN401 - JSON
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict | list):
        return [json.dumps(content)]
    pieces: Iterable[str] = content
    return pieces


@contextmanager
def serving(
    answer: Callable[[Request], Reply | Ran], folder: Path
) -> Iterator[tuple[ApiServer, Api]]:
    """Serve until the end of the block."""
    server = ApiServer(answer)
    thread = threading.Thread(target=server._server.serve_forever, args=(0.01,))  # noqa: SLF001
    thread.start()
    api = server.api(folder)
    try:
        yield server, api
    finally:
        server.done.set()
        api.close()
        server._server.shutdown()  # noqa: SLF001 - one room
        server._server.server_close()  # noqa: SLF001 - one room
        thread.join()
