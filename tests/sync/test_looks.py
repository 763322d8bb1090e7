"""A record that the ATS hides for a while after it was made is waited for, not buried (RULES.md 19)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from apps.ledger import drain
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.sync import hooks, lanes, seen
from tests.portal.factories import make_world

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SHOWS_AFTER = timedelta(seconds=30)


@pytest.mark.django_db
def test_the_looks_outlast_the_time_in_which_a_new_record_is_hidden() -> None:
    connection = uuid.uuid4()
    asked = lanes.refresh_person(connection, "5001", expects_application=True)
    event = Event(kind=asked.kind, connection=connection, payload=asked.payload, due_at=NOW)

    looks = look_until_given_up(event)

    assert event.state == State.SKIPPED
    assert looks[-1] - NOW > SHOWS_AFTER
    assert sum(at - NOW < SHOWS_AFTER for at in looks) <= 4


def look_until_given_up(event: Event) -> list[datetime]:
    """When it was looked for, with nothing there; the event ends as the last look says."""
    looks: list[datetime] = []
    at = NOW
    while len(looks) < drain.ATTEMPTS:
        looks.append(at)
        outcome = hooks.plan_hook(event, seen.Seen(shows_after=SHOWS_AFTER), now=at).outcome
        event.state, event.attempts = outcome.state, event.attempts + int(outcome.counts)
        if outcome.due_at is None:
            break
        at = outcome.due_at
    return looks


@pytest.mark.django_db
def test_somebody_of_ours_is_looked_for_with_growing_pauses_after_that() -> None:
    world = make_world("Birch")
    asked = lanes.refresh_person(world.ats.pk, world.person.remote_id)
    event = Event(kind=asked.kind, connection=world.ats.pk, payload=asked.payload, due_at=NOW, attempts=seen.LOOKS)

    outcome = hooks.plan_hook(event, seen.Seen(shows_after=SHOWS_AFTER), now=NOW).outcome

    assert (outcome.state, outcome.counts, outcome.due_at) == (State.RETRYING, True, None)
