"""Stage changes while 1,000 people are imported at once.

Method: a whole app (one web process, one cluster of four workers, PostgreSQL and both sandboxes) on this
machine, in real time. Greenhouse allows 75 requests in 30 seconds; LinkedIn's day is lifted, so that each
move is written on its own. 360 people are in step. Before: 2 moves a second in Greenhouse for a minute.
Then 1,000 people are added to one Project at once, and 2 moves a second go on for two minutes. A change's
time is from the move in Greenhouse to LinkedIn's own time of the stage. The p95 during the import may be
1.5 times the one before, or 250 ms more. Three runs, the median counts; `--to-the-end` makes one run and
waits until all 1,000 are in Greenhouse once.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Any

from apps.demo import stack
from apps.demo.smoke import Report, percentile, wait_until

CEILING = 75
STANDING = 360
IMPORTED = 1_000
A_SECOND = 2.0
BEFORE_SECONDS = 60
DURING_SECONDS = 120
EVERY_SECONDS = {"profiles": 15, "people": 600, "applications": 600, "jobs": 600}
ALLOWED_TIMES, ALLOWED_MORE = 1.5, 0.25
ENDS_WITHIN = 3600.0


class Company:
    """The running stack, and people whom somebody moves in Greenhouse."""

    def __init__(self, running: stack.Stack) -> None:
        from benchmarks import company

        self.sandbox = running.sandbox
        self.company = company.start(
            running, every_seconds=EVERY_SECONDS, projects=("Data Engineer", "Analyst"), shows_after=1
        )
        self.applications: dict[str, int] = {}

    def settle_people(self) -> None:
        """Bring those in who are moved later, with no limit in the way; then set the limit."""
        from benchmarks import company

        self.applications = company.bring_in(self.sandbox, self.company, STANDING, within=600)
        self.sandbox.act("greenhouse", "settings", ceiling=CEILING)
        time.sleep(31)

    def add(self, numbers: range, *, mapping: int) -> None:
        from benchmarks import company

        company.add(self.sandbox, self.company, numbers, mapping=mapping)

    def in_step(self) -> dict[str, int]:
        from benchmarks import company

        return company.in_step()

    def move_for(self, seconds: int) -> list[float]:
        """Move one after the other, evenly, then wait for all; the seconds that each took."""
        moved: dict[str, float] = {}
        wanted = [self.applications.popitem() for _ in range(int(seconds * A_SECOND))]
        began = time.time()
        for place, (profile, application) in enumerate(wanted):
            time.sleep(max(0.0, began + place / A_SECOND - time.time()))
            moved[profile] = time.time()
            self.sandbox.act("greenhouse", "move", application_id=application, stage="Phone Screen")
        wait_until(lambda: self.all_moved(moved), 300)
        rows = self.profiles()
        return [rows[one]["stageChangedAt"] / 1000 - at for one, at in moved.items()]

    def all_moved(self, moved: Iterable[str]) -> bool:
        rows = self.profiles()
        return all(rows[one]["stage"] == "In Progress" for one in moved)

    def profiles(self) -> dict[str, Any]:
        time.sleep(0.5)
        return {row["id"]: row for row in self.sandbox.state("linkedin")["profiles"]}

    def imported(self) -> int:
        return len(self.sandbox.state("greenhouse")["applications"]) - STANDING


def run(report: Report, *, to_the_end: bool) -> dict[str, float]:
    """One run on a database and processes of its own; the two p95 in seconds."""
    with stack.own_database("bulk"), stack.running() as running:
        company = Company(running)
        company.settle_people()
        before = company.move_for(BEFORE_SECONDS)
        time.sleep(31)
        began = time.time()
        company.add(range(STANDING, STANDING + IMPORTED), mapping=1)
        during = company.move_for(DURING_SECONDS)
        figures = {
            "before_p50": round(statistics.median(before), 3),
            "before_p95": percentile(before, 0.95),
            "during_p50": round(statistics.median(during), 3),
            "during_p95": percentile(during, 0.95),
            "imported_in_two_minutes": company.imported(),
            "refused_by_greenhouse": sum(call["status"] == 429 for call in company.sandbox.calls("greenhouse")),
        }
        if to_the_end:
            _to_the_end(company, began, figures, report)
    return figures


def _to_the_end(company: Company, began: float, figures: dict[str, float], report: Report) -> None:
    from apps.demo import invariants
    from apps.ledger.models import Event
    from apps.ledger.states import State

    wait_until(lambda: company.imported() >= IMPORTED and len(company.in_step()) >= STANDING + IMPORTED, ENDS_WITHIN)
    figures["import_seconds"] = round(time.time() - began)
    figures["import_largest_pace"] = round(IMPORTED / (CEILING / 30), 1)
    report.expect(company.imported() == IMPORTED, f"{company.imported()} applications for {IMPORTED} people")
    report.expect(not Event.objects.filter(state=State.DEAD).exists(), "an event died")
    for sentence in invariants.broken(company.sandbox):
        report.expect(False, sentence)


def run_apart() -> dict[str, float]:
    """One run in a process of its own, as Django takes one database for good."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.bulk", "--one"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description="Stage changes during an import.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--to-the-end", action="store_true")
    parser.add_argument("--one", action="store_true", help="one run, its figures alone")
    asked = parser.parse_args()
    report = Report()
    if asked.one:
        print(json.dumps(run(report, to_the_end=False)))
        return 0
    print(__doc__, flush=True)
    if asked.to_the_end:
        report.figures |= run(report, to_the_end=True)
        return report.close()
    runs = []
    for _ in range(asked.runs):
        runs.append(run_apart())
        print(json.dumps(runs[-1]), flush=True)
    before = statistics.median(one["before_p95"] for one in runs)
    during = statistics.median(one["during_p95"] for one in runs)
    allowed = max(ALLOWED_TIMES * before, before + ALLOWED_MORE)
    report.expect(during <= allowed, f"p95 during the import is {during:.3f} s, {allowed:.3f} s are allowed")
    report.figures |= {"before_p95": before, "during_p95": during, "allowed_p95": round(allowed, 3), "runs": len(runs)}
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
