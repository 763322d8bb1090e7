"""Sealing of secrets: AES-256-GCM with a key id, a fresh nonce and the owner as associated data."""

from __future__ import annotations

import base64
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE = 12
"""Bytes; the size that GCM is specified for."""


class Unsealable(ValueError):
    """The blob was sealed by a key that is not configured, for another owner, or was changed."""


@lru_cache(maxsize=8)
def _keys(text: str) -> dict[str, bytes]:
    keys = {}
    for part in text.split(","):
        name, _, value = part.strip().partition(":")
        key = base64.b64decode(value)
        if len(key) != 32 or not name:
            raise ValueError("SYNCPORTAL_KEYS: each entry is <id>:<base64 of 32 bytes>")
        keys[name] = key
    return keys


def seal(plain: bytes, *, context: str) -> bytes:
    """Encrypt for `context` (the owner's id) with the first configured key."""
    keys = _keys(settings.SYNCPORTAL_KEYS)
    name = next(iter(keys))
    nonce = os.urandom(NONCE)
    sealed = AESGCM(keys[name]).encrypt(nonce, plain, context.encode())
    return name.encode() + b":" + nonce + sealed


def open_sealed(blob: bytes, *, context: str) -> bytes:
    """Decrypt what was sealed for `context`. Raises Unsealable."""
    name, _, rest = blob.partition(b":")
    key = _keys(settings.SYNCPORTAL_KEYS).get(name.decode("ascii", "replace"))
    if key is None:
        raise Unsealable("sealed with a key that is not configured")
    try:
        return AESGCM(key).decrypt(rest[:NONCE], rest[NONCE:], context.encode())
    except InvalidTag:
        raise Unsealable("changed, or sealed for another owner") from None


def key_id(blob: bytes) -> str:
    """Which key sealed the blob."""
    return blob.partition(b":")[0].decode("ascii", "replace")
