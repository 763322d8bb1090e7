"""The embedded PostgreSQL, killed under whoever started it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from syncportal import database

SECONDS = 30


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "postgres"
    yield made
    database.stop(made)


def answers(address: str) -> bool:
    try:
        with psycopg.connect(address) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def start_again(folder: Path) -> str:
    """As a supervisor does: a killed server takes a moment to be gone."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            address = database.start(folder)
        except database.NotReady:
            continue
        if answers(address):
            return address
        time.sleep(0.1)
    raise TimeoutError


def test_the_process_that_started_a_killed_server_starts_it_again(folder: Path) -> None:
    address = database.start(folder)
    os.kill(int((folder / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    assert start_again(folder) == address


def test_a_stopped_server_is_gone_whoever_started_it(folder: Path) -> None:
    address = database.start(folder)

    database.stop(folder)
    database.stop(folder)

    assert not answers(address)
    assert start_again(folder) == address
