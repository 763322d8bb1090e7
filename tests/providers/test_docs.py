"""Every provider has its page, and the page knows what an operator can set and will see (house rule 30)."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from apps.providers import registry

HERE = Path(__file__).resolve().parent
PAGES = HERE.parents[1] / "docs" / "connectors"
TRAPS = {"lever": 14, "bullhorn": 15}
"""How many the vendor's facts count."""


@pytest.mark.parametrize("key", list(registry.all_providers()))
def test_the_page_of_a_provider_names_its_credential_and_its_causes(key: str) -> None:
    page = (PAGES / f"{key}.md").read_text()
    rows = importlib.import_module(f"apps.providers.{key}.wire").ROWS
    wanted = [field.name for field in registry.get(key).credential_fields]
    wanted += [verdict.cause for verdict in rows.values() if verdict.cause]

    assert [name for name in wanted if f"`{name}`" not in page] == []


@pytest.mark.parametrize("key", TRAPS)
def test_the_page_of_a_provider_lists_each_of_its_traps_with_its_tests(key: str) -> None:
    """That the tests exist is asked of every page (tests/test_docs.py)."""
    (section,) = re.findall(r"^## Traps.+?(?=^## )", (PAGES / f"{key}.md").read_text(), flags=re.MULTILINE | re.DOTALL)
    rows = dict(re.findall(r"^\| (\d+) \| (.+) \|$", section, flags=re.MULTILINE))
    tests = [name for path in HERE.glob(f"test_{key}*.py") for name in re.findall(r"test_trap_\w+", path.read_text())]

    assert list(rows) == [str(number) for number in range(1, TRAPS[key] + 1)]
    assert [number for number, row in rows.items() if f"::test_trap_{number}_" not in row] == []
    assert [name for name in tests if f"::{name}`" not in rows[name.split("_")[2]]] == []
