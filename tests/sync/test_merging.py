"""Two records of one person in the ATS: merged there as a recruiter says, once, whatever dies (RULES.md 17-19)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.scope import EVERYONE
from apps.candidates import questions
from apps.candidates.models import Candidacy, Duplicate, DuplicateState, Person
from apps.connections import services as connections
from apps.core import clock
from apps.ledger import effects
from apps.ledger.models import Effect, Event, KeyLease, Mailbox
from apps.ledger.states import EffectState
from apps.providers.greenhouse.client import Harvest
from apps.sync import duplicates
from tests.sync.conftest import ADA, Desk

EMAIL = "ada@mail.test"
SEEN = {**ADA, "email": EMAIL}
MERGE = "POST /greenhouse/v3/candidates/[0-9]+/merge$"


class Killed(BaseException):
    """As kill -9: nothing of ours runs after it."""


def _two_records(desk: Desk) -> tuple[Duplicate, str, str]:
    """Somebody whom we made in the ATS, and who applied there themselves a moment before: it is asked about."""
    desk.add(SEEN)
    desk.work(60)
    values = {"first_name": "Ada", "last_name": "Byrne", "email": EMAIL, "lag": 30, "job_id": desk.jobs()[1]}
    applied = desk.sandbox.act("greenhouse", "apply", **values)["candidate"]["id"]
    desk.work(30)
    desk.add({**ADA, "first": "Bea", "url": "https://www.linkedin.com/in/bea", "member": "urn:li:person:bea"})
    desk.work(30)
    (question_id,) = questions.list_open(scope=EVERYONE)
    question = Duplicate.objects.select_related("person").get(pk=question_id)
    return question, question.person.remote_id, str(applied)


def _merge(question: Duplicate, chosen: str, *, keep: str, take: tuple[str, ...] = ()) -> bool:
    return duplicates.say_same(
        duplicate_id=question.pk,
        remote_id=chosen,
        take=take,
        scope=EVERYONE,
        actor=None,
        now=clock.now(),
        keep=keep,
    )


def _undo(question: Duplicate) -> str:
    duplicates.undo(duplicate_id=question.pk, scope=EVERYONE, actor=None, now=clock.now())
    return str(question.pk)


def _merges(desk: Desk) -> list[dict[str, Any]]:
    return [call for call in desk.sandbox.calls("greenhouse") if call["path"].endswith("/merge")]


def _adas(desk: Desk) -> list[str]:
    return sorted(str(person["id"]) for person in desk.people() if person["first_name"] == "Ada")


@pytest.mark.parametrize("ours_stays", [True, False])
def test_a_recruiters_answer_merges_the_two_in_the_ats_and_is_followed_here(desk: Desk, ours_stays: bool) -> None:
    question, ours, theirs = _two_records(desk)
    keep = ours if ours_stays else theirs

    assert _merge(question, theirs, keep=keep)
    desk.work(60)

    assert _adas(desk) == [keep]
    assert len(_merges(desk)) == 1
    assert Person.objects.get(state="active", first_name="Ada").remote_id == keep
    candidacy = Candidacy.objects.of_everyone().get(person__first_name="Ada")
    assert candidacy.person.remote_id == keep
    assert str(candidacy.job.remote_id) in {str(row["job_id"]) for row in desk.applications()}
    assert "Nothing undoes that" in Duplicate.objects.get(pk=question.pk).said
    assert questions.list_open(scope=EVERYONE) == ()
    assert desk.dead() == []


def test_a_merge_in_the_ats_is_not_taken_back_and_the_page_says_why(desk: Desk) -> None:
    question, ours, theirs = _two_records(desk)
    _merge(question, theirs, keep=ours)
    desk.work(60)

    _undo(question)
    desk.work(10)

    question.refresh_from_db()
    assert question.state == DuplicateState.SAME
    assert question.said.startswith("Not taken back")
    assert _adas(desk) == [ours]


def test_an_answer_that_is_taken_back_first_merges_nobody(desk: Desk) -> None:
    question, ours, theirs = _two_records(desk)
    desk.sandbox.fault("greenhouse", "5xx", "", times=1000)
    _merge(question, theirs, keep=ours)
    desk.work(5)

    _undo(question)
    desk.work(5)
    desk.sandbox.clear_faults("greenhouse")
    desk.work(120)

    question.refresh_from_db()
    assert question.state == DuplicateState.OPEN
    assert _adas(desk) == sorted([ours, theirs])
    assert not Effect.objects.filter(kind="merge", state=EffectState.DONE).exists()


SCOPES = [
    "candidates:list",
    "candidates:create",
    "candidates:update",
    "applications:list",
    "applications:create",
    "applications:move",
    "application_stages:list",
    "job_interview_stages:list",
    "jobs:list",
    "openings:list",
    "users:list",
    "sources:list",
    "notes:list",
]


def test_a_merge_that_the_ats_refuses_is_a_dead_letter_and_the_answer_says_so(desk: Desk) -> None:
    question, ours, theirs = _two_records(desk)
    desk.sandbox.act("greenhouse", "settings", scopes=[f"harvest:{scope}" for scope in SCOPES])

    _merge(question, theirs, keep=ours)
    desk.work(30)

    assert Event.objects.get(kind="write.merge").cause == "forbidden"
    assert "not merged" in Duplicate.objects.get(pk=question.pk).said
    assert _adas(desk) == sorted([ours, theirs])


def test_a_connection_in_shadow_merges_nobody_and_says_what_it_would_do(desk: Desk) -> None:
    question, ours, theirs = _two_records(desk)
    ats = question.person.connection_id
    connections.shadow(connection_id=ats, actor_id=None, now=clock.now())

    _merge(question, theirs, keep=ours)
    desk.work(30)

    assert f"{theirs} would be merged into {ours}" in Event.objects.get(kind="write.merge").detail
    assert _merges(desk) == []
    connections.end_shadow(connection_id=ats, actor_id=None, now=clock.now())
    desk.work(60)
    assert _adas(desk) == [ours]


def test_a_lost_answer_is_read_back_and_nobody_is_merged_twice(desk: Desk) -> None:
    question, ours, theirs = _two_records(desk)
    desk.lose(MERGE)

    _merge(question, theirs, keep=ours)
    desk.work(120)

    assert _adas(desk) == [ours]
    assert len(_merges(desk)) == 1
    assert Effect.objects.get(kind="merge").state == EffectState.DONE
    assert desk.dead() == []


@pytest.mark.parametrize("moment", ["before the intention", "before the call", "after the call"])
def test_a_merge_survives_a_kill_at_any_moment(desk: Desk, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    question, ours, theirs = _two_records(desk)
    die = _killing(moment, monkeypatch)
    _merge(question, theirs, keep=ours)

    with pytest.raises(Killed):
        desk.work(60)
    monkeypatch.undo()
    over = clock.real_now() - timedelta(seconds=1)
    Mailbox.objects.exclude(lease_token=None).update(lease_until=over)
    KeyLease.objects.update(until=over)
    desk.work(240)

    assert die == [True]
    assert _adas(desk) == [ours]
    assert len(_merges(desk)) == 1
    assert Effect.objects.get(kind="merge").state == EffectState.DONE
    assert not Event.objects.exclude(state__in=["done", "skipped"]).filter(kind="write.merge").exists()


def _killing(moment: str, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    died: list[bool] = []

    def die() -> None:
        died.append(True)
        raise Killed

    intend, merge = effects.intend, Harvest.merge_people

    def intend_never(intentions: Any, **more: Any) -> set[str]:
        if any(one.kind == "merge" for one in intentions):
            die()
        return intend(intentions, **more)

    def merge_never(self: Harvest, **pair: str) -> None:
        if moment == "after the call":
            merge(self, **pair)
        die()

    if moment == "before the intention":
        monkeypatch.setattr(effects, "intend", intend_never)
    else:
        monkeypatch.setattr(Harvest, "merge_people", merge_never)
    return died


def test_the_same_pair_is_never_merged_a_second_time(desk: Desk) -> None:
    question, ours, theirs = _two_records(desk)
    _merge(question, theirs, keep=ours)
    desk.work(60)
    event = Event.objects.get(kind="write.merge")
    Event.objects.filter(pk=event.pk).update(state="queued")
    type(event.mailbox).objects.filter(pk=event.mailbox_id).update(due_at=clock.now())

    desk.work(60)

    assert len(_merges(desk)) == 1
    assert Event.objects.get(pk=event.pk).state == "done"
