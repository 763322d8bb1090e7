"""The matrix says what the connectors declare, and nothing else (R3)."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client as Browser

from apps.accounts.rights import Role
from apps.portal import compatibility
from apps.providers import registry
from apps.providers.contract import Capabilities, Limited, RateWindow
from tests.portal.factories import make_user

ATS = {key: one.capabilities for key, one in registry.all_providers().items() if one.capabilities.role == "ats"}


@pytest.fixture
def told(client: Browser, db: None) -> str:
    client.force_login(make_user(Role.VIEWER))
    return html.unescape(client.get("/compatibility/").content.decode())


def test_every_registered_system_has_its_column_and_its_set_up(told: str) -> None:
    heads = re.findall(r'<th scope="col">.*?</th>', told, flags=re.DOTALL)

    modes = [way for one in registry.all_providers().values() for way in one.modes]
    assert len(heads) == len(ATS) + 1 + len(modes) + 1
    for declared in (declared for one in registry.all_providers().values() for declared in compatibility.ways(one)):
        assert declared.name in told
        assert all(step in told for step in declared.setup)


def test_what_a_way_to_a_system_cannot_do_is_told(told: str) -> None:
    cannot = [said for one in registry.all_providers().values() for way in one.modes for said in way.cannot]

    assert cannot and [said for said in cannot if said not in told] == []


@pytest.mark.parametrize("declared", ATS.values(), ids=ATS)
def test_whatever_is_limited_or_missing_is_told_with_its_reason(told: str, declared: Capabilities) -> None:
    shown = ("create", "attach", "move", "reject", "hire", "note", "merge", "lookup_by_email", "lookup_by_linkedin_url")
    whys = [found.why for name in shown if isinstance(found := getattr(declared, name), Limited)]

    assert whys and [why for why in whys if why not in told] == []


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ((True, True), "Yes"),
        ((True, Limited("Partly.")), "Limited"),
        ((True, Limited("Not here.", available=False)), "Limited"),
        ((False, Limited("Not here.", available=False)), "No"),
    ],
)
def test_an_answer_is_no_better_than_its_worst_part(parts: tuple[bool | Limited, ...], word: str) -> None:
    badge, text = compatibility.together(*parts)

    assert badge is not None and badge.word == word
    assert all(part.why in text for part in parts if isinstance(part, Limited))


@pytest.mark.parametrize(
    ("window", "told"),
    [
        (RateWindow("second", 10, 1, burst=20), "10 requests a second, 20 at once"),
        (RateWindow("30s", 50, 30), "50 requests in 30 seconds"),
        (RateWindow("month", 100_000, 2_592_000, resets_monthly=True), "100,000 requests a month"),
    ],
)
def test_a_rate_is_told_in_its_own_period(window: RateWindow, told: str) -> None:
    assert compatibility.rate(window) == told
