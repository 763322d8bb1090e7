"""Connect a system: try what was entered, store it whole once it passed, and begin to read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.connections import services as connections
from apps.connections import trials
from apps.connections.trials import Tried, Wanted
from apps.core import errors
from apps.mappings.models import Job
from apps.notifications import services as notifications
from apps.sync import services


def try_out(wanted: Wanted) -> Tried:
    """Test a credential; nothing is stored."""
    known = Job.objects.filter(connection__provider=wanted.provider).values_list("remote_id", flat=True)
    return trials.try_out(wanted, others_jobs=frozenset(known))


def join(tried: Tried, *, name: str, client_id: UUID | None, options: Mapping[str, Any], now: datetime) -> UUID:
    """Store the connection and begin to read its listings. Raises NotPassed, AccountTaken."""
    with transaction.atomic():
        made = trials.keep(tried, name=name, client_id=client_id, options=options, now=now)
        if connections.role_of(made) in services.LISTINGS:
            services.start_reading(connection_id=made.pk, now=now)
    if connections.role_of(made) == "messaging":
        _read_channels(made.pk, now)
    return made.pk


def register_address(*, connection_id: UUID, address: str) -> None:
    """Tell LinkedIn where a recruiter's exports are to be told; safe to repeat. Raises SyncError."""
    connections.open_publishing(connection_id).configure(address)


def _read_channels(connection_id: UUID, now: datetime) -> None:
    """A first reading that fails is no loss: its gate has counted it, and a contact that is saved reads again."""
    try:
        notifications.read_channels(connection_id=connection_id, now=now)
    except errors.SyncError:
        return
