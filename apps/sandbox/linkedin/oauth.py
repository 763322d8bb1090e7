"""LinkedIn's sign-in host: consent, tokens, introspection.

https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow
https://learn.microsoft.com/en-us/linkedin/shared/authentication/client-credentials-flow
https://learn.microsoft.com/en-us/linkedin/shared/authentication/token-introspection
INVENTED: the scope's name; that consent is given at once, without a page to click.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import QueryParams
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from apps.sandbox.linkedin import answers
from apps.sandbox.linkedin.settings import Settings

SCOPE = "r_rsc_projects"
CODE_SECONDS = 1800
FORM = "application/x-www-form-urlencoded"


@dataclass
class Application:
    """A developer application (a child app), and the contracts its tokens may use."""

    client_id: str = "sandbox-linkedin-client"
    client_secret: str = "sandbox-linkedin-secret"
    urn: str = "urn:li:developerApplication:9001"
    contracts: tuple[str, ...] = ("urn:li:contract:7001",)
    parent: bool = False  # a parent provisions, and may not touch data


@dataclass
class Token:
    value: str
    application: Application
    auth_type: str  # 3L, 2L
    created_at: float
    expires_at: float | None
    contracts: tuple[str, ...]
    revoked: bool = False
    refresh: bool = False

    def status(self, now: float) -> str:
        if self.revoked:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


@dataclass
class Code:
    application: Application
    redirect_uri: str
    challenge: str
    expires_at: float


class OAuthRefusal(Exception):
    """A token request refused, in OAuth's own words."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description


@dataclass
class SignIn:
    """The applications, tokens and codes."""

    settings: Settings
    stamp: answers.Stamp
    applications: dict[str, Application] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)

    def check(self, header: str, now: float) -> Token:
        """The token of an Authorization header. Raises Refusal 401 in LinkedIn's words."""
        scheme, _, value = header.strip().partition(" ")
        if scheme.lower() != "bearer" or not value.strip():
            raise answers.empty_token()
        token = self.tokens.get(value.strip())
        if token is None or token.refresh:
            raise answers.invalid_token()
        status = token.status(now)
        if status == "revoked":
            raise answers.revoked_token()
        if status == "expired":
            raise answers.expired_token()
        return token

    def add_token(
        self, application: Application, auth_type: str, now: float, seconds: float | None, *, value: str = "",
        contracts: tuple[str, ...] = (), refresh: bool = False,
    ) -> Token:  # fmt: skip
        """`seconds` None: it does not expire."""
        expires_at = None if seconds is None else now + seconds
        name = value or f"AQ{self.stamp.token(240)}"
        token = Token(
            name, application, auth_type, now, expires_at, contracts or application.contracts, refresh=refresh
        )
        self.tokens[name] = token
        return token

    # --- the three addresses

    def authorize(self, asked: QueryParams, now: float) -> Response:
        """GET /oauth/v2/authorization: consent at once, and a redirect with the code."""
        application = self.applications.get(asked.get("client_id", ""))
        back = asked.get("redirect_uri", "")
        if application is None:
            return PlainTextResponse("Bummer, something went wrong: the passed in client_id is invalid.", 400)
        if not back.startswith(("http://", "https://")):
            return PlainTextResponse("Bummer, something went wrong: the redirect_uri does not match.", 400)
        if problem := self._problem(asked):
            return _redirect(back, error="invalid_request", error_description=problem, state=asked.get("state", ""))
        if self.settings.consent == "deny":
            told = "The user cancelled the authorization"
            return _redirect(
                back, error="user_cancelled_authorize", error_description=told, state=asked.get("state", "")
            )
        code = f"AQ{self.stamp.token(60)}"
        self.codes[code] = Code(application, back, asked.get("code_challenge", ""), now + CODE_SECONDS)
        return _redirect(back, code=code, state=asked["state"])

    def grant(self, content_type: str, body: bytes, now: float) -> Response:
        """POST /oauth/v2/accessToken."""
        try:
            form = _form(content_type, body)
            match _needed(form, "grant_type"):
                case "authorization_code":
                    given = self._by_code(form, now)
                case "refresh_token":
                    given = self._by_refresh(form, now)
                case "client_credentials":
                    given = self._by_client(form, now)
                case other:
                    raise OAuthRefusal(400, "invalid_request", f'Unsupported grant type "{other}"')
        except OAuthRefusal as refusal:
            told = {"error": refusal.error, "error_description": refusal.description}
            return answers.render(told, refusal.status)
        return answers.render(given)

    def introspect(self, content_type: str, body: bytes, now: float) -> Response:
        """POST /oauth/v2/introspectToken."""
        try:
            form = _form(content_type, body)
            application = self._application(form)
            token = self.tokens.get(_needed(form, "token"))
        except OAuthRefusal as refusal:
            told = {"error": refusal.error, "error_description": refusal.description}
            return answers.render(told, refusal.status)
        if token is None or token.application is not application:
            return answers.render({"active": False})
        status = token.status(now)
        return answers.render(
            {
                "active": status == "active",
                "status": status,
                "auth_type": token.auth_type,
                "client_id": application.client_id,
                "scope": SCOPE,
                "created_at": int(token.created_at),
                "authorized_at": int(token.created_at),
                "expires_at": int(now + self.settings.access_token_seconds if token.expires_at is None
                                  else token.expires_at),
            }
        )  # fmt: skip

    # --- the grants

    def _by_code(self, form: dict[str, str], now: float) -> dict[str, Any]:
        application = self._application(form)
        code = self.codes.pop(_needed(form, "code"), None)
        back = _needed(form, "redirect_uri")
        fits = code is not None and code.application is application and code.redirect_uri == back
        if code is None or not fits or code.expires_at <= now or not _proves(form.get("code_verifier", ""), code):
            told = "appid/redirect uri/code verifier does not match authorization code. Or authorization code expired."
            raise OAuthRefusal(400, "invalid_request", f"Unable to retrieve access token: {told}")
        token = self.add_token(application, "3L", now, self.settings.access_token_seconds)
        if not self.settings.refresh_tokens:
            return self._told(token, now)
        refresh = self.add_token(application, "3L", now, self.settings.refresh_token_seconds, refresh=True)
        return self._told(token, now, refresh)

    def _by_refresh(self, form: dict[str, str], now: float) -> dict[str, Any]:
        """The refresh token stays the same, and its life is not extended."""
        application = self._application(form)
        refresh = self.tokens.get(_needed(form, "refresh_token"))
        usable = refresh is not None and refresh.refresh and refresh.application is application
        if refresh is None or not usable or refresh.status(now) != "active" or not self.settings.refresh_tokens:
            raise OAuthRefusal(400, "invalid_request", "The provided authorization grant or refresh token is invalid")
        token = self.add_token(application, "3L", now, self.settings.access_token_seconds)
        return self._told(token, now, refresh)

    def _by_client(self, form: dict[str, str], now: float) -> dict[str, Any]:
        application = self._application(form)
        if not self.settings.allow_client_credentials:
            told = "This application is not allowed to create application tokens"
            raise OAuthRefusal(401, "access_denied", told)
        return self._told(self.add_token(application, "2L", now, self.settings.client_token_seconds), now)

    def _told(self, token: Token, now: float, refresh: Token | None = None) -> dict[str, Any]:
        told: dict[str, Any] = {"access_token": token.value, "expires_in": self._seconds(token, now)}
        if token.auth_type == "3L":
            told["scope"] = SCOPE
        if refresh is not None:
            told |= {"refresh_token": refresh.value, "refresh_token_expires_in": self._seconds(refresh, now)}
        return told

    def _seconds(self, token: Token, now: float) -> int | str:
        left = int((token.expires_at or now) - now)
        return str(left) if self.settings.expires_in_as_text else left

    def _application(self, form: dict[str, str]) -> Application:
        application = self.applications.get(_needed(form, "client_id"))
        secret = _needed(form, "client_secret")
        if application is None or not hmac.compare_digest(application.client_secret.encode(), secret.encode()):
            raise OAuthRefusal(401, "invalid_client_id", "Client authentication failed")
        return application

    def _problem(self, asked: QueryParams) -> str:
        if asked.get("response_type") != "code":
            return "response_type must be code"
        if not asked.get("state"):
            return "state is missing"
        challenged = asked.get("code_challenge") and asked.get("code_challenge_method") == "S256"
        return "" if challenged or not self.settings.require_pkce else "a code_challenge by S256 is missing"


def _proves(verifier: str, code: Code) -> bool:
    if not code.challenge:
        return True
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(digest, code.challenge)


def _form(content_type: str, body: bytes) -> dict[str, str]:
    if not content_type.lower().startswith(FORM):
        raise OAuthRefusal(400, "invalid_request", f"The content type must be {FORM}")
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _needed(form: dict[str, str], name: str) -> str:
    if not form.get(name):
        raise OAuthRefusal(400, "invalid_request", f'A required parameter "{name}" is missing')
    return form[name]


def _redirect(back: str, **values: str) -> Response:
    joint = "&" if "?" in back else "?"
    return RedirectResponse(f"{back}{joint}{urlencode(values)}", 302)
