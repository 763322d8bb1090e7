"""What is old is deleted, in small steps beside the work; what waits, is dead or unknown never is, and reports stay."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.accounts.scope import EVERYONE, of_clients
from apps.connections.models import QuotaAccount, Spending
from apps.ledger import figures, leases, retention, selectors, services
from apps.ledger.models import Attempt, DedupeKey, Effect, Event, Mailbox, RetentionMark
from apps.ledger.services import NewEvent
from apps.ledger.states import State
from apps.reports import selectors as reports
from apps.sync import pacing
from apps.sync.models import Stream
from tests.portal.factories import make_connection

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
FIRST, LAST = date(2025, 1, 1), date(2027, 1, 1)
OWN, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


def make(state: str = "done", *, days: float = 200, took: float = 3, kind: str = "write.move", **values: Any) -> Event:
    arrived = NOW - timedelta(days=days)
    settled = arrived + timedelta(seconds=took) if state in ("done", "skipped", "superseded", "dead") else None
    box = values.pop("mailbox", None) or Mailbox.objects.create(key=uuid.uuid4().hex, handler="x", gate="g", turn="g")
    given = {"reason": "echo" if state in ("skipped", "held") else "", "cause": "refused" if state == "dead" else ""}
    event = Event.objects.create(
        mailbox=box, kind=kind, state=state, due_at=arrived, arrived_at=arrived, settled_at=settled, **(given | values)
    )
    Attempt.objects.create(event=event, at=settled or arrived, operation="x", outcome="done")
    return event


def make_effect(event: Event, kind: str, state: str = "done") -> Effect:
    closed = None if state in ("unknown", "intended") else NOW
    return Effect.objects.create(
        key=uuid.uuid4().hex,
        kind=kind,
        state=state,
        event=event,
        token=uuid.uuid4(),
        intended_at=NOW,
        closed_at=closed,
    )


def purge(now: datetime = NOW) -> int:
    """A whole round of each table, step by step."""
    deleted = 0
    RetentionMark.objects.all().delete()
    for _ in range(200):
        deleted += retention.step(now)
        if RetentionMark.objects.filter(rests_until__gt=now).count() == len(retention.TABLES):
            return deleted
    raise AssertionError("A round does not end.")


def kept() -> set[int]:
    return set(Event.objects.values_list("pk", flat=True))


@pytest.mark.django_db
def test_each_kind_is_kept_for_its_own_time() -> None:
    young, old = make(days=80), make(days=95)
    read, read_lately = make(days=8, kind="poll.jobs"), make(days=6, kind="check.ats")

    purge()

    assert kept() == {young.pk, read_lately.pk}
    assert Attempt.objects.filter(event__in=[old.pk, read.pk]).count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["queued", "retrying", "held", "dead"])
def test_what_waits_or_is_dead_is_never_deleted_nor_its_attempts(state: str) -> None:
    event = make(state, days=4000)

    purge()

    assert kept() == {event.pk}
    assert Attempt.objects.filter(event=event).count() == 1


@pytest.mark.django_db
def test_what_still_guards_against_a_second_write_stays_and_what_guards_nothing_goes() -> None:
    created, unknown, moved = make(), make(), make()
    guards = [make_effect(created, "create"), make_effect(unknown, "move", "unknown")]
    make_effect(moved, "move")

    purge()

    assert kept() == {created.pk, unknown.pk}
    assert set(Effect.objects.all()) == set(guards)


@pytest.mark.django_db
def test_an_event_stays_as_long_as_what_followed_from_it() -> None:
    cause = make(days=200)
    effect = make(days=60, caused_by=cause)

    purge()
    first = kept()
    purge(NOW + timedelta(days=40))
    purge(NOW + timedelta(days=42))

    assert first == {cause.pk, effect.pk}
    assert kept() == set()


@pytest.mark.django_db
def test_the_newest_row_of_a_profile_stays_so_that_its_mapping_can_still_go_live() -> None:
    box = Mailbox.objects.create(key="profile", handler="row", gate="g", turn="g")
    make("skipped", kind="row.profile", mailbox=box, days=300)
    newest = make("skipped", kind="row.profile", mailbox=box, days=299)

    purge()

    assert kept() == {newest.pk}


@pytest.mark.django_db
def test_attempts_go_before_their_events() -> None:
    old, young = make(days=40), make(days=20)

    purge()

    assert kept() == {old.pk, young.pk}
    assert list(Attempt.objects.values_list("event_id", flat=True)) == [young.pk]


@pytest.mark.django_db
def test_delivery_keys_live_for_thirty_days_and_until_the_cursor_is_a_day_past_rule_1() -> None:
    read, stuck = make_connection("greenhouse", "a", NOW), make_connection("linkedin", "b", NOW)
    Stream.objects.create(connection=read, name="applications", cursor={"since": NOW.isoformat()})
    since = NOW - timedelta(days=60)
    Stream.objects.create(connection=stuck, name="profiles", cursor={"since": since.isoformat()})
    for source in (read, stuck):
        for days in (62, 60.5, 40, 20):
            seen = NOW - timedelta(days=days)
            DedupeKey.objects.create(source=str(source.pk), key=f"{days}", seen_at=seen)

    purge()

    left = {(key.source, key.key) for key in DedupeKey.objects.all()}
    assert left == {(str(read.pk), "20"), *((str(stuck.pk), days) for days in ("20", "40", "60.5"))}
    assert pacing.read_past(NOW)[str(stuck.pk)] == since - timedelta(days=1)


@pytest.mark.django_db
def test_deleting_an_old_event_does_not_reopen_its_delivery_rule_1() -> None:
    delivery = NewEvent(kind="hook.application", mailbox="m", gate="g", dedupe="delivery-1")
    first = services.append(delivery, now=NOW - timedelta(days=100))
    Event.objects.filter(pk=first).update(state=State.DONE, settled_at=NOW - timedelta(days=100))
    DedupeKey.objects.update(seen_at=NOW - timedelta(days=10))

    purge()

    assert not Event.objects.exists()
    assert services.append(delivery, now=NOW) is None


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["done", "skipped", "superseded", "dead", "queued", "held"]),
        st.sampled_from(["write.move", "poll.jobs", "hook.application"]),
        st.floats(0, 200),
        st.floats(0, 4000),
        st.sampled_from([(), (OWN,), (OTHER,), (OWN, OTHER)]),
        st.booleans(),
    ),
    max_size=12,
)


class Reports(TestCase):
    @settings(max_examples=30, deadline=None)
    @given(EVENTS)
    def test_reports_are_equal_before_and_after(
        self, drawn: Sequence[tuple[str, str, float, float, Any, bool]]
    ) -> None:
        before: Event | None = None
        for state, kind, days, took, clients, follows in sorted(drawn, key=lambda one: -one[2]):
            caused_by = before if follows else None
            before = make(state, kind=kind, days=days, took=took, clients=list(clients), caused_by=caused_by)
        account = QuotaAccount.objects.create(provider="linkedin", key=uuid.uuid4().hex)
        Spending.objects.create(account=account, hour=NOW - timedelta(days=100), purpose="poll", calls=7)
        scopes = [EVERYONE, of_clients(OWN), of_clients(OWN, OTHER)]

        shown = [read(scope) for scope in scopes]
        while purge():  # each round takes the last of a chain
            continue

        self.assertEqual([read(scope) for scope in scopes], shown)
        self.assertEqual(Spending.objects.get().calls, 7)
        past = Event.objects.filter(state__in=retention.PURGED, settled_at__lt=NOW - timedelta(days=91))
        self.assertFalse(past.filter(caused__isnull=True).exists())


def read(scope: Any) -> tuple[Any, ...]:
    return (
        figures.list_days(scope=scope, first=FIRST, last=LAST),
        reports.lag_of_writes(scope=scope, now=NOW),
        selectors.list_dead_causes(scope=scope),
    )


@pytest.mark.django_db(transaction=True)
def test_a_purge_under_load_holds_up_no_claim_and_passes_by_what_is_locked() -> None:
    locked, free = make(), make()
    services.append(NewEvent(kind="hook.x", mailbox=locked.mailbox.key, gate="g"), now=NOW)
    claimed: list[int] = []

    def claim() -> None:
        found = leases.claim(now=NOW)
        claimed.extend(box.id for box in (found[1] if found else []))
        connections.close_all()

    with transaction.atomic():
        Event.objects.select_for_update().get(pk=locked.pk)
        other = threading.Thread(target=purge_elsewhere)
        other.start()
        other.join(10)
        stands = other.is_alive()
    with transaction.atomic():
        retention.step(NOW + timedelta(days=2))
        worker = threading.Thread(target=claim)
        worker.start()
        worker.join(10)
        blocked = worker.is_alive()

    assert not stands and not blocked
    assert claimed == [locked.mailbox_id]
    assert free.pk not in kept()


def purge_elsewhere() -> None:
    try:
        retention.step(NOW)
    finally:
        connections.close_all()


@pytest.mark.django_db
def test_a_step_costs_the_same_queries_however_much_there_is() -> None:
    def queries() -> int:
        RetentionMark.objects.all().delete()
        with CaptureQueriesContext(database) as made:
            retention.step(NOW)
        return len(made)

    make(), make()
    few = queries()
    for _ in range(40):
        make()

    assert queries() == few
