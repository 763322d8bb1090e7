"""The sandbox's clock: the wall clock with an offset, or frozen until someone steps it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time by default. `set` freezes it at a moment; `advance` moves it, frozen or not."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._frozen: datetime | None = None

    @property
    def mode(self) -> str:
        return "stepped" if self._frozen else "real"

    def now(self) -> datetime:
        return self._frozen or datetime.now(UTC) + self._offset

    def timestamp(self) -> float:
        return self.now().timestamp()

    def millis(self) -> int:
        return int(self.timestamp() * 1000)

    def set(self, moment: datetime) -> None:
        self._frozen = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    def advance(self, seconds: float) -> None:
        if self._frozen:
            self._frozen += timedelta(seconds=seconds)
        else:
            self._offset += timedelta(seconds=seconds)

    def run_real(self) -> None:
        self._frozen, self._offset = None, timedelta()


def iso(moment: datetime) -> str:
    """UTC, milliseconds, Z: 2026-11-24T09:00:00.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """Read an ISO moment; one without a zone is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
