"""Slack against the sandbox: what is posted, and each row of its error table."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import errors
from apps.providers import registry
from apps.providers.contract import Line, Message, Messenger, Settings
from apps.providers.slack import translate, wire
from tests.providers.bench import CountingGate, settings_of
from tests.sandbox_process import Sandbox

TOKEN = "xoxb-sandbox-token"
LINE = Line("Ada Quill", (("Stage", "Phone Screen → Offer"), ("Role", "Data Engineer")), "https://ats.test/1", "Open")
MESSAGE = Message("Ada Quill: Offer", (LINE,), "Rule: Offer sent")


class Bench:
    def __init__(self, sandbox: Sandbox, token: str = TOKEN) -> None:
        sandbox.act("slack", "settings", channel_seconds=0)
        self.sandbox = sandbox
        self.gate = CountingGate([token])
        self.slack = cast(Messenger, registry.get("slack").open(settings_of("slack", sandbox.base), self.gate))

    def refuse(self, error: str, **more: Any) -> None:
        self.sandbox.act("slack", "refuse", error=error, **more)

    def messages(self, channel: str = "hiring") -> list[dict[str, Any]]:
        return list(self.sandbox.act("slack", "read", channel=channel)["messages"])


@pytest.fixture
def bench(sandbox: Sandbox) -> Bench:
    return Bench(sandbox)


def test_a_message_is_posted_with_its_place_and_a_text_for_screen_readers(bench: Bench) -> None:
    posted = bench.slack.post("#hiring", MESSAGE)

    (there,) = bench.messages()
    assert posted.id == there["ts"]
    assert "Ada Quill" in there["text"]
    assert there["blocks"][0]["text"]["text"] == "Ada Quill: Offer"
    assert "<https://ats.test/1|Open>" in there["blocks"][1]["text"]["text"]


@pytest.mark.parametrize("name", ["<!channel>", "<@U00000001>", "a & <!here|x>", "<https://evil.test|Ada>", "*b* `c`"])
def test_a_name_pings_nobody_and_links_nowhere(bench: Bench, name: str) -> None:
    bench.slack.post("#hiring", Message(name, (Line(name, ((name, name),), "https://ats.test/a|b>c", name),), name))

    (there,) = bench.messages()
    assert there["pings"] == []
    assert "|Ada>" not in there["text"]


@given(st.text(max_size=400))
def test_no_text_escapes_its_escaping(text: str) -> None:
    shown = translate.escape(text)

    assert "<" not in shown and ">" not in shown
    assert (
        " ".join(text.split())
        == (shown.replace("\u200b", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
        or "\u200b" in text
    )


@given(st.lists(st.text(min_size=1, max_size=5_000), min_size=1, max_size=20), st.text(min_size=1, max_size=400))
def test_any_message_keeps_below_the_ceilings(names: list[str], title: str) -> None:
    message = Message(title, tuple(Line(name, (("Role", name),)) for name in names), title)

    assert len(translate.blocks_of(message)) <= 22  # 20 lines are the most that wait; the SDK's models check each block
    assert len(translate.text_of(message)) <= translate.LONGEST_TEXT


@pytest.mark.parametrize("error", sorted(wire.NOT_ALLOWED))
def test_what_an_administrator_forbids_is_refused_for_good(bench: Bench, error: str) -> None:
    bench.refuse(error)

    with pytest.raises(errors.Rejected) as refused:
        bench.slack.post("#hiring", MESSAGE)
    assert refused.value.cause == error
    assert bench.messages() == []


@pytest.mark.parametrize("error", ["channel_not_found", "team_not_found"])
def test_a_place_that_is_not_there_is_not_found(bench: Bench, error: str) -> None:
    bench.refuse(error)

    with pytest.raises(errors.NotFound) as missing:
        bench.slack.post("#hiring", MESSAGE)
    assert missing.value.cause == error


@pytest.mark.parametrize("error", sorted(wire.OUR_FAULT))
def test_a_shape_that_is_refused_is_said_once_more_as_text(bench: Bench, error: str) -> None:
    bench.refuse(error)

    bench.slack.post("#hiring", MESSAGE)

    (there,) = bench.messages()
    assert there["blocks"] == []
    bench.refuse(error, times=2)
    with pytest.raises(errors.Rejected):
        bench.slack.post("#hiring", MESSAGE)


@pytest.mark.parametrize("error", sorted(wire.PASSING))
def test_what_passes_is_tried_again_later(bench: Bench, error: str) -> None:
    bench.refuse(error)

    with pytest.raises(errors.Transient):
        bench.slack.post("#hiring", MESSAGE)
    assert bench.messages() == []


@pytest.mark.parametrize("error", sorted(wire.MAYBE_DONE))
def test_what_may_have_been_posted_is_unknown(bench: Bench, error: str) -> None:
    bench.refuse(error, after=True)

    with pytest.raises(errors.Unknown):
        bench.slack.post("#hiring", MESSAGE)
    assert len(bench.messages()) == 1


def test_a_lost_answer_is_unknown_and_not_sent_again(bench: Bench) -> None:
    bench.sandbox.fault("slack", "lose_response", "chat.postMessage")

    with pytest.raises(errors.Unknown):
        bench.slack.post("#hiring", MESSAGE)
    assert len(bench.messages()) == 1


@pytest.mark.parametrize("error", sorted(wire.DEAD_TOKEN))
def test_a_dead_token_waits_for_a_person(bench: Bench, error: str) -> None:
    bench.refuse(error, times=2)

    with pytest.raises(errors.AuthExpired):
        bench.slack.post("#hiring", MESSAGE)
    assert bench.gate.rejected == [TOKEN]
    assert [answer.status for answer in bench.gate.left if answer.sent] == [401]


@pytest.mark.parametrize("error", sorted(wire.LIMITS))
def test_a_limit_is_kept_and_seen_by_the_gate(bench: Bench, error: str) -> None:
    bench.refuse(error)

    with pytest.raises(errors.RateLimited):
        bench.slack.post("#hiring", MESSAGE)
    assert [answer.status for answer in bench.gate.left] == [429]


def test_a_channels_own_limit_says_until_when(bench: Bench) -> None:
    bench.sandbox.act("slack", "settings", channel_seconds=5)
    bench.slack.post("#hiring", MESSAGE)

    with pytest.raises(errors.RateLimited) as over:
        bench.slack.post("#hiring", MESSAGE)
    assert over.value.until is not None


def test_a_full_workspace_is_a_limit_of_its_own(bench: Bench) -> None:
    bench.refuse(wire.FULL)

    with pytest.raises(errors.RateLimited) as full:
        bench.slack.post("#hiring", MESSAGE)
    assert full.value.cause == wire.FULL


def test_every_row_of_the_table_is_refused_by_the_right_test_above() -> None:
    named = {case.code for case in wire.ROWS if case.code} | set(wire.STATUS)

    tested = {*wire.NOT_ALLOWED, *wire.OUR_FAULT, *wire.PASSING, *wire.MAYBE_DONE, *wire.DEAD_TOKEN, *wire.LIMITS}
    assert named - tested == {*wire.MISSING, wire.NOT_THERE, wire.FULL}


def test_a_public_channel_is_joined_and_posted_to_once(sandbox: Sandbox) -> None:
    sandbox.act("slack", "add_token", value="xoxb-narrow", scopes=["chat:write", "channels:join"])
    bench = Bench(sandbox, "xoxb-narrow")

    bench.slack.post("#hiring-data", MESSAGE)

    assert bench.gate.operations == ["chat.postMessage", "conversations.join", "chat.postMessage"]
    assert len(bench.messages("hiring-data")) == 1


def test_a_channel_that_cannot_be_joined_stays_refused(sandbox: Sandbox) -> None:
    sandbox.act("slack", "add_token", value="xoxb-narrow", scopes=["chat:write"])
    bench = Bench(sandbox, "xoxb-narrow")

    with pytest.raises(errors.Rejected) as refused:
        bench.slack.post("#hiring-data", MESSAGE)
    assert refused.value.cause == "not_in_channel"


def test_people_and_channels_are_found(bench: Bench) -> None:
    user = bench.slack.find_user("recruiter@northwind.test")
    page = bench.slack.list_channels()

    assert user.startswith("U")
    assert [(one.name, one.member) for one in page.items] == [
        ("general", True),
        ("hiring", True),
        ("hiring-data", False),
    ]
    assert bench.slack.identify().account == "T0NORTHWIND"
    with pytest.raises(errors.NotFound):
        bench.slack.find_user("nobody@northwind.test")


def test_a_token_is_minted_by_asking_whether_it_counts(sandbox: Sandbox) -> None:
    provider, settings = registry.get("slack"), settings_of("slack", sandbox.base)

    assert provider.mint(settings, {"bot_token": TOKEN}).access_token == TOKEN
    sandbox.act("slack", "revoke")
    with pytest.raises(errors.AuthExpired):
        provider.mint(settings, {"bot_token": TOKEN})


def test_nothing_is_sent_to_a_host_that_slack_does_not_have() -> None:
    elsewhere = Settings({"api": "http://slack.com.evil.test/api"})
    slack = cast(Messenger, registry.get("slack").open(elsewhere, CountingGate([TOKEN])))

    with pytest.raises(errors.Rejected) as refused:
        slack.identify()
    assert refused.value.cause == "egress"
