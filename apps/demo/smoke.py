"""`make smoke`: the first whole slice, headless, on ports and a database of its own.

People added to a Project arrive in the ATS once each; moves travel both ways; nothing echoes.
`--system` names the ATS (SYSTEM=lever make smoke); what it cannot do is shown as such in the figures.
Prints its figures as one JSON line last and exits non-zero on any miss. `--deliveries twice` is the same
with every webhook sent twice and every second one overtaken by those after it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.demo import stack

POLL_SECONDS = 5
DAILY_LIMIT = 20_000
"""The smoke shows correctness and speed without waiting for a real day; the stepped day keeps the true 500."""


@dataclass
class Report:
    """Figures, what was missed, and what came too late for the promise on this machine at this hour."""

    figures: dict[str, Any] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)

    def expect(self, truth: bool, sentence: str) -> None:
        if not truth:
            self.missed.append(sentence)

    def expect_under(self, limit: float, seconds: float, what: str) -> None:
        if seconds >= limit:
            self.slow.append(f"{what} took {seconds:.1f} s; {limit:.0f} s are promised.")

    def close(self) -> int:
        for sentence in [*self.missed, *self.slow]:
            print(f"MISSED: {sentence}", file=sys.stderr)
        print(json.dumps({**self.figures, "missed": self.missed, "slow": self.slow}))
        return 1 if self.missed or self.slow else 0


def wait_until(condition: Callable[[], bool], seconds: float) -> float:
    """Seconds until `condition` held; raises TimeoutError."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if condition():
            return time.monotonic() - started
        time.sleep(0.05)
    raise TimeoutError


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deliveries", choices=("once", "twice"), default="once")
    parser.add_argument("--system", default=os.environ.get("SYSTEM") or "greenhouse")
    asked = parser.parse_args()
    report = Report()
    with stack.own_database("smoke"):
        from apps.demo import smoke_run

        with stack.running() as running:
            smoke_run.run(running, report, system=asked.system, twice=asked.deliveries == "twice")
    return report.close()


def percentile(values: list[float], share: float) -> float:
    return round(statistics.quantiles(values, n=100)[round(share * 100) - 1], 3) if len(values) > 1 else values[0]


if __name__ == "__main__":
    sys.exit(main())
