"""The sandbox's Slack, spoken to over HTTP as facts/slack describes it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox_process import Sandbox

TOKEN = "xoxb-sandbox-token"


class Bot:
    """Calls methods as an app with a token would."""

    def __init__(self, sandbox: Sandbox, token: str = TOKEN) -> None:
        self.sandbox = sandbox
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    def raw(self, method: str, **given: Any) -> httpx.Response:
        return self.sandbox.http.post(f"/slack/api/{method}", json=given, headers=self._headers)

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        answer = self.raw(method, **given)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def error(self, method: str, **given: Any) -> str:
        answer = self.call(method, **given)
        assert answer["ok"] is False
        return str(answer["error"])


@pytest.fixture
def bot(sandbox: Sandbox) -> Bot:
    return Bot(sandbox)


def block(kind: str, text: str) -> dict[str, Any]:
    return {"type": kind, "text": {"type": "mrkdwn", "text": text}}


def lift(sandbox: Sandbox) -> None:
    sandbox.act("slack", "settings", channel_seconds=0, tiers=0)


def test_a_message_is_in_the_channel_with_a_ts_of_its_own(bot: Bot) -> None:
    posted = bot.call("chat.postMessage", channel="#hiring", text="Ada moved")

    read = bot.sandbox.act("slack", "read", channel="hiring")
    assert posted["ok"] and posted["channel"] == read["channel"]["id"]
    assert [(one["ts"], one["text"]) for one in read["messages"]] == [(posted["ts"], "Ada moved")]


def test_the_second_message_of_a_second_is_refused_with_its_pause_and_counted(bot: Bot) -> None:
    bot.call("chat.postMessage", channel="#hiring", text="one")

    over = bot.raw("chat.postMessage", channel="#hiring", text="two")

    assert (over.status_code, over.headers["Retry-After"], over.json()["error"]) == (429, "1", "ratelimited")
    assert bot.call("chat.postMessage", channel="#general", text="elsewhere")["ok"]
    assert bot.sandbox.state("slack")["rate_limited"] == 1


def test_the_workspace_has_a_ceiling_a_minute(bot: Bot) -> None:
    bot.sandbox.act("slack", "settings", channel_seconds=0, minute=3)
    for number in range(3):
        bot.call("chat.postMessage", channel="#hiring", text=str(number))

    assert bot.raw("chat.postMessage", channel="#general", text="four").status_code == 429


@pytest.mark.parametrize(
    ("token", "state", "error"),
    [
        ("", "", "not_authed"),
        ("xoxb-nobody", "", "invalid_auth"),
        (TOKEN, "revoked", "token_revoked"),
        (TOKEN, "expired", "token_expired"),
        (TOKEN, "inactive", "account_inactive"),
    ],
)
def test_a_dead_token_is_told_how_it_died(sandbox: Sandbox, token: str, state: str, error: str) -> None:
    if state:
        sandbox.act("slack", "revoke", state=state)

    assert Bot(sandbox, token).error("auth.test") == error


def test_channels_that_cannot_be_posted_to_say_why(bot: Bot) -> None:
    bot.sandbox.act("slack", "add_token", value="xoxb-narrow", scopes=["chat:write"])
    bot.sandbox.act("slack", "archive", channel="general")
    narrow = Bot(bot.sandbox, "xoxb-narrow")

    assert bot.error("chat.postMessage", channel="#nowhere", text="x") == "channel_not_found"
    assert bot.error("chat.postMessage", channel="#leadership", text="x") == "channel_not_found"
    assert bot.error("chat.postMessage", channel="#general", text="x") == "is_archived"
    assert narrow.error("chat.postMessage", channel="#hiring-data", text="x") == "not_in_channel"
    assert narrow.error("conversations.join", channel="#hiring-data") == "missing_scope"


def test_a_public_channel_is_joined_and_a_private_one_is_not(bot: Bot) -> None:
    assert bot.call("conversations.join", channel="#hiring-data")["channel"]["is_member"]
    assert bot.error("conversations.join", channel="#leadership") == "method_not_supported_for_channel_type"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({}, "no_text"),
        ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
        ({"text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"text": "x", "blocks": [block("header", "x")]}, "invalid_blocks"),
        ({"text": "x", "blocks": [block("section", "")]}, "invalid_blocks"),
        ({"text": "x", "blocks": [block("section", "x" * 3001)]}, "invalid_blocks"),
    ],
)
def test_a_misshapen_message_is_refused(bot: Bot, message: dict[str, Any], error: str) -> None:
    assert bot.error("chat.postMessage", channel="#hiring", **message) == error


def test_what_would_ping_a_channel_is_seen(bot: Bot) -> None:
    lift(bot.sandbox)
    bot.call("chat.postMessage", channel="#hiring", text="hello <!channel>")
    bot.call("chat.postMessage", channel="#hiring", text="hello &lt;!channel&gt;")

    read = bot.sandbox.act("slack", "read", channel="hiring")
    assert [one["pings"] for one in read["messages"]] == [["<!channel>"], []]


def test_a_person_is_found_by_address_and_reached_directly(bot: Bot) -> None:
    found = bot.sandbox.http.get(
        "/slack/api/users.lookupByEmail",
        params={"email": "Recruiter@northwind.test"},
        headers={"authorization": f"Bearer {TOKEN}"},
    ).json()

    bot.call("chat.postMessage", channel=found["user"]["id"], text="for you")

    read = bot.sandbox.act("slack", "read", channel="recruiter@northwind.test")
    assert [one["text"] for one in read["messages"]] == ["for you"]
    assert bot.error("users.lookupByEmail", email="nobody@northwind.test") == "users_not_found"


def test_channels_are_listed_page_by_page_without_private_ones_of_others(bot: Bot) -> None:
    first = bot.call("conversations.list", limit=2, types="public_channel,private_channel")
    second = bot.call(
        "conversations.list",
        limit=2,
        types="public_channel,private_channel",
        cursor=first["response_metadata"]["next_cursor"],
    )

    names = [one["name"] for page in (first, second) for one in page["channels"]]
    assert names == ["general", "hiring", "hiring-data"]
    assert second["response_metadata"]["next_cursor"] == ""


def test_a_refusal_by_decree_may_come_after_the_message_was_posted(bot: Bot) -> None:
    bot.sandbox.act("slack", "refuse", error="fatal_error", after=True)

    assert bot.error("chat.postMessage", channel="#hiring", text="maybe") == "fatal_error"
    assert len(bot.sandbox.act("slack", "read", channel="hiring")["messages"]) == 1


def test_a_lost_answer_leaves_the_message_there(bot: Bot) -> None:
    bot.sandbox.fault("slack", "lose_response", "chat.postMessage")

    with pytest.raises(httpx.RemoteProtocolError):
        bot.call("chat.postMessage", channel="#hiring", text="lost")
    assert len(bot.sandbox.act("slack", "read", channel="hiring")["messages"]) == 1


def test_an_incoming_webhook_answers_in_plain_text(bot: Bot) -> None:
    lift(bot.sandbox)
    path = "/slack/services/T0NORTHWIND/B0HIRING/secret"
    posted = bot.sandbox.http.post(path, json={"text": "by hook"})
    gone = bot.sandbox.http.post("/slack/services/T0/B0/nobody", json={"text": "x"})
    broken = bot.sandbox.http.post(path, content=b"{")
    bot.sandbox.act("slack", "archive", channel="hiring")
    archived = bot.sandbox.http.post(path, json={"text": "x"})

    assert [(one.status_code, one.text) for one in (posted, gone, broken, archived)] == [
        (200, "ok"),
        (404, "no_service"),
        (400, "invalid_payload"),
        (410, "channel_is_archived"),
    ]
