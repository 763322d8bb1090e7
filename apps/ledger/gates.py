"""Gates: opaque keys that may be closed for a reason; while one is, nothing behind it is claimed."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F
from django.db.models.functions import Greatest

from apps.ledger import delays
from apps.ledger.models import ClosedGate, Mailbox
from apps.ledger.states import Reason


def close_gate(*, gate: str, reason: Reason, now: datetime, until: datetime | None = None, detail: str = "") -> None:
    """Close `gate` for `reason`; closed twice for the same reason, the later `until` counts."""
    row, made = ClosedGate.objects.get_or_create(
        gate=gate, reason=reason, defaults={"until": until, "since": now, "detail": detail}
    )
    if made:
        delays.begin_gate(gate, reason, now=now)
    elif until is not None:
        ClosedGate.objects.filter(pk=row.pk, until__isnull=False).update(until=Greatest(F("until"), until))


def open_gate(*, gate: str, reason: Reason, now: datetime) -> bool:
    """Take one reason away; returns True if the gate is open now."""
    if ClosedGate.objects.filter(gate=gate, reason=reason).delete()[0]:
        delays.end_gates([(gate, reason)], now=now)
    return not ClosedGate.objects.filter(gate=gate).exists()


def reasons_of(gate: str) -> list[str]:
    return list(ClosedGate.objects.filter(gate=gate).order_by("since").values_list("reason", flat=True))


def closed_gates() -> dict[str, ClosedGate]:
    """The first reason of each closed gate, for pages."""
    found: dict[str, ClosedGate] = {}
    for row in ClosedGate.objects.order_by("since"):
        found.setdefault(row.gate, row)
    return found


def open_due_gates(*, now: datetime) -> int:
    """Open the gates whose time has come; called by the sweep."""
    due = list(ClosedGate.objects.filter(until__lte=now).values_list("pk", "gate", "reason"))
    if not due:
        return 0
    opened, _ = ClosedGate.objects.filter(pk__in=[pk for pk, _, _ in due], until__lte=now).delete()
    still = set(ClosedGate.objects.filter(gate__in=[gate for _, gate, _ in due]).values_list("gate", "reason"))
    delays.end_gates([one[1:] for one in due if one[1:] not in still], now=now)
    return opened


def next_opening(*, now: datetime) -> datetime | None:
    """When the next gate opens by itself that has work behind it."""
    waiting = Mailbox.objects.filter(due_at__isnull=False).values("gate")
    return (
        ClosedGate.objects.filter(until__gt=now, gate__in=waiting)
        .order_by("until")
        .values_list("until", flat=True)
        .first()
    )
