"""What a test found, as the page says it; and whom of the system's users the connection acts as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from apps.connections.readings import BAD, OK, UNTRIED, WARN, Check
from apps.connections.trials import Tried
from apps.portal.words import Badge
from apps.providers import registry

BADGES = {
    OK: Badge("ok", "check-circle", "Passed"),
    WARN: Badge("warn", "warn", "Look at this"),
    BAD: Badge("bad", "close", "Failed"),
    UNTRIED: Badge("mute", "clock", "Not tried"),
}


def context_of(tried: Tried, asked: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The result page in plain values."""
    provider = registry.get(tried.wanted.provider)
    return checks_of(tried) | {
        "must_choose": tried.must_choose,
        "accounts": tried.accounts if tried.must_choose else (),
        "asked": asked,
        "mails": provider.connecting.mails,
        "again": f"{reverse('portal:connect_system')}?{urlencode(_way(tried))}",
    }


def _way(tried: Tried) -> dict[str, str]:
    wanted = tried.wanted
    return {"system": wanted.provider} | ({"mode": wanted.access_mode} if wanted.access_mode else {})


def checks_of(tried: Tried) -> dict[str, Any]:
    """What was tried and what came of it."""
    return {
        "system": registry.get(tried.wanted.provider).capabilities_in(tried.wanted.access_mode).name,
        "checks": [_line(one) for one in tried.checks],
        "failed": sum(one.outcome == BAD for one in tried.checks),
        "passed": tried.passed,
        "account": tried.account.name if tried.account else "",
    }


def users_asked(tried: Tried, said: Mapping[str, str]) -> list[dict[str, Any]]:
    """The settings that name one of the system's users, with what was chosen and what is wrong with it."""
    known = {key for key, _ in tried.users}
    asked = []
    for one in registry.get(tried.wanted.provider).connecting.options:
        if one.of_users:
            value = said.get(one.name, "")
            wrong = (one.required and not value) or (value and value not in known)
            asked.append(
                {
                    "name": one.name,
                    "label": one.label,
                    "help": one.help,
                    "required": one.required,
                    "choices": [(key, name, key == value) for key, name in tried.users],
                    "error": f"Choose somebody: {one.label.lower()}." if wrong else "",
                }
            )
    return asked


def unsaid(asked: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same before anybody chose: nothing is wrong yet."""
    return [{**one, "error": ""} for one in asked]


def user_options(tried: Tried, said: Mapping[str, str]) -> dict[str, str]:
    named = [one.name for one in registry.get(tried.wanted.provider).connecting.options if one.of_users]
    return {name: said[name] for name in named if said.get(name)}


def _line(one: Check) -> dict[str, Any]:
    return {"label": one.label, "badge": BADGES[one.outcome], "said": one.said, "todo": one.todo}
