"""Bullhorn's login, four requests at most times: data centre, code, access token, REST session.

https://bullhorn.github.io/Getting-Started-with-REST and https://bullhorn.github.io/docs/oauth
A refresh token is good for once, so whoever calls this signs in for everybody. The rungs, cheapest first:
a live access token, the refresh token, the user's name and password.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from apps.core import clock, errors
from apps.providers.bullhorn import wire
from apps.providers.contract import Settings
from apps.providers.parsing import Fields, Malformed, decode
from apps.providers.provider import Minted
from apps.providers.transport import Reply, Request, ask

SESSION_MINUTES = 1440
"""Bullhorn's own SDK asks for 2,880 at most; sessions are counted, so a day's is not asked for again."""

SECONDS = 15.0
"""For all the requests together: less than other workers wait for whoever signs in."""

EARLY = timedelta(seconds=30)
"""An access token that ends sooner is not tried."""

MOST_MOVES = 3
_MOVED = (307, 308)


class Refused(Exception):
    """A rung did not hold; the next one may."""


def mint(settings: Settings, credential: Mapping[str, str]) -> Minted:
    """Sign in. Raises AuthExpired where Bullhorn refuses the name and password."""
    try:
        return SignIn(settings, credential).session()
    except Malformed:
        raise errors.Transient("a sign-in answer cannot be read", cause="malformed") from None


class SignIn:
    """One climb of the ladder; `kept` becomes the credential's new values."""

    def __init__(self, settings: Settings, credential: Mapping[str, str]) -> None:
        self._settings = settings
        self._given = credential
        self._kept = dict(credential)
        self._ends = time.monotonic() + SECONDS

    def session(self) -> Minted:
        for rung in (self._by_access_token, self._by_refresh_token, self._by_password):
            try:
                session = rung()
            except Refused:
                continue
            kept = self._kept if self._kept != dict(self._given) else None
            lasts = timedelta(minutes=SESSION_MINUTES)
            return Minted(session.text(), clock.now() + lasts, kept)
        raise errors.AuthExpired(
            "Bullhorn refuses the API user, or its terms were never accepted in a browser.", cause="login_refused"
        )

    def _by_access_token(self) -> wire.Session:
        ends = self._kept.get("access_ends", "")
        if not ends or datetime.fromisoformat(ends) - EARLY <= clock.now():
            raise Refused
        return self._log_in()

    def _by_refresh_token(self) -> wire.Session:
        """The token is spent by being sent: a lost answer leaves the password."""
        refresh = self._kept.pop("refresh_token", "")
        if not refresh or "oauth_url" not in self._kept:
            raise Refused
        self._grant(grant_type="refresh_token", refresh_token=refresh)
        return self._log_in()

    def _by_password(self) -> wire.Session:
        self._find_data_centre()
        self._grant(grant_type="authorization_code", code=self._authorize())
        return self._log_in()

    def _find_data_centre(self) -> None:
        asked = urlencode({"username": self._given.get("username", "")})
        found = _fields(_good(self._ask(Request("GET", "/rest-services/loginInfo", asked))))
        self._kept["oauth_url"] = found.text("oauthUrl").rstrip("/").removesuffix("/authorize")
        self._kept["rest_url"] = found.text("restUrl").rstrip("/")

    def _authorize(self) -> str:
        """The code of a redirect. A page with status 200 is a refusal: a wrong password, or unread terms."""
        form = {
            "client_id": self._given.get("client_id", ""),
            "response_type": "code",
            "action": "Login",
            "username": self._given.get("username", ""),
            "password": self._given.get("password", ""),
        }
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "*/*"}
        request = Request("POST", "/authorize", content=urlencode(form).encode(), headers=headers)
        reply = self._ask(request, below=self._kept["oauth_url"])
        codes = parse_qs(urlsplit(reply.headers.get("location", "")).query).get("code", [])
        if reply.status != 302 or not codes:
            raise Refused
        return codes[0]

    def _grant(self, **asked: str) -> None:
        application = {name: self._given.get(name, "") for name in ("client_id", "client_secret")}
        request = Request("POST", "/token", urlencode({**asked, **application}))
        found = _fields(_good(self._ask(request, below=self._kept["oauth_url"])))
        self._kept["access_token"] = found.text("access_token")
        self._kept["access_ends"] = (clock.now() + timedelta(seconds=found.number("expires_in"))).isoformat()
        if found.has("refresh_token"):
            self._kept["refresh_token"] = found.text("refresh_token")

    def _log_in(self) -> wire.Session:
        asked = {"version": "*", "access_token": self._kept["access_token"], "ttl": str(SESSION_MINUTES)}
        found = _fields(_good(self._ask(Request("POST", "/login", urlencode(asked)), below=self._kept["rest_url"])))
        return wire.Session(found.word("BhRestToken"), found.word("restUrl").rstrip("/"))

    def _ask(self, request: Request, *, below: str = "") -> Reply:
        """Send it, and again to the data centre that a 307 names. Raises Transient when the time is up."""
        for _ in range(MOST_MOVES):
            left = self._ends - time.monotonic()
            if left <= 0:
                raise errors.Transient("signing in took too long", cause="timeout")
            settings = replace(self._settings, timeout=min(left, self._settings.timeout))
            reply = ask(wire.DIALECT, settings, request, below=below)
            if reply.status not in _MOVED:
                return reply
            there = urlsplit(reply.headers.get("location", ""))
            below = f"{there.scheme}://{there.netloc}"
            request = replace(request, path=there.path, query=there.query)
        raise errors.Transient("signing in is sent from one data centre to the next", cause="redirect")


def _good(reply: Reply) -> Reply:
    """Raises Refused."""
    if not reply.ok:
        raise Refused
    return reply


def _fields(reply: Reply) -> Fields:
    return Fields(decode(reply.body, "answer"), "answer")
