"""Messages as blocks, and Slack's answers as values.

Blocks and their ceilings: https://docs.slack.dev/reference/block-kit/blocks (slack-sdk's models check them).
Escaping: https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, MarkdownTextObject, PlainTextObject, SectionBlock

from apps.providers import contract
from apps.providers.parsing import Fields, decode
from apps.providers.transport import Reply

LONGEST_HEADER = 150
LONGEST_SECTION = 3_000
LONGEST_TEXT = 3_800
"""`text` is cut by Slack at 40,000, and a message of more than 4,000 cannot be changed later."""


def escape(text: str) -> str:
    """Plain text as mrkdwn shows it: nothing in it links, mentions or pings.

    A zero-width space keeps Slack's own marks (*, _, ~, `) from pairing; names keep their letters.
    """
    plain = " ".join(text.split())
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"{char}\u200b" if char in "*_~`" else char for char in plain)


def link(address: str, text: str) -> str:
    """A link; what would end it early is percent-encoded."""
    safe = quote(address, safe=":/?#[]@!$&'()*+,;=%-._~")
    return f"<{safe.replace('&', '&amp;')}|{escape(text).replace('|', '/')}>" if safe else escape(text)


def blocks_of(message: contract.Message) -> list[dict[str, Any]]:
    """A header, a section a line (several where there are many), a footer."""
    found: list[Block] = [HeaderBlock(text=PlainTextObject(text=_cut(message.title, LONGEST_HEADER), emoji=False))]
    found += [SectionBlock(text=MarkdownTextObject(text=text)) for text in _sections(message)]
    if message.footer:
        found.append(ContextBlock(elements=[MarkdownTextObject(text=_cut(escape(message.footer), LONGEST_SECTION))]))
    return [block.to_dict() for block in found]


def text_of(message: contract.Message) -> str:
    """What a notification and a screen reader say, and all there is where blocks are refused."""
    lines = [escape(message.title), *(_line(one) for one in message.lines)]
    return _cut("\n".join(lines), LONGEST_TEXT)


def _sections(message: contract.Message) -> Iterator[str]:
    """As few sections as hold the lines whole."""
    held: list[str] = []
    for line in message.lines:
        text = _cut(_line(line), LONGEST_SECTION)
        if held and sum(map(len, held)) + len(held) + len(text) > LONGEST_SECTION:
            yield "\n".join(held)
            held = []
        held.append(text)
    if held:
        yield "\n".join(held)


def _line(line: contract.Line) -> str:
    head = f"*{escape(line.headline)}*" if line.facts else escape(line.headline)
    facts = " · ".join(f"{escape(name)}: {escape(value)}" for name, value in line.facts if value)
    seen = link(line.link, line.link_text or "Open") if line.link else ""
    return "\n".join(part for part in (head, " · ".join(part for part in (facts, seen) if part)) if part)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def posted(reply: Reply) -> contract.Posted:
    answer = Fields(decode(reply.body, "chat.postMessage"), "chat.postMessage")
    return contract.Posted(channel=answer.id("channel"), id=answer.text("ts"))


def identity(reply: Reply) -> contract.Identity:
    answer = Fields(decode(reply.body, "auth.test"), "auth.test")
    return contract.Identity(account=answer.id("team_id"), name=answer.text("team"))


def user_id(reply: Reply) -> str:
    return Fields(decode(reply.body, "users.lookupByEmail"), "users.lookupByEmail").object("user").id("id")


def channels(reply: Reply) -> contract.Page[contract.Channel]:
    answer = Fields(decode(reply.body, "conversations.list"), "conversations.list")
    items = tuple(_channel(one) for one in answer.objects("channels"))
    return contract.Page(items, next=answer.object_or_empty("response_metadata").text_or_empty("next_cursor") or None)


def _channel(one: Fields) -> contract.Channel:
    return contract.Channel(
        id=one.id("id"),
        name=one.text("name"),
        private=one.flag_or("is_private", False),
        archived=one.flag_or("is_archived", False),
        member=one.flag_or("is_member", False),
    )
