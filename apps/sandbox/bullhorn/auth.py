"""The login dance: loginInfo, authorize, token, login. Each session is a BhRestToken for one corp."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from apps.sandbox.bullhorn.store import Settings, refusal

if TYPE_CHECKING:
    from apps.sandbox.kernel import World

USERNAME, PASSWORD = "northwind.api", "sandbox-password"
CLIENT_ID, CLIENT_SECRET = "sandbox-bullhorn-client", "sandbox-bullhorn-secret"
REDIRECT = "https://portal.northwind.test/bullhorn"
CORP = "e9n0rw"
LONGEST_TTL = 2880
"""Minutes; a longer ttl is cut to it."""

ELSEWHERE = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}
"""The same sandbox under another host: the data centre where the user's agency lives."""

SIGN_IN = "<html><body><form method='post'><h1>Bullhorn sign in</h1>{}</form></body></html>"


@dataclass
class Session:
    """A REST session; `expires_at` in seconds."""

    user: int
    expires_at: float


class Auth:
    """Codes are used once, access tokens live ten minutes, refresh tokens are used once."""

    def __init__(self, world: World, settings: Settings, api_user: int) -> None:
        self._world = world
        self._settings = settings
        self._user = api_user
        self.redirect = REDIRECT
        self._home: str | None = None
        self._codes: set[str] = set()
        self._access: dict[str, float] = {}
        self._refresh: set[str] = set()
        self.sessions: dict[str, Session] = {}
        self.logins = 0

    def login_info(self, request: Request) -> Response:
        if not request.query_params.get("username"):
            raise refusal(400, "errors.missingUsername", "username is required")
        host = request.url.netloc
        base = f"{request.url.scheme}://{host}/bullhorn"
        return JSONResponse(
            {
                "oauthUrl": f"{base}/oauth{self._settings.oauth_suffix}",
                "restUrl": f"{base}/rest-services/",
                "atsUrl": f"{base}/",
                "coreUrl": f"{base}/core",
                "novoUrl": f"{base}/novo",
                "superClusterId": "45",
            }
        )

    def wrong_centre(self, request: Request) -> Response | None:
        """307 to the user's own data centre, with the whole query; the client sends method and body again."""
        host = request.url.hostname or ""
        if not self._settings.wrong_data_centre or host not in ELSEWHERE:
            return None
        self._home = self._home or ELSEWHERE[host]
        if host == self._home:
            return None
        return RedirectResponse(str(request.url.replace(hostname=self._home)), 307)

    def authorize(self, request: Request, body: bytes) -> Response:
        """A code by redirect for the right form; a page, with 200, for anything wrong."""
        given = _given(request, body)
        if given.get("client_id") != CLIENT_ID or given.get("response_type", "code") != "code":
            return JSONResponse({"error": "invalid_client"}, 400)
        redirect = given.get("redirect_uri") or self.redirect
        if redirect != self.redirect:
            return HTMLResponse(SIGN_IN.format("<p>Invalid redirect URI</p>"))
        if given.get("action") != "Login":
            return HTMLResponse(SIGN_IN.format("<input name='username'><input name='password' type='password'>"))
        if (given.get("username"), given.get("password")) != (USERNAME, PASSWORD):
            return HTMLResponse(SIGN_IN.format("<p class='error'>Invalid credentials, please try again.</p>"))
        if not self._settings.terms_accepted:
            return HTMLResponse(SIGN_IN.format("<h2>Terms of Service</h2><button>Agree</button>"))
        code = f"25184_{self._new()}"
        self._codes.add(code)
        state = {"state": given["state"]} if given.get("state") else {}
        return RedirectResponse(f"{redirect}?{urlencode({'code': code, 'client_id': CLIENT_ID, **state})}", 302)

    def token(self, request: Request, body: bytes) -> Response:
        given = _given(request, body)
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return JSONResponse({"error": "invalid_client"}, 400)
        held = {
            "authorization_code": (self._codes, given.get("code", "")),
            "refresh_token": (self._refresh, given.get("refresh_token", "")),
        }.get(given.get("grant_type", ""))
        if held is None:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        kept, value = held
        if value not in kept:
            return JSONResponse({"error": "invalid_grant", "error_description": "Invalid, expired or used"}, 400)
        kept.remove(value)
        return JSONResponse(self._grant())

    def login(self, request: Request) -> Response:
        """A session, for an access token that lives."""
        given = request.query_params
        if given.get("version") not in ("*", "2.0"):
            raise refusal(400, "errors.invalidVersion", "Invalid version")
        if self._access.get(given.get("access_token", ""), 0.0) <= self._now():
            status = self._settings.dead_access_status
            raise refusal(status, "errors.authentication.oauth", "Invalid or expired OAuth access token.")
        minutes = min(LONGEST_TTL, int(given.get("ttl") or 10))
        token = self._new()
        self.sessions[token] = Session(self._user, self._now() + 60 * minutes)
        self.logins += 1
        address = request.url
        return JSONResponse(
            {"BhRestToken": token, "restUrl": f"{address.scheme}://{address.netloc}/bullhorn/rest-services/{CORP}/"}
        )

    def check(self, request: Request, target: str) -> tuple[str, Session]:
        """The session of a request. Raises Refusal 412 without a token, 401 with a dead one."""
        token = (
            request.query_params.get("BhRestToken")
            or request.headers.get("bhresttoken")
            or request.cookies.get("BhRestToken")
        )
        if not token:
            raise refusal(412, "errors.authentication.noRestToken", "BhRestToken is missing")
        if self._world.faults.take("bullhorn", "expire_token", target):
            self.sessions.pop(token, None)
        found = self.sessions.get(token)
        if found is None or found.expires_at <= self._now():
            raise refusal(401, "errors.authentication.invalidRestToken", "Bad 'BhRestToken' or timed-out.")
        return token, found

    def revoke_all(self) -> None:
        """Every session, access token and refresh token is dead."""
        self.sessions.clear()
        self._access.clear()
        self._refresh.clear()

    def end_sessions(self) -> None:
        self.sessions.clear()

    def _grant(self) -> dict[str, Any]:
        access = f"45_{self._new()}"
        self._access[access] = self._now() + self._settings.access_seconds
        answer: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self._settings.access_seconds,
        }
        if self._settings.refresh_tokens:
            answer["refresh_token"] = f"45_{self._new()}"
            self._refresh.add(answer["refresh_token"])
        return answer

    def _new(self) -> str:
        return str(uuid.UUID(int=self._world.random.getrandbits(128), version=4))

    def _now(self) -> float:
        return self._world.clock.timestamp()


def _given(request: Request, body: bytes) -> Mapping[str, str]:
    """The parameters of the query, and of a form that was posted."""
    form = parse_qs(body.decode("utf-8", "replace")) if request.method == "POST" else {}
    return {**dict(request.query_params), **{name: values[0] for name, values in form.items()}}
