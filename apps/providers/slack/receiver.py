"""Slack sends us nothing: messages have no buttons, so there is no Request URL to be called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.providers.contract import Hook, MalformedHook


class NoDeliveries:
    """contract.Receiver that takes nothing."""

    def verify(self, *, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        return False

    def parse(self, *, headers: Mapping[str, str], body: bytes) -> Hook:
        raise MalformedHook("Slack delivers nothing here")

    def answer_challenge(self, *, query: Mapping[str, str], secret: str) -> Mapping[str, str] | None:
        return None
