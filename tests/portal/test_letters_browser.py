"""An ops lead's way through dead letters in a real browser, beside the sandbox and a worker in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.accounts.rights import Role
from apps.ledger.models import Event
from apps.sync import replay_runs
from apps.sync.models import ReplayItem, ReplayRun
from tests.portal.tabs import IN_BROWSER, sign_in
from tests.sync import letters as company
from tests.sync.letters import Letters, make_letters, step

pytestmark = IN_BROWSER


@pytest.fixture
def letters(transactional_db: None) -> Iterator[Letters]:
    with company.opened() as desk:
        make_letters(desk, 3)
        yield desk


def test_an_ops_lead_previews_replays_stops_goes_on_discards_and_takes_back(
    letters: Letters, tab: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R14: twelve letters of four kinds; one is discarded and taken back, the rest land."""
    monkeypatch.setattr(replay_runs, "BATCH", 4)
    sign_in(tab, Role.OPS, letters.company.client)
    tab.get_by_role("link", name="Dead letters").first.click()

    tab.get_by_role("link", name="All causes together").click()
    tab.get_by_role("checkbox").first.check()
    tab.get_by_text("Discard with a reason").click()
    tab.get_by_label("Reason, kept on each letter").fill("She withdrew")
    tab.get_by_role("button", name="Discard the ticked").click()
    tab.get_by_text("1 letter discarded: She withdrew").wait_for()
    assert dead() == 11
    tab.get_by_role("button", name="Undo").click()
    tab.get_by_text("Taken back: 1 dead letter").wait_for()
    assert dead() == 12

    before = len(letters.writes())
    tab.get_by_role("button", name="Preview a replay of all 12").click()
    tab.get_by_role("heading", name="Letter by letter").wait_for()
    until(letters, lambda: ReplayRun.objects.get().state == "ready")
    tab.get_by_role("button", name="Replay 12").wait_for(timeout=10_000)
    assert tab.get_by_text("people are created in").is_visible()
    assert tab.get_by_text("to read again").first.is_visible()
    assert len(letters.writes()) == before

    tab.get_by_role("button", name="Replay 12").click()
    tab.get_by_role("button", name="Stop").wait_for()
    step(letters.sandbox)
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_text("Stopped. What was on its way ends").wait_for()
    until(letters, lambda: not ReplayItem.objects.filter(state="released").exists())
    assert 0 < dead() < 12
    tab.reload()
    tab.get_by_role("button", name="Go on with").click()
    until(letters, lambda: ReplayRun.objects.get().state == "finished")

    tab.get_by_text("12 of 12 letters: 12 landed").wait_for(timeout=10_000)
    assert dead() == 0
    tab.get_by_role("link", name="Landed").click()
    assert tab.get_by_role("row", name="Landed").count() == 12
    assert tab.complaints == []


def until(letters: Letters, true: object) -> None:
    for _ in range(60):
        if true():
            return
        step(letters.sandbox)
    raise AssertionError(list(ReplayItem.objects.values_list("state", "why")))


def dead() -> int:
    return Event.objects.filter(state="dead").count()
