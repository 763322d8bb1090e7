"""Tabs of Debian's chromium, and signing in there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from apps.accounts import services
from apps.accounts.models import Client
from apps.accounts.rights import Role

CHROMIUM = Path("/usr/bin/chromium")
PASSWORD = "a long enough password"

IN_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists() and "CI" not in os.environ, reason="Debian's chromium is not installed"),
    pytest.mark.django_db(transaction=True),
]


def open_tab(chromium: object, live_server: object, **wanted: object) -> object:
    """A tab of its own, that keeps what the page complains about."""
    view = {"width": 1440, "height": 900}
    opened = chromium.new_context(base_url=live_server.url, viewport=view, **wanted).new_page()
    opened.complaints = []
    opened.on("console", lambda said: said.type == "error" and opened.complaints.append(said.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    return opened


def sign_in(tab: object, role: Role = Role.ADMIN, *clients: Client) -> None:
    email = f"{role.value}@people.example"
    services.create_user(email=email, password=PASSWORD, role=role, clients=clients, first_name="Ada")
    tab.goto("/")
    tab.get_by_label("Work e-mail").fill(email)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    tab.get_by_role("heading", name="Overview").wait_for()
