"""The demo empties its database: never one that somebody works with."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError

from apps.connections import services as connections
from apps.core import clock
from apps.demo.management.commands import demo


def connect(name: str, address: str) -> None:
    base = {"api": address, "auth": address} if address else {}
    connections.create_connection(provider="greenhouse", name=name, now=clock.now(), base_urls=base)


def test_the_demo_refuses_a_production(settings: Any) -> None:
    demo.refuse_production()

    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="DATABASE_URL"):
        demo.refuse_production()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["", "https://harvest.greenhouse.example"])
def test_the_demo_refuses_a_database_that_is_connected_to_a_real_system(address: str) -> None:
    connect("A sandbox", "http://127.0.0.1:9000/greenhouse")
    demo.refuse_real_work()

    connect("Our Greenhouse", address)

    with pytest.raises(CommandError, match="connected to Our Greenhouse;"):
        demo.refuse_real_work()
