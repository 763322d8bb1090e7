"""The same agency by API key and in Slack: each client's key reads its own work alone (R20, R22, rule 30)."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.cache import cache
from django.db.models import QuerySet
from django.test import Client as Browser
from django.urls import URLPattern, reverse

from apps.accounts.rights import Role
from apps.accounts.scope import EVERYONE
from apps.api import urls
from apps.candidates.models import Candidacy, Person, Profile, Transition
from apps.connections import services as connections
from apps.core import clock
from apps.ledger.models import Attempt, Event
from apps.mappings.models import Mapping
from apps.notifications import services as notifications
from apps.notifications.services import Place, Wish
from tests.api.readers import get, make_secret, reader
from tests.sync.clients import BOTH, CONTOSO, FABRIKAM, FIRST, TAILSPIN, WORDS, foreign_words, submission_at
from tests.sync.office import Office

PEOPLE = {CONTOSO: 2, FABRIKAM: 2, TAILSPIN: 1}
NAMED = {
    CONTOSO: {"mappings", "candidates", "candidacies", "events"},
    FABRIKAM: {"mappings", "candidates", "candidacies", "events", "transitions"},
    TAILSPIN: {"mappings", "candidates", "candidacies", "events"},
}
"""Lists in which each client finds words of its own: only at Fabrikam did anybody move."""

each_client = pytest.mark.parametrize("desk", WORDS, ids=lambda desk: WORDS[desk][0])


@pytest.fixture
def busy(staffed: Office) -> Office:
    """Fabrikam moves the one whom Contoso has too; Tailspin's move of its own is refused by Bullhorn."""
    cache.clear()
    staffed.move(submission_at(staffed, FABRIKAM, Person.objects.get(first_name=BOTH)), "Interview Scheduled")
    staffed.sandbox.fault("bullhorn", "5xx", "POST .*/entity/JobSubmission/", status=400)
    profile = Profile.objects.get(candidacy__person__first_name=FIRST[TAILSPIN]).remote_id
    staffed.sandbox.act("linkedin", "move", profile=profile, stage="Replied", by="urn:li:seat:52")
    staffed.work(60)
    return staffed


def key_of(office: Office, desk: int) -> Browser:
    return reader(make_secret(Role.ADMIN, office.agency.desks[desk].client.pk))


def rows_of(office: Office, desk: int) -> dict[str, QuerySet[Any]]:
    """What belongs to a client, found without any scope."""
    client = office.agency.desks[desk].client
    mine = Candidacy.objects.of_everyone().filter(client=client)
    return {
        "mappings": Mapping.objects.of_everyone().filter(client=client),
        "candidates": Person.objects.filter(pk__in=mine.values("person")),
        "candidacies": mine,
        "events": Event.objects.filter(clients=[client.pk]),
        "attempts": Attempt.objects.filter(event__clients=[client.pk]),
        "transitions": Transition.objects.filter(candidacy__client=client),
    }


def ids_of(found: QuerySet[Any]) -> set[str]:
    return {str(one) for one in found.values_list("pk", flat=True)}


def read_all(browser: Browser, name: str) -> list[dict[str, Any]]:
    page, rows = get(browser, f"{name}/", page_size=20), []
    while True:
        rows += page["results"]
        if page["next"] is None:
            return rows
        page = browser.get(page["next"]).json()


def read_csv(browser: Browser, path: str) -> list[dict[str, str]]:
    answer = browser.get(f"/api/v1/{path}", query_params={"format": "csv"})
    assert answer.status_code == 200, path
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def addresses(*, of_one: bool) -> set[str]:
    """The lists and reports of the API, or what it has for one record."""
    patterns = [one for one in urls.urlpatterns if isinstance(one, URLPattern) and str(one.pattern).startswith("v1/")]
    return {str(one.name) for one in patterns if ("<" in str(one.pattern)) is of_one}


@each_client
def test_a_key_of_one_client_lists_its_own_rows_whole_and_nothing_of_the_others(busy: Office, desk: int) -> None:
    mine, own = key_of(busy, desk), rows_of(busy, desk)
    assert addresses(of_one=False) == {*own, "connections", "lag", "volume", "funnel", "errors", "days", "budget"}

    for name, found in own.items():
        listed, as_csv = read_all(mine, name), read_csv(mine, f"{name}/")

        assert {str(row["id"]) for row in listed} == {row["id"] for row in as_csv} == ids_of(found), name
        text = str(listed) + str(as_csv)
        assert [word for word in foreign_words(desk) if word in text] == [], name
        assert any(word in text for word in (*WORDS[desk], FIRST[desk])) or name not in NAMED[desk], name


@each_client
def test_to_a_key_of_one_client_the_others_records_are_not_there(busy: Office, desk: int) -> None:
    mine, own = key_of(busy, desk), rows_of(busy, desk)
    singular = {f"{name[:-3]}y" if name.endswith("ies") else name[:-1]: name for name in own}
    assert addresses(of_one=True) == {*singular, "connection"}
    walked = 0

    for other in set(WORDS) - {desk}:
        for one, name in singular.items():
            for pk in ids_of(rows_of(busy, other)[name]) - ids_of(own[name]):
                assert mine.get(reverse(f"api:{one}", args=[pk])).status_code == 404, (name, pk)
                walked += 1
    for one, name in singular.items():
        for pk in ids_of(own[name]):
            answer = mine.get(reverse(f"api:{one}", args=[pk]))
            assert answer.status_code == 200
            assert [word for word in foreign_words(desk) if word in answer.content.decode()] == [], (name, pk)

    assert walked > 20


@each_client
def test_each_figure_is_of_the_clients_own_people_alone(busy: Office, desk: int) -> None:
    mine, people = key_of(busy, desk), PEOPLE[desk]

    lag, volume = get(mine, "reports/lag/"), get(mine, "reports/volume/")
    funnel, errors = get(mine, "reports/funnel/"), get(mine, "reports/errors/")
    connected = get(mine, "connections/")["results"]

    assert (lag["arrived"], lag["waiting"]) == (people, 0)
    assert lag["writes"] == rows_of(busy, desk)["events"].filter(kind__startswith="write.", state="done").count()
    assert sum(day["added"] for day in volume) == sum(day["in_ats"] for day in volume) == people
    assert sum(day["moved_in_ats"] for day in volume) == (1 if desk == FABRIKAM else 0)
    assert {row["client"] for row in funnel} == {WORDS[desk][0]}
    assert sum(row["people"] for row in funnel) == people
    assert [(row["count"]) for row in errors] == ([1] if desk == TAILSPIN else [])
    assert {row["provider"] for row in connected} == {"linkedin", "bullhorn"}
    assert mine.get("/api/v1/reports/budget/").status_code == 403
    for path in (
        "reports/lag/",
        "reports/volume/",
        "reports/funnel/",
        "reports/errors/",
        "reports/days/",
        "connections/",
    ):
        text = str(read_csv(mine, path)) + str(get(mine, path))
        assert [word for word in foreign_words(desk) if word in text] == [], path


@each_client
def test_searching_by_name_or_address_finds_ones_own_people_alone(busy: Office, desk: int) -> None:
    mine = key_of(busy, desk)
    found = {name: get(mine, "candidates/", q=name)["results"] for name in (*FIRST.values(), BOTH)}
    everybody = get(mine, "candidates/", q="Abel")["results"]
    stranger = Person.objects.get(first_name=FIRST[CONTOSO if desk != CONTOSO else TAILSPIN])
    by_address = [get(mine, "candidates/", q=one.seen_as)["results"] for one in stranger.identities.all()]

    known = {FIRST[desk], *([BOTH] if desk != TAILSPIN else [])}
    assert {name for name, rows in found.items() if rows} == known
    assert len(everybody) == PEOPLE[desk]
    assert by_address and not any(by_address)


def test_a_person_of_two_clients_is_one_person_whose_candidacies_each_key_sees_by_its_own(busy: Office) -> None:
    person = Person.objects.get(first_name=BOTH)

    seen = {desk: get(key_of(busy, desk), f"candidates/{person.pk}/") for desk in (CONTOSO, FABRIKAM)}
    whole = get(reader(make_secret(Role.VIEWER)), f"candidates/{person.pk}/")

    assert {row["id"] for row in seen.values()} == {str(person.pk)}
    for desk, row in seen.items():
        assert [(one["client"], one["job"]) for one in row["candidacies"]] == [WORDS[desk][:2]]
    assert seen[FABRIKAM]["candidacies"][0]["ats_stage"] == "Interview Scheduled"
    assert "Interview Scheduled" not in str(seen[CONTOSO])
    assert {one["client"] for one in whole["candidacies"]} == {"Contoso", "Fabrikam"}


def test_slack_hears_of_a_move_in_the_channel_of_the_client_whose_it_is_and_of_nobody_else(staffed: Office) -> None:
    address = f"{staffed.sandbox.base}/slack"
    slack = connections.create_connection(
        provider="slack",
        name="Slack",
        now=clock.now(),
        base_urls={"api": address, "auth": address},
        secret={"bot_token": "xoxb-sandbox-token"},
    )
    channels = {desk: f"talks-{WORDS[desk][0].lower()}" for desk in WORDS}
    for name in channels.values():
        staffed.sandbox.act("slack", "add_channel", name=name)
    notifications.read_channels(connection_id=slack.pk, now=clock.now())
    for desk, name in channels.items():
        wish = Wish(
            name="Talks",
            stages=("Interview Scheduled",),
            places=(Place(kind="channel", where=name),),
            client_id=staffed.agency.desks[desk].client.pk,
        )
        notifications.save_rule(scope=EVERYONE, wish=wish, now=clock.now())

    staffed.move(submission_at(staffed, FABRIKAM, Person.objects.get(first_name=BOTH)), "Interview Scheduled")
    staffed.work(90)

    heard = {desk: staffed.sandbox.act("slack", "read", channel=name)["messages"] for desk, name in channels.items()}
    assert {desk: len(messages) for desk, messages in heard.items()} == {CONTOSO: 0, FABRIKAM: 1, TAILSPIN: 0}
    text = str(heard[FABRIKAM])
    assert BOTH in text and "Plant Manager" in text
    assert [word for word in (*WORDS[CONTOSO], *WORDS[TAILSPIN], "Bruno", "Dario") if word in text] == []
