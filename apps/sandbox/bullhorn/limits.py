"""1,500 requests a minute, and by contract so many a month: told by nothing but the refusal."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from apps.sandbox.bullhorn.store import Settings

MINUTE, MONTH = 60, 30 * 86_400


class Limits:
    """Counts of the present minute and of the present thirty days."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._minute = (0, 0)
        self._month = (0, 0)

    def spend(self, now: float) -> Response | None:
        """Count a request; the refusal where one is due."""
        self._minute = _count(self._minute, int(now // MINUTE))
        self._month = _count(self._month, int(now // MONTH))
        full = self._minute[1] > self._settings.minute or 0 < self._settings.month < self._month[1]
        return self.too_many() if full else None

    def too_many(self) -> Response:
        body = {
            "errorMessage": "You have reached the request limit",
            "errorMessageKey": "errors.tooManyRequests",
            "errorCode": 429,
        }
        return JSONResponse(body, self._settings.limit_status)

    def spent(self) -> int:
        return self._month[1]


def _count(held: tuple[int, int], slot: int) -> tuple[int, int]:
    return (slot, held[1] + 1) if held[0] == slot else (slot, 1)
