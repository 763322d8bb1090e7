"""A total deadline for an HTTP call.

httpx's time-outs count each wait on the socket anew, so a server that sends a byte now and then is
never cut off. These sockets look at one deadline, set for the call of this thread, at each wait.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from apps.providers import egress

_deadline = threading.local()

MOST_CONNECTIONS = 64
"""More than the threads of one worker."""

KEEP_SECONDS = 2.0
"""Less than the 5 s after which servers commonly close: a create sent into a closing connection is Unknown."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Every socket that this thread waits on inside gives up when `seconds` are over."""
    _deadline.at = time.monotonic() + seconds
    try:
        yield
    finally:
        del _deadline.at


def transport(resolver: egress.Resolver = socket.getaddrinfo) -> httpx.HTTPTransport:
    """A transport over such sockets to addresses that may be dialled, which takes no proxy and no
    certificate from the environment."""
    context = httpx.create_ssl_context(trust_env=False)
    made = httpx.HTTPTransport(verify=context, trust_env=False)
    made._pool = httpcore.ConnectionPool(  # httpx has no public place for a network backend
        ssl_context=context,
        max_connections=MOST_CONNECTIONS,
        keepalive_expiry=KEEP_SECONDS,
        network_backend=_Network(resolver),
    )
    return made


class _Network(httpcore.SyncBackend):
    def __init__(self, resolver: egress.Resolver) -> None:
        self._resolver = resolver

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        *others, last = self._addresses_of(host, port)
        for address in others:
            try:
                return self._dial(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._dial(last, port, timeout, local_address, socket_options)

    def _addresses_of(self, host: str, port: int) -> tuple[str, ...]:
        try:
            return egress.look_up(host, port, resolver=self._resolver)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error

    def _dial(
        self, address: str, port: int, timeout: float | None, local: str | None, options: Iterable[Any] | None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(super().connect_tcp(address, port, left, local, options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
    at = getattr(_deadline, "at", None)
    if at is None:
        return timeout
    left = float(at) - time.monotonic()
    if left <= 0:
        raise late("the call's total deadline is over")
    return left if timeout is None else min(timeout, left)
