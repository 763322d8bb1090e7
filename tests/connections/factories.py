"""Connections and gates for tests: real rows, declared limits, a mint that counts."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from apps.connections import services, tokens
from apps.connections.gate import ConnectionGate
from apps.connections.models import Connection
from apps.core import clock
from apps.providers.contract import Answer, Call, Capabilities, Purpose, RateWindow
from apps.providers.provider import Minted

DAILY = RateWindow(name="day", calls=500, seconds=86400, resets_daily=True)
HEADERS = RateWindow(name="30 seconds", calls=50, seconds=30, from_headers=True)
READ = Call("profiles.list", Purpose.READ, repeatable=True)
POLL = Call("profiles.since", Purpose.POLL, repeatable=True)
WRITE = Call("profiles.move", Purpose.WRITE, repeatable=True)
OK = Answer(200, {}, sent=True)
NOT_SENT = Answer(None, {}, sent=False)
NO_ANSWER = Answer(None, {}, sent=True)
QUOTA_SPENT = Answer(429, {}, sent=True, body=b'{"serviceErrorCode":101,"message":"throttled","status":429}')
TOO_FAST = Answer(429, {"Retry-After": "7"}, sent=True, body=b"Retry later")


@contextmanager
def travel(moment: datetime) -> Iterator[None]:
    """App time stands still at `moment`; `clock.step_to` moves it."""
    before = os.environ.get(clock.STEPPED_BY)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[clock.STEPPED_BY] = str(Path(folder) / "clock")
        clock.step_to(moment)
        try:
            yield
        finally:
            os.environ.pop(clock.STEPPED_BY)
            if before is not None:
                os.environ[clock.STEPPED_BY] = before


class CountingMint:
    """Mints numbered tokens as a slow token endpoint would, and counts how often it was asked."""

    def __init__(self, seconds: float = 0.0, lasts: timedelta = timedelta(hours=1)) -> None:
        self.count = 0
        self._seconds = seconds
        self._lasts = lasts
        self._lock = threading.Lock()

    def __call__(self, secret: Mapping[str, str]) -> Minted:
        with self._lock:
            self.count += 1
            mine = self.count
        time.sleep(self._seconds)
        return Minted(f"token-{mine}", clock.now() + self._lasts)


def capabilities(*rates: RateWindow) -> Capabilities:
    return Capabilities(
        name="Test",
        role="sourcing",
        hosts=(),
        lookup_by_email=True,
        lookup_by_linkedin_url=True,
        create=True,
        attach=True,
        move=True,
        reject=True,
        hire=True,
        note=True,
        merge=True,
        push_events=True,
        pull_events=True,
        client_folder=True,
        stage_compare_and_set=False,
        stage_history=False,
        change_time=None,
        visible_after=timedelta(0),
        rate_windows=rates,
    )


def make_connection(**values: Any) -> Connection:
    """A LinkedIn connection with a credential and an application of its own."""
    application = f"app-{uuid4()}"
    given: dict[str, Any] = {
        "provider": "linkedin",
        "name": "Northwind",
        "now": datetime(2026, 11, 1, tzinfo=UTC),
        "secret": {"client_id": application, "client_secret": "s3cret-value", "refresh_token": "r3fresh-value"},
    }
    return services.create_connection(**(given | values))


def make_gate(connection: Connection, *rates: RateWindow, mint: tokens.Mint | None = None) -> ConnectionGate:
    return ConnectionGate(connection.pk, capabilities=capabilities(*(rates or (DAILY,))), mint=mint or CountingMint())
