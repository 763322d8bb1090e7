"""What people do in the workspace, as acts of the control interface, and its scenario.

add_channel {"name", "private", "member"}   archive {"channel"}   unarchive {"channel"}
invite {"channel"}, kick {"channel"}        the bot, into a channel and out of it
add_user {"name", "email"}                  deactivate {"user"}
read {"channel"}                            its messages, oldest first; a user's id or e-mail reads their direct ones
add_token {"value", "scopes"}               revoke {"token", "state"}: revoked, expired or inactive
refuse {"error", "channel", "times", "method", "after"}: answer so; after: true once the message is posted
settings {"channel_seconds", "minute", "tiers"}

A scenario: {"channels": [...], "users": [...], "tokens": [...], "settings": {...}} in the words above.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.sandbox.kernel import ActError
from apps.sandbox.slack.workspace import SCOPES, Channel, Person, Refused, Token, Workspace

TOKEN = "xoxb-sandbox-token"
HOOK = "T0NORTHWIND/B0HIRING/secret"
CHANNELS = (
    {"name": "general", "member": True},
    {"name": "hiring", "member": True},
    {"name": "hiring-data", "member": False},
    {"name": "leadership", "private": True, "member": False},
)
USERS = (
    {"name": "Chloe Martin", "email": "recruiter@northwind.test"},
    {"name": "Ben Okafor", "email": "ops@northwind.test"},
)

Acted = dict[str, Any]


def fill(workspace: Workspace, scenario: dict[str, Any]) -> Workspace:
    """The scenario's channels, people and tokens, or the usual ones."""
    for channel in scenario.get("channels", CHANNELS):
        _add_channel(workspace, channel)
    for user in scenario.get("users", USERS):
        _add_user(workspace, user)
    for token in scenario.get("tokens", ({"value": TOKEN},)):
        _add_token(workspace, token)
    _settings(workspace, scenario.get("settings", {}))
    workspace.hooks[HOOK] = "hiring"
    return workspace


def perform(workspace: Workspace, do: str, args: Acted) -> Acted:
    """Do one act. Raises ActError with a sentence where it cannot be done."""
    act = ACTS.get(do)
    if act is None:
        raise ActError(f"slack cannot {do!r}; it can {', '.join(ACTS)}")
    try:
        return act(workspace, args)
    except KeyError as missing:
        raise ActError(f"missing or unknown: {missing}") from None


def _add_channel(workspace: Workspace, args: Acted) -> Acted:
    made = Channel(
        args.get("id") or workspace.new_id("C"),
        args["name"],
        is_private=bool(args.get("private")),
        is_member=bool(args.get("member")),
    )
    workspace.channels[made.id] = made
    return made.shown()


def _change(**changes: bool) -> Callable[[Workspace, Acted], Acted]:
    def act(workspace: Workspace, args: Acted) -> Acted:
        channel = workspace.find(args["channel"])
        for name, value in changes.items():
            setattr(channel, name, value)
        return channel.shown()

    return act


def _add_user(workspace: Workspace, args: Acted) -> Acted:
    made = Person(args.get("id") or workspace.new_id("U"), args["name"], args["email"])
    workspace.people[made.id] = made
    return vars(made)


def _deactivate(workspace: Workspace, args: Acted) -> Acted:
    person = workspace.people[args["user"]]
    person.deleted = True
    return vars(person)


def _read(workspace: Workspace, args: Acted) -> Acted:
    asked = str(args["channel"])
    person = next((one.id for one in workspace.people.values() if one.email == asked), asked)
    channel = workspace.find(person)
    return {"channel": channel.shown(), "messages": channel.messages}


def _add_token(workspace: Workspace, args: Acted) -> Acted:
    made = Token(args["value"], list(args.get("scopes", SCOPES)))
    workspace.tokens[made.value] = made
    return {"scopes": made.scopes}


def _revoke(workspace: Workspace, args: Acted) -> Acted:
    token = workspace.tokens[args.get("token", TOKEN)]
    token.state = args.get("state", "revoked")
    return {"state": token.state}


def _refuse(workspace: Workspace, args: Acted) -> Acted:
    made = Refused(**args)
    workspace.planned.append(made)
    return vars(made)


def _settings(workspace: Workspace, args: Acted) -> Acted:
    for name, value in args.items():
        if name not in vars(workspace.settings):
            raise KeyError(name)
        setattr(workspace.settings, name, value)
    return vars(workspace.settings)


ACTS: dict[str, Callable[[Workspace, Acted], Acted]] = {
    "add_channel": _add_channel,
    "archive": _change(is_archived=True),
    "unarchive": _change(is_archived=False),
    "invite": _change(is_member=True),
    "kick": _change(is_member=False),
    "add_user": _add_user,
    "deactivate": _deactivate,
    "read": _read,
    "add_token": _add_token,
    "revoke": _revoke,
    "refuse": _refuse,
    "settings": _settings,
}
