"""Who reads: a program by its key, or somebody who is signed in to the portal; and what they may see."""

from __future__ import annotations

from typing import Any, Protocol

from django.core.exceptions import PermissionDenied
from knox.auth import TokenAuthentication
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.accounts import keys
from apps.accounts.rights import Right
from apps.accounts.scope import Scope
from apps.core import clock


class Reader(Protocol):
    """A key or a person: both hold rights and see clients."""

    pk: Any

    def may(self, right: Right) -> bool: ...

    def scope(self) -> Scope: ...


class KeyAuthentication(TokenAuthentication):  # type: ignore[misc]
    """`Authorization: Bearer sp_…`; expired and revoked keys are kept, so that admins see them."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        key = keys.open_key(secret=token.decode("utf-8", "replace"), now=clock.now())
        if key is None:
            raise AuthenticationFailed("This key does not exist, has expired or was revoked.")
        return key.user, key


class SignedInAuthentication(SessionAuthentication):  # type: ignore[misc]
    """A person in their browser: the same figures that the portal shows them."""


class MayRead(BasePermission):  # type: ignore[misc]
    """Lets in a key or a person with the right to view."""

    def has_permission(self, request: Request, view: Any) -> bool:
        found = reader_of(request)
        return found is not None and found.may(Right.VIEW)


def reader_of(request: Request) -> Reader | None:
    """The key where there is one: it stands for itself, not for the admin who made it."""
    if request.auth is not None:
        return request.auth
    return request.user if request.user.is_authenticated else None


def scope_of(request: Request) -> Scope:
    """The clients whose rows this request may read."""
    found = reader_of(request)
    if found is None:
        raise PermissionDenied
    return found.scope()
