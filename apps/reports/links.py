"""Addresses in the outside systems, for people who want to see for themselves."""

from __future__ import annotations

from uuid import UUID

from apps.connections import services as connections
from apps.core import errors


def link_to_person(*, connection_id: UUID, remote_id: str, application_id: str = "") -> str:
    """The page of somebody in their ATS; empty where they are not there, or the system has no such pages."""
    if not remote_id:
        return ""
    try:
        ats = connections.open_ats(connection_id)
        return ats.deep_link(person_id=remote_id, application_id=application_id)
    except (errors.SyncError, ValueError):
        return ""
