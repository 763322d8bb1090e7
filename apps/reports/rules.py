"""Figures, purely: percentiles and their course over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Sample:
    at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of time and the lag of what settled in it; no figures where nothing did."""

    starts_at: datetime
    count: int
    median: float | None
    p95: float | None
    late: int


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile; None of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def buckets_of(samples: Sequence[Sample], *, count: int, late_after: float) -> tuple[Bucket, ...]:
    """Cut the time that the samples cover into equal stretches."""
    if not samples:
        return ()
    first, last = min(one.at for one in samples), max(one.at for one in samples)
    width = (last - first) / count
    if not width:
        return (_bucket(first, samples, late_after),)
    cells: list[list[Sample]] = [[] for _ in range(count)]
    for one in samples:
        cells[min(count - 1, int((one.at - first) / width))].append(one)
    return tuple(_bucket(first + width * place, cell, late_after) for place, cell in enumerate(cells))


def _bucket(starts_at: datetime, cell: Sequence[Sample], late_after: float) -> Bucket:
    values = [one.seconds for one in cell]
    late = sum(value > late_after for value in values)
    return Bucket(starts_at, len(cell), percentile(values, 0.5), percentile(values, 0.95), late)
