"""Four processes on one quota account, killed as they go (RULES 23): never over, and a kill costs one call."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection as database

from apps.connections import rules
from apps.connections.models import Connection, QuotaWindow
from apps.core import clock
from tests.connections.factories import make_connection

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = 1200
PROCESSES = 4
KILLS = 6
SECONDS = 90
ROOT = Path(__file__).resolve().parents[2]


def start(connection_id: UUID, made: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", settings.SETTINGS_MODULE),
        "SPENDER_DATABASE": str(database.settings_dict["NAME"]),
    }
    command = [sys.executable, "-m", "tests.connections.spender", str(connection_id), str(made)]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def size_of(made: Path) -> int:
    return made.stat().st_size if made.exists() else 0


def spend_through_kills(connection: Connection, made: Path) -> None:
    chance = random.Random(7)
    running = [start(connection.pk, made) for _ in range(PROCESSES)]
    deadline = time.monotonic() + SECONDS
    try:
        for kill in range(KILLS):
            while size_of(made) < (kill + 1) * LIMIT // (KILLS + 3):
                assert time.monotonic() < deadline
                assert not any(process.poll() for process in running), "a spender failed"
                time.sleep(0.005)
            victim = running.pop(chance.randrange(PROCESSES))
            victim.kill()
            victim.wait()
            running.append(start(connection.pk, made))
        for process in running:
            assert process.wait(timeout=max(1.0, deadline - time.monotonic())) == 0
    finally:
        for process in running:
            process.kill()
            process.wait()


def test_a_budget_is_never_passed_and_a_kill_costs_at_most_its_call_in_flight(tmp_path: Path) -> None:
    connection, made = make_connection(options={"daily_limit": LIMIT}), tmp_path / "made"
    day = rules.day_of(clock.now())

    spend_through_kills(connection, made)

    assert rules.day_of(clock.now()) == day, "the test ran over a reset; run it again"
    counted = QuotaWindow.objects.get(account=connection.quota_id, starts_at=day[0]).spent
    assert counted == LIMIT
    assert size_of(made) <= counted
    assert counted - size_of(made) <= KILLS
