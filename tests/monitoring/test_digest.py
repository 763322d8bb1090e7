"""The daily digest: once each morning by its reader's own clock, of their own clients, counted from the rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client as Browser

from apps.accounts.models import Client, User
from apps.accounts.rights import Role
from apps.candidates import services as candidates
from apps.candidates.models import Candidacy, Person
from apps.core import clock
from apps.ledger.models import Heartbeat
from apps.mappings.models import Seat
from apps.monitoring import digest
from apps.notifications.models import Message
from tests.connections.factories import travel
from tests.notifications.conftest import Mailbox, Office
from tests.portal.factories import World, make_alert, make_event, make_user, make_world

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MORNING = datetime(2026, 11, 26, 8, 1, tzinfo=UTC)


@pytest.fixture
def noon() -> Iterator[None]:
    with travel(NOON):
        yield


@pytest.fixture
def world(noon: None, db: None) -> World:
    """Its own candidate joined long before the day that is told of."""
    clock.step_to(NOON - timedelta(days=9))
    made = make_world("Birch")
    clock.step_to(NOON)
    return made


def ops(world: World, **values: object) -> User:
    return make_user(Role.OPS, world.client, **values)


def tell(at: datetime) -> list[Message]:
    clock.step_to(at)
    digest.tell_due(now=at)
    return list(Message.objects.of_everyone().filter(about=digest.ABOUT).order_by("created_at", "pk"))


def facts(message: Message) -> dict[str, str]:
    return {label: said for label, said in message.line["facts"]}


def somebody_added(world: World, at: datetime, *, in_ats_after: timedelta | None) -> Candidacy:
    person = Person.objects.create(connection=world.ats, last_name="New", first_seen_at=at)
    return Candidacy.objects.create(
        client=world.client,
        person=person,
        job=world.mapping.job,
        mapping=world.mapping,
        added_at=at,
        in_ats_at=at + in_ats_after if in_ats_after is not None else None,
    )


def test_each_morning_says_what_synced_what_waits_and_what_failed(world: World) -> None:
    ops(world)
    assert tell(NOON) == [], "who is new hears of their first whole day"
    for took in (timedelta(minutes=3), timedelta(minutes=4), timedelta(minutes=20), None):
        somebody_added(world, NOON + timedelta(hours=1), in_ats_after=took)
    somebody_added(world, NOON - timedelta(days=30), in_ats_after=timedelta(days=30, hours=2))
    for number, side in enumerate(("ats", "ats", "linkedin")):
        candidates.record_transition(
            candidacy=world.candidacy,
            side=side,
            from_value=str(number),
            to_value=str(number + 1),
            changed_at=NOON + timedelta(hours=2, minutes=number),
            event_id=world.event.pk,
        )
    for _ in range(3):
        make_event([world.client], state="held", reason="duplicate", hold_key="duplicate:1")
    make_event([world.client], state="held", reason="budget", hold_key="x")
    make_event([world.client], state="dead", cause="refused_stage")
    make_alert(world)

    assert tell(MORNING - timedelta(minutes=2)) == [], "it is not eight yet"
    [message] = tell(MORNING)

    assert message.line["headline"] == "Since yesterday 4 people came into the ATS; 4 held, 1 failed"
    assert facts(message) == {
        "Joined Projects": "4 people: 2 in the ATS within 15 minutes, 1 later, 1 not yet",
        "Came into the ATS": "4 people, those included who joined before",
        "Moved in LinkedIn": "1",
        "Moved in the ATS": "2",
        "Held": "3 by “duplicate”, 1 by “request budget”",
        "Failed": "1 by “refused stage”",
        "Alerts": "1 firing",
    }
    assert len(tell(MORNING + timedelta(hours=9))) == 1, "once a day"
    assert len(tell(MORNING + timedelta(days=1))) == 2
    assert facts(tell(MORNING + timedelta(days=1))[1])["Joined Projects"] == "Nobody"


def test_two_workers_that_look_at_once_tell_once(world: World) -> None:
    user = ops(world)
    tell(NOON)
    make_event([world.client], state="dead", cause="refused")
    before, today = NOON.date(), MORNING.date()

    digest._tell(user, before, today, now=MORNING)
    digest._tell(user, before, today, now=MORNING)

    assert Message.objects.of_everyone().filter(about=digest.ABOUT).count() == 1


def test_it_is_morning_where_the_reader_is_and_each_hears_of_their_own_clients(world: World) -> None:
    other = make_world("Cedar")
    Client.objects.filter(pk=other.client.pk).update(time_zone="America/New_York")
    make_event([world.client], state="dead", cause="refused")
    near, far, recruiter = ops(world), ops(other), make_user(Role.RECRUITER, world.client)
    tell(NOON)

    [first] = tell(MORNING)
    assert first.target == near.email and recruiter.email not in first.target
    assert tell(MORNING + timedelta(hours=6)) == [first], "of Cedar there is nothing to tell"
    make_event([other.client], state="dead", cause="refused")
    make_event([other.client], state="dead", cause="refused")
    assert len(tell(datetime(2026, 11, 27, 8, 1, tzinfo=UTC))) == 2
    last = tell(datetime(2026, 11, 27, 13, 1, tzinfo=UTC))[-1]
    assert (last.target, facts(last)["Failed"]) == (far.email, "2 by “refused”")


def test_a_day_on_which_nothing_was_is_passed_over(noon: None, db: None) -> None:
    make_user(Role.ADMIN)
    tell(NOON)

    assert tell(MORNING) == []


def test_who_wants_none_gets_none_and_has_it_again_from_the_next_morning(world: World, client: Browser) -> None:
    make_event([world.client], state="dead", cause="refused")
    client.force_login(ops(world))
    tell(NOON)

    stopped = client.post("/alerts/digest/", {"wanted": "no"}, follow=True).content.decode()
    assert "You get no digest any more" in stopped and "Send it to me" in stopped
    assert tell(MORNING) == []
    again = client.post("/alerts/digest/", {"wanted": "yes"}, follow=True).content.decode()
    assert "from tomorrow morning on" in again and "Stop sending it to me" in again
    assert tell(MORNING + timedelta(hours=1)) == []
    assert len(tell(MORNING + timedelta(days=1))) == 1


def test_a_recruiter_is_offered_none(world: World, client: Browser) -> None:
    client.force_login(make_user(Role.RECRUITER, world.client))

    assert "Daily digest" not in client.get("/alerts/").content.decode()
    assert client.post("/alerts/digest/", {"wanted": "no"}).status_code == 403


def test_the_worker_sends_it_by_slack_and_by_mail(noon: None, office: Office, mailbox: Mailbox) -> None:
    """The sweep tells, the drain delivers."""
    chloe, olga = ops(office.world, first_name="Chloe"), ops(office.world, first_name="Olga")
    there = office.sandbox.act("slack", "add_user", name="Chloe", email=chloe.email)["id"]
    Seat.objects.filter(remote_id="seat-1").update(email=chloe.email, slack_user_id=there)
    office.work()
    make_event([office.world.client], state="dead", cause="refused")
    clock.step_to(MORNING)
    Heartbeat.objects.filter(name="digest").delete()

    office.work_until(lambda: bool(mailbox.taken) and bool(office.read(there)))

    [(to, mail)] = mailbox.taken
    assert (to, mail["Subject"]) == ([olga.email], "Since yesterday nobody came into the ATS; 0 held, 1 failed")
    assert mail["Subject"] in str(office.read(there))
