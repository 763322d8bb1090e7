"""What is told, where, how often, and what becomes of it when Slack or the mail server misbehaves."""

from __future__ import annotations

import time
from datetime import time as clock_time
from datetime import timedelta

import pytest

from apps.accounts.scope import EVERYONE, of_clients
from apps.candidates import merges
from apps.candidates.models import Candidacy, Person
from apps.connections import services as connections
from apps.core import clock
from apps.ledger import services as ledger
from apps.ledger.models import Attempt, ClosedGate, Effect, Event
from apps.ledger.states import EffectState, State
from apps.mappings.models import Mapping, Project, Seat, SeatUser
from apps.notifications import announce, services
from apps.notifications.models import Contact, Message, Rule
from apps.providers.slack import wire
from apps.sync import replays
from tests.notifications.conftest import Mailbox, Office

CHANNEL = ("channel", "#hiring")


def states(office: Office, kind: str = "notify.slack") -> list[tuple[str, str]]:
    return [(event.state, event.reason or event.cause) for event in office.events(kind)]


def test_a_move_to_a_named_stage_is_told_with_name_role_stages_and_link(office: Office) -> None:
    office.rule(CHANNEL)

    office.move("s2", before="s1")
    office.work()

    (there,) = office.read()
    assert "Ada Birch moved to Offer" in there["text"]
    shown = there["blocks"][1]["text"]["text"]
    assert "Phone Screen → Offer (greenhouse Birch)" in shown
    assert "Role: Job Birch" in shown
    assert "/people/7?application_id=70|Open in greenhouse Birch>" in shown
    assert states(office) == [("done", "")]


def test_a_move_that_no_rule_names_is_told_to_nobody(office: Office) -> None:
    office.rule(CHANNEL)

    office.move("s1")
    office.work()

    assert office.read() == []
    assert Event.objects.filter(kind__startswith="notify.").count() == 0


def test_phone_screen_then_offer_within_one_lease_are_both_announced(office: Office) -> None:
    """Rule 12: superseding drops a write, never a transition."""
    office.rule(CHANNEL, stages=("Phone Screen", "Offer"))

    office.move("s1", before="s0")
    office.move("s2", before="s1")
    office.work_until(lambda: len(office.read()) == 2)

    first, second = office.read()
    assert "moved to Phone Screen" in first["text"]
    assert "moved to Offer" in second["text"]


def test_a_move_in_linkedin_is_told_by_the_ats_stage_that_it_leads_to(office: Office) -> None:
    from apps.mappings import services as mappings
    from apps.mappings.rules import MapRow

    rows = [MapRow("In Progress", "s1"), MapRow("In Progress", "s2")]
    stage_map = office.world.mapping.stage_map
    mappings.save_stage_map(stage_map=stage_map, rows=rows, author=None, reason="", now=clock.now())
    office.rule(CHANNEL, stages=("Phone Screen",))

    office.move("In Progress", side="linkedin")
    office.world.candidacy.ats_observed = "s1"  # written before the announcement is worked out
    office.world.candidacy.save(update_fields=["ats_observed"])
    office.work()

    (there,) = office.read()
    assert "moved to In Progress" in there["text"]


def test_the_same_transition_is_told_once_however_often_it_is_reported(office: Office) -> None:
    from apps.candidates import services as candidates

    office.rule(CHANNEL)
    at = clock.now()
    for _ in range(3):
        candidates.record_transition(
            candidacy=office.world.candidacy,
            side="ats",
            from_value="",
            to_value="s2",
            changed_at=at,
            event_id=office.world.event.pk,
        )
    office.work()

    assert len(office.read()) == 1


def test_a_name_that_would_ping_a_channel_pings_nobody(office: Office, mailbox: Mailbox) -> None:
    person = office.world.person
    person.first_name, person.last_name = "<!channel>", "<script>alert(1)</script>"
    person.save()
    office.rule(CHANNEL, ("address", "manager@people.example"))

    office.move("s2")
    office.work()

    (there,) = office.read()
    assert there["pings"] == []
    ((_, mail),) = mailbox.taken
    html = mail.get_payload()[1].get_payload(decode=True).decode()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_300_transitions_in_ten_seconds_lose_nothing_and_never_hit_slacks_limit(office: Office) -> None:
    office.rule(CHANNEL)
    began = time.monotonic()
    for batch in range(30):
        for _ in range(10):
            office.move("s2")
        office.work()
        time.sleep(max(0.0, (batch + 1) / 3 - (time.monotonic() - began)))
    spread = time.monotonic() - began
    office.work_until(lambda: not Event.objects.filter(kind="notify.slack").exclude(state=State.DONE).exists(), 60)

    told = sum(there["text"].count("moved to Offer") for there in office.read())
    sandbox = office.sandbox.state("slack")
    posts = len(office.read())
    print(
        f"300 in {spread:.1f} s: {told} told in {posts} messages, closest {sandbox['closest_posts_seconds']} s apart,"
        f" {sandbox['rate_limited']} refused by Slack, all told {time.monotonic() - began:.1f} s after the first"
    )
    assert Message.objects.of_everyone().count() == 300
    assert told == 300
    assert posts < 60
    assert any("candidates moved" in there["text"] for there in office.read())
    assert sandbox["rate_limited"] == 0
    assert sandbox["closest_posts_seconds"] >= 1.0


def test_a_lost_answer_is_marked_and_not_repeated_by_itself(office: Office) -> None:
    """Rule 19: a post is not safe to repeat."""
    office.rule(CHANNEL)
    office.sandbox.fault("slack", "lose_response", "chat.postMessage")

    office.move("s2")
    for _ in range(3):
        office.work()

    assert states(office) == [("held", "uncertain")]
    assert len(office.read()) == 1
    assert [one.state for one in Effect.objects.filter(kind="message")] == [EffectState.UNKNOWN]


def test_a_person_says_that_it_arrived_or_sends_it_again(office: Office) -> None:
    office.rule(CHANNEL)
    office.sandbox.fault("slack", "lose_response", "chat.postMessage", times=2)
    office.move("s2")
    office.work()
    office.move("s2")
    office.work_until(lambda: states(office) == [("held", "uncertain")] * 2)
    first, second = Message.objects.of_everyone().order_by("created_at")

    services.mark_seen(scope=EVERYONE, message_id=first.pk, now=clock.now())
    again = services.resend(scope=EVERYONE, message_id=second.pk, now=clock.now())
    office.work_until(lambda: len(office.read()) == 3)

    assert again.resend == 1
    assert states(office) == [("done", ""), ("superseded", ""), ("done", "")]


def test_an_intention_of_a_dead_worker_counts_as_unknown(office: Office) -> None:
    """Rule 18: an intention without an outcome is unknown, never fresh."""
    office.rule(CHANNEL)
    office.move("s2")
    announced = Event.objects.get(kind="notify.transition")
    announce_all(office)
    message = Message.objects.of_everyone().get()
    Effect.objects.create(
        key=message.effect_key, kind="message", event=announced, token=message.pk, intended_at=clock.now()
    )
    office.work()

    assert states(office) == [("held", "uncertain")]
    assert office.read() == []


def announce_all(office: Office) -> None:
    """Work the announcements only: the lanes stay shut meanwhile."""
    from apps.ledger import gates
    from apps.ledger.states import Reason
    from apps.notifications.models import Channel

    channel = Channel.objects.get(name="hiring")
    gate = f"lane:slack:{office.slack.pk}:{channel.remote_id}"
    gates.close_gate(gate=gate, reason=Reason.HALT, now=clock.now(), until=clock.now() + timedelta(hours=1))
    office.work()
    gates.open_gate(gate=gate, reason=Reason.HALT, now=clock.now())


# --- each row of Slack's error table: what the app does


@pytest.mark.parametrize("error", [*wire.NOT_ALLOWED, *wire.MISSING])
def test_a_refusal_is_dead_by_its_cause_and_can_be_replayed(office: Office, error: str) -> None:
    office.rule(CHANNEL)
    office.sandbox.act("slack", "refuse", error=error)
    office.move("s2")
    office.work()

    assert states(office) == [("dead", error)]
    assert office.read() == []


@pytest.mark.parametrize("error", wire.OUR_FAULT)
def test_a_message_of_a_refused_shape_arrives_as_text(office: Office, error: str) -> None:
    office.rule(CHANNEL)
    office.sandbox.act("slack", "refuse", error=error)
    office.move("s2")
    office.work()

    assert states(office) == [("done", "")]
    assert [there["blocks"] for there in office.read()] == [[]]


@pytest.mark.parametrize("error", wire.DEAD_TOKEN)
def test_a_dead_token_holds_every_lane_until_somebody_reconnects(office: Office, error: str) -> None:
    office.rule(CHANNEL, ("channel", "#general"))
    for method in ("chat.postMessage", "auth.test"):
        office.sandbox.act("slack", "refuse", error=error, method=method, times=-1)
    office.move("s2")
    office.work()
    office.work()

    lanes = ClosedGate.objects.filter(gate__startswith="lane:", reason="token")
    assert lanes.count() == 2
    assert {state for state, _ in states(office)} == {"queued"}
    office.sandbox.reset()
    connections.reconnect(connection_id=office.slack.pk, secret={"bot_token": "xoxb-sandbox-token"}, now=clock.now())
    office.work_until(lambda: states(office) == [("done", "")] * 2)
    assert not ClosedGate.objects.exists()


@pytest.mark.parametrize("error", wire.LIMITS)
def test_a_limit_waits_without_spending_a_try(office: Office, error: str) -> None:
    office.rule(CHANNEL)
    office.sandbox.act("slack", "refuse", error=error)
    office.move("s2")
    office.work_until(lambda: states(office) == [("done", "")])

    assert [event.attempts for event in office.events()] == [0]
    assert len(office.read()) == 1


def test_a_dead_message_is_replayed_and_one_that_was_sent_is_not_sent_again(office: Office) -> None:
    """Invariant 9: replaying what was done makes no remote write."""
    office.rule(CHANNEL)
    office.sandbox.act("slack", "refuse", error="is_archived")
    office.move("s2")
    office.work()
    (dead,) = office.events()

    replays.replay(ids=[dead.pk], now=clock.now())
    office.work_until(lambda: states(office) == [("done", "")])
    replays.replay(ids=[dead.pk, *(event.pk for event in office.events("notify.transition"))], now=clock.now())
    office.work_until(lambda: not Event.objects.filter(state=State.QUEUED).exists())

    assert len(office.read()) == 1


def test_a_full_workspace_holds_the_lane_for_an_hour(office: Office) -> None:
    office.rule(CHANNEL)
    office.sandbox.act("slack", "refuse", error=wire.FULL)
    office.move("s2")
    office.work()

    (gate,) = ClosedGate.objects.filter(gate__startswith="lane:")
    assert gate.reason == "budget"
    assert gate.until is not None and gate.until - clock.now() > timedelta(minutes=59)


@pytest.mark.parametrize("error", wire.PASSING)
def test_what_passes_is_tried_again(office: Office, error: str) -> None:
    office.rule(CHANNEL)
    office.sandbox.act("slack", "refuse", error=error)
    office.move("s2")
    office.work_until(lambda: states(office) == [("done", "")])

    assert [event.attempts for event in office.events()] == [1]
    assert len(office.read()) == 1


@pytest.mark.parametrize("error", wire.MAYBE_DONE)
def test_what_may_have_partly_succeeded_is_marked(office: Office, error: str) -> None:
    office.rule(CHANNEL)
    office.sandbox.act("slack", "refuse", error=error, after=True)
    office.move("s2")
    for _ in range(2):
        office.work()

    assert states(office) == [("held", "uncertain")]
    assert len(office.read()) == 1


def test_a_public_channel_is_joined_and_a_closed_one_is_dead(office: Office) -> None:
    office.sandbox.act("slack", "add_token", value="xoxb-narrow", scopes=["chat:write", "channels:join"])
    connections.set_credential(connection_id=office.slack.pk, secret={"bot_token": "xoxb-narrow"}, now=clock.now())
    office.rule(("channel", "#hiring-data"))
    office.move("s2")
    office.work()
    assert len(office.read("hiring-data")) == 1

    office.sandbox.act("slack", "add_token", value="xoxb-narrow", scopes=["chat:write"])
    office.sandbox.act("slack", "kick", channel="hiring-data")
    office.move("s2")
    office.work_until(lambda: states(office)[-1] == ("dead", "not_in_channel"))


def test_a_stopped_connection_holds_its_lanes(office: Office) -> None:
    office.rule(CHANNEL)
    connections.stop(connection_id=office.slack.pk, actor_id=None, now=clock.now())
    office.move("s2")
    office.work()
    office.work()
    assert office.read() == []
    assert ClosedGate.objects.filter(gate__startswith="lane:", reason="paused").exists()

    connections.resume(connection_id=office.slack.pk, now=clock.now())
    office.work_until(lambda: len(office.read()) == 1)


# --- e-mail


def test_a_mail_has_text_and_html_and_one_id(office: Office, mailbox: Mailbox) -> None:
    office.rule(("address", "manager@people.example"))
    office.move("s2")
    office.work()

    ((to, mail),) = mailbox.taken
    text, html = (part.get_payload(decode=True).decode() for part in mail.get_payload())
    assert to == ["manager@people.example"]
    assert mail["Subject"] == "Ada Birch moved to Offer"
    assert mail["Message-ID"].endswith("@syncportal>")
    assert "Role: Job Birch" in text
    assert '<a href="https://app.greenhouse.io/people/7?application_id=70">' in html


@pytest.mark.parametrize(
    ("answer", "state"), [("450 later", ("retrying", "mail_later")), ("550 no", ("dead", "mail_refused"))]
)
def test_a_mail_servers_no_is_heard(office: Office, mailbox: Mailbox, answer: str, state: tuple[str, str]) -> None:
    office.rule(("address", "manager@people.example"))
    mailbox.answer = answer
    office.move("s2")
    office.work()

    assert states(office, "notify.mail") == [state]


def test_a_mail_server_that_does_not_answer_is_tried_again(office: Office, mailbox: Mailbox, settings: object) -> None:
    settings.EMAIL_PORT = 1  # type: ignore[attr-defined]
    office.rule(("address", "manager@people.example"))
    office.move("s2")
    office.work()

    assert states(office, "notify.mail") == [("retrying", "mail_server")]
    assert Attempt.objects.filter(operation="message", outcome="transient").exists()


# --- whom


def test_the_hiring_manager_is_found_by_mapping_then_client_then_connection(office: Office) -> None:
    """Rule 31."""
    office.rule(("hiring_manager", ""))
    places = [
        {"ats_id": office.world.ats.pk},
        {"client_id": office.world.client.pk},
        {"mapping_id": office.world.mapping.pk},
    ]
    for channel, place in zip(("#general", "#hiring-data", "#hiring"), places, strict=True):
        services.save_contact(scope=EVERYONE, where=channel, now=clock.now(), **place)
        office.move("s2")
        office.work()

    assert [len(office.read(name)) for name in ("general", "hiring-data", "hiring")] == [1, 1, 1]


def test_the_recruiter_is_the_applications_owner_then_the_projects(office: Office, mailbox: Mailbox) -> None:
    """Rule 31."""
    linkedin = office.world.linkedin
    ben = Seat.objects.create(connection=linkedin, remote_id="seat-2", name="Ben", email="ben@people.example")
    SeatUser.objects.create(seat=ben, connection=office.world.ats, remote_id="u2")
    Project.objects.filter(connection=linkedin).update(owner_seat="seat-2")
    office.world.candidacy.refresh_from_db()
    office.rule(("recruiter", ""))
    office.move("s2")
    office.work()
    office.world.candidacy.owner = "u1"
    office.world.candidacy.save(update_fields=["owner"])
    office.move("s2")
    office.work()

    assert [to for to, _ in mailbox.taken] == [["ben@people.example"], ["chloe@people.example"]]


def test_a_recruiter_known_in_slack_is_told_there(office: Office) -> None:
    office.sandbox.act("slack", "add_user", name="Chloe", email="chloe@people.example")
    Project.objects.filter(connection=office.world.linkedin).update(owner_seat="seat-1")

    assert services.propose_slack_users(scope=of_clients(office.world.client.pk)) == 1
    office.rule(("recruiter", ""))
    office.move("s2")
    office.work()
    assert len(office.read("chloe@people.example")) == 1


def test_a_rule_that_reaches_nobody_says_so(office: Office) -> None:
    office.rule(("hiring_manager", ""))
    office.move("s2")
    office.work()

    (event,) = office.events("notify.transition")
    assert (event.state, event.reason) == ("skipped", "irrelevant")
    assert "nobody is named" in event.detail


def test_who_is_recruiter_and_channel_hears_it_once(office: Office) -> None:
    office.rule(CHANNEL, ("hiring_manager", ""))
    services.save_contact(scope=EVERYONE, where="#hiring", now=clock.now(), client_id=office.world.client.pk)
    office.move("s2")
    office.work()

    assert len(office.read()) == 1


def test_both_owners_of_one_person_are_told(office: Office, mailbox: Mailbox) -> None:
    """Rules 13 and 31: one person in two Projects."""
    world = office.world
    Seat.objects.create(connection=world.linkedin, remote_id="seat-2", name="Ben", email="ben@people.example")
    world.candidacy.profiles.update(added_by="seat-1")
    other = Project.objects.create(connection=world.linkedin, remote_id="2", name="Project Two", seen_at=clock.now())
    world.candidacy.profiles.create(connection=world.linkedin, remote_id="p2", project=other, added_by="seat-2")

    (event,) = announce.meeting_event(world.candidacy, caused_by=world.event.pk)
    ledger.append(event, now=clock.now())
    office.work()

    assert sorted(to[0] for to, _ in mailbox.taken) == ["ben@people.example", "chloe@people.example"]


def test_whoever_held_either_is_told_once_two_people_are_made_one(office: Office, mailbox: Mailbox) -> None:
    """Rule 31."""
    world, now = office.world, clock.now()
    Seat.objects.create(connection=world.linkedin, remote_id="seat-2", name="Ben", email="ben@people.example")
    world.candidacy.profiles.update(added_by="seat-1")
    project = Project.objects.create(connection=world.linkedin, remote_id="2", name="Project Two", seen_at=now)
    other = Person.objects.create(connection=world.ats, first_name="Ada", first_seen_at=now)
    theirs = Candidacy.objects.of_everyone().create(
        client=world.client, person=other, job=world.mapping.job, mapping=world.mapping, added_at=now
    )
    theirs.profiles.create(connection=world.linkedin, remote_id="p2", project=project, added_by="seat-2")
    merges.merge_people(keep=world.person, drop=other, now=now)

    ledger.append_many(announce.merged_event(world.person, caused_by=world.event.pk), now=now)
    office.work()

    assert sorted(to[0] for to, _ in mailbox.taken) == ["ben@people.example", "chloe@people.example"]


def test_what_a_going_live_brings_is_told_to_nobody(office: Office) -> None:
    """Rule 29: messages muted."""
    office.rule(CHANNEL)
    office.world.event.payload = {announce.MUTED: True}
    office.world.event.save()
    office.move("s2")
    office.work()

    assert office.read() == []
    assert states(office, "notify.transition") == [("skipped", "stale")]


def test_quiet_hours_hold_a_message_until_they_end(office: Office) -> None:
    now = clock.now()
    around = (
        (now - timedelta(hours=1)).time().replace(microsecond=0),
        (now + timedelta(hours=1)).time().replace(microsecond=0),
    )
    rule = office.rule(CHANNEL, quiet_from=around[0], quiet_until=around[1])
    office.move("s2")
    office.work()
    (event,) = office.events()
    assert (event.state, event.reason) == ("held", "paused")
    assert timedelta(minutes=59) < event.due_at - now <= timedelta(hours=1)

    Rule.objects.of_everyone().filter(pk=rule.pk).update(quiet_from=clock_time(0), quiet_until=clock_time(0))
    Event.objects.filter(pk=event.pk).update(due_at=clock.now())
    office.work_until(lambda: len(office.read()) == 1)


# --- who may do what


def test_a_rule_is_made_for_ones_own_clients_only(office: Office) -> None:
    """Rule 30."""
    from tests.portal.factories import make_world

    other = make_world("Cedar")
    scope = of_clients(office.world.client.pk)
    for more in ({}, {"client_id": other.client.pk}, {"mapping_id": other.mapping.pk}):
        wish = services.Wish(name="x", stages=("Offer",), places=(), **more)
        with pytest.raises(services.NotYours):
            services.save_rule(scope=scope, wish=wish, now=clock.now())
    with pytest.raises(services.NotYours):
        services.save_contact(scope=scope, where="a@b.example", now=clock.now(), client_id=other.client.pk)
    with pytest.raises(services.NotYours):
        services.save_contact(scope=scope, where="a@b.example", now=clock.now(), ats_id=office.world.ats.pk)
    assert [contact.address for contact in Contact.objects.all()] == ["cedar@people.example"]


def test_a_rule_of_one_mapping_is_silent_for_another(office: Office) -> None:
    from tests.portal.factories import make_world

    other = make_world("Cedar")
    office.rule(CHANNEL, mapping_id=other.mapping.pk)
    office.move("s2")
    office.work()

    assert office.read() == []
    assert Mapping.objects.of_everyone().count() == 2


def test_a_test_is_marked_and_sent_once_to_each_place(office: Office, mailbox: Mailbox) -> None:
    rule = office.rule(CHANNEL, ("address", "manager@people.example"), ("recruiter", ""))

    labels = services.send_test(scope=EVERYONE, rule_id=rule.pk, transition_id=None, now=clock.now())
    office.work()

    assert labels == ("#hiring", "manager@people.example")
    (there,) = office.read()
    assert "Test: Offers" in there["text"] and "Ada Example" in there["text"]
    assert mailbox.taken[0][1]["Subject"].startswith("Test: ")
