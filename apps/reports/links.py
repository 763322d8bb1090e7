"""Addresses in the outside systems, for people who want to see for themselves."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from uuid import UUID

from apps.connections import services as connections
from apps.core import errors


def link_to_person(*, connection_id: UUID, remote_id: str, application_id: str = "") -> str:
    """The page of somebody in their ATS; empty where they are not there, or the system has no such pages."""
    found = links_to_people(connection_id=connection_id, remote_ids=[remote_id], application_id=application_id)
    return found[remote_id]


def links_to_people(*, connection_id: UUID, remote_ids: Collection[str], application_id: str = "") -> dict[str, str]:
    """The pages of several people of one ATS, by their ids."""
    found = dict.fromkeys(remote_ids, "")
    if not any(found):
        return found
    try:
        ats = connections.open_ats(connection_id)
    except (errors.SyncError, ValueError):
        return found
    for remote_id in filter(None, found):
        with suppress(errors.SyncError, ValueError):
            found[remote_id] = ats.deep_link(person_id=remote_id, application_id=application_id)
    return found
