"""Each alarm fires by a scenario and is over by another; who can do something hears of both (R17)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.accounts.rights import Role
from apps.accounts.scope import EVERYONE, of_clients
from apps.candidates.models import Candidacy, Duplicate, Person
from apps.connections import selectors as budgets
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import clock
from apps.ledger import health
from apps.ledger.models import Event, Heartbeat
from apps.ledger.states import Priority
from apps.mappings.models import Seat
from apps.monitoring import selectors, services
from apps.monitoring.models import Alert
from apps.monitoring.rules import KINDS
from apps.notifications.models import Message
from apps.sync.models import Difference, Reconciliation
from tests.connections.factories import DAILY, POLL, QUOTA_SPENT, make_connection, make_gate, travel
from tests.notifications.conftest import Mailbox, Office
from tests.portal.factories import World, make_event, make_world

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def noon() -> Iterator[None]:
    with travel(NOON):
        yield


@pytest.fixture
def world(noon: None, db: None) -> World:
    accounts.create_user(email="ada@people.example", password=None, role=Role.ADMIN, clients=())
    return make_world("Birch")


def look(after: timedelta = timedelta(0)) -> None:
    clock.step_to(clock.now() + after)
    services.look(clock.now())


def firing() -> set[str]:
    return set(Alert.objects.exclude(state="resolved").values_list("kind", flat=True))


def told() -> list[str]:
    return [message.line["headline"] for message in Message.objects.of_everyone().order_by("created_at", "pk")]


def somebody_new(world: World, **values: object) -> Candidacy:
    """Somebody on their way into the ATS."""
    now = clock.now()
    person = Person.objects.create(connection=world.ats, last_name="New", first_seen_at=now)
    candidacy = Candidacy.objects.create(
        client=world.client, person=person, job=world.mapping.job, mapping=world.mapping, added_at=now
    )
    event = {"kind": "write.arrive", "state": "queued", "settled_at": None, "priority": Priority.NEW_CANDIDATE}
    make_event([world.client], person=person, connection=world.ats, **{**event, **values})
    return candidacy


def land(*candidacies: Candidacy) -> None:
    for one in candidacies:
        Event.objects.filter(subject=f"person:{one.person_id}").update(state="done", settled_at=clock.now())
        Candidacy.objects.of_everyone().filter(pk=one.pk).update(in_ats_at=clock.now(), application_id=str(one.pk))


def test_more_than_thirty_who_wait_over_two_minutes_are_an_alarm_and_bulk_or_held_ones_are_none(world: World) -> None:
    waiting = [somebody_new(world) for _ in range(30)]
    for _ in range(40):
        somebody_new(world, priority=Priority.BACKFILL)
        somebody_new(world, state="held", reason="duplicate", hold_key="duplicate:1")
        somebody_new(world, kind="write.stage", due_at=clock.now() + timedelta(hours=1))
    look(timedelta(minutes=3))
    assert "waiting" not in firing()

    waiting.append(somebody_new(world))
    look(timedelta(minutes=1))
    assert "waiting" not in firing(), "the last waits for one minute only"
    look(timedelta(minutes=2))
    assert "waiting" in firing()
    assert "31 candidates" in Alert.objects.get(kind="waiting").detail
    assert (
        "40 for a person, 40 for the next write to LinkedIn, 40 as bulk work"
        in Alert.objects.get(kind="waiting").detail
    )

    land(*waiting)
    look(timedelta(seconds=10))
    assert "waiting" in firing(), "a figure at its limit goes to and fro"
    look(timedelta(minutes=2))
    assert "waiting" not in firing()
    assert told()[-1] == "Over: many candidates wait"


def test_who_is_not_in_the_ats_after_15_minutes_breaks_the_promise_and_an_import_does_not(world: World) -> None:
    late = somebody_new(world)
    imported = somebody_new(world, priority=Priority.BACKFILL)
    look(timedelta(minutes=14))
    assert firing() == set()

    look(timedelta(minutes=2))
    alert = Alert.objects.get(kind="promise")
    assert alert.clients == [world.client.pk]
    assert "1 person not in the ATS after 15 minutes, the longest after 16" in alert.detail

    land(late)
    look(timedelta(minutes=3))
    assert firing() == set()
    assert imported.in_ats_at is None


def test_a_possible_duplicate_that_waits_ten_minutes_is_an_alarm_until_somebody_decides(world: World) -> None:
    waits = somebody_new(world, state="held", reason="duplicate", hold_key="duplicate:1")
    question = Duplicate.objects.create(person=waits.person, asked_at=clock.now())
    look(timedelta(minutes=9))
    assert firing() == set()

    look(timedelta(minutes=2))
    assert firing() == {"duplicate"}
    Duplicate.objects.filter(pk=question.pk).update(deciding_at=clock.now())
    look()

    assert firing() == set()


def test_the_eleventh_error_in_a_row_is_an_alarm_and_one_success_ends_it(world: World) -> None:
    Connection.objects.filter(pk=world.ats.pk).update(consecutive_errors=10, last_error="It answers 502.")
    look()
    assert firing() == set()

    Connection.objects.filter(pk=world.ats.pk).update(consecutive_errors=11)
    look()
    assert firing() == {"failing"}
    assert "11 errors in a row. The last: It answers 502." in Alert.objects.get().detail
    Connection.objects.filter(pk=world.ats.pk).update(consecutive_errors=0)
    look()

    assert firing() == set()


def test_a_credential_that_ends_and_one_that_has_ended_are_alarms_until_it_is_renewed(world: World) -> None:
    secret = {"client_id": "a", "client_secret": "another-secret"}
    one = make_connection(name="LinkedIn Recruiter", ends_at=clock.now() + timedelta(days=13))
    look()
    assert firing() == {"expiring"}

    connections.mark_auth_expired(connection_id=one.pk, seen_version=None, now=clock.now())
    look()
    assert firing() == {"expired"}
    assert told() == [], "the warnings of the credential tell of its end"

    connections.set_credential(
        connection_id=one.pk, secret=secret, now=clock.now(), ends_at=clock.now() + timedelta(days=60)
    )
    look()
    assert firing() == set()
    assert told() == ["Over: a connection has to be reconnected"]


def test_a_system_that_answered_nothing_for_a_day_has_gone_silent(world: World) -> None:
    Connection.objects.filter(pk=world.ats.pk).update(last_success_at=clock.now())
    look(timedelta(hours=23))
    assert firing() == set()

    look(timedelta(hours=2))
    assert firing() == {"silent"}
    Connection.objects.filter(pk=world.ats.pk).update(last_success_at=clock.now())
    look()

    assert firing() == set()


def test_changes_that_only_a_comparison_found_tell_that_no_webhook_comes_any_more(world: World) -> None:
    """Judged from what was found elsewhere: a receiver that is called by nobody sees nothing."""
    make_event([world.client], connection=world.ats, kind="hook.application")
    clock.step_to(clock.now() + timedelta(hours=2))
    run = Reconciliation.objects.create(mapping=world.mapping, side="ats", state="done", started_at=clock.now())
    for count in range(3):
        assert firing() == set()
        look()
        candidacy = somebody_new(world, state="done") if count else world.candidacy
        Difference.objects.create(run=run, candidacy=candidacy, kind="lost")
    look()
    assert firing() == {"silent"}
    assert "3 changes were told by no webhook" in Alert.objects.get().detail

    make_event([world.client], connection=world.ats, kind="hook.application")
    look(timedelta(minutes=1))
    assert firing() == set()


@pytest.mark.django_db(transaction=True)
def test_a_day_whose_requests_run_out_is_an_alarm_until_the_next_begins(world: World) -> None:
    one = make_connection(name="LinkedIn Recruiter")
    look()
    assert firing() == set()

    gate = make_gate(one, DAILY)
    gate.leave(gate.enter(POLL), QUOTA_SPENT)
    look()
    assert firing() == {"budget", "elsewhere"}
    assert "0 of 500 are left" in Alert.objects.get(kind="budget").detail
    assert "499 requests of this day were none of ours" in Alert.objects.get(kind="elsewhere").detail
    look(timedelta(hours=13))

    assert firing() == set()
    assert budgets.daily(one.pk, now=clock.now()).left == 500  # type: ignore[union-attr]


def test_an_acknowledged_alarm_stays_quiet_and_a_snoozed_one_comes_again(world: World) -> None:
    Connection.objects.filter(pk=world.ats.pk).update(consecutive_errors=11)
    look()
    alert, actor = Alert.objects.get(), User.objects.get(email="ada@people.example")
    decided = {"alert_id": alert.pk, "scope": EVERYONE, "actor": actor.pk}

    assert services.snooze(how_long="1h", now=clock.now(), **decided)  # type: ignore[arg-type]
    look(timedelta(minutes=59))
    assert told() == ["A connection keeps failing"]
    look(timedelta(minutes=2))
    assert told() == ["A connection keeps failing"] * 2

    assert services.acknowledge(now=clock.now(), **decided)  # type: ignore[arg-type]
    assert not services.acknowledge(now=clock.now(), **decided)  # type: ignore[arg-type]
    look(timedelta(days=3))
    assert told() == ["A connection keeps failing"] * 2
    assert selectors.count_firing(scope=EVERYONE) == 0
    Connection.objects.filter(pk=world.ats.pk).update(consecutive_errors=0)
    look()

    assert told() == [*["A connection keeps failing"] * 2, "Over: a connection keeps failing"]
    assert not services.acknowledge(now=clock.now(), **decided), "it is over"  # type: ignore[arg-type]


def test_one_look_after_another_tells_once(world: World) -> None:
    Connection.objects.filter(pk=world.ats.pk).update(consecutive_errors=11)

    for _ in range(5):
        look(timedelta(seconds=10))

    assert (Alert.objects.count(), told()) == (1, ["A connection keeps failing"])


def test_who_sees_one_client_hears_and_sees_of_that_one_alone(world: World) -> None:
    other = make_world("Cedar")
    for one in (world, other):
        accounts.create_user(
            email=f"{one.word.lower()}@ops.example", password=None, role=Role.OPS, clients=[one.client]
        )
    accounts.create_user(email="view@people.example", password=None, role=Role.VIEWER, clients=[world.client])
    somebody_new(world)
    Connection.objects.filter(pk=world.ats.pk).update(consecutive_errors=11)
    look(timedelta(minutes=16))

    assert firing() == {"promise", "failing"}
    heard = {(message.target, message.about) for message in Message.objects.of_everyone()}
    assert heard == {
        ("ada@people.example", KINDS["promise"].title),
        ("birch@ops.example", KINDS["promise"].title),
        ("ada@people.example", KINDS["failing"].title),
    }
    shown = selectors.list_open(scope=of_clients(world.client.pk))
    assert [one.kind for one in shown] == [KINDS["promise"]]
    assert selectors.list_open(scope=of_clients(other.client.pk)) == ()
    assert not selectors.alert_is_visible(scope=EVERYONE, alert_id=uuid.uuid4())


@pytest.mark.django_db(transaction=True)
def test_slack_and_the_mailbox_show_the_alert_and_that_it_is_over(office: Office, mailbox: Mailbox) -> None:
    """One admin is known in Slack, the other is not: each hears where they are."""
    accounts.create_user(email="ada@people.example", password=None, role=Role.ADMIN, clients=())
    accounts.create_user(email="chloe@people.example", password=None, role=Role.ADMIN, clients=())
    chloe = office.sandbox.act("slack", "add_user", name="Chloe", email="chloe@people.example")["id"]
    Seat.objects.filter(email="chloe@people.example").update(slack_user_id=chloe)
    Connection.objects.filter(pk=office.world.ats.pk).update(consecutive_errors=11, last_error="It answers 502.")

    services.look(clock.now())
    office.work_until(lambda: sent(office) == 2)
    Connection.objects.filter(pk=office.world.ats.pk).update(consecutive_errors=0)
    services.look(clock.now())
    office.work_until(lambda: sent(office) == 4)

    posted = " ".join(str(one) for one in office.read(chloe))
    assert "A connection keeps failing" in posted and "Over: a connection keeps failing" in posted
    mails = [(to, mail["Subject"], mail.get_payload(0).get_payload()) for to, mail in mailbox.taken]  # type: ignore[union-attr]
    assert [(to, subject) for to, subject, _ in mails] == [
        (["ada@people.example"], "A connection keeps failing"),
        (["ada@people.example"], "Over: a connection keeps failing"),
    ]
    assert "11 errors in a row. The last: It answers 502." in mails[0][2]
    assert KINDS["failing"].todo[:40] in mails[0][2]


def sent(office: Office) -> int:
    return Event.objects.filter(kind__startswith="notify.", state="done").count()


@pytest.mark.django_db(transaction=True)
def test_the_web_process_tells_of_a_worker_that_stands_and_nobody_works_for_it(
    office: Office, mailbox: Mailbox
) -> None:
    accounts.create_user(email="ada@people.example", password=None, role=Role.ADMIN, clients=())
    waits = make_event([office.world.client], state="queued", settled_at=None, kind="write.move")
    Heartbeat.objects.update_or_create(name="drain", defaults={"at": clock.real_now() - timedelta(seconds=61)})

    services.watch_workers(clock.now())
    services.watch_workers(clock.now())

    assert [mail["Subject"] for _, mail in mailbox.taken] == ["No worker makes progress"]
    waits.refresh_from_db()
    assert waits.state == "queued"
    assert clock.real_now() - (health.last_progress() or NOON) > timedelta(seconds=60), "it is no worker"

    health.beat("drain")
    services.watch_workers(clock.now())
    assert [mail["Subject"] for _, mail in mailbox.taken][1:] == ["Over: no worker makes progress"]


def test_two_that_look_at_once_fire_once(world: World) -> None:
    """The second finds the row of the first: the index has room for one open alert of a subject."""
    Connection.objects.filter(pk=world.ats.pk).update(consecutive_errors=11)
    found = services.signals.list_signals(clock.now())

    services._compare(found, ["failing"], now=clock.now())
    services._fire(found[0], now=clock.now())

    assert (Alert.objects.count(), len(told())) == (1, 1)
