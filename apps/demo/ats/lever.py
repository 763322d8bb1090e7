"""Lever, as the demo's people use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.demo.ats.hands import Applied, Hands, Someone, requisition, slug_of
from apps.demo.sandbox import Sandbox

ROWS = [
    ("Contacted", "New Lead"),
    ("Replied", "Responded"),
    ("In Progress", "Phone Screen"),
    ("In Progress", "On-site"),
    ("In Progress", "Reference Check"),
    ("In Progress", "Offer"),
    ("Hired", "!hired"),
    ("Archived", "!rejected"),
]


def wish(names: Sequence[str], settings: Mapping[str, Any]) -> dict[str, Any]:
    jobs = [{"name": name, "requisition_id": requisition(number)} for number, name in enumerate(names)]
    return {"jobs": jobs, "candidates": [], "settings": dict(settings)}


def options(sandbox: Sandbox) -> dict[str, Any]:
    """Somebody to act as, and why people are turned down."""
    return {"perform_as": sandbox.state("lever")["users"][0]["id"], "archive_reason": "Underqualified"}


def people(state: Mapping[str, Any]) -> list[Someone]:
    return [Someone(row["id"], frozenset(slug_of(url) for url in row["links"])) for row in state["contacts"]]


def applications(state: Mapping[str, Any]) -> list[Applied]:
    stages = {row["id"]: row["text"] for row in state["stages"]}
    jobs = {row["id"]: row["posting"] for row in state["applications"]}
    return [
        Applied(
            row["id"],
            row["contact"],
            next((jobs[one] for one in row["applications"]), ""),
            stages[row["stage"]],
            next(iter(row["sources"]), ""),
            row["owner"] or "",
        )
        for row in state["opportunities"]
    ]


def move(sandbox: Sandbox, application: str, stage: str) -> None:
    sandbox.act("lever", "move", opportunity_id=application, stage=stage)


HANDS = Hands(
    key="lever",
    name="Lever",
    credential={"api_key": "sandbox-lever-key"},
    start="New Lead",
    talk="Phone Screen",
    later="On-site",
    rows=ROWS,
    wish=wish,
    people=people,
    applications=applications,
    move=move,
    options=options,
)
