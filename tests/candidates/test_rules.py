"""Identifiers in their normal form (facts: duplicates, C.3)."""

from __future__ import annotations

import pytest

from apps.candidates import rules


@pytest.mark.parametrize(
    ("raw", "region", "normal"),
    [
        ("+49 30 123456", "", "+4930123456"),
        ("030/123456", "DE", "+4930123456"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("030 123456", "", None),
        ("call me", "DE", None),
        ("", "", None),
        ("+1 2", "", None),
    ],
)
def test_a_phone_number_is_kept_in_one_form_or_not_at_all(raw: str, region: str, normal: str | None) -> None:
    assert rules.normal_phone(raw, region=region) == normal


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        (" Jane@Mail.Example ", "jane@mail.example"),
        ("jane@bücher.example", "jane@xn--bcher-kva.example"),
        ("jobs@agency.example", None),
        ("jane", None),
        ("@mail.example", None),
    ],
)
def test_an_address_that_many_share_is_no_key(raw: str, normal: str | None) -> None:
    assert rules.normal_email(raw) == normal
