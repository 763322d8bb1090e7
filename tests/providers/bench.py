"""A gate that only counts, and providers opened on the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from apps.core import errors
from apps.providers import registry
from apps.providers.contract import Answer, Ats, Call, Settings, Sourcing
from tests.sandbox_process import Sandbox

GREENHOUSE = {"client_id": "sandbox-client-1", "client_secret": "sandbox-secret"}
BULLHORN = {
    "username": "northwind.api",
    "password": "sandbox-password",
    "client_id": "sandbox-bullhorn-client",
    "client_secret": "sandbox-bullhorn-secret",
}
BULLHORN_USER = "7051"
LEVER = {"api_key": "sandbox-lever-key"}
LINKEDIN = {"client_id": "sandbox-linkedin-client", "client_secret": "sandbox-linkedin-secret"}
CONTRACT = "urn:li:contract:7001"


@dataclass
class CountingGate:
    """contract.Gate: every `enter` has its `leave`; tokens come from `tokens`, one after the other."""

    tokens: list[str]
    entered: list[Call] = field(default_factory=list)
    left: list[Answer] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    refusal: errors.SyncError | None = None

    def enter(self, call: Call) -> object:
        if self.refusal is not None:
            raise self.refusal
        self.entered.append(call)
        return len(self.entered)

    def leave(self, permit: object, answer: Answer) -> None:
        assert permit == len(self.left) + 1
        self.left.append(answer)

    def token(self, *, rejected: str | None = None) -> str:
        if rejected is not None:
            self.rejected.append(rejected)
            if rejected == self.tokens[0]:
                self.tokens.pop(0)
        if not self.tokens:
            raise errors.AuthExpired("no token is left")
        return self.tokens[0]

    @property
    def operations(self) -> list[str]:
        return [call.operation for call in self.entered]


def stop_at_a_minute(sandbox: Sandbox, *, before_the_month_ends: bool = False) -> None:
    """The sandbox's clock stands at the beginning of a minute: the next, or the last but one of this month."""
    now = datetime.fromisoformat(sandbox.clock()["now"]).replace(second=0, microsecond=0)
    following = (now.replace(day=1, hour=0, minute=0) + timedelta(days=32)).replace(day=1)
    stopped = following - timedelta(minutes=2) if before_the_month_ends else now + timedelta(minutes=1)
    sandbox.clock(now=stopped.isoformat())


def settings_of(system: str, base: str, timeout: float = 5.0, **options: Any) -> Settings:
    address = f"{base}/{system}"
    return Settings({"api": address, "auth": address}, options, timeout)


def mint(system: str, sandbox: Sandbox, credential: Mapping[str, str]) -> str:
    return registry.get(system).mint(settings_of(system, sandbox.base), credential).access_token


def open_greenhouse(sandbox: Sandbox, **options: Any) -> tuple[Ats, CountingGate]:
    gate = CountingGate([mint("greenhouse", sandbox, GREENHOUSE)])
    opened: Any = registry.get("greenhouse").open(settings_of("greenhouse", sandbox.base, **options), gate)
    return opened, gate


def open_bullhorn(sandbox: Sandbox, **options: Any) -> tuple[Ats, CountingGate]:
    gate = CountingGate([mint("bullhorn", sandbox, BULLHORN)])
    settings = settings_of("bullhorn", sandbox.base, **{"user_id": BULLHORN_USER, **options})
    opened: Any = registry.get("bullhorn").open(settings, gate)
    return opened, gate


def open_lever(sandbox: Sandbox, *, key: str = LEVER["api_key"], **options: Any) -> tuple[Ats, CountingGate]:
    """With a bucket that a test does not empty by itself."""
    sandbox.act("lever", "settings", rate=10_000, burst=10_000)
    users = sandbox.state("lever")["users"]
    gate = CountingGate([mint("lever", sandbox, {"api_key": key})])
    wanted = {"perform_as": users[0]["id"], "archive_reason": "Withdrew", **options}
    opened: Any = registry.get("lever").open(settings_of("lever", sandbox.base, **wanted), gate)
    return opened, gate


def open_linkedin(sandbox: Sandbox, **options: Any) -> tuple[Sourcing, CountingGate]:
    gate = CountingGate(["sandbox-linkedin-token"])
    settings = settings_of("linkedin", sandbox.base, **{"contract": CONTRACT, **options})
    opened: Any = registry.get("linkedin").open(settings, gate)
    return opened, gate
