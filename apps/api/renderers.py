"""CSV as one of the forms that an answer of the API may take."""

from __future__ import annotations

from typing import Any

from rest_framework.renderers import BaseRenderer

from apps.reports import csvs


class CsvRenderer(BaseRenderer):  # type: ignore[misc]
    """Stands for CSV when an answer's form is chosen; the views stream it themselves."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return "".join(csvs.lines(list(data[0]) if data else [], data or [])).encode()
