"""Fixed windows: a count per caller, told in the headers of every reply."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from starlette.responses import PlainTextResponse, Response


@dataclass(frozen=True)
class Spent:
    """Where a caller stands after a request."""

    headers: dict[str, str]
    refused: bool
    retry_after: int

    def too_many(self) -> Response:
        return PlainTextResponse("Retry later\n", 429, {**self.headers, "Retry-After": str(self.retry_after)})


@dataclass
class Window:
    """A fixed window of `seconds`, aligned to the epoch."""

    seconds: int
    _spent: dict[str, tuple[int, int]] = field(default_factory=dict)

    def spend(self, caller: str, ceiling: int, now: float) -> Spent:
        start = int(now // self.seconds) * self.seconds
        began, count = self._spent.get(caller, (start, 0))
        count = count + 1 if began == start else 1
        self._spent[caller] = (start, count)
        return self._tell(ceiling, count, start, now)

    def refuse(self, ceiling: int, now: float, seconds: float) -> Spent:
        """A refusal by decree, for the planned fault; nothing is counted."""
        spent = self._tell(ceiling, ceiling + 1, int(now // self.seconds) * self.seconds, now)
        return Spent(spent.headers, True, max(1, math.ceil(seconds)) if seconds else spent.retry_after)

    def _tell(self, ceiling: int, count: int, start: int, now: float) -> Spent:
        reset = start + self.seconds
        headers = {
            "X-RateLimit-Limit": str(ceiling),
            "X-RateLimit-Remaining": str(max(0, ceiling - count)),
            "X-RateLimit-Reset": str(reset),
        }
        return Spent(headers, count > ceiling, max(1, math.ceil(reset - now)))
