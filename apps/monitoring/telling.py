"""Alarms as messages: to everybody who can do something, when one fires and when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from apps.accounts.models import User
from apps.accounts.rights import Role
from apps.monitoring.models import Alert
from apps.monitoring.rules import KINDS
from apps.notifications import announce, recipients
from apps.providers import contract

OVER = "Over"


def tell_fired(alert: Alert, *, now: datetime) -> list[str]:
    """Say that it fires; returns the lanes that the messages go by. Again after a snooze, it is another message."""
    kind = KINDS[alert.kind]
    facts = (("What", alert.detail), ("Since", _at(alert.first_seen)), ("To do", kind.todo))
    return _tell(alert, f"{alert.pk}:{alert.fired}", contract.Line(kind.title, facts), now=now)


def tell_over(alert: Alert, *, now: datetime) -> list[str]:
    """Say that it is over, to those who were told."""
    kind = KINDS[alert.kind]
    facts = (("It was", alert.detail), ("From", _at(alert.first_seen)), ("Until", _at(now)))
    return _tell(alert, f"{alert.pk}:over", contract.Line(f"{OVER}: {kind.title.lower()}", facts), now=now)


def _tell(alert: Alert, cause: str, line: contract.Line, *, now: datetime) -> list[str]:
    lanes = []
    for user in _who(alert):
        address = recipients.of_user(user, about=alert.connection_id)
        announce.append_message(address, about=KINDS[alert.kind].title, cause=f"alert:{cause}", line=line, now=now)
        lanes.append(address.lane)
    return lanes


def _who(alert: Alert) -> Iterator[User]:
    """Admins, and those ops leads whose clients it touches; what is the deployment's own, admins and who sees all."""
    people = User.objects.filter(role__in=[Role.ADMIN, Role.OPS], is_active=True).order_by("pk")
    yield from (user for user in people if user.scope().covers(alert.clients))


def _at(moment: datetime) -> str:
    return f"{moment:%d %b %Y, %H:%M} UTC"
