"""CSV: all rows of a list, streamed, with cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.http import StreamingHttpResponse

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What spreadsheets begin to calculate at; the wide forms too, which some of them narrow first."""


class _Echo:
    """A file that gives each line back to who wrote it."""

    def write(self, text: str) -> str:
        return text


def lines(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The heading, then each row."""
    writer = csv.writer(_Echo())
    yield writer.writerow(names)
    for row in rows:
        yield writer.writerow([cell(row[name]) for name in names])


def cell(value: Any) -> str:
    """One value as text; a text that begins like a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    text = "; ".join(str(one) for one in value) if isinstance(value, (list, tuple)) else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def stream(name: str, names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> StreamingHttpResponse:
    """An answer that is made while it is read."""
    answer = StreamingHttpResponse(lines(names, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
