"""The contract suite that every ATS passes unchanged (house rule 29).

A provider's test module inherits `AtsSuite` and gives it a bench: the provider opened on the sandbox,
and the hands that a person has there. What a system cannot do is skipped by its capabilities.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from apps.core import errors
from apps.providers.contract import (
    Application,
    ApplicationStatus,
    Ats,
    NewApplication,
    NewPerson,
    PersonUpdate,
    StageKind,
)
from tests.providers.bench import CountingGate

ADA = NewPerson(
    first_name="Ada",
    last_name="Lovelace",
    company="Contoso",
    title="Engineer",
    emails=("ada@mail.test",),
    social_urls=("https://www.linkedin.com/in/ada-lovelace",),
)


class Bench(Protocol):
    """What the suite needs of one system."""

    ats: Ats
    gate: CountingGate
    note_author: str

    def add_people(self, count: int) -> None:
        """Put people into the system by hand."""

    def move_by_hand(self, application: Application, stage_id: str) -> None: ...

    def lose_response(self, operation: str) -> None:
        """Commit the next call of this kind and drop its answer."""

    def count_people(self) -> int: ...


class AtsSuite:
    """Inherit, and define the fixture `bench`."""

    def test_it_says_whom_it_speaks_for(self, bench: Bench) -> None:
        assert bench.ats.identify().name

    def test_the_catalogue_names_jobs_stages_users_and_sources(self, bench: Bench) -> None:
        jobs = bench.ats.list_jobs().items

        stages = bench.ats.list_stages([job.id for job in jobs])
        users, sources = bench.ats.list_users().items, bench.ats.list_sources().items

        assert {stage.scope for stage in stages} <= {job.id for job in jobs} | {""}
        assert stages and all(stage.kind == StageKind.OPEN for stage in stages if stage.active)
        assert [stage.order for stage in stages if stage.scope == jobs[0].id] == sorted(
            stage.order for stage in stages if stage.scope == jobs[0].id
        )
        assert all(user.name and user.email for user in users) and all(source.name for source in sources)

    def test_a_crawl_goes_past_three_pages_and_meets_everybody_once(self, bench: Bench) -> None:
        bench.add_people(3 * 500 + 1)

        page = bench.ats.list_people()
        people, pages = list(page.items), 1
        while page.next is not None:
            page = bench.ats.list_people(cursor=page.next)
            people, pages = [*people, *page.items], pages + 1

        assert pages > 3
        assert len({person.id for person in people}) == len(people) == bench.count_people()

    def test_a_crawl_from_a_moment_leaves_out_what_is_older(self, bench: Bench) -> None:
        assert bench.ats.list_people().items

        assert bench.ats.list_people(updated_since=datetime.now(UTC) + timedelta(days=1)).items == ()

    def test_a_created_person_is_found_by_mail_with_the_application(self, bench: Bench) -> None:
        job, stages = self._job(bench)

        created = bench.ats.create_person(ADA, NewApplication(job, source_id=bench.ats.list_sources().items[0].id))
        found = bench.ats.find_people(email="ada@mail.test")
        applications = bench.ats.get_applications(person_ids=[created.person_id])

        assert [person.id for person in found] == [created.person_id]
        assert (found[0].emails, found[0].social_urls) == (ADA.emails, ADA.social_urls)
        assert [application.job_id for application in applications] == [job]
        assert applications[0].status == ApplicationStatus.ACTIVE
        assert applications[0].stage_id in stages

    def test_an_unknown_mail_address_and_unknown_ids_find_nobody(self, bench: Bench) -> None:
        assert bench.ats.find_people(email="nobody@mail.test") == ()
        assert bench.ats.get_people(["999999999"]) == ()
        assert bench.ats.get_applications(ids=["999999999"]) == ()

    def test_someone_known_is_attached_to_a_job_at_a_stage(self, bench: Bench) -> None:
        job, stages = self._job(bench)
        person = bench.ats.create_person(ADA, None).person_id

        application = bench.ats.attach(person, NewApplication(job, stage_id=stages[1]))

        found = bench.ats.get_applications(ids=[application])[0]
        assert (found.person_id, found.job_id, found.stage_id) == (person, job, stages[1])

    def test_a_field_update_leaves_the_others_and_repeats_safely(self, bench: Bench) -> None:
        person = bench.ats.create_person(ADA, None).person_id
        update = PersonUpdate(title="Countess", emails=("ada@mail.test", "countess@mail.test"))

        bench.ats.update_person(person, update)
        bench.ats.update_person(person, update)

        found = bench.ats.get_people([person])[0]
        assert (found.title, found.company) == ("Countess", "Contoso")
        assert set(found.emails) == {"ada@mail.test", "countess@mail.test"}
        assert found.social_urls == ADA.social_urls

    def test_a_move_shows_in_the_application_and_in_the_history(self, bench: Bench) -> None:
        application, stages = self._apply(bench)

        bench.ats.move(application, to_stage_id=stages[2])

        assert self._again(bench, application).stage_id == stages[2]
        if bench.ats.capabilities.stage_history:
            changes = bench.ats.list_stage_changes([application.id])
            assert [change.stage_id for change in changes] == [stages[0], stages[2]]
            assert [change.current for change in changes] == [False, True]

    def test_a_move_from_a_stage_that_changed_meanwhile_is_a_conflict(self, bench: Bench) -> None:
        if not bench.ats.capabilities.stage_compare_and_set:
            pytest.skip("the system does not compare")
        application, stages = self._apply(bench)
        bench.move_by_hand(application, stages[1])

        with pytest.raises(errors.Conflict):
            bench.ats.move(application, to_stage_id=stages[3])

        assert self._again(bench, application).stage_id == stages[1]

    def test_reject_and_reopen_change_the_status_and_a_second_one_is_a_conflict(self, bench: Bench) -> None:
        application, _ = self._apply(bench)

        bench.ats.reject(application)
        assert self._again(bench, application).status == ApplicationStatus.REJECTED
        with pytest.raises(errors.Conflict):
            bench.ats.reject(application)

        bench.ats.reopen(application)
        assert self._again(bench, application).status == ApplicationStatus.ACTIVE
        with pytest.raises(errors.Conflict):
            bench.ats.reopen(application)

    def test_a_hire_takes_the_opening_that_it_names(self, bench: Bench) -> None:
        application, _ = self._apply(bench)
        opening = next(job for job in bench.ats.list_jobs().items if job.id == application.job_id).open_openings[0]

        bench.ats.hire(application, opening_id=opening)

        assert self._again(bench, application).status == ApplicationStatus.HIRED
        job = next(job for job in bench.ats.list_jobs().items if job.id == application.job_id)
        assert opening not in job.open_openings

    def test_a_hire_without_an_opening_is_refused_before_any_call(self, bench: Bench) -> None:
        application, _ = self._apply(bench)
        calls = len(bench.gate.entered)

        with pytest.raises(errors.Rejected) as refused:
            bench.ats.hire(application)

        assert refused.value.cause == "opening_required"
        assert len(bench.gate.entered) == calls

    def test_a_note_is_written_on_the_application(self, bench: Bench) -> None:
        application, _ = self._apply(bench)

        note = bench.ats.add_note(
            person_id=application.person_id,
            application_id=application.id,
            body="Seen in Recruiter.",
            user_id=bench.note_author,
        )

        assert note
        assert bench.ats.find_note(person_id=application.person_id, marker="Seen in") == note
        assert bench.ats.find_note(person_id=application.person_id, marker="Never written") == ""

    def test_a_lost_answer_to_a_create_is_unknown_and_the_person_is_there_once(self, bench: Bench) -> None:
        before = bench.count_people()
        bench.lose_response("create_candidate")

        with pytest.raises(errors.Unknown):
            bench.ats.create_person(ADA, None)

        assert bench.count_people() == before + 1
        assert len(bench.ats.find_people(email="ada@mail.test")) == 1

    def test_a_lost_answer_to_a_move_is_transient_and_the_second_try_a_conflict(self, bench: Bench) -> None:
        application, stages = self._apply(bench)
        bench.lose_response("move_application")

        with pytest.raises(errors.Transient):
            bench.ats.move(application, to_stage_id=stages[1])
        with pytest.raises(errors.Conflict):
            bench.ats.move(application, to_stage_id=stages[1])

        assert self._again(bench, application).stage_id == stages[1]

    def test_every_request_passes_the_gate_once_in_and_once_out(self, bench: Bench) -> None:
        application, _ = self._apply(bench)
        with pytest.raises(errors.NotFound):
            bench.ats.reject(replace(application, id="999999999"))

        assert len(bench.gate.entered) == len(bench.gate.left)
        assert all(answer.sent for answer in bench.gate.left)

    def test_the_deep_link_names_the_person_and_the_application(self, bench: Bench) -> None:
        link = bench.ats.deep_link(person_id="501", application_id="9001")

        assert "501" in link and "9001" in link and link.startswith("https://")

    def _job(self, bench: Bench) -> tuple[str, list[str]]:
        job = next(job for job in bench.ats.list_jobs().items if job.status == "open")
        return job.id, [stage.id for stage in bench.ats.list_stages([job.id])]

    def _apply(self, bench: Bench) -> tuple[Application, list[str]]:
        job, stages = self._job(bench)
        person = bench.ats.create_person(ADA, NewApplication(job)).person_id
        return bench.ats.get_applications(person_ids=[person])[0], stages

    def _again(self, bench: Bench, application: Application) -> Application:
        return bench.ats.get_applications(ids=[application.id])[0]
