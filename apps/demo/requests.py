"""`make requests`: what one new candidate and one stage change cost in requests, counted from the sandbox's call log.

SYSTEM names the ATS. One worker in this process, time stepped: polls of the quiet minutes are counted apart.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from apps.core import clock
from apps.demo import stack

ALONE = 600
"""Seconds in which what is measured is all that happens; longer than any read-back."""

QUIET = {"profiles": 86_400, "people": 86_400, "applications": 86_400, "jobs": 86_400, "projects": 86_400}
QUIET |= {"seats": 86_400, "events": 86_400, "messages": 86_400}
"""No reading by itself: each is asked for where it belongs to what is measured."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--system", default=os.environ.get("SYSTEM") or "greenhouse")
    asked = parser.parse_args()
    with stack.own_database("requests") as folder:
        os.environ[clock.STEPPED_BY] = str(folder / "now")
        from apps.demo import requests_run

        with stack.running(clusters=0) as running:
            print(json.dumps(requests_run.measure(running, asked.system)))
    return 0


Calls = list[dict[str, Any]]


def told(calls: Calls) -> dict[str, int]:
    """Requests by what they ask for; tokens are none of them."""
    return dict(Counter(call["operation"] or call["path"] for call in calls if "oken" not in call["path"]))


Act = Callable[[], None]
STEP = timedelta(seconds=5)

if __name__ == "__main__":
    sys.exit(main())
