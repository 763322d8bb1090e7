"""A day on the stepped clock, as `make day` lives it (RULES.md 7, 23-26): true limits, the app's own plan."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def live_through(*arguments: str) -> dict[str, Any]:
    """Run the day in processes and a database of its own; its figures."""
    command = [sys.executable, "-W", "ignore", "-m", "apps.demo.day", *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert ended.stdout, ended.stderr
    figures: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    assert figures["missed"] == []
    assert ended.returncode == 0
    return figures


def test_a_day_lands_everybody_in_time_and_keeps_to_five_hundred_requests() -> None:
    figures = live_through("--people", "60", "--ats-moves", "30", "--linkedin-moves", "10")

    assert figures["landed"] == 60
    assert figures["people_p95_min"] <= 5
    assert figures["people_largest_min"] <= 15
    assert figures["moves_to_linkedin_count"] + figures["moves_to_greenhouse_count"] == 40
    assert figures["linkedin_calls_largest_day"] <= 500
    assert figures["linkedin_refused"] == 0


def test_a_day_that_cannot_be_lived_within_its_requests_says_what_it_missed() -> None:
    with pytest.raises(AssertionError, match="minutes"):
        live_through("--people", "10", "--ats-moves", "2", "--linkedin-moves", "1", "--daily-limit", "60")
