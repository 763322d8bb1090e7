"""Every provider has its page, and the page knows what an operator can set and will see (house rule 30)."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from apps.providers import registry

PAGES = Path(__file__).resolve().parents[2] / "docs" / "connectors"


@pytest.mark.parametrize("key", list(registry.all_providers()))
def test_the_page_of_a_provider_names_its_credential_and_its_causes(key: str) -> None:
    page = (PAGES / f"{key}.md").read_text()
    rows = importlib.import_module(f"apps.providers.{key}.wire").ROWS
    wanted = [field.name for field in registry.get(key).credential_fields]
    wanted += [verdict.cause for verdict in rows.values() if verdict.cause]

    assert [name for name in wanted if f"`{name}`" not in page] == []
