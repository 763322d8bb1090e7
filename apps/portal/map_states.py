"""A mapping's states and what to know of its map, as screens show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.mappings.cautions import Caution
from apps.mappings.choosing import JobOfProject
from apps.portal import words
from apps.portal.words import Badge

STATES: Mapping[str, Badge] = {
    "draft": Badge("mute", "note", "Draft"),
    "shadow": Badge("info", "search", "Shadow", "planned, not written"),
    "pilot": Badge("info", "pilot", "Pilot"),
    "live": Badge("ok", "check-circle", "Live"),
    "paused": Badge("mute", "pause", "Paused"),
    "ended": Badge("mute", "dash", "Ended"),
}

CAUTIONS: Mapping[str, tuple[str, str]] = {
    "gone": ("warn", "Gone"),
    "ambiguous": ("warn", "Ambiguous"),
    "unmapped": ("warn", "Without a row"),
    "coarse": ("layers", "Coarse"),
    "terminal": ("warn", "Ends and reopens"),
    "one_way": ("right", "One way"),
}


def caution_of(one: Caution) -> tuple[Badge, str, str]:
    """Say one thing to know: its badge, its rows, its sentence."""
    icon, word = CAUTIONS[one.kind]
    at = f"{'row' if len(one.rows) == 1 else 'rows'} {words.listed([str(place) for place in one.rows])}"
    return Badge("warn" if one.grave else "mute", icon, word), at if one.rows else "", one.said


def job_of(one: JobOfProject) -> dict[str, Any]:
    """Say a job that a Project feeds."""
    return {
        "id": one.mapping_id,
        "href": reverse("portal:mapping", args=[one.mapping_id]),
        "job": one.job,
        "where": f"{one.client}, {one.ats}",
        "leading": one.leading,
        "badge": STATES.get(one.state, Badge("mute", "info", one.state)),
    }
