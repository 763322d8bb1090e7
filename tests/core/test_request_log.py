"""What the web logs of a request (invariant 10)."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("address", "logged"),
    [
        ("/candidates/?q=Nora+Quill", "GET /candidates/"),
        ("/accounts/password/reset/key/4-Quill/", "GET /accounts/password/reset/key/4-***/"),
        ("/nowhere/?q=Quill", "GET /nowhere/"),
    ],
)
def test_neither_whom_somebody_looks_for_nor_a_reset_key_is_logged(
    client: Client, caplog: pytest.LogCaptureFixture, address: str, logged: str
) -> None:
    client.get(address)

    lines = " ".join(str(record.msg) for record in caplog.records)
    assert logged in lines
    assert "Quill" not in lines
