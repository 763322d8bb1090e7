"""`make day`: one office day on the stepped clock, with LinkedIn's true 500 requests.

People are added to Projects in bursts, and moved in both systems; polls and writes come when the
app's own plan of the day says. Prints its figures as one JSON line last; non-zero exit on any miss.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from dataclasses import dataclass

from apps.demo import stack
from apps.demo.smoke import Report


@dataclass(frozen=True, slots=True)
class Wish:
    """How busy the day is. `standing`: people who came the night before. `imported`: people who are added to one
    Project at once, at noon. `offices`: of Berlin, London and New York the first so many. `hints`: LinkedIn's optional
    push, which brings polls forward."""

    people: int = 200
    ats_moves: int = 60
    linkedin_moves: int = 20
    projects: int = 8
    standing: int = 0
    imported: int = 0
    offices: int = 1
    seats: int = 6
    burst: int = 8
    daily_limit: int = 500
    hints: bool = False
    seed: int = 1


def wish_of(arguments: list[str]) -> Wish:
    parser = argparse.ArgumentParser(prog="python -m apps.demo.day", description=__doc__)
    usual = Wish()
    for name in (
        "people",
        "ats_moves",
        "linkedin_moves",
        "projects",
        "standing",
        "imported",
        "offices",
        "seats",
        "burst",
        "daily_limit",
        "seed",
    ):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(usual, name))
    parser.add_argument("--hints", action="store_true")
    parser.add_argument("--large", action="store_true", help="the day of 200 requisitions; other options are ignored")
    given = vars(parser.parse_args(arguments))
    return LARGE if given.pop("large") else Wish(**given)


LARGE = Wish(people=1200, ats_moves=900, linkedin_moves=300, projects=200, standing=300, offices=3, seats=40, burst=8)
"""200 requisitions, three offices, 40 seats (DESIGN.md, Speed)."""


def main(arguments: list[str]) -> int:
    wish, report, began = wish_of(arguments), Report(), time.monotonic()
    random.seed(wish.seed)
    with stack.own_database("day") as folder:
        from apps.core import clock
        from apps.demo import day_run

        os.environ["PGOPTIONS"] = "-c synchronous_commit=off"  # nothing is killed here, and the day goes faster
        os.environ[clock.STEPPED_BY] = str(folder / "clock")
        clock.step_to(day_run.BEGINS)
        with stack.running(clusters=0) as running:
            day_run.run(running, wish, report)
        report.figures["wall_seconds"] = round(time.monotonic() - began, 1)
        return report.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
