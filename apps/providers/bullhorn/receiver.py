"""Bullhorn sends nothing: its events wait in a queue that is read (Ats.pull_events)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.providers.contract import Hook, MalformedHook


class NoReceiver:
    """contract.Receiver of a system without webhooks: no delivery is ever its own."""

    def verify(self, *, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        return False

    def parse(self, *, headers: Mapping[str, str], body: bytes) -> Hook:
        raise MalformedHook("Bullhorn sends no deliveries")

    def answer_challenge(self, *, query: Mapping[str, str], secret: str) -> Mapping[str, str] | None:
        return None
