"""From a webhook to all three effects: looked up in the ATS, its stage pushed to LinkedIn, told in Slack.

Method: a whole app (one web process, one cluster of four workers, PostgreSQL, the sandboxes) on this machine, in real
time. The remote limits are lifted: Greenhouse's 30 seconds, LinkedIn's day, Slack's message a second in a channel. As
many people as will be moved are brought in step first. Then they are moved in Greenhouse to Phone Screen, evenly, at
the rate asked for; each move is one signed webhook, one read, one write of a stage, one message to one channel (what
piled up travels as a digest, as always). A move's time is from the act in Greenhouse until both LinkedIn's own time of
the stage and Slack's own time of the message. `a_second` is how many had all their effects, over the time from the
first act to the last effect.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

from apps.demo import stack
from apps.demo.smoke import Report, percentile, wait_until

SECONDS = 60
FAST, SLOW = 150.0, 5.0
"""Moves a second (DESIGN.md, Speed)."""
FAST_P99, SLOW_P50, SLOW_P95 = 2.0, 0.060, 0.150
TOGETHER = 4
"""Hands that move people at once, so that the act's own answer is no limit."""
IMPORT_WITHIN, EFFECTS_WITHIN = 3600.0, 1800.0
EVERY_SECONDS = {"profiles": 5, "people": 3600, "applications": 3600, "jobs": 3600}


@dataclass
class Office:
    """The running stack, people in step, and a rule that tells of each move."""

    sandbox: Any
    applications: dict[str, int]

    @classmethod
    def start(cls, running: stack.Stack, people: int) -> Office:
        from apps.accounts.scope import EVERYONE
        from apps.connections.models import Connection
        from apps.core import clock
        from apps.demo import scenario
        from apps.notifications import services as notifications
        from apps.notifications.models import Rule
        from apps.notifications.services import Place, Wish
        from benchmarks import company

        made = company.start(running, every_seconds=EVERY_SECONDS)
        in_step = company.bring_in(running.sandbox, made, people, within=IMPORT_WITHIN)
        slack = scenario.connect_slack(running.sandbox, made)
        slack.settings["options"] = {**slack.settings.get("options", {}), "pace_seconds": 0.0}
        Connection.objects.filter(pk=slack.pk).update(settings=slack.settings)
        Rule.objects.of_everyone().update(enabled=False)
        wish = Wish(name="Phone screens", stages=("Phone Screen",), places=(Place(kind="channel", where="#hiring"),))
        notifications.save_rule(scope=EVERYONE, wish=wish, now=clock.now())
        return cls(running.sandbox, in_step)

    def move_all(self, rate: float) -> dict[str, float]:
        """Move each to Phone Screen, evenly; when each was, by profile."""
        wanted, moved, began = list(self.applications.items()), {}, time.time()

        def hand(first: int) -> None:
            for place in range(first, len(wanted), TOGETHER):
                profile, application = wanted[place]
                time.sleep(max(0.0, began + place / rate - time.time()))
                moved[profile] = time.time()
                self.sandbox.act("greenhouse", "move", application_id=application, stage="Phone Screen")

        hands = [threading.Thread(target=hand, args=(first,)) for first in range(TOGETHER)]
        for each in hands:
            each.start()
        for each in hands:
            each.join()
        return moved

    def in_linkedin(self) -> dict[str, float]:
        """When each had the stage there, by LinkedIn's own clock."""
        rows = self.sandbox.state("linkedin")["profiles"]
        return {row["id"]: row["stageChangedAt"] / 1000 for row in rows if row["stage"] == "In Progress"}


def in_slack() -> dict[str, float]:
    """When each was told, by Slack's own clock."""
    from apps.candidates.models import Profile
    from apps.ledger.models import Effect
    from apps.ledger.states import EffectState
    from apps.notifications.models import Message

    told = dict(Effect.objects.filter(kind="message", state=EffectState.DONE).values_list("key", "result__ts"))
    profile = dict(Profile.objects.values_list("candidacy_id", "remote_id"))
    messages = Message.objects.of_everyone().select_related("transition")
    return {
        profile[message.transition.candidacy_id]: float(told[message.effect_key])
        for message in messages
        if message.transition is not None and message.effect_key in told
    }


def run(rate: float, seconds: int) -> dict[str, float]:
    """One run on a database and processes of its own."""
    people = round(rate * seconds)
    with stack.own_database("effects"), stack.running() as running:
        office = Office.start(running, people)
        moved = office.move_all(rate)
        wait_until(lambda: _all_told(office, people), EFFECTS_WITHIN)
        linkedin, slack = office.in_linkedin(), in_slack()
    pushed = [linkedin[one] - at for one, at in moved.items()]
    told = [slack[one] - at for one, at in moved.items()]
    whole = [max(pair) for pair in zip(pushed, told, strict=True)]
    last = max(max(linkedin[one], slack[one]) for one in moved)
    return {
        "asked_a_second": rate,
        "moves": len(moved),
        "a_second": round(len(moved) / (last - min(moved.values())), 1),
        "acted_a_second": round(len(moved) / (max(moved.values()) - min(moved.values())), 1),
        "p50": round(statistics.median(whole), 3),
        "p95": percentile(whole, 0.95),
        "p99": percentile(whole, 0.99),
        "linkedin_p95": percentile(pushed, 0.95),
        "slack_p95": percentile(told, 0.95),
    }


def _all_told(office: Office, people: int) -> bool:
    time.sleep(2)
    return len(in_slack()) == people and len(office.in_linkedin()) == people


def run_apart(rate: float, seconds: int) -> dict[str, float]:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "benchmarks.effects",
        "--rate",
        str(rate),
        "--seconds",
        str(seconds),
    ]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.effects", description="Webhook to all three effects.")
    parser.add_argument("--rate", type=float, help="one run at so many moves a second, its figures alone")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    asked = parser.parse_args()
    if asked.rate:
        print(json.dumps(run(asked.rate, asked.seconds)))
        return 0
    print(__doc__, flush=True)
    report = Report()
    slow, fast = run_apart(SLOW, asked.seconds), run_apart(FAST, asked.seconds)
    report.expect(
        slow["p50"] <= SLOW_P50 and slow["p95"] <= SLOW_P95, f"at {SLOW}/s: p50 {slow['p50']}, p95 {slow['p95']} s"
    )
    report.expect(fast["p99"] < FAST_P99, f"at {FAST}/s: {fast['a_second']}/s kept up with, p99 {fast['p99']} s")
    report.figures |= {"slow": slow, "fast": fast}
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
