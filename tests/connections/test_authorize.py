"""Consent by state and PKCE, bound to the browser session, against the sandbox's sign-in page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from apps.connections import authorize
from apps.connections.authorize import Asked, NotAuthorized
from apps.core import clock
from tests.connections.test_sandbox import connect_linkedin
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

BACK = "https://portal.example/connections/authorized/"
APPLICATION = {"client_id": "sandbox-linkedin-client", "client_secret": "sandbox-linkedin-secret"}


def asked_of(sandbox: Sandbox, **values: Any) -> Asked:
    base = f"{sandbox.base}/linkedin"
    given = {"provider": "linkedin", "secret": APPLICATION, "redirect_uri": BACK}
    return Asked(**(given | {"base_urls": {"api": base, "auth": base}, "entered": {"name": "LinkedIn"}} | values))


def consent(url: str) -> dict[str, str]:
    """What the sign-in page sends the browser back with."""
    answer = httpx.get(url, trust_env=False)
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(BACK)
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def test_a_consent_gives_a_token_and_what_was_entered(sandbox: Sandbox) -> None:
    session: dict[str, Any] = {}
    now = clock.now()

    url = authorize.begin(session=session, asked=asked_of(sandbox), now=now)
    granted = authorize.finish(session=session, answer=consent(url), now=now)

    assert granted.access_token.startswith("AQ")
    assert granted.expires_at is not None and granted.expires_at - now > timedelta(days=59)
    assert granted.secret == APPLICATION
    assert granted.asked.entered == {"name": "LinkedIn"}
    assert session == {}


def test_the_address_carries_state_and_a_pkce_challenge_and_the_session_no_secret(sandbox: Sandbox) -> None:
    session: dict[str, Any] = {}

    url = authorize.begin(session=session, asked=asked_of(sandbox), now=clock.now())

    query = parse_qs(urlsplit(url).query)
    assert query["code_challenge_method"] == ["S256"] and len(query["code_challenge"][0]) == 43
    assert "sandbox-linkedin-secret" not in str(session) and query["state"][0] not in str(session)


def test_an_answer_to_another_browsers_sign_in_is_refused_and_leaves_ones_own_alone(sandbox: Sandbox) -> None:
    session: dict[str, Any] = {}
    now = clock.now()
    mine = authorize.begin(session=session, asked=asked_of(sandbox), now=now)
    strange = consent(authorize.begin(session={}, asked=asked_of(sandbox), now=now))

    with pytest.raises(NotAuthorized, match="No such sign-in waits"):
        authorize.finish(session=session, answer=strange, now=now)

    assert authorize.finish(session=session, answer=consent(mine), now=now).access_token


def test_an_answer_counts_once(sandbox: Sandbox) -> None:
    session: dict[str, Any] = {}
    answer = consent(authorize.begin(session=session, asked=asked_of(sandbox), now=clock.now()))
    authorize.finish(session=session, answer=answer, now=clock.now())

    with pytest.raises(NotAuthorized, match="No such sign-in waits"):
        authorize.finish(session=session, answer=answer, now=clock.now())


def test_a_code_without_its_verifier_is_worth_nothing(sandbox: Sandbox) -> None:
    """PKCE: a code that was caught on its way does not work with another session's verifier."""
    session: dict[str, Any] = {}
    caught = consent(authorize.begin(session={}, asked=asked_of(sandbox), now=clock.now()))
    mine = consent(authorize.begin(session=session, asked=asked_of(sandbox), now=clock.now()))

    with pytest.raises(NotAuthorized, match="did not take the code"):
        authorize.finish(session=session, answer=mine | {"code": caught["code"]}, now=clock.now())


@pytest.mark.parametrize(
    ("late", "secret", "consents", "said"),
    [
        (timedelta(minutes=16), "sandbox-linkedin-secret", "allow", "No such sign-in waits"),
        (timedelta(), "wrong", "allow", "check the client secret"),
        (timedelta(), "sandbox-linkedin-secret", "deny", "was not given"),
    ],
    ids=["too late", "wrong secret", "cancelled"],
)
def test_what_goes_wrong_is_said_and_ends_it(
    sandbox: Sandbox, late: timedelta, secret: str, consents: str, said: str
) -> None:
    sandbox.act("linkedin", "settings", consent=consents)
    session: dict[str, Any] = {}
    now = clock.now()
    asked = asked_of(sandbox, secret=APPLICATION | {"client_secret": secret})
    answer = consent(authorize.begin(session=session, asked=asked, now=now))

    with pytest.raises(NotAuthorized, match=said) as refusal:
        authorize.finish(session=session, answer=answer, now=now + late)

    assert late or session == {}
    assert secret not in str(refusal.value)


def test_the_exchange_counts_in_the_applications_day(sandbox: Sandbox) -> None:
    """RULES 23: LinkedIn counts token requests, also those for a connection that is not there yet."""
    connection = connect_linkedin(sandbox, secret=APPLICATION)
    session: dict[str, Any] = {}
    url = authorize.begin(session=session, asked=asked_of(sandbox), now=clock.now())

    authorize.finish(session=session, answer=consent(url), now=clock.now())

    window = connection.quota.windows.get()
    assert (window.spent, window.by_purpose) == (1, {"token": 1})
