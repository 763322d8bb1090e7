"""The contract suite that every ATS passes unchanged (house rule 29).

A provider's test module inherits `AtsSuite` and gives it a bench: the provider opened on the sandbox, and the
hands that a person has there. What a system cannot do is read from its capabilities, and then the suite
expects the declared refusal instead.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast

import pytest

from apps.core import errors
from apps.providers import registry, verdicts
from apps.providers.contract import (
    Application,
    ApplicationStatus,
    Ats,
    Capabilities,
    EventQueue,
    Hook,
    HookKind,
    NewApplication,
    NewPerson,
    PersonUpdate,
    RateWindow,
    StageKind,
    Support,
)
from apps.providers.verdicts import Case
from tests.providers.bench import CountingGate
from tests.sandbox_process import Sandbox

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

    key: str
    sandbox: Sandbox
    ats: Ats
    gate: CountingGate
    note_author: str
    page_size: int  # of a crawl of people
    unknown_id: str
    requests: dict[str, str]  # kind of call -> "METHOD path" or operation, as the sandbox's faults match

    def add_people(self, count: int) -> None:
        """Put people into the system by hand."""

    def move_by_hand(self, application: Application, stage_id: str) -> None: ...

    def merge_by_hand(self, survivor: str, loser: str) -> None:
        """Merge two people in the system's own screens."""

    def delete_by_hand(self, person: str) -> None: ...

    def hide(self, seconds: float) -> None:
        """What is created from now on stays invisible for so long."""

    def expire(self) -> None:
        """The access token is dead from the next request on, and another can be had."""

    def listen(self, url: str, secret: str) -> None:
        """Send webhooks there, where the system has any."""

    def enforce(self, window: RateWindow) -> int:
        """Stop the clock at the beginning of a run of the window, with the system's true limit in force; gives how
        many calls are left in it."""

    def count_people(self) -> int: ...

    def count(self, what: str) -> int:
        """How many of "applications" or "notes" there are."""


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

    def test_reasons_of_a_rejection_are_listed_and_reject_takes_them(self, bench: Bench) -> None:
        reasons, folders = bench.ats.list_reject_reasons(), bench.ats.list_folders()

        assert reasons and len({one.id for one in reasons}) == len(reasons)
        assert all(one.id and one.name for one in (*reasons, *folders))

        application, _ = self._apply(bench)
        bench.ats.reject(application, reason_id=reasons[-1].id)

        assert self._again(bench, application).status == ApplicationStatus.REJECTED

    def test_a_crawl_goes_past_three_pages_and_meets_everybody_once(self, bench: Bench) -> None:
        bench.add_people(3 * bench.page_size + 1)

        page = bench.ats.list_people()
        people, pages = list(page.items), 1
        while page.next is not None:
            page = bench.ats.list_people(cursor=page.next)
            people, pages = [*people, *page.items], pages + 1

        assert pages > 3
        assert len({person.id for person in people}) == bench.count_people()

    def test_a_crawl_from_a_moment_leaves_out_what_is_older(self, bench: Bench) -> None:
        assert bench.ats.list_people().items

        assert bench.ats.list_people(updated_since=datetime.now(UTC) + timedelta(days=1)).items == ()

    def test_a_created_person_is_found_by_mail_with_the_application(self, bench: Bench) -> None:
        job, stages = self._job(bench)

        created = self._create(bench, NewApplication(job, source_id=bench.ats.list_sources().items[0].id))
        found = bench.ats.find_people(email="ada@mail.test")
        applications = bench.ats.get_applications(person_ids=[created.person_id])

        assert [person.id for person in found] == [created.person_id]
        assert (found[0].emails, found[0].social_urls) == (ADA.emails, ADA.social_urls)
        assert [application.job_id for application in applications] == [job]
        assert applications[0].status == ApplicationStatus.ACTIVE
        assert applications[0].stage_id in stages

    def test_an_unknown_mail_address_and_unknown_ids_find_nobody(self, bench: Bench) -> None:
        assert bench.ats.find_people(email="nobody@mail.test") == ()
        assert bench.ats.get_people([bench.unknown_id]) == ()
        assert bench.ats.get_applications(ids=[bench.unknown_id]) == ()

    def test_someone_known_is_attached_to_a_job_at_a_stage(self, bench: Bench) -> None:
        job, stages = self._job(bench)
        person = bench.ats.create_person(ADA, None).person_id

        application = bench.ats.attach(person, self._named(bench, job, stage=stages[1]))

        found = bench.ats.get_applications(ids=[application])[0]
        assert (found.person_id, found.job_id, found.stage_id) == (person, job, stages[1])

    def test_a_field_update_leaves_the_others_and_repeats_safely(self, bench: Bench) -> None:
        person = bench.ats.create_person(ADA, None).person_id
        title = "Countess" if not bench.ats.capabilities.headline else "Countess, Contoso"
        update = PersonUpdate(title=title, emails=("ada@mail.test", "countess@mail.test"))

        bench.ats.update_person(person, update)
        bench.ats.update_person(person, update)

        found = bench.ats.get_people([person])[0]
        assert (found.company, found.title) == bench.ats.capabilities.work(company="Contoso", title="Countess")
        assert set(found.emails) == {"ada@mail.test", "countess@mail.test"}
        assert found.social_urls == ADA.social_urls

    def test_a_linkedin_address_is_added_to_someone_without_one(self, bench: Bench) -> None:
        person = bench.ats.create_person(replace(ADA, social_urls=()), None).person_id

        bench.ats.update_person(person, PersonUpdate(social_urls=ADA.social_urls))

        assert bench.ats.get_people([person])[0].social_urls == ADA.social_urls

    def test_a_move_shows_in_the_application_and_in_the_history(self, bench: Bench) -> None:
        application, stages = self._apply(bench)

        bench.ats.move(application, to_stage_id=stages[2])

        assert self._again(bench, application).stage_id == stages[2]
        if bench.ats.capabilities.stage_history:
            changes = bench.ats.list_stage_changes([application.id])
            assert [change.stage_id for change in changes] == [application.stage_id, stages[2]]
            assert [change.current for change in changes] == [False, True]

    def test_a_move_from_a_stage_that_changed_meanwhile_is_a_conflict_where_the_system_compares(
        self, bench: Bench
    ) -> None:
        application, stages = self._apply(bench)
        bench.move_by_hand(application, stages[1])

        if bench.ats.capabilities.stage_compare_and_set:
            with pytest.raises(errors.Conflict):
                bench.ats.move(application, to_stage_id=stages[3])
            assert self._again(bench, application).stage_id == stages[1]
        else:
            bench.ats.move(application, to_stage_id=stages[3])
            assert self._again(bench, application).stage_id == stages[3]

    def test_reject_and_reopen_change_the_status_and_a_second_one_changes_nothing(self, bench: Bench) -> None:
        application, _ = self._apply(bench)

        for end, status in (
            (bench.ats.reject, ApplicationStatus.REJECTED),
            (bench.ats.reopen, ApplicationStatus.ACTIVE),
        ):
            end(application)
            assert self._again(bench, application).status == status
            self._repeat(bench, lambda end=end: end(application))  # type: ignore[misc]
            assert self._again(bench, application).status == status

    def test_a_hire_takes_the_opening_that_it_names(self, bench: Bench) -> None:
        application, _ = self._apply(bench)

        bench.ats.hire(application, opening_id=self._opening(bench, application))

        assert self._again(bench, application).status == ApplicationStatus.HIRED
        if bench.ats.capabilities.openings:
            job = next(job for job in bench.ats.list_jobs().items if job.id == application.job_id)
            assert job.open_openings == ()

    def test_a_hire_without_an_opening_is_refused_before_any_call(self, bench: Bench) -> None:
        application, _ = self._apply(bench)
        calls = len(bench.gate.entered)

        if bench.ats.capabilities.openings:
            with pytest.raises(errors.Rejected) as refused:
                bench.ats.hire(application)
            assert refused.value.cause == "opening_required"
            assert len(bench.gate.entered) == calls
        else:
            bench.ats.hire(application)
            assert self._again(bench, application).status == ApplicationStatus.HIRED

    def test_a_note_is_written_on_the_application(self, bench: Bench) -> None:
        application, _ = self._apply(bench)

        assert self._note(bench, application)

        assert bench.count("notes") == 1

    def test_a_note_is_found_again_by_what_it_says(self, bench: Bench) -> None:
        application, _ = self._apply(bench)
        note = self._note(bench, application)

        assert bench.ats.find_note(person_id=application.person_id, marker="Seen in") == note
        assert bench.ats.find_note(person_id=application.person_id, marker="Never written") == ""

    def test_the_notes_about_a_person_are_listed_as_plain_text(self, bench: Bench) -> None:
        application, _ = self._apply(bench)
        note = self._note(bench, application)

        (listed,) = bench.ats.list_notes(person_id=application.person_id)

        assert listed.id == note
        assert listed.text.startswith("Seen in")
        assert listed.written_at is not None

    # --- lost answers: what may have been done is unknown, what may be repeated is transient

    def test_a_lost_answer_to_a_create_is_unknown_and_the_person_is_there_once(self, bench: Bench) -> None:
        before = bench.count_people()
        self._lose(bench, "create")

        with pytest.raises(errors.Unknown):
            bench.ats.create_person(ADA, None)

        assert bench.count_people() == before + 1
        assert len(bench.ats.find_people(email="ada@mail.test")) == 1

    def test_a_lost_answer_to_an_attachment_is_unknown_and_the_application_is_there_once(self, bench: Bench) -> None:
        person, (job, _) = bench.ats.create_person(ADA, None).person_id, self._job(bench)
        self._lose(bench, "attach")

        with pytest.raises(errors.Unknown):
            bench.ats.attach(person, self._named(bench, job))

        mine = bench.ats.get_applications(person_ids=[person])
        assert [one.job_id for one in mine if one.job_id] == [job]

    def test_a_lost_answer_to_an_update_is_transient_and_is_repeated(self, bench: Bench) -> None:
        person = bench.ats.create_person(ADA, None).person_id
        self._lose(bench, "update")

        with pytest.raises(errors.Transient):
            bench.ats.update_person(person, PersonUpdate(title="Countess"))
        bench.ats.update_person(person, PersonUpdate(title="Countess"))

        assert bench.ats.get_people([person])[0].title == "Countess"

    @pytest.mark.parametrize("kind", ["move", "reject", "reopen"])
    def test_a_lost_answer_to_a_stage_write_is_transient_and_a_second_try_changes_nothing(
        self, bench: Bench, kind: str
    ) -> None:
        application, stages = self._apply(bench)
        if kind == "reopen":
            bench.ats.reject(application)
        write: Callable[[], None] = {
            "move": lambda: bench.ats.move(application, to_stage_id=stages[1]),
            "reject": lambda: bench.ats.reject(application),
            "reopen": lambda: bench.ats.reopen(application),
        }[kind]
        self._lose(bench, kind)

        with pytest.raises(errors.Transient):
            write()
        done = self._again(bench, application)
        self._repeat(bench, write)

        again = self._again(bench, application)
        assert (again.status, again.stage_id) == (done.status, done.stage_id)
        assert again.status == (ApplicationStatus.REJECTED if kind == "reject" else ApplicationStatus.ACTIVE)
        assert kind != "move" or again.stage_id == stages[1]

    def test_a_lost_answer_to_a_hire_is_unknown_and_they_are_hired(self, bench: Bench) -> None:
        application, _ = self._apply(bench)
        opening = self._opening(bench, application)
        self._lose(bench, "hire")

        with pytest.raises(errors.Unknown):
            bench.ats.hire(application, opening_id=opening)

        assert self._again(bench, application).status == ApplicationStatus.HIRED

    def test_a_lost_answer_to_a_note_is_unknown_and_the_note_is_there_once(self, bench: Bench) -> None:
        application, _ = self._apply(bench)
        self._lose(bench, "note")

        with pytest.raises(errors.Unknown):
            self._note(bench, application)

        assert bench.count("notes") == 1

    def test_what_was_just_created_may_hide_no_longer_than_is_declared(self, bench: Bench) -> None:
        """A read-back before `visible_after` proves nothing (rule 19)."""
        hidden = bench.ats.capabilities.visible_after.total_seconds() or 1
        bench.hide(hidden)
        person = bench.ats.create_person(ADA, None).person_id

        assert bench.ats.find_people(email="ada@mail.test") == ()
        bench.sandbox.clock(advance=hidden + 1)

        assert [found.id for found in bench.ats.find_people(email="ada@mail.test")] == [person]

    # --- refusals

    @pytest.mark.parametrize("status", [400, 403, 408, 409, 410, 422, 429, 500, 502, 503, 504])
    @pytest.mark.parametrize("kind", ["read", "create"])
    def test_each_status_is_the_error_that_the_table_says(self, bench: Bench, kind: str, status: int) -> None:
        call: Callable[[], object] = {
            "read": lambda: bench.ats.list_users(),
            "create": lambda: bench.ats.create_person(ADA, None),
        }[kind]
        self._refuse(bench, kind, status)

        with pytest.raises(errors.SyncError) as refused:
            call()

        self._is_as_the_table_says(bench, refused.value, status)

    @pytest.mark.parametrize("kind", ["create", "attach", "update", "move", "reject", "reopen", "hire", "note"])
    def test_each_row_of_the_providers_own_table_is_met(self, bench: Bench, kind: str) -> None:
        application, stages = self._apply(bench)
        opening = self._opening(bench, application)
        grace = bench.ats.create_person(GRACE, None).person_id
        calls: dict[str, Callable[[], object]] = {
            "create": lambda: bench.ats.create_person(ADA, None),
            "attach": lambda: bench.ats.attach(grace, self._named(bench, application.job_id)),
            "update": lambda: bench.ats.update_person(application.person_id, PersonUpdate(title="Countess")),
            "move": lambda: bench.ats.move(application, to_stage_id=stages[1]),
            "reject": lambda: bench.ats.reject(application),
            "reopen": lambda: bench.ats.reopen(application),
            "hire": lambda: bench.ats.hire(application, opening_id=opening),
            "note": lambda: self._note(bench, application),
        }
        for status in sorted({case.status for case in self._rows(bench) if not case.code} | {503}):
            self._refuse(bench, kind, status)

            with pytest.raises(errors.SyncError) as refused:
                calls[kind]()

            self._is_as_the_table_says(bench, refused.value, status)

    def test_a_dead_token_is_replaced_once_and_the_call_repeated(self, bench: Bench) -> None:
        bench.expire()

        assert bench.ats.list_users().items

        assert len(bench.gate.rejected) == 1
        assert [answer.status for answer in bench.gate.left] == [401, 200]

    def test_a_limit_that_is_hit_says_so_and_is_over_after_its_pause(self, bench: Bench) -> None:
        bench.sandbox.fault(bench.key, "429")

        with pytest.raises(errors.RateLimited):
            bench.ats.list_users()

        assert bench.ats.list_users().items

    def test_the_last_call_of_each_window_passes_the_next_is_refused_and_with_the_window_it_is_over(
        self, bench: Bench
    ) -> None:
        """The windows are the system's own, enforced by the sandbox; `declared` is what the facts say of them."""
        declared = bench.ats.capabilities.rate_windows
        assert declared

        for window in declared:
            for _ in range(bench.enforce(window)):
                bench.ats.list_users()
            self._is_refused(bench, told=window.from_headers)
            bench.sandbox.clock(advance=min(1.0, self._over_in(window) / 2))
            self._is_refused(bench, told=window.from_headers)
            bench.sandbox.clock(advance=self._over_in(window))

            assert bench.ats.list_users().items, window

    # --- what the system tells

    def test_a_deletion_and_a_merge_are_seen_by_reading(self, bench: Bench) -> None:
        """An application is somebody else's after a merge, or gone with its person; the loser shows no more."""
        job, _ = self._job(bench)
        loser, survivor = self._create(bench, NewApplication(job)), bench.ats.create_person(GRACE, None)
        mine = bench.ats.get_applications(person_ids=[loser.person_id])[0]

        bench.merge_by_hand(survivor.person_id, loser.person_id)
        merged = bench.ats.get_applications(ids=[mine.id])
        assert bench.ats.get_people([loser.person_id]) == ()
        assert [one.person_id for one in merged] in ([survivor.person_id], [])

        bench.delete_by_hand(survivor.person_id)
        assert bench.ats.get_people([survivor.person_id]) == ()
        assert bench.ats.get_applications(ids=[mine.id]) == ()

    def test_a_move_is_told_and_a_repeated_or_late_delivery_bears_the_same_id(
        self, bench: Bench, hook_receiver: Any
    ) -> None:
        """Pushed or pulled: the application that changed is named; our own writes come back too (an echo)."""
        application, stages = self._apply(bench)
        tell = self._listener(bench, hook_receiver)
        bench.move_by_hand(application, stages[1])
        bench.ats.move(self._again(bench, application), to_stage_id=stages[2])

        found = tell()

        moves = [hook for hook in found if hook.application_id == application.id]
        assert len(moves) >= 2 and {hook.kind for hook in moves} == {HookKind.APPLICATION}
        by_id: dict[str, set[tuple[str, str]]] = {}
        for hook in found:
            by_id.setdefault(hook.delivery_id, set()).add((hook.application_id, hook.person_id))
        assert all(by_id) and all(len(objects) == 1 for objects in by_id.values())

    def test_every_request_passes_the_gate_once_in_and_once_out(self, bench: Bench) -> None:
        application, _ = self._apply(bench)
        with pytest.raises(errors.NotFound):
            bench.ats.reject(replace(application, id=bench.unknown_id))

        assert len(bench.gate.entered) == len(bench.gate.left)
        assert all(answer.sent for answer in bench.gate.left)

    def test_the_deep_link_names_the_application_or_else_the_person(self, bench: Bench) -> None:
        link = bench.ats.deep_link(person_id="501", application_id="9001")

        assert ("501" in link or "9001" in link) and link.startswith("https://")

    def test_every_capability_that_is_not_whole_says_why(self, bench: Bench) -> None:
        declared = bench.ats.capabilities

        limited = [value for value in vars_of(declared) if value is not True and not isinstance(value, bool)]
        assert limited and all(value.why.endswith(".") for value in limited)
        assert declared.effort and declared.setup and declared.rate_windows

    # --- the suite's own hands

    def _job(self, bench: Bench) -> tuple[str, list[str]]:
        job = next(job for job in bench.ats.list_jobs().items if job.status == "open" and len(job.open_openings) < 2)
        return job.id, [stage.id for stage in bench.ats.list_stages([job.id])]

    def _named(self, bench: Bench, job: str, *, stage: str = "") -> NewApplication:
        return NewApplication(job, stage_id=stage, owner_id=bench.note_author)

    def _create(self, bench: Bench, application: NewApplication) -> Any:
        created = bench.ats.create_person(ADA, application)
        if not bench.ats.capabilities.create_attaches:
            bench.ats.attach(created.person_id, replace(application, owner_id=bench.note_author))
        return created

    def _apply(self, bench: Bench) -> tuple[Application, list[str]]:
        job, stages = self._job(bench)
        person = self._create(bench, NewApplication(job)).person_id
        return bench.ats.get_applications(person_ids=[person])[0], stages

    def _again(self, bench: Bench, application: Application) -> Application:
        return bench.ats.get_applications(ids=[application.id])[0]

    def _opening(self, bench: Bench, application: Application) -> str:
        if not bench.ats.capabilities.openings:
            return ""
        return next(job for job in bench.ats.list_jobs().items if job.id == application.job_id).open_openings[0]

    def _note(self, bench: Bench, application: Application) -> str:
        return bench.ats.add_note(
            person_id=application.person_id,
            application_id=application.id,
            body="Seen in Recruiter.",
            user_id=bench.note_author,
        )

    def _repeat(self, bench: Bench, write: Callable[[], None]) -> None:
        """A second try: a Conflict where the system compares, else nothing happens."""
        if bench.ats.capabilities.stage_compare_and_set:
            with pytest.raises(errors.Conflict):
                write()
        else:
            write()

    def _over_in(self, window: RateWindow) -> float:
        """Seconds: of a bucket until it has one more call, of a month (stopped a minute before it ends) that minute."""
        return 1 / window.calls if window.burst else min(window.seconds, 60)

    def _is_refused(self, bench: Bench, *, told: bool) -> None:
        with pytest.raises(errors.RateLimited) as refused:
            bench.ats.list_users()
        assert (refused.value.until is not None) is told

    def _lose(self, bench: Bench, kind: str) -> None:
        bench.sandbox.fault(bench.key, "lose_response", bench.requests[kind])

    def _refuse(self, bench: Bench, kind: str, status: int) -> None:
        match = "GET " if kind == "read" else bench.requests[kind]
        bench.gate.entered.clear(), bench.gate.left.clear()
        if status == 429:
            bench.sandbox.fault(bench.key, "429", match)
        else:
            bench.sandbox.fault(bench.key, "5xx", match, status=status)

    def _rows(self, bench: Bench) -> verdicts.Rows:
        rows: verdicts.Rows = importlib.import_module(f"apps.providers.{bench.key}.wire").ROWS
        return rows

    def _is_as_the_table_says(self, bench: Bench, error: errors.SyncError, status: int) -> None:
        """By the provider's rows over the common ones, for the operation that was refused."""
        call = bench.gate.entered[-1]
        table = verdicts.Verdicts.with_rows({case: row for case, row in self._rows(bench).items() if not case.code})
        expected = table.error(call, status=status)
        assert (type(error), error.cause) == (type(expected), expected.cause), f"{call} {Case(status)}"

    def _listener(self, bench: Bench, hook_receiver: Any) -> Callable[[], list[Hook]]:
        """What tells of changes from now on: an asked queue, or signed deliveries, twice and out of order."""
        push = bench.ats.capabilities.push_events
        if push is False or not getattr(push, "available", True):
            return self._queue(cast(EventQueue, bench.ats))
        bench.listen(hook_receiver.url, "s3cret")
        bench.sandbox.fault(bench.key, "duplicate", "", times=-1)
        bench.sandbox.fault(bench.key, "reorder", "", times=1, seconds=0.3)
        receiver = registry.get(bench.key).receiver

        def tell() -> list[Hook]:
            bench.sandbox.wait_for(lambda: len(hook_receiver.got) >= 4)
            bench.sandbox.wait_for(
                lambda: all(one["state"] == "delivered" for one in bench.sandbox.deliveries(bench.key))
            )
            hooks = []
            for headers, body in list(hook_receiver.got):
                lower = {name.lower(): value for name, value in headers.items()}
                assert receiver.verify(headers=lower, body=body, secrets=["s3cret"])
                assert not receiver.verify(headers=lower, body=body, secrets=["another", ""])
                hook = receiver.parse(headers=lower, body=body)
                hooks += [hook] if hook.kind not in (HookKind.PING, HookKind.OTHER) else []
            return hooks

        return tell

    def _queue(self, queue: EventQueue) -> Callable[[], list[Hook]]:
        began = queue.pull_events()

        def tell() -> list[Hook]:
            first = queue.pull_events(cursor=began.cursor)
            again = queue.pull_events(cursor=began.cursor, unsure=True)
            assert {hook.delivery_id for hook in first.hooks} == {hook.delivery_id for hook in again.hooks}
            return [*first.hooks, *again.hooks]

        return tell


GRACE = NewPerson(first_name="Grace", last_name="Hopper", emails=("grace@mail.test",))


def vars_of(declared: Capabilities) -> Iterator[Support]:
    """The capabilities that may be limited."""
    names = (
        "lookup_by_email", "lookup_by_linkedin_url", "create", "attach", "move", "reject", "hire", "note", "merge",
        "push_events", "pull_events", "client_folder", "native_connector",
    )  # fmt: skip
    for name in names:
        yield getattr(declared, name)
