"""Keys for tests, and a browser that carries one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.test import Client as Browser

from apps.accounts import keys
from apps.accounts.models import User
from apps.accounts.rights import Role
from apps.core import clock
from tests.portal.factories import make_user


def make_secret(
    role: Role = Role.VIEWER, client_id: UUID | None = None, *, maker: User | None = None, days: float = 30
) -> str:
    maker = maker or make_user(Role.ADMIN)
    _, secret = keys.make_key(
        maker=maker, name="Reports", role=role, client_id=client_id, now=clock.now(), lasts=timedelta(days=days)
    )
    return secret


def reader(secret: str) -> Browser:
    return Browser(headers={"authorization": f"Bearer {secret}"})


def get(browser: Browser, path: str, **query: Any) -> Any:
    answer = browser.get(f"/api/v1/{path}", query_params=query)
    assert answer.status_code == 200, answer.content
    return answer.json()
