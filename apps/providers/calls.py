"""The gate that every call passes: what is about to be asked, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Purpose(StrEnum):
    """What a request is spent on; the budget page adds up by it."""

    POLL = "poll"
    READ = "read"
    WRITE = "write"
    CATALOGUE = "catalogue"
    INDEX = "index"
    TOKEN = "token"
    MESSAGES = "messages"
    BULK = "bulk"  # never named by a provider: the gate counts so what is done for work that may wait


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request about to be made: a stable operation name, and whether it may be repeated."""

    operation: str
    purpose: Purpose
    repeatable: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, for the gate: `status` is None where no answer came; `sent` is False where
    no byte left this machine (httpx ConnectError, ConnectTimeout, PoolTimeout). `called` is False where
    there was no token to call with, which says nothing about the system."""

    status: int | None
    headers: Mapping[str, str]
    sent: bool
    body: bytes = b""
    called: bool = True


class Gate(Protocol):
    """Stands before and after every request; made by `connections`, handed to the provider."""

    def enter(self, call: Call) -> object:
        """Reserve the request's cost and return a permit.

        Raises RateLimited when a budget window is full, AuthExpired when the connection waits
        for a person, RuntimeError when a database transaction is open.
        """

    def leave(self, permit: object, answer: Answer) -> None:
        """Record the answer: refund what never left, read the limits from the headers."""

    def token(self, *, rejected: str | None = None) -> str:
        """The access token, opaque here: the provider's dialect says how it travels. `rejected` names a
        token that just got a 401, so that it is minted anew once, whatever the number of workers. Raises
        AuthExpired."""
