"""`make smoke` as CI runs it: the first whole slice, then the same with every webhook twice and out of order.

How long it takes is for `make smoke` alone to judge: here other tests run beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("deliveries", ["once", "twice"])
def test_people_and_moves_arrive_once_each(deliveries: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "apps.demo.smoke", "--deliveries", deliveries]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400, check=False)

    figures = json.loads(ran.stdout.splitlines()[-1])
    assert figures["missed"] == []
    assert figures["webhooks_twice"] == (deliveries == "twice")
    assert figures["writes_for_20_moves"] == 20
