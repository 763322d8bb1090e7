"""A sweep of an ATS for people who are in it twice.

Method: one process, no database. 50,000 people made by rule (`benchmarks/people.py`, another seed): 2,000 are there
a second time as somebody else typed them, with a LinkedIn address, an e-mail address or both in common, and 400
share one switchboard.
Time is of the sweep alone; memory is the largest the process grew by. Pairs by blocks of at most 200; all pairs would
be 1.25 thousand million. Aims: nobody is called one person for certain who is two, every block above the cap is told.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from dataclasses import replace

from apps.candidates import sweep
from apps.candidates.matching import Facts
from apps.demo.smoke import Report
from benchmarks import people
from benchmarks.matching import facts_of

PEOPLE = 50_000
TWICE = 2_000
SWITCHBOARD = 400
SEED = 7


def make() -> tuple[list[Facts], set[frozenset[str]]]:
    """Everybody in the ATS, and which two ids are one person."""
    draw = random.Random(SEED)
    originals = [people.somebody(draw, number) for number in range(PEOPLE - TWICE)]
    made = [facts_of(replace(one, member=""), id=f"o{number}") for number, one in enumerate(originals)]
    truth = set()
    for number in draw.sample(range(len(originals)), TWICE):
        first, second = people.twice(draw, replace(originals[number], member=""))
        made[number] = facts_of(first, id=f"o{number}")
        made.append(facts_of(second, id=f"c{number}"))
        truth.add(frozenset({f"o{number}", f"c{number}"}))
    for place in range(SWITCHBOARD):
        made[place] = replace(made[place], phones=frozenset({"+49301000"}))
    return made, truth


def main() -> int:
    print(__doc__, flush=True)
    report = Report()
    everybody, truth = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    swept = sweep.sweep(everybody)
    seconds = time.perf_counter() - began
    grew = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    certain = {frozenset({pair.one.id, pair.judged.held.id}) for pair in swept.pairs if pair.certain}
    asked = {frozenset({pair.one.id, pair.judged.held.id}) for pair in swept.pairs if not pair.certain}
    for kind, (count, largest) in sweep.by_kind(swept.skipped).items():
        print(f"skipped: {count} blocks by {kind}, the largest of {largest} people")
    report.expect(not certain - truth, f"{len(certain - truth)} called one person who are two")
    report.expect(any(one.kind == "phone" for one in swept.skipped), "the switchboard's block was compared")
    report.figures |= {
        "people": swept.people,
        "seconds": round(seconds, 1),
        "memory_mb": round(grew),
        "pairs_compared": swept.compared,
        "blocks_skipped": len(swept.skipped),
        "certain": len(certain),
        "to_look_at": len(asked),
        "found_of_those_twice": round(len((certain | asked) & truth) / len(truth), 4),
        "wrong_certain": len(certain - truth),
    }
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
