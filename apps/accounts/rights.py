"""Who may do what: four roles, each holding the rights of the one before it (RULES.md, Who sees what)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    RECRUITER = "recruiter", "Recruiter"
    OPS = "ops", "Ops lead"
    ADMIN = "admin", "Admin"


class Right(StrEnum):
    VIEW = "view"
    """See what happened, within one's clients."""
    DECIDE = "decide"
    """Decide duplicates; sync one person now."""
    OPERATE = "operate"
    """Map, replay, discard, run pilots, write rules."""
    ADMINISTER = "administer"
    """Connections, people, clients, keys, audit."""


RIGHTS_OF: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.VIEW}),
    Role.RECRUITER: frozenset({Right.VIEW, Right.DECIDE}),
    Role.OPS: frozenset({Right.VIEW, Right.DECIDE, Right.OPERATE}),
    Role.ADMIN: frozenset(Right),
}


def role_has(role: str, right: Right) -> bool:
    """Tell whether a role holds a right; an unknown role holds none."""
    return role in Role.values and right in RIGHTS_OF[Role(role)]
