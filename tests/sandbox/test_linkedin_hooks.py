"""LinkedIn's push hint and challenge imitated, against a small receiver."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from apps.sandbox.linkedin import hooks
from tests.sandbox.linkedin_client import CONTRACT, ZOE, add, crowd
from tests.sandbox_process import Sandbox


def test_the_signature_has_the_prefix_in_the_signed_text() -> None:
    body = b'{"id":"exp-000123","type":"EXPORT_CANDIDATE_PROFILE","expiresAt":1767312000000}'

    signed = hooks.sign(body, "sandbox-client-secret")

    assert signed == "91e4170d66e072aa353e4777b5141cfbd2bb6f7aa52e164d7306596e93fa7f83"


def test_the_challenge_is_answered_as_documented() -> None:
    answer = hooks.answer_to("2f1c6f0e-6c0b-4b6e-9a53-0b7f7d2a9c11", "sandbox-client-secret")

    assert answer == "221c3732b04e87fc10160269d84d2935a8dfba4b1a3380c48c86cd188ddffcde"


class Callback:
    """A small receiver: keeps what came, answers the challenge with its secret."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.hints: list[tuple[str, bytes]] = []

    def answer(self, path: str) -> dict[str, str]:
        code = parse_qs(urlsplit(path).query)["challengeCode"][0]
        digest = hmac.new(self.secret.encode(), code.encode(), hashlib.sha256).hexdigest()
        return {"challengeCode": code, "challengeResponse": digest}


@contextmanager
def callback(secret: str) -> Iterator[tuple[Callback, str]]:
    """A receiver on a free port, and its address."""
    kept = Callback(secret)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.hints.append((self.headers["X-LI-Signature"], body))
            self._reply(b"{}")

        def do_GET(self) -> None:
            self._reply(json.dumps(kept.answer(self.path)).encode())

        def _reply(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *ignored: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield kept, f"http://127.0.0.1:{server.server_address[1]}/hook?{urlencode({'c': '1'})}"
    finally:
        server.shutdown()
        server.server_close()


def await_failures(sandbox: Sandbox, failures: int) -> None:
    sandbox.wait_for(lambda: sandbox.state("linkedin")["webhooks"][0]["failures"] == failures)


def test_a_change_is_hinted_with_a_true_signature_and_no_data(sandbox: Sandbox) -> None:
    with callback("hook-secret") as (kept, url):
        sandbox.act("linkedin", "set_webhook", url=url, secret="hook-secret")
        before = sandbox.state("linkedin")["calls_today"]
        add(sandbox, ZOE, *crowd(3))
        sandbox.wait_for(lambda: kept.hints)
        ((signature, body),) = kept.hints
        latest = sandbox.state("linkedin")["profiles"][-1]["modifiedAt"]

    expected = hmac.new(b"hook-secret", b"hmacsha256=" + body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert signature == expected
    assert told.pop("id").startswith("hint-")
    assert told == {"type": "RSC_PROFILES_MODIFIED", "contract": CONTRACT, "modifiedAt": latest}
    assert sandbox.state("linkedin")["calls_today"] == before


def test_an_address_that_passes_the_challenge_gets_hints(sandbox: Sandbox) -> None:
    with callback("hook-secret") as (kept, url):
        sandbox.act("linkedin", "set_webhook", url=url, secret="hook-secret", challenge=True)
        sandbox.wait_for(lambda: sandbox.state("linkedin")["webhooks"][0]["challenge"] == "passed")
        add(sandbox, ZOE)

        assert sandbox.wait_for(lambda: kept.hints)


def test_three_failed_challenges_block_the_address(sandbox: Sandbox) -> None:
    with callback("another-secret") as (kept, url):
        sandbox.act("linkedin", "set_webhook", url=url, secret="hook-secret", challenge=True)
        for failures in (1, 2, 3):
            await_failures(sandbox, failures)
            if failures < 3:
                sandbox.act("linkedin", "challenge")
        add(sandbox, ZOE)

        assert sandbox.state("linkedin")["webhooks"][0]["blocked"] is True
        assert sandbox.deliveries("linkedin") == []
        assert kept.hints == []


def test_an_address_is_asked_again_every_two_hours(sandbox: Sandbox) -> None:
    with callback("hook-secret") as (_, url):
        sandbox.act("linkedin", "set_webhook", url=url, secret="hook-secret", challenge=True)
        await_challenges(sandbox, 1)
        sandbox.clock(advance=7_100)
        await_challenges(sandbox, 1)

        sandbox.clock(advance=100)

        await_challenges(sandbox, 2)


def await_challenges(sandbox: Sandbox, asked: int) -> None:
    def passed() -> bool:
        [webhook] = sandbox.state("linkedin")["webhooks"]
        return bool(webhook["challenge"] == "passed" and webhook["asked"] == asked)

    sandbox.wait_for(passed)
