"""`make crash` as CI runs it: fifteen strikes, then the ten invariants (DESIGN.md)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KILLS, EVENTS = os.environ.get("KILLS", "15"), os.environ.get("EVENTS", "1500")


def test_strikes_break_none_of_the_ten_invariants() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "apps.demo.crash", "--kills", KILLS, "--events", EVENTS]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1200, check=False)

    assert ran.stdout, ran.stderr
    *lines, figures = ran.stdout.splitlines()
    assert json.loads(figures)["broken"] == [], ran.stdout
    assert [int(line.split(".")[0]) for line in lines] == list(range(1, 11))
    assert sum(json.loads(figures)["strikes"].values()) == int(KILLS)
