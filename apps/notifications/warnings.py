"""Warn every admin before a credential ends, and when it has ended: once each (R17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import User
from apps.accounts.rights import Role
from apps.connections.models import Credential, CredentialState
from apps.notifications import announce, expiry, recipients
from apps.notifications.lanes import Address

DAYS = (14, 7, 1)
"""Before its end: time to find who may consent, time to do it, and the last day."""


def tell_admins(now: datetime) -> None:
    """Tell of each credential that came nearer to its end than it was last told of; called by the sweep."""
    ending = Q(state=CredentialState.OK, expires_at__lte=now + timedelta(days=max(DAYS)))
    ended = Q(state=CredentialState.EXPIRED) & ~Q(warned=0)
    for credential in Credential.objects.select_related("connection").filter(ending | ended):
        days = _days_left(credential, now)
        if credential.warned is None or credential.warned > days:
            _tell(credential, days, now)


def _days_left(credential: Credential, now: datetime) -> int:
    """The last of the warnings whose time has come; 0 where it has ended."""
    if credential.state == CredentialState.EXPIRED or credential.expires_at is None:
        return 0
    left = credential.expires_at - now
    return min((days for days in DAYS if left <= timedelta(days=days)), default=max(DAYS))


def _tell(credential: Credential, days: int, now: datetime) -> None:
    """Of several workers one tells: who changes the row first."""
    with transaction.atomic():
        rows = Credential.objects.filter(
            pk=credential.pk, version=credential.version, state=credential.state, warned=credential.warned
        )
        if not rows.update(warned=days):
            return
        for address in addresses(credential):
            announce.append_message(
                address,
                about=expiry.ENDING if days else expiry.ENDED,
                cause=expiry.cause_of(credential, days),
                now=now,
            )


def addresses(credential: Credential) -> Iterator[Address]:
    """Every admin, each once."""
    for admin in User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk"):
        yield recipients.of_user(admin, about=credential.connection_id)
