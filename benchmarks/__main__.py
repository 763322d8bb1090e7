"""`make bench`: one after the other, each in a process of its own, each with its method beside its figures.

`python -m benchmarks receiving claims` runs those alone. Run it with nothing else at work; all take two hours.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

COMMANDS = {
    "receiving": ["benchmarks.receiving"],
    "claims": ["benchmarks.claims"],
    "pages": ["benchmarks.pages", "--events", "1000000"],
    "effects": ["benchmarks.effects"],
    "memory": ["benchmarks.memory"],
    "addresses": ["benchmarks.addresses"],
    "matching": ["benchmarks.matching"],
    "sweep": ["benchmarks.sweep"],
    "bulk": ["benchmarks.bulk"],
    "waiting": ["benchmarks.waiting"],
    "mappings": ["benchmarks.mappings"],
    "day": ["apps.demo.day", "--large"],
}


def main() -> int:
    """Run what is asked for; non-zero where one of them missed its aim."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(COMMANDS))
    asked = parser.parse_args().names
    if unknown := [name for name in asked if name not in COMMANDS]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(COMMANDS)}")
    missed = []
    for name in asked or COMMANDS:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", *COMMANDS[name]]).returncode:
            missed.append(name)
    print(f"\nMissed: {', '.join(missed)}" if missed else "\nEvery aim was met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
