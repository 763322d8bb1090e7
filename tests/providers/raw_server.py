"""A server on a socket, for what no well-behaved framework does: trickled bytes, broken answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Answerer = Callable[[socket.socket, str], None]


@contextmanager
def serve(answer: Answerer) -> Iterator[tuple[str, list[str]]]:
    """Answer each connection's first request with `answer(socket, head)`; yields the base address and
    the request lines seen."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[str] = []
    stopped = threading.Event()

    def accept() -> None:
        while not stopped.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(client,), daemon=True).start()

    def one(client: socket.socket) -> None:
        with client:
            head = _read_request(client)
            seen.append(head.split("\r\n")[0])
            try:
                answer(client, head)
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        stopped.set()
        listener.close()


def serve_json(bodies: Mapping[str, Any]) -> Any:
    """Answer 200 with the JSON of a path, 404 otherwise."""

    def answer(client: socket.socket, head: str) -> None:
        path = head.split(" ")[1].split("?")[0]
        body = json.dumps(bodies.get(path, {"message": "Resource not found"})).encode()
        status = "200 OK" if path in bodies else "404 Not Found"
        client.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)

    return serve(answer)


def _read_request(client: socket.socket) -> str:
    got = b""
    while b"\r\n\r\n" not in got:
        chunk = client.recv(65_536)
        if not chunk:
            break
        got += chunk
    head, _, body = got.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    length = next(
        (int(line.split(":")[1]) for line in text.split("\r\n") if line.lower().startswith("content-length:")), 0
    )
    while len(body) < length:
        body += client.recv(65_536)
    return text + "\r\n\r\n" + body.decode("utf-8", "replace")
