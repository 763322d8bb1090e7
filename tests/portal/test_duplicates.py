"""The page of duplicates: what it says, and to whom (RULES.md 30)."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.models import Client
from apps.accounts.rights import Role
from apps.candidates.models import Candidacy, Duplicate, Identity, Person
from apps.connections.models import Connection
from apps.core import clock
from apps.ledger.models import Event
from apps.portal import evidence
from tests.portal.factories import RECORDS, make_question, make_user, make_world

pytestmark = pytest.mark.django_db


def _as(client: Browser, role: Role, *clients: Client) -> Browser:
    client.force_login(make_user(role, *clients))
    return client


def test_the_page_shows_both_side_by_side_with_the_evidence_in_words(client: Browser) -> None:
    world = make_world("Birch")
    make_question(world)

    shown = _as(client, Role.RECRUITER, world.client).get(reverse("portal:duplicates")).content.decode()

    for words in (str(world.person), "Ann Other", "The same e-mail address", "The names are different", "Fabrikam"):
        assert words in shown
    assert "cannot be undone there" in shown


def test_a_viewer_looks_and_decides_nothing(client: Browser) -> None:
    world = make_world("Birch")
    question = make_question(world)
    browser = _as(client, Role.VIEWER, world.client)

    assert "Keep apart" not in browser.get(reverse("portal:duplicates")).content.decode()
    refused = browser.post(reverse("portal:decide_duplicate", args=[question.pk]), {"verdict": "apart"})

    assert refused.status_code == 403
    assert not Event.objects.filter(kind__startswith="duplicate").exists()


def test_a_question_about_another_clients_person_is_for_users_of_both_rule_30(client: Browser) -> None:
    world, other = make_world("Birch"), make_world("Cedar")
    theirs = Person.objects.create(connection=world.ats, remote_id="4711", first_seen_at=clock.now())
    Candidacy.objects.of_everyone().create(
        client=other.client, person=theirs, job=world.mapping.job, mapping=other.mapping, added_at=clock.now()
    )
    address = reverse("portal:duplicate", args=[make_question(world).pk])

    assert _as(client, Role.RECRUITER, world.client).get(address).status_code == 404
    assert _as(client, Role.RECRUITER, other.client).get(address).status_code == 404
    assert _as(client, Role.RECRUITER, world.client, other.client).get(address).status_code == 200


def test_without_a_choice_nothing_is_decided_and_the_page_says_so(client: Browser) -> None:
    world = make_world("Birch")
    question = make_question(world)
    browser = _as(client, Role.RECRUITER, world.client)

    for sent in ({"verdict": "link"}, {"verdict": "link", "remote_id": "0"}, {"verdict": "else", "remote_id": "4711"}):
        answer = browser.post(reverse("portal:decide_duplicate", args=[question.pk]), sent, follow=True)
        assert "Choose whom they are first" in answer.content.decode()
    assert Duplicate.objects.get().deciding_at is None


@pytest.mark.parametrize(
    ("part", "title", "compared"),
    [
        ({"sign": "name", "likeness": "close", "weight": -2.0}, "differ by a letter", "Ada and Ana"),
        ({"sign": "company", "likeness": "", "weight": -1.0}, "employers differ", "Ada and Ana"),
        ({"sign": "addresses_differ", "likeness": "", "weight": -10.0}, "addresses differ", "Ada and Ana"),
    ],
)
def test_each_sign_is_said_in_words(part: dict[str, Any], title: str, compared: str) -> None:
    said = evidence.say({**part, "seen": "Ada", "held": "Ana"})

    assert title in said["title"]
    assert said["compared"] == compared
    assert said["against"]


def test_two_records_are_merged_in_the_ats_by_the_answer_and_the_page_says_so_before(client: Browser) -> None:
    world = make_world("Birch")
    question = make_question(world)
    browser = _as(client, Role.RECRUITER, world.client)

    shown = browser.get(reverse("portal:duplicates")).content.decode()
    browser.post(
        reverse("portal:decide_duplicate", args=[question.pk]),
        {"verdict": "merge", "remote_id": "4711", "keep": world.person.remote_id},
    )

    assert f"One person, merge in {world.ats.name}" in shown
    assert f"The two are merged in {world.ats.name}" in shown
    assert "cannot be undone there" in shown
    assert Event.objects.get(kind="duplicate.same").payload["keep"] == "7"


def test_where_the_ats_has_no_merge_the_page_says_how_to_merge_there(client: Browser) -> None:
    world = make_world("Birch")
    Connection.objects.filter(pk=world.ats.pk).update(provider="lever")
    make_question(world)

    shown = _as(client, Role.RECRUITER, world.client).get(reverse("portal:duplicates")).content.decode()

    assert "One person, I merge there" in shown
    assert "open the one that stays and merge the other into it" in shown
    assert "which record stays?" not in shown


def test_the_page_shows_what_both_are_known_by_and_what_the_ats_has_of_them(client: Browser) -> None:
    world = make_world("Birch")
    make_question(world)

    shown = _as(client, Role.ADMIN).get(reverse("portal:duplicates")).content.decode()

    for words in ("linkedin.com/in/Birch", "A@Mail.example", "+4930123456", "in both", "4711"):
        assert words in shown
    for words in ("Nurse (Phone Screen)", "Nurse (rejected)", "Call number 0", "2 older, and 3 that only"):
        assert words in shown


def test_applications_for_jobs_of_other_clients_and_their_notes_are_not_shown_rule_30(client: Browser) -> None:
    world = make_world("Birch")
    question = make_question(world)
    records = {**question.records["4711"], "applications": [{**RECORDS["4711"]["applications"][0], "job_id": "else"}]}
    Duplicate.objects.filter(pk=question.pk).update(records={**question.records, "4711": records})

    shown = _as(client, Role.RECRUITER, world.client).get(reverse("portal:duplicates")).content.decode()

    assert "Nurse (Phone Screen)" in shown
    assert "Nurse (rejected)" not in shown
    assert "Call number" not in shown


def test_who_is_known_by_what_is_on_a_candidates_page(client: Browser) -> None:
    world = make_world("Birch")
    make_question(world)
    Identity.objects.filter(person=world.person).update(confidence="contested", left_at=clock.now())

    shown = _as(client, Role.ADMIN).get(reverse("portal:candidate", args=[world.person.pk])).content.decode()

    assert "LinkedIn, somebody else here has it, too, until just now" in shown
    assert "A@Mail.example" in shown


def test_who_is_twice_in_an_ats_is_a_report_for_those_who_see_every_client(client: Browser) -> None:
    world = make_world("Birch")
    make_question(world)
    call_command("find_duplicates", str(world.ats.pk), stdout=StringIO(), stderr=StringIO())
    address = reverse("portal:sweeps")

    seen = _as(client, Role.ADMIN).get(address).content.decode()
    narrowed = _as(client, Role.RECRUITER, world.client).get(address).content.decode()

    assert "1 to look at" in seen
    assert "4711" in seen
    assert "4711" not in narrowed
    assert "For people who see every client" in narrowed
