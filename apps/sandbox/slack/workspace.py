"""One workspace: its people, channels, messages and tokens, and what it counts."""

from __future__ import annotations

import math
import re
from collections import defaultdict, deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from apps.sandbox.slack.answers import Limited, Refusal

if TYPE_CHECKING:
    from apps.sandbox.kernel import World

SCOPES = (
    "chat:write",
    "chat:write.public",
    "channels:read",
    "channels:join",
    "groups:read",
    "users:read",
    "users:read.email",
)
DEAD = {"revoked": "token_revoked", "expired": "token_expired", "inactive": "account_inactive"}
PINGS = re.compile(r"<!(channel|here|everyone)[>|]|<@[UW]\w+[>|]|<!subteam\^")
"""What in a message's text or blocks would notify people who did not ask for it."""


@dataclass
class Settings:
    """Changed by {"do": "settings", ...}. channel_seconds: between two posts in one channel; 0 lifts the limit.
    minute: posts in the workspace a minute. tiers: calls a minute of the other methods; 0 lifts them."""

    channel_seconds: float = 1.0
    minute: int = 300
    tiers: int = 1


@dataclass
class Token:
    value: str
    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    state: str = "active"


@dataclass
class Channel:
    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    is_member: bool = False
    user: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        kept = asdict(self)
        del kept["messages"], kept["user"]
        return {**kept, "is_channel": not self.is_private, "is_group": self.is_private}


@dataclass
class Person:
    id: str
    name: str
    email: str
    deleted: bool = False


@dataclass
class Refused:
    """A refusal by decree: {"do": "refuse", "error", "method", "channel", "times", "after"}."""

    error: str
    method: str = "chat.postMessage"
    channel: str = ""
    times: int = 1
    after: bool = False


@dataclass
class Workspace:
    """Everything that a reset makes anew."""

    world: World
    id: str = "T0NORTHWIND"
    name: str = "Northwind"
    settings: Settings = field(default_factory=Settings)
    tokens: dict[str, Token] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    planned: list[Refused] = field(default_factory=list)
    limited: int = 0
    posts: deque[float] = field(default_factory=deque)
    last_post: dict[str, float] = field(default_factory=dict)
    closest: float = math.inf
    spent: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    hooks: dict[str, str] = field(default_factory=dict)
    number: int = 0

    def new_id(self, letter: str) -> str:
        self.number += 1
        return f"{letter}{self.number:08d}"

    def token(self, header: str) -> Token:
        """The token of an Authorization header. Raises Refusal in Slack's words."""
        scheme, _, value = header.strip().partition(" ")
        if scheme.lower() != "bearer" or not value.strip():
            raise Refusal("not_authed")
        found = self.tokens.get(value.strip())
        if found is None:
            raise Refusal("invalid_auth")
        if found.state in DEAD:
            raise Refusal(DEAD[found.state])
        return found

    def find(self, name: str) -> Channel:
        """A channel by id or #name; a person's id opens their direct messages. Raises Refusal."""
        plain = name.removeprefix("#")
        for channel in self.channels.values():
            if channel.id == name or (channel.name == plain and not channel.user):
                return channel
        person = self.people.get(name)
        if person is None or person.deleted:
            raise Refusal("channel_not_found")
        opened = next((one for one in self.channels.values() if one.user == person.id), None)
        if opened is None:
            opened = Channel(self.new_id("D"), "", is_private=True, is_member=True, user=person.id)
            self.channels[opened.id] = opened
        return opened

    def take_refusal(self, method: str, channel: str, *, after: bool) -> Refused | None:
        for one in self.planned:
            fits = one.method == method and one.channel in ("", channel) and one.after == after and one.times != 0
            if fits:
                one.times -= 1 if one.times > 0 else 0
                return one
        return None

    def count_post(self, channel: Channel) -> None:
        """Raise Limited where the channel or the workspace had its message; refused calls count in neither."""
        now = self.world.clock.timestamp()
        wait = self.settings.channel_seconds - (now - self.last_post.get(channel.id, -math.inf))
        while self.posts and now - self.posts[0] >= 60:
            self.posts.popleft()
        if len(self.posts) >= self.settings.minute:
            wait = max(wait, 60 - (now - self.posts[0]))
        if wait > 0:
            self.limited += 1
            raise Limited(max(1, math.ceil(wait)))
        self.posts.append(now)
        self.closest = min(self.closest, now - self.last_post.get(channel.id, -math.inf))
        self.last_post[channel.id] = now

    def count_call(self, method: str, a_minute: int) -> None:
        """Raise Limited above a tier's calls a minute."""
        now, spent = self.world.clock.timestamp(), self.spent[method]
        while spent and now - spent[0] >= 60:
            spent.popleft()
        if self.settings.tiers and len(spent) >= a_minute:
            self.limited += 1
            raise Limited(max(1, math.ceil(60 - (now - spent[0]))))
        spent.append(now)

    def post(self, channel: Channel, message: dict[str, Any]) -> dict[str, Any]:
        """Put a message into a channel; its ts is unique there."""
        self.number += 1
        ts = f"{int(self.world.clock.timestamp())}.{self.number:06d}"
        kept = {"type": "message", "ts": ts, "text": message.get("text", ""), "blocks": message.get("blocks") or []}
        kept["pings"] = sorted(found.group(0) for found in PINGS.finditer(f"{kept['text']} {_texts(kept['blocks'])}"))
        channel.messages.append(kept)
        return kept


def _texts(value: Any) -> str:
    """What of blocks is read as mrkdwn."""
    if isinstance(value, dict):
        own = str(value.get("text", "")) if value.get("type") == "mrkdwn" else ""
        return " ".join([own, *(_texts(inner) for inner in value.values())])
    return " ".join(_texts(one) for one in value) if isinstance(value, list) else ""
