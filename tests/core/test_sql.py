"""What is asked of PostgreSQL beside Django."""

from __future__ import annotations

import pytest

from apps.accounts.models import Client
from apps.core.sql import group_some

pytestmark = pytest.mark.django_db


def test_a_limited_query_is_grouped_within_its_limit() -> None:
    Client.objects.bulk_create([Client(name=name) for name in ("Birch", "Cedar", "Dogwood")])
    some = Client.objects.order_by("name").values("time_zone", "name")[:2]

    assert group_some(some, "time_zone", "count(*)", "max(name)") == [("UTC", 2, "Cedar")]


def test_a_query_that_can_find_nothing_gives_no_groups() -> None:
    assert group_some(Client.objects.filter(name__in=[]).values("name")[:2], "name", "count(*)") == []
