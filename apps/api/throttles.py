"""How often one reader may ask; each web process counts by itself."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from apps.api import authentication


class ReaderThrottle(SimpleRateThrottle):  # type: ignore[misc]
    """Counts a key, or a person, whatever address they come from."""

    scope = "reader"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        found = authentication.reader_of(request)
        if found is None:
            return None
        return f"api:{type(found).__name__}:{found.pk}"
