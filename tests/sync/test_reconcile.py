"""Reconciliation beside the sandbox, whose webhooks all go nowhere: what nobody told is found and lands once."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest

from apps.accounts.models import Client
from apps.accounts.scope import EVERYONE, NOBODY
from apps.candidates.models import Candidacy, CandidacyState, Person, PersonState
from apps.core import clock
from apps.demo import scenario
from apps.ledger import drain, leases
from apps.ledger.models import Event, Mailbox
from apps.ledger.states import OPEN, State
from apps.mappings.models import Mapping
from apps.reports import conflicts as reports
from apps.sync import checks, conflicts, reconcile
from apps.sync.models import Difference, Reconciliation, RunState, Stream, StreamName
from tests.sync.conftest import Desk

pytestmark = pytest.mark.django_db(transaction=True)


def in_step(desk: Desk, count: int) -> list[str]:
    """People who came in a while ago, of whose changes in the ATS no listing tells before tomorrow."""
    profiles = [desk.add(scenario.person(number)) for number in range(count)]
    desk.work(180)
    Client.objects.update(office_start=time(0), office_end=time(0))  # nobody is at work, whenever this runs
    Stream.objects.filter(name=StreamName.APPLICATIONS).update(next_at=clock.now() + timedelta(days=1))
    desk.work(90)
    return profiles


def check(desk: Desk, side: str = reconcile.ATS, *, mapping: int = 0) -> Reconciliation:
    run = reconcile.start(mapping_id=desk.company.mappings[mapping].pk, side=side, now=clock.now())
    desk.work(30)
    return Reconciliation.objects.of_everyone().get(pk=run.pk)


def found(run: Reconciliation) -> list[str]:
    return sorted(Difference.objects.filter(run=run).values_list("kind", flat=True))


def applications(desk: Desk) -> list[dict[str, Any]]:
    return list(desk.sandbox.state("greenhouse")["applications"])


def stages(desk: Desk) -> list[str]:
    return sorted(row["stage"] for row in desk.sandbox.state("linkedin")["profiles"])


def writes(desk: Desk, system: str = "linkedin") -> list[dict[str, Any]]:
    return [call for call in desk.sandbox.calls(system, write=1) if "oken" not in call["path"]]


def test_a_lost_webhook_is_found_and_lands_once(desk: Desk) -> None:
    in_step(desk, 6)
    application = applications(desk)[2]
    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Phone Screen")
    desk.work(60)
    before = stages(desk)

    first, second = check(desk), check(desk)
    desk.work(30)

    assert "In Progress" not in before, "the lost webhook was not lost"
    assert (first.state, first.looked_at, found(first)) == (RunState.DONE, 6, ["lost"])
    assert found(second) == [], "it was found again"
    assert stages(desk).count("In Progress") == 1
    assert len([call for call in writes(desk) if "profiles" in call["operation"]]) == 1
    assert Difference.objects.get(run=first).event_id is not None
    assert desk.dead() == []


def test_nothing_is_found_or_written_where_both_sides_are_as_known(desk: Desk) -> None:
    in_step(desk, 3)
    before = len(writes(desk)), len(writes(desk, "greenhouse"))

    runs = [check(desk), check(desk, reconcile.LINKEDIN)]

    assert [(run.looked_at, found(run), run.state) for run in runs] == [(3, [], RunState.DONE)] * 2
    assert (len(writes(desk)), len(writes(desk, "greenhouse"))) == before


def test_a_silent_merge_is_found_and_the_survivor_followed_rule_22(desk: Desk) -> None:
    in_step(desk, 3)
    loser = applications(desk)[0]
    survivor = desk.sandbox.act("greenhouse", "create_candidate", first_name="Ann", last_name="Other")["candidate"]
    desk.sandbox.act("greenhouse", "merge", candidate_id=survivor["id"], secondary_candidate_id=loser["candidate_id"])

    run = check(desk)
    desk.work(60)

    assert found(run) == ["merged"]
    assert Person.objects.get(remote_id=str(loser["candidate_id"])).state == PersonState.MERGED
    followed = Candidacy.objects.of_everyone().get(application_id=str(loser["id"]))
    assert (followed.person.remote_id, followed.state) == (str(survivor["id"]), CandidacyState.OPEN)
    assert found(check(desk)) == []


def test_a_merge_that_ends_one_of_two_applications_is_told_from_a_deletion(desk: Desk) -> None:
    in_step(desk, 3)
    loser = applications(desk)[0]
    survivor = desk.sandbox.act("greenhouse", "apply", first_name="Ann", last_name="Other", job_id=loser["job_id"])
    desk.sandbox.act(
        "greenhouse",
        "merge",
        candidate_id=survivor["candidate"]["id"],
        secondary_candidate_id=loser["candidate_id"],
    )

    run = check(desk)
    desk.work(60)

    assert found(run) == ["merged"]
    followed = Candidacy.objects.of_everyone().get(application_id=str(survivor["application"]["id"]))
    assert (followed.person.remote_id, followed.state) == (str(survivor["candidate"]["id"]), CandidacyState.OPEN)


def test_a_deleted_application_and_a_deleted_person_are_followed_and_stay_gone_rule_16(desk: Desk) -> None:
    in_step(desk, 6)
    taken_off, deleted = applications(desk)[:2]
    desk.sandbox.act("greenhouse", "delete_application", application_id=taken_off["id"])
    desk.sandbox.act("greenhouse", "delete", candidate_id=deleted["candidate_id"])
    before = len(writes(desk, "greenhouse"))

    run = check(desk)
    desk.work(11 * 60)

    assert found(run) == ["deleted", "taken_off"]
    ended = Candidacy.objects.of_everyone().filter(state=CandidacyState.ENDED)
    assert {one.application_id for one in ended} == {str(taken_off["id"]), str(deleted["id"])}
    assert Person.objects.get(remote_id=str(deleted["candidate_id"])).state == PersonState.DELETED
    assert len(applications(desk)) == 4 and len(writes(desk, "greenhouse")) == before


def test_somebody_deleted_whose_e_mail_another_has_is_shown_to_a_person_and_left_alone(desk: Desk) -> None:
    in_step(desk, 2)
    gone = applications(desk)[0]
    person = Person.objects.get(remote_id=str(gone["candidate_id"]))
    person.identities.create(connection=person.connection, kind="email", value="a@x.example", seen_at=clock.now())
    desk.sandbox.act("greenhouse", "create_candidate", first_name="Bea", last_name="Other", email="a@x.example")
    desk.sandbox.act("greenhouse", "delete", candidate_id=gone["candidate_id"])

    run = check(desk)
    desk.work(11 * 60)

    assert found(run) == ["unsure"]
    person.refresh_from_db()
    assert person.state == PersonState.ACTIVE


def emptied(desk: Desk) -> Reconciliation:
    """Somebody takes 8 of 20 people off the job at once, and a run sees it."""
    in_step(desk, 20)
    for row in applications(desk)[:8]:
        desk.sandbox.act("greenhouse", "delete_application", application_id=row["id"])
    return check(desk)


def open_ones() -> int:
    return Candidacy.objects.of_everyone().filter(state=CandidacyState.OPEN).count()


def test_a_run_that_would_change_too_many_halts_its_mapping_until_a_person_agrees(desk: Desk) -> None:
    run = emptied(desk)
    desk.work(60)
    halted, (halt,) = open_ones(), reports.list_halts(scope=EVERYONE)

    agreed = reconcile.agree(run_id=run.pk, scope=EVERYONE, actor=None, note="They were moved.", now=clock.now())
    desk.work(60)

    assert run.state == RunState.HALTED and run.changing == 8 and "40 %" in run.detail
    assert (halted, halt.mapping_id, halt.run_id) == (20, run.mapping_id, run.pk)
    assert agreed and open_ones() == 12
    run.refresh_from_db()
    assert (run.state, run.note) == (RunState.DONE, "They were moved.")
    assert Mapping.objects.of_everyone().filter(halted_at__isnull=False).count() == 0
    assert not reconcile.agree(run_id=run.pk, scope=EVERYONE, actor=None, now=clock.now()), "agreed twice"


def test_a_halted_run_that_is_dismissed_changes_nobody_and_its_mapping_goes_on(desk: Desk) -> None:
    run = emptied(desk)

    reconcile.dismiss(run_id=run.pk, scope=EVERYONE, actor=None, note="", now=clock.now())
    desk.add(scenario.person(50))
    desk.work(60)

    assert open_ones() == 21
    assert len(applications(desk)) == 13
    assert not Event.objects.filter(kind="hook.application_deleted").exists()


def test_agreeing_on_the_conflicts_page_agrees_to_what_the_run_had_found(desk: Desk) -> None:
    run = emptied(desk)

    conflicts.agree_to_halt(mapping_id=run.mapping_id, actor=None, now=clock.now())
    desk.work(60)

    assert open_ones() == 12


def test_while_a_mapping_is_halted_nothing_of_it_is_written_and_nobody_is_lost(desk: Desk) -> None:
    run = emptied(desk)
    desk.add(scenario.person(50))
    desk.work(60)
    meanwhile = len(applications(desk))

    reconcile.agree(run_id=run.pk, scope=EVERYONE, actor=None, now=clock.now())
    desk.work(60)

    assert meanwhile == 12
    assert len(applications(desk)) == 13


def test_nobody_agrees_for_another_client_rule_30(desk: Desk) -> None:
    run = emptied(desk)

    assert not reconcile.agree(run_id=run.pk, scope=NOBODY, actor=None, now=clock.now())
    assert not reconcile.dismiss(run_id=run.pk, scope=NOBODY, actor=None, now=clock.now())


def test_a_worker_killed_between_reading_and_settling_loses_nothing_and_repeats_no_write(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(checks.PAGE, reconcile.ATS, 2)
    in_step(desk, 6)
    for row in applications(desk)[:1] + applications(desk)[4:]:
        desk.sandbox.act("greenhouse", "move", application_id=row["id"], stage="Phone Screen")
    run = reconcile.start(mapping_id=desk.company.mappings[0].pk, side=reconcile.ATS, now=clock.now())

    killed = 0
    while Reconciliation.objects.of_everyone().get(pk=run.pk).state == RunState.READING:
        work_on_a_page(killed=True)
        killed += 1
        work_on_a_page(killed=False)
    desk.work(60)

    run.refresh_from_db()
    assert killed >= 3, "no worker died"
    assert (run.looked_at, found(run)) == (6, ["lost"] * 3)
    assert stages(desk).count("In Progress") == 3
    moved = [call for call in writes(desk) if "profiles" in call["operation"]]
    assert len(moved) <= 3 and not Event.objects.filter(state=State.DEAD).exists()


def work_on_a_page(*, killed: bool) -> None:
    """A worker claims the run's page and reads it; one that is killed does not settle, and its lease ends."""
    Mailbox.objects.exclude(key__startswith="check:").filter(lease_token=None).update(due_at=None)
    now = clock.now()
    taken = leases.claim(now=now)
    assert taken is not None
    lease, claimed = taken
    with leases.working_under(lease):
        units = checks.handle(lease, claimed, now=now)
    if killed:
        Mailbox.objects.filter(lease_token=lease.token).update(lease_until=clock.real_now() - timedelta(seconds=1))
        leases.heal_expired(now=now)
    else:
        drain.settle(lease, units, now=now)


def test_somebody_about_whom_an_event_waits_is_left_to_it(desk: Desk) -> None:
    in_step(desk, 3)
    row = applications(desk)[0]
    desk.sandbox.act("greenhouse", "move", application_id=row["id"], stage="Phone Screen")
    candidacy = Candidacy.objects.of_everyone().get(application_id=str(row["id"]))
    Event.objects.filter(subject=f"person:{candidacy.person_id}").update(state=State.RETRYING)
    Mailbox.objects.filter(events__subject=f"person:{candidacy.person_id}").update(due_at=None)

    run = reconcile.start(mapping_id=desk.company.mappings[0].pk, side=reconcile.ATS, now=clock.now())
    drain.drain(until=clock.real_now() + timedelta(seconds=10))

    assert found(run) == []


def test_a_run_begins_by_itself_a_day_after_people_came_in_and_one_at_a_time(desk: Desk) -> None:
    in_step(desk, 2)
    desk.add(scenario.person(40), mapping=1)
    desk.work(60)
    early = Reconciliation.objects.of_everyone().count()
    Candidacy.objects.of_everyone().update(in_ats_at=clock.now() - timedelta(days=1, minutes=1))

    for _ in range(3):
        reconcile.start_due(clock.now())
    begun = Reconciliation.objects.of_everyone().filter(side=reconcile.ATS).count()
    desk.work(60)

    assert early == 0
    assert begun == 1
    runs = Reconciliation.objects.of_everyone().filter(side=reconcile.ATS)
    assert [run.state for run in runs] == [RunState.DONE] * 2
    assert not Event.objects.filter(kind__startswith="check.", state__in=OPEN).exists()


def test_a_run_waits_while_the_day_has_nothing_spare(desk: Desk) -> None:
    in_step(desk, 2)
    noon = (clock.now() + timedelta(days=1)).replace(hour=12)
    clock.step_to(noon)
    desk.sandbox.clock(now=noon.isoformat())
    linkedin = desk.company.linkedin
    linkedin.settings["options"]["daily_limit"] = 10
    linkedin.save()

    run = check(desk, reconcile.LINKEDIN)

    waiting = Event.objects.get(kind="check.linkedin")
    assert (run.state, waiting.state, waiting.attempts) == (RunState.READING, State.QUEUED, 0)
    assert waiting.due_at > clock.now()
    assert desk.sandbox.calls("linkedin", operation="profiles.batch_get") == []


def test_somebody_taken_out_of_the_project_whom_no_reading_told_of_is_found(desk: Desk) -> None:
    profiles = in_step(desk, 3)
    Stream.objects.filter(name=StreamName.PROFILES).update(next_at=clock.now() + timedelta(days=1))
    desk.sandbox.act("linkedin", "remove", profile=profiles[0])
    desk.sandbox.act("linkedin", "move", profile=profiles[1], stage="Replied", by="urn:li:seat:52")

    run = check(desk, reconcile.LINKEDIN)
    desk.work(30)

    assert found(run) == ["left", "lost"]
    ended = Candidacy.objects.of_everyone().get(state=CandidacyState.ENDED)
    assert ended.ended_because == "left"
    assert ended.profiles.get().remote_id == profiles[0]
