"""The way out: deadlines, sizes, redirects, the egress guard, the gate, and silence about people."""

from __future__ import annotations

import dataclasses
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from apps.core import errors
from apps.providers import transport, verdicts
from apps.providers.contract import Call, Purpose, Settings
from apps.providers.parsing import decode
from apps.providers.transport import Dialect, Http, Reply, Request, Way
from tests.providers import raw_server
from tests.providers.bench import CountingGate

READ = Call("things.read", Purpose.READ, repeatable=True)
CREATE = Call("things.create", Purpose.WRITE, repeatable=False)
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
DIALECT = Dialect("test", ("api.vendor.test",), {"api": "https://api.vendor.test"}, verdicts.Verdicts.with_rows({}))


def make(base: str, gate: CountingGate | None = None, timeout: float = 5.0) -> Http:
    return Http(DIALECT, Settings({"api": base}, {}, timeout), gate or CountingGate(["token-1"]))


def parse(reply: Reply) -> Any:
    return decode(reply.body, "answer")


def answering(*parts: bytes, pause: float = 0.0) -> Callable[[socket.socket, str], None]:
    def answer(client: socket.socket, head: str) -> None:
        for part in parts:
            client.sendall(part)
            time.sleep(pause)

    return answer


def test_an_answer_is_read_and_the_gate_passed_both_ways() -> None:
    gate = CountingGate(["token-1"])
    with raw_server.serve(answering(OK)) as (base, seen):
        assert make(base, gate).call(READ, Request("GET", "/things", "a=1"), parse) == {}

    assert seen == ["GET /things?a=1 HTTP/1.1"]
    assert gate.entered == [READ] and gate.left[0].status == 200


@pytest.mark.parametrize(("call", "error"), [(READ, errors.Transient), (CREATE, errors.Unknown)])
@pytest.mark.parametrize(
    "trickle",
    [
        [b"HTTP/1.1 200 OK\r\n", *[b"X-Slow: 1\r\n"] * 40],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *[b"x"] * 40],
        [b"", *[b""] * 40],
    ],
    ids=["headers", "body", "silence"],
)
def test_the_deadline_is_total_however_the_answer_trickles(
    call: Call, error: type[errors.SyncError], trickle: list[bytes]
) -> None:
    gate, began = CountingGate(["token-1"]), time.monotonic()
    with raw_server.serve(answering(*trickle, pause=0.1)) as (base, _), pytest.raises(error) as failed:
        make(base, gate, timeout=0.4).call(call, Request("GET", "/"), parse)

    assert time.monotonic() - began < 1.5
    assert failed.value.cause == "timeout"
    assert gate.left[0].status is None and gate.left[0].sent


def test_what_never_left_is_transient_even_for_a_create_and_is_given_back() -> None:
    gate = CountingGate(["token-1"])
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(errors.Transient) as failed:
        make(f"http://127.0.0.1:{port}", gate).call(CREATE, Request("POST", "/", json={}), parse)

    assert failed.value.cause == "not_sent"
    assert gate.left[0].sent is False


def test_a_dropped_connection_after_a_create_is_unknown() -> None:
    gate = CountingGate(["token-1"])
    with raw_server.serve(answering(b"")) as (base, _), pytest.raises(errors.Unknown):
        make(base, gate).call(CREATE, Request("POST", "/", json={}), parse)

    assert gate.left[0].sent is True


def test_an_answer_that_cannot_be_read_is_unknown_for_a_create() -> None:
    page = b"<html>"
    answer = b"HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 6\r\n\r\n" + page
    with raw_server.serve(answering(answer)) as (base, _):
        with pytest.raises(errors.Unknown) as created:
            make(base).call(CREATE, Request("POST", "/", json={}), parse)
        with pytest.raises(errors.Transient):
            make(base).call(READ, Request("GET", "/"), parse)

    assert created.value.cause == "malformed"


def test_an_answer_beyond_the_cap_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1_000)
    body = b"x" * 2_000
    answer = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + body)
    with raw_server.serve(answer) as (base, _), pytest.raises(errors.Transient) as failed:
        make(base).call(READ, Request("GET", "/"), parse)

    assert failed.value.cause == "too_large"


def test_a_redirect_is_not_followed() -> None:
    away = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with raw_server.serve(answering(away)) as (base, seen), pytest.raises(errors.Rejected) as refused:
        make(base).call(READ, Request("GET", "/"), parse)

    assert refused.value.cause == "redirect"
    assert len(seen) == 1


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    with raw_server.serve(answering(OK)) as (base, _):
        assert make(base).call(READ, Request("GET", "/"), parse) == {}


def test_a_cookie_of_one_account_never_reaches_another() -> None:
    cookie = b"HTTP/1.1 200 OK\r\nConnection: close\r\nSet-Cookie: session=alice\r\nContent-Length: 2\r\n\r\n{}"
    heads: list[str] = []

    def answer(client: socket.socket, head: str) -> None:
        heads.append(head)
        client.sendall(cookie)

    with raw_server.serve(answer) as (base, _):
        make(base).call(READ, Request("GET", "/"), parse)
        make(base).call(READ, Request("GET", "/"), parse)

    assert len(heads) == 2 and "alice" not in heads[1]


@pytest.mark.parametrize(
    ("base", "path", "fine"),
    [
        ("https://api.vendor.test", "/v2/things", True),
        ("https://eu.vendor.example", "/v2/things", True),
        ("http://127.0.0.1:9000/vendor", "/v2/things", True),
        ("http://api.vendor.test", "/v2/things", False),
        ("http://10.0.0.1", "/v2/things", False),
        ("https://api.vendor.test", "@evil.test/v2", False),
        ("https://api.vendor.test", ".evil.test/v2", False),
        ("https://user:word@api.vendor.test", "/v2", False),
        ("file:///etc", "/passwd", False),
    ],
)
def test_only_declared_hosts_and_base_addresses_are_called(base: str, path: str, fine: bool) -> None:
    asked = (DIALECT, Settings({"api": base}), "api", Request("GET", path))

    if fine:
        assert str(transport.address_of(*asked)).endswith(path)
    else:
        with pytest.raises(errors.Rejected) as refused:
            transport.address_of(*asked)
        assert refused.value.cause == "egress"


def test_a_gate_that_refuses_lets_nothing_out() -> None:
    gate = CountingGate(["token-1"], refusal=errors.RateLimited(cause="budget"))
    with raw_server.serve(answering(OK)) as (base, seen), pytest.raises(errors.RateLimited):
        make(base, gate).call(READ, Request("GET", "/"), parse)

    assert seen == [] and gate.left == []


def test_a_token_that_cannot_be_had_gives_the_permit_back() -> None:
    gate = CountingGate([])
    with raw_server.serve(answering(OK)) as (base, seen), pytest.raises(errors.AuthExpired):
        make(base, gate).call(READ, Request("GET", "/"), parse)

    assert seen == [] and [answer.sent for answer in gate.left] == [False]


def test_neither_secrets_nor_people_reach_the_error_or_the_log() -> None:
    body = json.dumps({"message": "Ada Lovelace <ada@mail.test> is taken, token s3cret-token"}).encode()
    head = f"HTTP/1.1 422 Unprocessable\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    talkative = Dialect(
        "test", (), {}, verdicts.Verdicts.with_rows({}), message_of=lambda reply: json.loads(reply.body)["message"]
    )
    gate = CountingGate(["s3cret-token"])
    sent = {"name": "Ada Lovelace", "email": "ada@mail.test"}
    with (
        structlog.testing.capture_logs() as lines,
        raw_server.serve(answering(head + body)) as (base, _),
        pytest.raises(errors.Rejected) as refused,
    ):
        request = Request("POST", "/people", "email=ada%40mail.test", json=sent)
        Http(talkative, Settings({"api": base}), gate).call(CREATE, request, parse)

    told = f"{refused.value!r} {refused.value.detail} {lines} {request!r}"
    assert [private for private in ("Lovelace", "mail.test", "s3cret") if private in told] == [], told
    assert [(line["event"], line["op"], line["status"]) for line in lines] == [("provider.call", "things.create", 422)]
    assert isinstance(lines[0]["ms"], int)


def test_a_token_may_name_its_own_headers_and_base_address() -> None:
    heads: list[str] = []

    def answer(client: socket.socket, head: str) -> None:
        heads.append(head)
        client.sendall(OK)

    with raw_server.serve(answer) as (base, _):
        session = dataclasses.replace(DIALECT, way_of=lambda token: Way({"x-session": token}, f"{base}/corp-1"))
        Http(session, Settings({"api": base}), CountingGate(["s-1"])).call(READ, Request("GET", "/things"), parse)

    assert heads[0].startswith("GET /corp-1/things ") and "x-session: s-1" in heads[0].lower()
    assert "authorization" not in heads[0].lower()


@pytest.mark.parametrize("below", ["https://evil.test/rest", "http://api.vendor.test/rest", "https://vendor.test.evil"])
def test_a_base_address_that_a_token_names_is_guarded_too(below: str) -> None:
    dialect = dataclasses.replace(DIALECT, hosts=(".vendor.test",), base_urls={"api": "https://api.vendor.test"})
    asked = (dialect, Settings({}), "api", Request("GET", "/things"))

    assert transport.address_of(*asked, below="https://rest45.vendor.test/rest").host == "rest45.vendor.test"
    with pytest.raises(errors.Rejected):
        transport.address_of(*asked, below=below)
