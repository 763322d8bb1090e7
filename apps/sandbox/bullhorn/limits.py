"""1,500 requests a minute, and by contract so many a month: told by nothing but the refusal."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import JSONResponse, Response

from apps.sandbox.bullhorn.store import Settings

MINUTE = 60


class Limits:
    """Counts of the present minute and of the present month, in UTC."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._minute = (0, 0)
        self._month = (0, 0)

    def spend(self, now: float) -> Response | None:
        """Count a request; the refusal where one is due."""
        self._minute = _count(self._minute, int(now // MINUTE))
        self._month = _count(self._month, _month_of(now))
        full = self._minute[1] > self._settings.minute or 0 < self._settings.month < self._month[1]
        return self.too_many() if full else None

    def spend_elsewhere(self, requests: int, now: float) -> None:
        """Others have made so many requests just now."""
        self._minute = _count(self._minute, int(now // MINUTE), requests)
        self._month = _count(self._month, _month_of(now), requests)

    def too_many(self) -> Response:
        body = {
            "errorMessage": "You have reached the request limit",
            "errorMessageKey": "errors.tooManyRequests",
            "errorCode": 429,
        }
        return JSONResponse(body, self._settings.limit_status)

    def spent(self) -> int:
        return self._month[1]


def _month_of(now: float) -> int:
    moment = datetime.fromtimestamp(now, UTC)
    return moment.year * 12 + moment.month


def _count(held: tuple[int, int], slot: int, requests: int = 1) -> tuple[int, int]:
    return (slot, held[1] + requests) if held[0] == slot else (slot, requests)
