"""Contract values as event payloads and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from apps.providers import contract


def profile_to_payload(profile: contract.Profile) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(profile).items()
    }


def message_to_payload(message: contract.InMail) -> dict[str, Any]:
    return asdict(message) | {"sent_at": message.sent_at.isoformat()}


def message_from_payload(payload: Mapping[str, Any]) -> contract.InMail:
    """Raises KeyError or ValueError where a payload is not a message."""
    values = {field.name: payload[field.name] for field in fields(contract.InMail)}
    return contract.InMail(**values | {"sent_at": datetime.fromisoformat(payload["sent_at"])})


def profile_from_payload(payload: Mapping[str, Any]) -> contract.Profile:
    """Raises KeyError or ValueError where a payload (edited by hand, say) is not a profile."""
    times = {"stage_changed_at", "added_at", "modified_at"}
    values: dict[str, Any] = {
        field.name: datetime.fromisoformat(payload[field.name]) if field.name in times else payload[field.name]
        for field in fields(contract.Profile)
    }
    return contract.Profile(**values)
