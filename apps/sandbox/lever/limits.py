"""A token bucket per key, refilled all the time: ten a second, twenty at once. Nothing tells how full it is."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Bucket:
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, key: str, *, rate: float, burst: int, now: float) -> bool:
        """Spend one request; False where there is none."""
        left, at = self._left.get(key, (float(burst), now))
        left = min(float(burst), left + max(0.0, now - at) * rate)
        fits = left >= 1
        self._left[key] = (left - 1 if fits else left, now)
        return fits
