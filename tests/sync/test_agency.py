"""An agency on Bullhorn: three clients in one ATS, through the real engine and the real pages (R6, rule 30)."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Browser

from apps.accounts.rights import Role
from apps.accounts.scope import EVERYONE
from apps.candidates.models import Candidacy, Person
from apps.core import clock
from apps.demo.agency import Desk
from apps.ledger.models import Event
from apps.mappings.models import Mapping
from apps.notifications import services as notifications
from apps.notifications.services import Place, Wish
from tests.notifications.conftest import Mailbox
from tests.portal.factories import make_user
from tests.sync.clients import BOTH, CONTOSO, FABRIKAM, FIRST, TAILSPIN, WORDS, foreign_words, submission_at
from tests.sync.office import Office

PAGES = (
    "/",
    "/events/",
    "/events/?state=done",
    "/events/?q=Abel",
    "/candidates/",
    "/candidates/?q=Abel",
    "/mappings/",
    "/connections/",
    "/search/?q=Abel",
    "/search/?q=R-200",
    "/candidates/why/?q=Abel",
)


def text_of(browser: Browser, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def signed_in(office: Office, desk: int) -> tuple[Browser, Desk]:
    browser = Browser()
    browser.force_login(office.agency.desks[desk].recruiter)
    return browser, office.agency.desks[desk]


def every_page(browser: Browser, desk: Desk) -> dict[str, str]:
    """Each page that a recruiter of this desk can reach, its own records' pages too."""
    scoped = Candidacy.objects.of_everyone().filter(client=desk.client)
    addresses = [*PAGES, f"/mappings/{desk.mapping.pk}/"]
    addresses += [f"/candidates/{one}/" for one in scoped.values_list("person", flat=True)]
    addresses += [
        f"/events/{one}/"
        for one in Event.objects.filter(clients__contains=[desk.client.pk]).values_list("pk", flat=True)
    ]
    return {address: text_of(browser, address) for address in addresses}


def test_each_project_brings_its_people_into_the_corporation_of_its_own_client(staffed: Office) -> None:
    corporations = {row["id"]: row["name"] for row in staffed.rows("ClientCorporation")}
    jobs = {row["id"]: corporations[row["clientCorporation"]["id"]] for row in staffed.rows("JobOrder")}
    people = {row["id"]: row["firstName"] for row in staffed.rows("Candidate")}

    brought = {(people[row["candidate"]["id"]], jobs[row["jobOrder"]["id"]]) for row in staffed.rows("JobSubmission")}

    assert brought == {
        ("Bruno", "Contoso"),
        ("Clara", "Fabrikam"),
        ("Dario", "Tailspin"),
        ("Elif", "Contoso"),
        ("Elif", "Fabrikam"),
    }
    for desk in staffed.agency.desks:
        job = Mapping.objects.of_everyone().get(pk=desk.mapping.pk).job
        assert job.folder_name == desk.client.name


def test_a_person_in_two_clients_projects_is_one_person_with_two_candidacies(staffed: Office) -> None:
    elif_ = Person.objects.get(first_name=BOTH)

    candidacies = Candidacy.objects.of_everyone().filter(person=elif_)

    assert len([row for row in staffed.rows("Candidate") if row["firstName"] == BOTH]) == 1
    assert len(staffed.calls("create_candidate")) == 4
    assert {one.client.name for one in candidacies} == {"Contoso", "Fabrikam"}
    assert len({one.application_id for one in candidacies}) == 2


@pytest.mark.parametrize("desk", WORDS, ids=lambda desk: WORDS[desk][0])
def test_a_recruiter_of_one_client_reads_nothing_of_the_others_on_any_page(staffed: Office, desk: int) -> None:
    browser, own = signed_in(staffed, desk)

    pages = every_page(browser, own)

    for address, text in pages.items():
        assert [word for word in foreign_words(desk) if word in text] == [], address
    assert FIRST[desk] in pages["/candidates/"] and WORDS[desk][1] in pages["/mappings/"]


@pytest.mark.parametrize("desk", WORDS, ids=lambda desk: WORDS[desk][0])
def test_the_others_records_are_not_found(staffed: Office, desk: int) -> None:
    browser, own = signed_in(staffed, desk)
    theirs = Candidacy.objects.of_everyone().exclude(person__candidacies__client=own.client)
    mappings = Mapping.objects.of_everyone().exclude(client=own.client)
    events = Event.objects.exclude(clients__contains=[own.client.pk])

    addresses = [f"/candidates/{one}/" for one in theirs.values_list("person", flat=True)]
    addresses += [f"/mappings/{one}/" for one in mappings.values_list("pk", flat=True)]
    addresses += [f"/events/{one}/" for one in events.values_list("pk", flat=True)]

    assert len(addresses) > 10
    assert {address: browser.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 404)


@pytest.mark.parametrize(("desk", "people"), [(CONTOSO, 2), (FABRIKAM, 2), (TAILSPIN, 1)])
def test_each_count_is_of_ones_own_people_alone(staffed: Office, desk: int, people: int) -> None:
    browser, own = signed_in(staffed, desk)

    listed = text_of(browser, "/candidates/")
    mapped = browser.get("/mappings/").content.decode()
    found = text_of(browser, "/search/?q=Abel")
    arrived = text_of(browser, "/events/?kind=write.arrive")

    assert re.findall(r"(\d+) on this page", listed) == [str(people)]
    assert re.findall(r"(\d+) (?:is|are) live of (\d+)\.", mapped) == [("1", "1")]
    assert re.findall(r'data-label="People">(\d+)<', mapped) == [str(people)]
    assert re.findall(r"(\d+) found", found) == [str(people)]
    assert re.findall(r"(\d+) on this page", arrived) == [str(people)]
    assert Event.objects.filter(kind="write.arrive", clients=[own.client.pk]).count() == people


def test_each_client_sees_its_own_candidacy_of_a_person_whom_two_have(staffed: Office) -> None:
    person = Person.objects.get(first_name=BOTH)
    submission = submission_at(staffed, FABRIKAM, person)

    staffed.move(submission, "Interview Scheduled")
    staffed.work(60)

    pages = {}
    for place in (CONTOSO, FABRIKAM):
        browser, _ = signed_in(staffed, place)
        pages[place] = text_of(browser, f"/candidates/{person.pk}/")
    assert "In Progress" in pages[FABRIKAM] and "Interview Scheduled" in pages[FABRIKAM]
    assert "Platform Engineer" not in pages[FABRIKAM]
    assert "Plant Manager" not in pages[CONTOSO]
    assert "agree" in pages[CONTOSO].lower() and "Interview Scheduled" not in pages[CONTOSO]


def test_what_happens_to_a_person_at_one_client_is_in_that_clients_log_alone(staffed: Office) -> None:
    person = Person.objects.get(first_name=BOTH)
    mine, theirs = staffed.agency.desks[FABRIKAM].client.pk, staffed.agency.desks[CONTOSO].client.pk
    before = set(Event.objects.filter(clients__contains=[theirs]).values_list("pk", flat=True))
    submission = submission_at(staffed, FABRIKAM, person)

    staffed.move(submission, "Interview Scheduled")
    staffed.work(60)

    assert set(Event.objects.filter(clients__contains=[theirs]).values_list("pk", flat=True)) == before
    assert Event.objects.filter(clients=[mine], kind="write.stage", subject=f"person:{person.pk}").exists()


def test_who_sees_all_clients_sees_both_candidacies(staffed: Office) -> None:
    browser = Browser()
    browser.force_login(make_user(Role.ADMIN, all_clients=True))
    person = Person.objects.get(first_name=BOTH)

    page = text_of(browser, f"/candidates/{person.pk}/")

    assert "Platform Engineer" in page and "Plant Manager" in page


def test_a_message_goes_to_the_client_whose_candidacy_moved_and_names_no_other(
    staffed: Office, mailbox: Mailbox
) -> None:
    for desk in staffed.agency.desks:
        place = Place(kind="address", where=f"manager@{desk.client.name.lower()}.test")
        wish = Wish(name="Talks", stages=("Interview Scheduled",), places=(place,), client_id=desk.client.pk)
        notifications.save_rule(scope=EVERYONE, wish=wish, now=clock.now())
    person = Person.objects.get(first_name=BOTH)
    submission = submission_at(staffed, FABRIKAM, person)

    staffed.move(submission, "Interview Scheduled")
    staffed.work(90)

    ((addresses, mail),) = mailbox.taken
    text = str(mail.get("subject")) + "".join(
        part.get_payload(decode=True).decode() for part in mail.walk() if not part.is_multipart()
    )
    assert addresses == ["manager@fabrikam.test"]
    assert BOTH in text and "Plant Manager" in text
    assert [word for word in (*WORDS[CONTOSO], *WORDS[TAILSPIN], "Bruno", "Dario") if word in text] == []
    link = f"/BullhornSTAFFING/OpenWindow.cfm?Entity=JobSubmission&id={submission['id']}"
    assert link in text.replace("&amp;", "&")
    told = Event.objects.filter(kind__startswith="notify.").values_list("kind", "clients")
    assert {kind for kind, _ in told} == {"notify.transition", "notify.mail"}
    assert {client for _, clients in told for client in clients} == {staffed.agency.desks[FABRIKAM].client.pk}
