"""What a person reads on a page."""

from __future__ import annotations

import re

from django.test import Client as Http

from apps.ledger.models import Event


def text_of(http: Http, address: str) -> str:
    """The page's words without its markup; it must be there."""
    answer = http.get(address)
    assert answer.status_code == 200, f"{address} answered {answer.status_code}"
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def event_page(http: Http, event: Event) -> str:
    return text_of(http, f"/events/{event.pk}/")
