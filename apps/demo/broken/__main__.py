"""`make broken`: eight builds, each without one of the engine's safeguards; the crash run must find each out.

A patch is applied to a copy of the sources, `make crash` runs there at KILLS=15 EVENTS=1500, and must fail on
the invariant that the patch says it breaks. Names of patches as arguments run only these.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PATCHES = Path(__file__).parent
SOURCES = ("apps", "syncportal", "templates", "static", "manage.py", "pyproject.toml")
LONGEST = 1500


@dataclass(frozen=True, slots=True)
class Broken:
    """A build that lacks something: what, and which invariant that breaks."""

    name: str
    why: str
    breaks: int
    says: str
    patch: Path


def all_broken() -> list[Broken]:
    return [_read(found) for found in sorted(PATCHES.glob("*.patch"))]


def _read(patch: Path) -> Broken:
    """Its first line says what is missing, its second which invariant that breaks and by what sentence."""
    why, breaks = patch.read_text().splitlines()[:2]
    told = re.fullmatch(r"Breaks (\d+): (.+)", breaks)
    if told is None:
        raise ValueError(f"{patch.name} does not say on its second line what it breaks.")
    return Broken(patch.stem, why, int(told[1]), told[2], patch)


def apply(broken: Broken, folder: Path) -> None:
    """Copy the sources and break them. Raises CalledProcessError where the patch does not fit any more."""
    for name in SOURCES:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / name)
    command = ["git", "apply", "-p1", str(broken.patch)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env={**os.environ, "GIT_DIR": "/nowhere"})


def run(broken: Broken) -> bool:
    """Whether the crash run finds it out; its lines of broken invariants are printed."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="syncportal-broken-") as folder:
        apply(broken, Path(folder))
        asked = {"KILLS": "15", "EVENTS": "1500", "SEED": "1"}
        try:
            ran = subprocess.run(
                [sys.executable, "-m", "apps.demo.crash"],
                cwd=folder,
                env={**os.environ, **asked},
                capture_output=True,
                text=True,
                timeout=LONGEST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            print(f"{broken.name}: NOT FOUND OUT; its run did not end within {LONGEST} s")
            return False
    found = _broken_in(ran.stdout)
    is_found = ran.returncode == 1 and broken.breaks in found and broken.says in ran.stdout
    verdict = "found out" if is_found else "NOT FOUND OUT"
    print(f"{broken.name}: {verdict} in {time.monotonic() - began:.0f} s; it breaks {broken.breaks}, broken: {found}")
    print("\n".join(line for line in ran.stdout.splitlines()[:-1] if "BROKEN" in line or line.startswith("      ")))
    if not found:
        print(ran.stdout[-2000:], ran.stderr[-2000:], sep="\n")
    return is_found


def _broken_in(text: str) -> list[int]:
    lines = text.splitlines()
    try:
        return list(json.loads(lines[-1])["broken"])
    except (IndexError, ValueError):
        return []


def main(names: list[str]) -> int:
    wanted = [one for one in all_broken() if not names or one.name in names]
    unknown = set(names) - {one.name for one in wanted}
    if unknown:
        print(f"There is no patch {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    results = [run(one) for one in wanted]
    print(f"{sum(results)} of {len(results)} broken builds found out")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
