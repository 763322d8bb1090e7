"""`make crash`: kill and freeze SyncPortal at random points under load, then ask DESIGN.md's ten invariants.

KILLS, EVENTS and SEED say how long and which dice. Prints a line for each invariant with what it counted,
its figures as one JSON line last, and exits non-zero where one is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from apps.demo import stack

LEASE, CALL, BEAT = 5.0, 4.0, 1.0
"""Seconds: of a lease, of a call in all, between two beats of an idle worker."""

IDLE_IN_TRANSACTION = "3s"
"""A process stopped within a transaction loses its locks after this."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How often something is killed or stopped, how many events the ledger takes meanwhile, and the dice."""

    kills: int = 200
    events: int = 20_000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Checked:
    """One invariant: what was counted, and a sentence for each way in which it is broken."""

    number: int
    title: str
    count: int
    of: str
    broken: Sequence[str] = ()

    def line(self) -> str:
        verdict = f"BROKEN {len(self.broken)} times" if self.broken else "holds"
        return f"{self.number:2}. {self.title}: {verdict} ({self.count} {self.of})"

    def kinds(self) -> list[str]:
        """The most frequent kinds of sentences."""
        counted = Counter(PARTICULARS.sub("", sentence) for sentence in self.broken)
        example = {PARTICULARS.sub("", sentence): sentence for sentence in self.broken}
        return [f"{count} times: {example[kind]}" for kind, count in counted.most_common(SHOWN)]


LONGEST = 4000

SHOWN = 12
"""Kinds of sentences printed of a broken invariant, each with how many there are of it and one of them."""

PARTICULARS = re.compile(r"\S*\d\S*|\{.*")
"""What differs between two sentences of a kind."""


def wish_of(arguments: Sequence[str]) -> Wish:
    parser = argparse.ArgumentParser(prog="python -m apps.demo.crash", description=__doc__)
    usual = Wish()
    for name in ("kills", "events", "seed"):
        told = os.environ.get(name.upper()) or getattr(usual, name)
        parser.add_argument(f"--{name}", type=int, default=int(told))
    return Wish(**vars(parser.parse_args(arguments)))


def main() -> int:
    wish, began = wish_of(sys.argv[1:]), time.monotonic()
    os.environ |= {
        "SYNCPORTAL_LEASE_SECONDS": str(LEASE),
        "SYNCPORTAL_CALL_SECONDS": str(CALL),
        "SYNCPORTAL_BEAT_SECONDS": str(BEAT),
        "LOG_LEVEL": "ERROR",
        "SYNCPORTAL_API_RATE": "1000000/min",
        "PGOPTIONS": f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION}",
    }
    with stack.own_database("crash") as folder:
        from apps.demo import crash_run

        checked, figures = crash_run.run(wish, folder)
    for one in checked:
        print(one.line())
        for sentence in one.kinds():
            print(f"      {sentence[:LONGEST]}")
    broken = [one.number for one in checked if one.broken]
    print(json.dumps({**vars_of(wish), **figures, "seconds": round(time.monotonic() - began), "broken": broken}))
    return 1 if broken else 0


def vars_of(wish: Wish) -> dict[str, int]:
    return {"kills": wish.kills, "events_wanted": wish.events, "seed": wish.seed}


if __name__ == "__main__":
    sys.exit(main())
