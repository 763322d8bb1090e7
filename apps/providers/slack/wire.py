"""Slack's envelope: HTTP 200 with `ok`, and an error's name that says what a status says elsewhere.

https://docs.slack.dev/apis/web-api/#evaluating-responses, https://docs.slack.dev/reference/methods/chat.postMessage
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from apps.core import errors
from apps.providers import verdicts
from apps.providers.slack import capabilities
from apps.providers.transport import Dialect, Reply
from apps.providers.verdicts import Case, Verdict

BASE_URLS = {"api": "https://slack.com", "auth": "https://slack.com"}

DEAD_TOKEN = ("not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired")
LIMITS = ("ratelimited", "rate_limited")
FULL = "message_limit_exceeded"
PASSING = ("service_unavailable", "request_timeout")
MAYBE_DONE = ("fatal_error", "internal_error")
MISSING = ("channel_not_found", "user_not_found", "users_not_found", "team_not_found")
OUR_FAULT = (
    "no_text", "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long",
    "markdown_text_conflict", "too_many_attachments", "metadata_too_large",
)  # fmt: skip
"""The shape of the message was refused: it is said once more as plain text."""

NOT_THERE = "not_in_channel"
NOT_ALLOWED = (
    "is_archived", "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
    "restricted_action_thread_locked", "restricted_action_non_threadable_channel", "ekm_access_denied",
    "enterprise_is_restricted", "app_access_restricted", "access_denied", "messages_tab_disabled", "missing_scope",
    "not_allowed_token_type", "no_permission", "method_not_supported_for_channel_type",
)  # fmt: skip

STATUS: Mapping[str, int] = {
    **dict.fromkeys(DEAD_TOKEN, 401),
    **dict.fromkeys(LIMITS, 429),
    **dict.fromkeys(PASSING, 503),
    **dict.fromkeys(MAYBE_DONE, 500),
}
"""What an error amounts to; every other one is a refusal, 400."""

ROWS: verdicts.Rows = {
    **{Case(400, code=code): Verdict(errors.Rejected, cause=code) for code in (*OUR_FAULT, *NOT_ALLOWED, NOT_THERE)},
    **{Case(400, code=code): Verdict(errors.NotFound, cause=code) for code in MISSING},
    **{Case(503, code=code): Verdict(errors.Transient, cause=code) for code in PASSING},
    **{
        Case(500, code=code): Verdict(errors.Transient, cause=code, unless_repeatable=errors.Unknown)
        for code in MAYBE_DONE
    },
    Case(400, code=FULL): Verdict(errors.RateLimited, cause=FULL),
}

ADVICE: Mapping[str, str] = {
    "channel_not_found": "Slack does not show this channel to the app. Invite the app there, or choose another one.",
    NOT_THERE: "The app is not in this channel. Invite it there.",
    "is_archived": "The channel is archived. Choose another one.",
    "missing_scope": "The app lacks a right. Add the scopes that the connector's page lists, and install it again.",
    "messages_tab_disabled": "Direct messages of the app are off. Switch on its Messages tab.",
    "team_not_found": "The token belongs to an organisation: name the channel by its id.",
    "not_allowed_token_type": "This token may not post. Give the bot token, which begins with xoxb-.",
}
"""What a person does about a refusal; without a row the workspace's administrator must allow it."""


def member(reply: Reply, name: str) -> Any:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return None
    return found.get(name) if isinstance(found, dict) else None


def code_of(reply: Reply) -> str:
    """The error's name; empty for an answer that is not Slack's own."""
    code = member(reply, "error")
    return code if isinstance(code, str) else ""


def status_of(reply: Reply) -> int:
    """The status that an answer amounts to."""
    if reply.status != 200 and code_of(reply) not in STATUS:
        return reply.status
    if member(reply, "ok") is True:
        return 200
    return STATUS.get(code_of(reply), 400 if code_of(reply) else 200)


def advice_on(reply: Reply) -> str:
    code = code_of(reply)
    return ADVICE.get(code, f"Slack says {code}.") if code else ""


DIALECT = Dialect(
    provider="slack",
    hosts=capabilities.CAPABILITIES.hosts,
    base_urls=BASE_URLS,
    table=verdicts.Verdicts.with_rows(ROWS),
    code_of=code_of,
    message_of=advice_on,
    status_of=status_of,
)
