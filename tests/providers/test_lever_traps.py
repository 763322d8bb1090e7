"""Each trap of Lever's by its number in the facts, against the sandbox."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest

from apps.core import errors
from apps.providers import registry
from apps.providers.contract import ApplicationStatus, Ats, Job, NewApplication, NewPerson, Page, Person, PersonUpdate
from apps.providers.lever import oauth
from tests.providers import bench as benches
from tests.providers.lever_bench import IDA, LeverBench, apply, bench
from tests.sandbox_process import Sandbox

__all__ = ["bench"]

GRANT = {"client_id": "sandbox-lever-client", "client_secret": "sandbox-lever-secret"}


def with_people(sandbox: Sandbox, *people: dict[str, Any], **more: Any) -> Ats:
    sandbox.reset({"lever": {"candidates": list(people), **more}})
    ats, _ = benches.open_lever(sandbox)
    return ats


def everybody(ats: Ats) -> list[Person]:
    page: Page[Person] = ats.list_people()
    found = list(page.items)
    while page.next is not None:
        page = ats.list_people(cursor=page.next)
        found += page.items
    return found


def calls(bench: LeverBench, *operations: str) -> list[dict[str, Any]]:
    return [call for call in bench.sandbox.calls("lever") if call["operation"] in operations]


def test_trap_1_confidential_people_and_postings_are_always_asked_for(sandbox: Sandbox) -> None:
    hidden = {"first_name": "Ida", "last_name": "Vega", "email": "ida@mail.test", "job": "Secret", "confidential": True}
    ats = with_people(sandbox, hidden, jobs=[{"name": "Secret", "confidential": True}])

    (person,) = everybody(ats)
    jobs: list[Job] = list(ats.list_jobs().items)

    assert person.private and [job.name for job in jobs] == ["Secret"]
    assert ats.find_people(email="ida@mail.test") == ats.get_people([person.id]) == (person,)
    assert ats.list_applications().items == ats.get_applications(person_ids=[person.id])
    lists = [call for call in sandbox.calls("lever") if call["path"].endswith(("/opportunities", "/postings"))]
    assert lists and all(parse_qs(call["query"])["confidentiality"] == ["all"] for call in lists)


def test_trap_2_a_key_made_without_confidential_access_never_finds_whom_it_hides(sandbox: Sandbox) -> None:
    """Nothing in any answer tells; so the set-up says it before the key is made."""
    hidden = {"first_name": "Ida", "last_name": "Vega", "email": "ida@mail.test", "confidential": True}
    with_people(sandbox, hidden)
    ats, _ = benches.open_lever(sandbox, key="sandbox-lever-plain-key")
    (contact,) = [row["id"] for row in sandbox.state("lever")["contacts"]]

    assert everybody(ats) == []
    assert ats.find_people(email="ida@mail.test") == ats.get_people([contact]) == ()
    assert "confidential access" in ats.capabilities.setup[0]


def test_trap_3_two_opportunities_are_one_person_and_the_old_candidate_id_is_never_one(bench: LeverBench) -> None:
    first = apply(bench)
    second = bench.ats.attach(first.person_id, NewApplication(bench.ats.list_jobs().items[1].id))

    known = [person for person in everybody(bench.ats) if person.emails == IDA.emails]
    theirs = bench.ats.get_applications(person_ids=[first.person_id])

    assert [person.id for person in known] == [first.person_id]
    assert {one.id for one in theirs} == {first.id, second}
    aliases = {row["candidateId"] for row in bench.sandbox.state("lever")["opportunities"]}
    assert not aliases & {first.person_id, first.id, second}


def test_trap_4_no_reading_is_narrowed_by_include(bench: LeverBench) -> None:
    application = apply(bench)
    bench.ats.list_applications(), bench.ats.find_note(person_id=application.person_id, marker="x")

    assert application.job_id and application.history and application.person is not None
    assert not [call for call in bench.sandbox.calls("lever") if "include=" in call["query"]]


def test_trap_5_an_offset_that_died_starts_the_listing_over_and_meets_everybody(sandbox: Sandbox) -> None:
    people = [{"first_name": "Ann", "last_name": f"Number {number}"} for number in range(250)]
    ats = with_people(sandbox, *people, settings={"offset_seconds": 60})
    first = ats.list_people()
    second = ats.list_people(cursor=first.next)

    sandbox.clock(advance=61)
    again = ats.list_people(cursor=second.next)
    third = ats.list_people(cursor=again.next)
    last = ats.list_people(cursor=third.next)

    assert again.items == first.items
    assert len({person.id for page in (again, third, last) for person in page.items}) == 250
    assert last.next is None


def test_trap_5_an_offset_belongs_to_its_question(bench: LeverBench) -> None:
    """A page of one listing is never asked for with the offset of another."""
    bench.add_people(101)
    page = bench.ats.list_people(updated_since=datetime(2020, 1, 1, tzinfo=UTC))

    rest = bench.ats.list_people(updated_since=datetime(2020, 1, 1, tzinfo=UTC), cursor=page.next)

    assert len({person.id for person in (*page.items, *rest.items)}) == 101
    asked = [parse_qs(call["query"]) for call in calls(bench, "list_opportunities")][-2:]
    assert [sorted(set(one) - {"offset"}) for one in asked] == [["confidentiality", "limit", "updated_at_start"]] * 2


def test_trap_6_reject_hire_and_reopen_are_told_apart_by_the_reason_alone(bench: LeverBench) -> None:
    application = apply(bench)
    opening = bench.ats.list_jobs().items[0].open_openings[0]

    bench.ats.reject(application)
    bench.ats.reopen(application)
    bench.ats.hire(application, opening_id=opening)

    kinds = {row["id"]: row["type"] for row in bench.sandbox.state("lever")["archive_reasons"]}
    bodies = [call["body"] for call in calls(bench, "archive")]
    assert [kinds.get(body["reason"]) for body in bodies] == ["non-hired", None, "hired"]
    assert bodies[1] == {"reason": None} and bodies[2]["requisitionId"] == opening


def test_trap_7_an_archived_opportunity_keeps_its_stage_and_is_rejected_all_the_same(bench: LeverBench) -> None:
    application = apply(bench)

    bench.ats.reject(application)

    again = bench.ats.get_applications(ids=[application.id])[0]
    assert (again.stage_id, again.status) == (application.stage_id, ApplicationStatus.REJECTED)


def test_trap_8_each_refresh_token_is_good_for_once_and_the_new_one_comes_with_the_answer(sandbox: Sandbox) -> None:
    settings = benches.settings_of("lever", sandbox.base)
    granted = sandbox.act("lever", "add_grant")["refresh_token"]
    credential = {**GRANT, "refresh_token": granted}

    minted = oauth.mint(settings, credential)

    assert minted.secret is not None and minted.secret["refresh_token"] not in ("", granted)
    assert oauth.mint(settings, minted.secret).access_token != minted.access_token
    for spent in (credential, minted.secret):
        with pytest.raises(errors.AuthExpired):
            oauth.mint(settings, spent)


def test_trap_8_a_refresh_token_that_nobody_used_for_90_days_waits_for_a_person(sandbox: Sandbox) -> None:
    credential = {**GRANT, "refresh_token": sandbox.act("lever", "add_grant")["refresh_token"]}
    sandbox.clock(advance=91 * 86_400)

    with pytest.raises(errors.AuthExpired) as refused:
        oauth.mint(benches.settings_of("lever", sandbox.base), credential)

    assert credential["refresh_token"] not in str(refused.value) + repr(refused.value)


def test_trap_9_nothing_of_a_delivery_is_believed_but_which_opportunity_to_read() -> None:
    """Its signature covers no data: a stage, a reason or a contact's name in it would be anybody's word."""
    data = {"opportunityId": "o-1", "candidateId": "c-1", "contactId": "p-1", "toStageId": "s-2", "name": "Mallory"}
    body = b'{"event":"candidateStageChange","triggeredAt":1763640000000,"token":"t","data":%s}'

    hook = registry.get("lever").receiver.parse(headers={}, body=body % str(data).replace("'", '"').encode())

    assert (hook.application_id, hook.person_id, hook.delivery_id) == ("o-1", "p-1", "t")
    assert not {"s-2", "c-1", "Mallory"} & {str(value) for value in dataclasses.asdict(hook).values()}


def test_trap_10_older_data_wins_at_a_known_address_and_the_answer_is_known_for_it(bench: LeverBench) -> None:
    apply(bench)
    url = "https://www.linkedin.com/in/ida-vega"
    later = NewPerson("Ida", "Vega", title="Director", emails=("IDA+new@mail.test",), social_urls=(url,))

    made = bench.ats.create_person(later, None)
    dropped = bench.ats.get_people([made.person_id])[0]
    bench.ats.update_person(made.person_id, PersonUpdate(social_urls=(url,)))

    assert made.matched
    assert (dropped.title, dropped.social_urls) == ("Engineer", ())
    assert bench.ats.get_people([made.person_id])[0].social_urls == (url,)


def test_trap_10_someone_new_is_not_taken_for_a_match(bench: LeverBench) -> None:
    assert not bench.ats.create_person(IDA, None).matched


def test_trap_11_old_records_without_a_time_of_change_are_crawled_with_their_own(sandbox: Sandbox) -> None:
    ats = with_people(sandbox, {"first_name": "Old", "last_name": "Hand", "old": True})

    (person,) = everybody(ats)

    assert person.updated_at == person.created_at
    assert ats.list_people(updated_since=datetime(2000, 1, 1, tzinfo=UTC)).items == ()


@pytest.mark.parametrize(("end", "status"), [("reject", "REJECTED"), ("hire", "HIRED")])
def test_trap_11_the_older_flat_shape_of_an_end_is_read_too(sandbox: Sandbox, end: str, status: str) -> None:
    ats = with_people(sandbox, {"first_name": "Old", "last_name": "Hand", "old": True})
    key = ats.list_applications().items[0].id

    sandbox.act("lever", end, opportunity_id=key)

    assert ats.get_applications(ids=[key])[0].status == ApplicationStatus[status]


def test_trap_12_a_deactivated_user_is_shown_as_one_though_lever_lets_them_act(bench: LeverBench) -> None:
    bench.sandbox.act("lever", "deactivate_user", user_id=bench.note_author)

    users = {user.id: user.active for user in bench.ats.list_users().items}

    assert [active for key, active in users.items() if key != bench.note_author] == [True] * 5
    assert users[bench.note_author] is False
    assert apply(bench).owner_id == bench.note_author


def test_trap_13_our_own_writes_come_back_as_webhooks(bench: LeverBench, hook_receiver: Any) -> None:
    """They are known by what was sent, never by a mark: tests/sync/test_lever.py shows that they stop there."""
    application = apply(bench)
    bench.listen(hook_receiver.url, "s3cret")

    bench.ats.move(application, to_stage_id=bench.ats.list_stages([])[2].id)

    bench.sandbox.wait_for(lambda: hook_receiver.got)
    hook = registry.get("lever").receiver.parse(headers={}, body=hook_receiver.got[0][1])
    assert hook.application_id == application.id


def test_trap_14_two_stages_of_one_name_are_two_and_a_move_goes_by_id(sandbox: Sandbox) -> None:
    sandbox.reset({"lever": {"stages": ["New Lead", "Interview", "Test", "Interview", "Offer"]}})
    ats, gate = benches.open_lever(sandbox)
    bench = LeverBench(sandbox, ats, gate, note_author="")
    twins = [stage for stage in ats.list_stages([]) if stage.name == "Interview"]
    application = apply(bench)

    ats.move(application, to_stage_id=twins[1].id)

    assert [stage.order for stage in twins] == [1, 3]
    assert ats.get_applications(ids=[application.id])[0].stage_id == twins[1].id
