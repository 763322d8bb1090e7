"""Sealing again, with the present key, everything that a connection keeps sealed."""

from __future__ import annotations

from apps.connections import hooks, tokens
from apps.connections.models import Connection, Credential, Token


def rotate_keys() -> int:
    """Seal everything again with the present key; safe to repeat and to run beside the workers."""
    return sum((_reseal_credentials(), _reseal_tokens(), _reseal_hooks()))


def _reseal_credentials() -> int:
    changed = 0
    for row in Credential.objects.all():
        context = str(row.connection_id)
        sealed = tokens.seal_text(tokens.open_text(row.sealed, context=context), context=context)
        changed += Credential.objects.filter(pk=row.pk, version=row.version).update(sealed=sealed)
    return changed


def _reseal_tokens() -> int:
    changed = 0
    for row in Token.objects.exclude(sealed=b""):
        context = str(row.connection_id)
        sealed = tokens.seal_text(tokens.open_text(row.sealed, context=context), context=context)
        changed += Token.objects.filter(pk=row.pk, version=row.version).update(sealed=sealed)
    return changed


def _reseal_hooks() -> int:
    changed = 0
    for row in Connection.objects.all():
        fresh = {
            name: hooks.seal(row.pk, hooks.unseal(row.pk, getattr(row, name)))
            for name in ("hook_secret", "hook_secret_previous")
            if getattr(row, name)
        }
        seen = {"hook_secret": bytes(row.hook_secret), "hook_secret_previous": bytes(row.hook_secret_previous)}
        changed += Connection.objects.filter(pk=row.pk, **seen).update(**fresh) if fresh else 0
    return changed
