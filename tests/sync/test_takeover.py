"""Several jobs of one Project: which application a profile shows, and which a move in LinkedIn acts on (rule 15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.candidates.models import Candidacy
from apps.core import clock
from apps.demo import scenario
from apps.mappings import services as mappings
from apps.mappings.models import Mapping, MappingState, Policy
from apps.mappings.rules import HIRED, REJECTED
from apps.sync.models import Stream, StreamName
from apps.sync.standings import Standing, shown_application
from tests.sync.conftest import Desk

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
STANDINGS = st.lists(
    st.builds(
        Standing,
        key=st.uuids().map(str),
        leading=st.just(False),
        job_open=st.booleans(),
        value=st.sampled_from(["", "review", "screen", REJECTED, HIRED]),
        progress=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
        since=st.integers(0, 3).map(lambda days: NOW - timedelta(days=days)),
    ),
    max_size=5,
)


@given(STANDINGS, st.booleans(), st.randoms())
def test_the_leading_job_is_shown_while_it_is_open_then_the_furthest_open_application_rule_15(
    others: list[Standing], is_open: bool, chance: Any
) -> None:
    leading = Standing("first", True, is_open, "review", 0.25, NOW)
    shuffled = [leading, *others]
    chance.shuffle(shuffled)

    shown = shown_application([leading, *others])

    open_ones = [one for one in others if one.job_open and one.value not in ("", REJECTED, HIRED)]
    assert shown_application(shuffled) == shown
    if is_open or not open_ones:
        assert shown == "first"
    else:
        chosen = next(one for one in open_ones if one.key == shown)
        assert all(chosen.progress >= one.progress for one in open_ones)
        assert all(chosen.since <= one.since for one in open_ones if one.progress == chosen.progress)


def test_without_a_leading_application_and_with_none_open_there_is_none_to_show() -> None:
    shut = Standing("other", False, False, "review", 0.5, NOW)

    assert shown_application([]) == ""
    assert shown_application([shut]) == ""
    assert shown_application([replace(shut, job_open=True)]) == "other"


def second_job(desk: Desk) -> Mapping:
    """The first Project is mapped to the other job too, which does not lead."""
    first, other = desk.company.mappings[0], desk.company.mappings[1]
    rows = [
        mappings.resolve_row(other.job, linkedin=left, ats=right)
        for left, right in (
            ("Contacted", "Application Review"),
            ("In Progress", "Phone Screen"),
            ("In Progress", "Onsite"),
            ("Archived", "!rejected"),
        )
    ]
    return mappings.create_mapping(
        client_id=first.client_id,
        project=first.project,
        job=other.job,
        rows=rows,
        policy=Policy.NEWEST,
        state=MappingState.LIVE,
        leading=False,
        now=clock.now(),
    )


def in_both(desk: Desk) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Somebody of the Project whom a person in the ATS put on the second job as well; their profile, both
    applications."""
    mapping = second_job(desk)
    profile = desk.add(scenario.person(1))
    desk.work(120)
    (first,) = desk.sandbox.state("greenhouse")["applications"]
    made = desk.sandbox.act(
        "greenhouse", "apply", candidate_id=first["candidate_id"], job_id=int(mapping.job.remote_id)
    )
    desk.work(90)
    return profile, first, made["application"]


def shut(desk: Desk, job_id: int, *, act: str = "close_job") -> None:
    desk.sandbox.act("greenhouse", act, job_id=job_id)
    Stream.objects.filter(name=StreamName.JOBS).update(next_at=clock.now())
    desk.work(60)


def stage(desk: Desk, profile: str) -> str:
    rows = desk.sandbox.state("linkedin")["profiles"]
    return next(str(row["stage"]) for row in rows if row["id"] == profile)


def stage_of(desk: Desk, application: dict[str, Any]) -> str:
    rows = desk.sandbox.state("greenhouse")["applications"]
    return next(str(row["stage_name"]) for row in rows if row["id"] == application["id"])


@pytest.mark.django_db(transaction=True)
def test_while_the_leading_job_is_open_another_application_is_followed_and_not_shown_rule_15(desk: Desk) -> None:
    profile, _, second = in_both(desk)

    desk.sandbox.act("greenhouse", "move", application_id=second["id"], stage="Onsite")
    desk.work(90)

    followed = Candidacy.objects.of_everyone().get(application_id=str(second["id"]))
    assert followed.profiles.count() == 0
    assert stage(desk, profile) == "Contacted"
    assert desk.dead() == []


@pytest.mark.django_db(transaction=True)
def test_once_the_leading_job_closes_the_furthest_open_application_is_shown_and_moved_rule_15(desk: Desk) -> None:
    profile, first, second = in_both(desk)
    desk.sandbox.act("greenhouse", "move", application_id=second["id"], stage="Phone Screen")
    desk.work(90)

    shut(desk, first["job_id"])
    shown = stage(desk, profile)
    desk.sandbox.act("linkedin", "move", profile=profile, stage="Archived", by="urn:li:seat:52")
    desk.work(60)
    unmoved = stage_of(desk, second), stage_of(desk, first)
    desk.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by="urn:li:seat:52")
    desk.sandbox.act("greenhouse", "move", application_id=second["id"], stage="Onsite")
    desk.work(90)

    assert shown == "In Progress"
    assert unmoved == ("Phone Screen", "Application Review"), "LinkedIn rejects nobody where that is off"
    assert stage(desk, profile) == "In Progress"
    assert stage_of(desk, first) == "Application Review"
    assert Candidacy.objects.of_everyone().get(application_id=str(second["id"])).profiles.count() == 1
    assert desk.dead() == []


@pytest.mark.django_db(transaction=True)
def test_a_move_in_linkedin_acts_on_the_application_that_took_over_rule_15(desk: Desk) -> None:
    profile, first, second = in_both(desk)
    shut(desk, first["job_id"])

    desk.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by="urn:li:seat:52")
    desk.work(60)

    assert (stage_of(desk, second), stage_of(desk, first)) == ("Phone Screen", "Application Review")


@pytest.mark.django_db(transaction=True)
def test_when_the_leading_job_opens_again_it_leads_again_and_nothing_is_moved_in_the_ats_rule_15(desk: Desk) -> None:
    profile, first, second = in_both(desk)
    desk.sandbox.act("greenhouse", "move", application_id=second["id"], stage="Phone Screen")
    desk.work(90)
    shut(desk, first["job_id"])
    before = stage(desk, profile)

    shut(desk, first["job_id"], act="reopen_job")

    assert (before, stage(desk, profile)) == ("In Progress", "Contacted")
    assert (stage_of(desk, second), stage_of(desk, first)) == ("Phone Screen", "Application Review")
    assert desk.dead() == []
