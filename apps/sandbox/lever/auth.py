"""Who asks: an API key by Basic, or an OAuth grant by Bearer.

GET /authorize consents at once and sends the browser back with a code that is good once. POST /oauth/token turns
it, or a refresh token, into an hour's access; every refresh gives a new refresh token and ends the old one,
and one that nobody used for 90 days is dead.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from apps.sandbox.lever.store import Caller, Settings, forbidden, unauthorized

if TYPE_CHECKING:
    from apps.sandbox.kernel import World

AUDIENCE = "https://api.lever.co/v1/"
IDLE_SECONDS = 90 * 86_400
YEAR_SECONDS = 365 * 86_400
CONFIDENTIAL = "confidential:access:admin"


@dataclass
class Key:
    """An API key; what it may see is settled when it is made."""

    value: str
    confidential: bool = True
    scopes: frozenset[str] | None = None


@dataclass
class Grant:
    """What somebody consented to. `access` dies by time; `refresh` when it is used."""

    client: str
    scopes: frozenset[str]
    made_at: float
    access: str = ""
    access_until: float = 0.0
    refresh: str = ""
    used_at: float = 0.0


@dataclass
class Auth:
    """The keys, the OAuth application and its grants."""

    world: World
    settings: Settings
    keys: dict[str, Key] = field(default_factory=dict)
    clients: dict[str, str] = field(default_factory=dict)
    codes: dict[str, tuple[str, str, frozenset[str]]] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)

    def caller(self, header: str) -> Caller:
        """Raises Refusal(401)."""
        kind, _, value = header.partition(" ")
        if kind.lower() == "basic":
            key = self.keys.get(_user_of(value))
            if key is None:
                raise unauthorized("Invalid API credentials")
            return Caller(key.value, key.confidential, key.scopes)
        grant = next((one for one in self.grants if kind.lower() == "bearer" and one.access == value), None)
        if grant is None or not value or grant.access_until <= self.world.clock.timestamp():
            raise unauthorized("Invalid or expired access token")
        return Caller(grant.client, CONFIDENTIAL in grant.scopes, grant.scopes)

    def kill(self, header: str) -> None:
        """For the fault `expire_token`: the credential of this request is dead from now on."""
        kind, _, value = header.partition(" ")
        if kind.lower() == "basic":
            self.keys.pop(_user_of(value), None)
        for grant in self.grants:
            if grant.access == value:
                grant.access_until = 0.0

    def authorize(self, request: Request) -> Response:
        asked = request.query_params
        if asked.get("client_id") not in self.clients or asked.get("response_type") != "code":
            return JSONResponse({"error": "unauthorized_client"}, 403)
        if asked.get("audience") != AUDIENCE:
            return JSONResponse({"error": "access_denied", "error_description": "Service not found: audience"}, 403)
        code = self._word()
        self.codes[code] = (asked["client_id"], asked.get("redirect_uri", ""), frozenset(asked["scope"].split()))
        back = urlencode({"code": code, "state": asked.get("state", "")})
        return RedirectResponse(f"{asked.get('redirect_uri', '')}?{back}", 302)

    def mint(self, body: bytes) -> Response:
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        if self.clients.get(form.get("client_id", "")) != form.get("client_secret", ""):
            return JSONResponse({"error": "access_denied", "error_description": "Unauthorized"}, 401)
        grant = self._grant_of(form)
        if grant is None:
            return JSONResponse({"error": "invalid_grant", "error_description": "Unknown or invalid token."}, 403)
        return JSONResponse(self._renewed(grant))

    def add_grant(self, client: str, scopes: frozenset[str]) -> Grant:
        now = self.world.clock.timestamp()
        grant = Grant(client, scopes, now, used_at=now)
        self.grants.append(grant)
        self._renewed(grant)
        return grant

    def _grant_of(self, form: dict[str, str]) -> Grant | None:
        if form.get("grant_type") == "authorization_code":
            client, back, scopes = self.codes.pop(form.get("code", ""), ("", "", frozenset()))
            fits = client == form["client_id"] and back == form.get("redirect_uri", "")
            return self.add_grant(client, scopes) if fits else None
        now, given = self.world.clock.timestamp(), form.get("refresh_token", "")
        for grant in self.grants:
            mine = grant.refresh == given and grant.client == form["client_id"] and bool(given)
            if mine and now - grant.used_at < IDLE_SECONDS and now - grant.made_at < YEAR_SECONDS:
                return grant
        return None

    def _renewed(self, grant: Grant) -> dict[str, Any]:
        now = self.world.clock.timestamp()
        grant.access, grant.access_until, grant.used_at = self._word(), now + self.settings.token_seconds, now
        grant.refresh = self._word() if "offline_access" in grant.scopes else ""
        told = {
            "access_token": grant.access, "token_type": "Bearer", "expires_in": self.settings.token_seconds,
            "scope": " ".join(sorted(grant.scopes)),
        }  # fmt: skip
        return {**told, "refresh_token": grant.refresh} if grant.refresh else told

    def _word(self) -> str:
        return f"{self.world.random.getrandbits(192):048x}"


def require(caller: Caller, scope: str) -> None:
    """A read scope is held by whoever holds the write scope of the same thing. Raises Refusal(403)."""
    if not (caller.may(scope) or caller.may(scope.replace(":read:", ":write:"))):
        raise forbidden(f"This key does not have permission to access this endpoint ({scope})")


def _user_of(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
