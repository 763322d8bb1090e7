"""Invariant 10: what the processes wrote names no secret and nobody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from apps.candidates.models import Identity
from apps.connections import services as connections
from apps.connections import tokens
from apps.core import clock
from apps.demo import scenario
from apps.demo.crash import Checked

if TYPE_CHECKING:
    from apps.demo.crash_run import Run

OURS = ("web.log", "worker.log")


def ask(run: Run, logs: Path) -> Checked:
    """Every line that web and worker wrote, restarts included, at the level of a production."""
    secret, lines, broken = _secrets(run), 0, []
    slugs = {scenario.person(one.number)["url"].rsplit("/", 1)[-1] for one in run.office.people}
    emails = set(Identity.objects.filter(kind="email").values_list("seen_as", flat=True))
    for name in OURS:
        text = (logs / name).read_text(errors="replace")
        lines += text.count("\n")
        broken += [f"{name} holds a secret ({one[:4]}…)." for one in sorted(secret) if one in text]
        broken += [f"{name} names somebody." for one in sorted(slugs | emails) if one in text]
    return Checked(10, "No secret and nobody's data in a log", lines, "lines", broken)


def _secrets(run: Run) -> set[str]:
    """What opens a connection, signs for it, or came back as its token."""
    found: set[str] = set()
    for account in (run.company.ats, run.company.linkedin):
        found |= set(connections.hook_secrets(account, now=clock.now()))
        found |= {value for value in tokens.read_secret(account.pk).values.values() if "secret" in value}
        found.add(tokens.read_token(account.pk).value)
    return {one for one in found if one} | {scenario.PASSWORD}
