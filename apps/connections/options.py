"""Settings of a connection that people change after it was made."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.connections.models import Connection
from apps.providers import registry

CLIENT_FOLDER = "client_folder"


def folder_kinds(provider: str) -> tuple[tuple[str, str], ...]:
    """What may stand for a client in a system that leaves the choice; empty where it does not."""
    asked = registry.get(provider).connecting.options
    return next((one.choices for one in asked if one.name == CLIENT_FOLDER), ())


@transaction.atomic
def choose_client_folder(*, connection_id: UUID, kind: str) -> bool:
    """Say what of an ATS stands for a client; False where its system does not offer that."""
    connection = Connection.objects.select_for_update().get(pk=connection_id)
    if kind not in dict(folder_kinds(connection.provider)):
        return False
    options = {**connection.settings.get("options", {}), CLIENT_FOLDER: kind}
    Connection.objects.filter(pk=connection_id).update(settings={**connection.settings, "options": options})
    return True
