"""The page of duplicates: what it says, and to whom (RULES.md 30)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.models import Client
from apps.accounts.rights import Role
from apps.candidates.models import Candidacy, Duplicate, Person
from apps.core import clock
from apps.ledger.models import Event
from apps.portal import evidence
from tests.portal.factories import make_question, make_user, make_world

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
