"""Greenhouse, as the demo's people use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.demo.ats.hands import Applied, Hands, Someone, requisition, slug_of
from apps.demo.sandbox import Sandbox

STAGES = ["Application Review", "Phone Screen", "Take Home Test", "Onsite", "Reference Check", "Offer"]

ROWS = [
    ("Contacted", "Application Review"),
    ("Replied", "Application Review"),
    ("In Progress", "Phone Screen"),
    ("In Progress", "Take Home Test"),
    ("In Progress", "Onsite"),
    ("In Progress", "Reference Check"),
    ("In Progress", "Offer"),
    ("Hired", "!hired"),
    ("Archived", "!rejected"),
]
"""Phone Screen and Onsite show as one LinkedIn stage: the common coarse map (rule 10)."""


def wish(names: Sequence[str], settings: Mapping[str, Any]) -> dict[str, Any]:
    jobs = [
        {"name": name, "requisition_id": requisition(number), "stages": STAGES} for number, name in enumerate(names)
    ]
    return {"jobs": jobs, "candidates": [], "settings": dict(settings)}


def people(state: Mapping[str, Any]) -> list[Someone]:
    return [
        Someone(str(row["id"]), frozenset(slug_of(one["value"]) for one in row["social_media_addresses"]))
        for row in state["candidates"]
    ]


def applications(state: Mapping[str, Any]) -> list[Applied]:
    return [
        Applied(
            str(row["id"]),
            str(row["candidate_id"]),
            str(row["job_id"]),
            row["stage_name"],
            str(row["source_id"]),
            str(row["recruiter_id"]),
        )
        for row in state["applications"]
    ]


def move(sandbox: Sandbox, application: str, stage: str) -> None:
    sandbox.act("greenhouse", "move", application_id=int(application), stage=stage)


HANDS = Hands(
    key="greenhouse",
    name="Greenhouse",
    credential={"client_id": "sandbox-client-1", "client_secret": "sandbox-secret"},
    start="Application Review",
    talk="Phone Screen",
    later="Onsite",
    rows=ROWS,
    wish=wish,
    people=people,
    applications=applications,
    move=move,
    quick={"ceiling": 2000},
)
