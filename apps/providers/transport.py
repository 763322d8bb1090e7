"""The only way out to a system: guarded, bounded, counted by the gate, and silent about people.

Every request of a client passes `Http.call`. It goes to a declared host and a public address, ends within the settings'
total time, follows no redirect, reads no environment, and keeps no cookie. Nothing of a request's
or an answer's content reaches an exception or a log line.
"""

from __future__ import annotations

import json as jsons
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar

import httpx
import structlog

from apps.core import clock, errors
from apps.providers import deadlines, egress, recording, verdicts
from apps.providers.contract import Answer, Call, Gate, Settings
from apps.providers.parsing import Malformed

T = TypeVar("T")

LARGEST_ANSWER = 16 * 1024 * 1024
"""A page of 500 of the largest records seen is about 4 MB."""

AGENT = "SyncPortal"

TOKEN = "token"
"""The operation of every token request."""

for _noisy in ("httpx", "httpcore"):
    logging.getLogger(_noisy).setLevel(logging.WARNING)  # their INFO lines print addresses with e-mails in them

log = structlog.get_logger("apps.providers")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, its path below a base address, its query already encoded."""

    method: str
    path: str
    query: str = field(default="", repr=False)
    json: Any = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def body(self) -> bytes | None:
        if self.json is None:
            return self.content
        return jsons.dumps(self.json, ensure_ascii=False, separators=(",", ":")).encode()

    def all_headers(self) -> dict[str, str]:
        typed = {} if self.json is None else {"content-type": "application/json"}
        return {"accept": "application/json", "user-agent": AGENT, **typed, **self.headers}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that was read to its end; header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Lost(Exception):
    """No usable answer. `sent` is False where no byte left this machine."""

    def __init__(self, cause: str, *, sent: bool, status: int | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.sent = sent
        self.status = status


@dataclass(frozen=True, slots=True)
class Way:
    """What an access token makes of a request: its headers, and the base address where the token names one."""

    headers: Mapping[str, str] = field(repr=False)
    base: str = ""


def bearer(token: str) -> Way:
    return Way({"authorization": f"Bearer {token}"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between the vendors: the table of verdicts, how an error body is read, how a token
    travels. A host that begins with a dot stands for every name below it."""

    provider: str
    hosts: tuple[str, ...]
    base_urls: Mapping[str, str]
    table: verdicts.Verdicts
    code_of: Callable[[Reply], str] = lambda reply: ""
    message_of: Callable[[Reply], str] = lambda reply: ""
    headers: Mapping[str, str] = field(default_factory=dict)
    status_of: Callable[[Reply], int] = lambda reply: reply.status
    """For a vendor that answers 200 to everything: the status that its answer amounts to."""
    way_of: Callable[[str], Way] = bearer


class Http:
    """A connection's way to its system; cheap to make, safe to use from several threads."""

    def __init__(self, dialect: Dialect, settings: Settings, gate: Gate) -> None:
        self._dialect = dialect
        self._settings = settings
        self._gate = gate

    def call(self, call: Call, request: Request, parse: Callable[[Reply], T]) -> T:
        """Make a request and parse its answer. Raises the taxonomy of core.errors.

        A 401 asks the gate for a new token, once: the request was refused, so repeating it is safe.
        """
        address = address_of(self._dialect, self._settings, "api", request)
        try:
            reply, token = self._send(call, request, address, rejected=None)
            if reply.status == 401:
                reply, token = self._send(call, request, address, rejected=token)
        except Lost as lost:
            raise verdicts.no_answer(call, sent=lost.sent, cause=lost.cause) from None
        if not reply.ok:
            raise self._refusal(call, reply, sent=(request.json, token))
        try:
            return parse(reply)
        except Malformed as malformed:
            log.error("provider.malformed", provider=self._dialect.provider, op=call.operation, where=str(malformed))
            raise verdicts.no_answer(call, sent=True, cause="malformed") from None

    def record_error(self, call: Call, *, status: int, code: str = "", message: str = "") -> errors.SyncError:
        """The error of one record of a batch that as a whole succeeded."""
        return self._dialect.table.error(call, status=status, code=code, detail=verdicts.scrub(message))

    def _send(self, call: Call, request: Request, address: httpx.URL, *, rejected: str | None) -> tuple[Reply, str]:
        permit = self._gate.enter(call)
        answer = Answer(status=None, headers={}, sent=False)
        try:
            token = self._gate.token() if rejected is None else self._gate.token(rejected=rejected)
            answer = Answer(status=None, headers={}, sent=True)
            raw = self._exchange(call, request, address, token)
            reply = Reply(self._dialect.status_of(raw), raw.headers, raw.body)
            answer = Answer(reply.status, reply.headers, sent=True, body=b"" if reply.ok else reply.body)
        except (errors.AuthExpired, errors.RateLimited):
            answer = Answer(status=None, headers={}, sent=False, called=False)
            raise
        except Lost as lost:
            answer = Answer(lost.status, {}, sent=lost.sent)
            raise
        finally:
            self._gate.leave(permit, answer)
        return reply, token

    def _exchange(self, call: Call, request: Request, address: httpx.URL, token: str) -> Reply:
        way = self._dialect.way_of(token)
        if way.base:
            address = address_of(self._dialect, self._settings, "api", request, below=way.base)
        headers = {**self._dialect.headers, **request.all_headers(), **way.headers}
        return exchange(
            self._dialect.provider, call.operation, request, address, headers, timeout=self._settings.timeout
        )

    def _refusal(self, call: Call, reply: Reply, *, sent: Any) -> errors.SyncError:
        return self._dialect.table.error(
            call,
            status=reply.status,
            code=self._dialect.code_of(reply),
            detail=verdicts.scrub(self._dialect.message_of(reply), sent),
            until=verdicts.retry_after(reply.headers, now=clock.now()),
        )


def ask_for_token(dialect: Dialect, settings: Settings, request: Request) -> Reply:
    """Make a token request that is answered with success or not at all.

    Raises Transient, RateLimited or AuthExpired; the vendor's words stay out, they may echo the credential.
    """
    reply = ask(dialect, settings, request)
    if not reply.ok:
        raise errors.AuthExpired(f"the token request answered {reply.status}", cause="token_refused")
    return reply


def ask(dialect: Dialect, settings: Settings, request: Request, *, below: str = "") -> Reply:
    """Make a request of a sign-in, without gate or token: the gate counts it where it asks for the token.
    `below` is a base address that the system itself gave. Raises Transient or RateLimited."""
    address = address_of(dialect, settings, "auth", request, below=below)
    try:
        reply = exchange(dialect.provider, TOKEN, request, address, request.all_headers(), timeout=settings.timeout)
    except Lost as lost:
        raise errors.Transient("the token request got no usable answer", cause=lost.cause) from None
    text = f"the token request answered {reply.status}"
    if reply.status == 429:
        raise errors.RateLimited(text, cause="token", until=verdicts.retry_after(reply.headers, now=clock.now()))
    if reply.status >= 500 or reply.status == 408:
        raise errors.Transient(text, cause=f"http_{reply.status}")
    return reply


def address_of(dialect: Dialect, settings: Settings, base: str, request: Request, *, below: str = "") -> httpx.URL:
    """The full address, by the named base or `below` one that the system itself gave.

    Raises Rejected(egress) for any that is not on a declared host or on that of the named base.
    """
    bases = {**dialect.base_urls, **settings.base_urls}
    text = (below or bases[base]).rstrip("/") + request.path + (f"?{request.query}" if request.query else "")
    try:
        address, root = httpx.URL(text), httpx.URL(bases[base])
    except httpx.InvalidURL:
        raise errors.Rejected("not an address", cause="egress") from None
    declared = address.scheme == "https" and address.port is None and _is_declared(address.host, dialect.hosts)
    same = (address.scheme, address.host, address.port) == (root.scheme, root.host, root.port)
    local = address.host in LOOPBACK
    same = same or (bool(below) and local and root.host in LOOPBACK)
    if address.userinfo or not (declared or (same and (address.scheme == "https" or local))):
        raise errors.Rejected(f"{dialect.provider} may not be called there", cause="egress")
    return address


LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""A sandbox's base address may give another of these as a second host; nothing else can."""


def _is_declared(host: str, hosts: Sequence[str]) -> bool:
    return any(host == one or (one.startswith(".") and host.endswith(one)) for one in hosts)


def exchange(
    provider: str, operation: str, request: Request, address: httpx.URL, headers: Mapping[str, str], *, timeout: float
) -> Reply:
    """Send one request and read the whole answer before the deadline. Raises Lost."""
    began = time.monotonic()
    reply: Reply | None = None
    status: int | None = None
    outcome = ""
    try:
        with deadlines.within(timeout):
            reply = _stream(request, address, headers, timeout)
        status = reply.status
        return reply
    except Lost as lost:
        status, outcome = lost.status, lost.cause
        raise
    finally:
        seconds = time.monotonic() - began
        ms = round(seconds * 1000)
        log.info("provider.call", provider=provider, op=operation, status=status, ms=ms, outcome=outcome or "answered")
        if recording.is_open() and operation != TOKEN:
            _record(request, headers, reply, status=status, outcome=outcome, seconds=seconds)


def _record(
    request: Request,
    headers: Mapping[str, str],
    reply: Reply | None,
    *,
    status: int | None,
    outcome: str,
    seconds: float,
) -> None:
    """Keep the exchange for the sync log. A token's is never kept: its bodies are credentials."""
    asked = request.json if request.json is not None else recording.read(request.content)
    recording.note(
        recording.Exchange(
            method=request.method,
            path=request.path,
            query=request.query,
            status=status,
            outcome=outcome,
            seconds=seconds,
            asked=headers,
            answered=reply.headers if reply else {},
            request=asked,
            response=recording.read(reply.body) if reply else None,
        )
    )


def _stream(request: Request, address: httpx.URL, headers: Mapping[str, str], timeout: float) -> Reply:
    try:
        with _client_of(address).stream(
            request.method, address, headers=headers, content=request.body(), timeout=timeout
        ) as response:
            return Reply(response.status_code, {k.lower(): v for k, v in response.headers.items()}, _read(response))
    except egress.Forbidden:
        raise Lost("egress", sent=False) from None
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        raise Lost("not_sent", sent=False) from None
    except httpx.TimeoutException:
        raise Lost("timeout", sent=True) from None
    except httpx.RequestError:
        raise Lost("connection_lost", sent=True) from None


def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise Lost("too_large", sent=True, status=response.status_code)
    return bytes(body)


_clients: dict[tuple[int, str], httpx.Client] = {}
_clients_lock = threading.Lock()


def _client_of(address: httpx.URL) -> httpx.Client:
    """The process's one client for an origin. A forked child makes its own: sockets must not be shared."""
    key = (os.getpid(), f"{address.scheme}://{address.netloc.decode()}")
    with _clients_lock:
        if key not in _clients:
            _clients[key] = httpx.Client(
                transport=deadlines.transport(), follow_redirects=False, trust_env=False, cookies=_no_cookies()
            )
        return _clients[key]


def _no_cookies() -> CookieJar:
    """A jar that keeps nothing: connections of different accounts share the client."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))
