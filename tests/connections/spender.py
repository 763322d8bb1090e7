"""A process that spends one quota account as fast as it can; run by test_crash, which kills it.

Each call it makes is one byte appended to a file, so that the file's size is what was really spent.
"""

from __future__ import annotations

import os
import sys
from uuid import UUID

import django


def spend(connection_id: UUID, made: str) -> None:
    """Reserve, "call", settle, until the budget says no."""
    from apps.connections.models import Connection
    from apps.core import errors
    from tests.connections import factories

    gate = factories.make_gate(Connection.objects.get(pk=connection_id))
    out = os.open(made, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    while True:
        try:
            permit = gate.enter(factories.WRITE)
        except errors.RateLimited:
            return
        os.write(out, b".")
        gate.leave(permit, factories.OK)


if __name__ == "__main__":
    from django.conf import settings

    settings.DATABASES["default"] |= {
        "NAME": os.environ["SPENDER_DATABASE"],
    }
    django.setup()
    spend(UUID(sys.argv[1]), sys.argv[2])
