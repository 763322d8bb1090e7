"""The deliberately broken builds of `make broken` still fit the code that they break."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.demo.broken import __main__ as builds

NAMES = [one.name for one in builds.all_broken()]


def test_every_safeguard_that_the_crash_run_is_to_miss_has_its_broken_build() -> None:
    assert NAMES == [
        "budget_after_the_call",
        "cursor_before_events",
        "echo_off",
        "no_dedupe",
        "no_intention_row",
        "no_token_check",
        "read_back_at_once",
        "supersede_across_reject",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_build_can_be_made_and_compiles(name: str, tmp_path: Path) -> None:
    broken = next(one for one in builds.all_broken() if one.name == name)

    builds.apply(broken, tmp_path)

    for line in broken.patch.read_text().splitlines():
        if line.startswith("+++ "):
            changed = tmp_path / line.removeprefix("+++ b/")
            compile(changed.read_text(), str(changed), "exec")
    assert broken.breaks in range(1, 11)
