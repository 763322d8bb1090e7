"""The token service and the bearer check: JWTs for an hour, one subject each."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response

from apps.sandbox.greenhouse.limits import Window
from apps.sandbox.greenhouse.store import Refusal, Settings, Store

if TYPE_CHECKING:
    from starlette.requests import Request

    from apps.sandbox.kernel import World

SERVICE_USER = 7001
GRANTS = (
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:token-exchange",
)
KEY = b"only the sandbox signs with this"


@dataclass
class Client:
    id: str
    secret: str
    scopes: list[str] | None = None


@dataclass
class Auth:
    """Clients, and the tokens that were minted for them."""

    world: World
    store: Store
    settings: Settings
    clients: dict[str, Client] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    minted: list[dict[str, Any]] = field(default_factory=list)
    window: Window = field(default_factory=lambda: Window(60))

    def mint(self, request: Request, body: bytes) -> Response:
        """Answer POST /token."""
        name, secret = _basic(request.headers.get("authorization", ""))
        limit = self.window.spend(name or "anonymous", self.settings.token_ceiling, self.world.clock.timestamp())
        if limit.refused:
            return limit.too_many()
        try:
            claims = self._grant(name, secret, body)
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.status, limit.headers)
        request.state.call.response_id = claims["jti"]
        answer = {"token_type": "Bearer", "access_token": _encode(claims), "expires_in": self.settings.token_seconds}
        return JSONResponse(answer, 200, limit.headers)

    def check(self, header: str, target: str) -> dict[str, Any]:
        """The claims of a live bearer token. Raises Refusal 401."""
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer" or not token:
            raise _unauthorized("Token could not be decoded. Nil JSON web token")
        claims = _decode(token.strip())
        if self.world.faults.take("greenhouse", "expire_token", target):
            self.revoked.add(claims["jti"])
        if claims["jti"] in self.revoked:
            raise _unauthorized("Token could not be decoded. Token has been revoked")
        if claims["exp"] <= self.world.clock.timestamp():
            raise _unauthorized("Token could not be decoded. Signature has expired")
        return claims

    def allows(self, claims: dict[str, Any], scope: str) -> bool:
        """Whether the client holds the scope now: one taken away fails at once."""
        client = self.clients.get(claims["client_id"])
        granted = self.settings.scopes if client is None or client.scopes is None else client.scopes
        return granted is None or scope in granted

    def is_site_admin(self, claims: dict[str, Any]) -> bool:
        user = self.store.user(int(claims["sub"]))
        return bool(user and user["site_admin"])

    def revoke_all(self) -> None:
        self.revoked.update(claims["jti"] for claims in self.minted)

    def _grant(self, name: str | None, secret: str, body: bytes) -> dict[str, Any]:
        if name is None:
            raise Refusal(401, {"message": "Unauthorized", "errorId": self._error_id()})
        if not re.search(r"-\d+$", name):
            text = f"client_id={name} does not contain a valid client ID suffix"
            raise Refusal(400, {"message": text, "errorId": self._error_id()})
        form = {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
        grant = form.get("grant_type", "")
        if grant not in GRANTS:
            text = f"grant_type must be one of {', '.join(GRANTS)}"
            raise Refusal(400, {"message": text, "errorId": self._error_id()})
        client = self.clients.get(name)
        if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
            raise Refusal(401, {"error": "invalid_client"})
        if grant != "client_credentials":
            raise Refusal(400, {"error": "unauthorized_client"})
        return self._claims(client, form.get("sub", ""))

    def _claims(self, client: Client, subject: str) -> dict[str, Any]:
        user = self.store.user(int(subject) if subject.isdecimal() else 0) if subject else self.store.user(SERVICE_USER)
        if user is None or user["deactivated"]:
            raise Refusal(400, {"error": "invalid_request", "error_description": "sub is not an active user"})
        if self.settings.revoke_old_token:
            mine = [c for c in self.minted if c["client_id"] == client.id and c["sub"] == str(user["id"])]
            self.revoked.update(claims["jti"] for claims in mine)
        now = int(self.world.clock.timestamp())
        claims = {
            "iss": "https://auth.greenhouse.io", "sub": str(user["id"]), "client_id": client.id,
            "iat": now, "exp": now + self.settings.token_seconds,
            "jti": f"{self.world.random.getrandbits(96):024x}",
        }  # fmt: skip
        self.minted.append(claims)
        return claims

    def _error_id(self) -> str:
        return f"err-{self.world.random.getrandbits(48):012x}"


def _basic(header: str) -> tuple[str | None, str]:
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return None, ""
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, ""
    return name, secret


def _encode(claims: dict[str, Any]) -> str:
    head = _part({"alg": "HS256", "typ": "JWT"})
    signed = f"{head}.{_part(claims)}"
    return f"{signed}.{_signature(signed)}"


def _decode(token: str) -> dict[str, Any]:
    signed, _, signature = token.rpartition(".")
    if signed.count(".") != 1:
        raise _unauthorized("Token could not be decoded. Not enough or too many segments")
    if not hmac.compare_digest(_signature(signed).encode(), signature.encode()):
        raise _unauthorized("Token could not be decoded. Signature verification failed")
    payload = signed.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _signature(signed: str) -> str:
    digest = hmac.new(KEY, signed.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _unauthorized(why: str) -> Refusal:
    return Refusal(401, {"message": "Unauthorized", "errors": [why]})
