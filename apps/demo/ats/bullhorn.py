"""Bullhorn, as the demo's people use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.demo import agency
from apps.demo.ats.hands import Applied, Hands, Someone, requisition, slug_of
from apps.demo.sandbox import Sandbox


def wish(names: Sequence[str], settings: Mapping[str, Any]) -> dict[str, Any]:
    jobs = [{"name": name, "requisition_id": requisition(number)} for number, name in enumerate(names)]
    return {"jobs": jobs, "candidates": [], "settings": dict(settings)}


def people(state: Mapping[str, Any]) -> list[Someone]:
    return [
        Someone(str(row["id"]), frozenset([slug_of(row["companyURL"])] if row.get("companyURL") else []))
        for row in state["Candidate"]
        if not row["isDeleted"]
    ]


def applications(state: Mapping[str, Any]) -> list[Applied]:
    return [
        Applied(
            str(row["id"]),
            str(row["candidate"]["id"]),
            str(row["jobOrder"]["id"]),
            row["status"],
            row["source"] or "",
            str(row["sendingUser"]["id"]),
        )
        for row in state["JobSubmission"]
        if not row["isDeleted"]
    ]


def move(sandbox: Sandbox, application: str, stage: str) -> None:
    sandbox.act("bullhorn", "move", application_id=int(application), stage=stage)


def unread(state: Mapping[str, Any]) -> int:
    return sum(queue["waiting"] for queue in state["subscriptions"])


HANDS = Hands(
    key="bullhorn",
    name="Bullhorn",
    credential=agency.CREDENTIAL,
    start="Submitted",
    talk="Interview Scheduled",
    later="Offer Extended",
    rows=agency.ROWS,
    wish=wish,
    people=people,
    applications=applications,
    move=move,
    options=lambda sandbox: dict(agency.OPTIONS),
    pushes=False,
    unread=unread,
)
