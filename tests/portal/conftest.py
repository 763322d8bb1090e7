"""A browser for the tests that need one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.portal.tabs import CHROMIUM, open_tab


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    playwright = pytest.importorskip("playwright.sync_api")
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def tab(chromium: object, live_server: object) -> object:
    return open_tab(chromium, live_server)
