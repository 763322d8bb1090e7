"""What a browser session holds between two steps: sealed, so that the database has no secret in clear."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping, MutableMapping
from datetime import datetime
from typing import Any

from apps.connections import tokens
from apps.core import crypto


def put(session: MutableMapping[str, Any], place: str, values: Mapping[str, Any], *, until: datetime) -> None:
    """Keep plain values (JSON) in the session until then; what was in that place goes."""
    mark = secrets.token_urlsafe(16)
    text = json.dumps({"values": dict(values), "until": until.isoformat()})
    sealed = tokens.seal_text(text, context=f"{place}:{mark}")
    session[place] = {"mark": mark, "sealed": base64.b64encode(sealed).decode()}


def read(session: MutableMapping[str, Any], place: str, *, now: datetime) -> dict[str, Any] | None:
    """What was put there; None where nothing was, or its time is over, or its key is gone."""
    kept = session.get(place) or {}
    try:
        blob = base64.b64decode(kept["sealed"])
        found = json.loads(tokens.open_text(blob, context=f"{place}:{kept['mark']}"))
    except (crypto.Unsealable, binascii.Error, KeyError, ValueError):
        return None
    values: dict[str, Any] = found["values"]
    return values if datetime.fromisoformat(found["until"]) > now else None
