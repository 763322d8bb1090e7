"""The ceilings of a message (facts: Slack, A.5): what Slack refuses, with the place of the fault.

https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.sandbox.slack.answers import Refusal

MOST_BLOCKS = 50
MOST_ATTACHMENTS = 100
LONGEST_HEADER = 150
LONGEST_SECTION = 3_000
MOST_FIELDS = 10
LONGEST_FIELD = 2_000
MOST_CONTEXT = 10
LONGEST_TEXT = 40_000
"""Longer texts are cut by Slack, not refused."""


def check(message: dict[str, Any]) -> None:
    """Raise Refusal for a message that Slack would not take."""
    blocks, attachments = message.get("blocks") or [], message.get("attachments") or []
    if not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format")
    if message.get("markdown_text") and (message.get("text") or blocks):
        raise Refusal("markdown_text_conflict")
    if not (message.get("text") or blocks or attachments or message.get("markdown_text")):
        raise Refusal("no_text")
    if len(attachments) > MOST_ATTACHMENTS:
        raise Refusal("too_many_attachments")
    if len(blocks) > MOST_BLOCKS:
        raise Refusal("invalid_blocks", response_metadata={"messages": [f"[ERROR] no more than {MOST_BLOCKS} items"]})
    faults = [fault for place, block in enumerate(blocks) for fault in _faults(block, f"/blocks/{place}")]
    if faults:
        raise Refusal("invalid_blocks", response_metadata={"messages": faults})


def _faults(block: Any, where: str) -> Iterator[str]:
    if not isinstance(block, dict):
        yield f"[ERROR] must be an object [json-pointer:{where}]"
        return
    match block.get("type"):
        case "header":
            yield from _text(block.get("text"), f"{where}/text", LONGEST_HEADER, kinds=("plain_text",))
        case "section":
            yield from _section(block, where)
        case "context":
            elements = block.get("elements") or []
            if not 1 <= len(elements) <= MOST_CONTEXT:
                yield f"[ERROR] must have 1 to {MOST_CONTEXT} items [json-pointer:{where}/elements]"
            for place, element in enumerate(elements):
                yield from _text(element, f"{where}/elements/{place}", LONGEST_SECTION)
        case "divider":
            return
        case other:
            yield f"[ERROR] unsupported type: {other} [json-pointer:{where}/type]"


def _section(block: dict[str, Any], where: str) -> Iterator[str]:
    fields = block.get("fields") or []
    if "text" not in block and not fields:
        yield f"[ERROR] must have text or fields [json-pointer:{where}]"
    if "text" in block:
        yield from _text(block["text"], f"{where}/text", LONGEST_SECTION)
    if len(fields) > MOST_FIELDS:
        yield f"[ERROR] no more than {MOST_FIELDS} items [json-pointer:{where}/fields]"
    for place, field in enumerate(fields):
        yield from _text(field, f"{where}/fields/{place}", LONGEST_FIELD)


def _text(value: Any, where: str, longest: int, *, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Iterator[str]:
    if not isinstance(value, dict) or value.get("type") not in kinds:
        yield f"[ERROR] must be a text of {', '.join(kinds)} [json-pointer:{where}]"
        return
    length = len(str(value.get("text", "")))
    if not 1 <= length <= longest:
        yield f"[ERROR] must be 1 to {longest} characters [json-pointer:{where}/text]"
