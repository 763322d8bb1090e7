"""The agency's three clients by what their pages would say, and the people in their Projects."""

from __future__ import annotations

from typing import Any

from apps.candidates.models import Person
from apps.demo import scenario
from tests.sync.office import Office

CONTOSO, FABRIKAM, TAILSPIN = range(3)
WORDS = {
    CONTOSO: ("Contoso", "Platform Engineer", "R-2001"),
    FABRIKAM: ("Fabrikam", "Plant Manager", "R-2002"),
    TAILSPIN: ("Tailspin", "Flight Controller", "R-2003"),
}
FIRST = {CONTOSO: "Bruno", FABRIKAM: "Clara", TAILSPIN: "Dario"}
BOTH = "Elif"
"""She is in Contoso's Project and in Fabrikam's."""

BRUNO, CLARA, DARIO, ELIF = range(1, 5)


def someone(number: int) -> dict[str, Any]:
    return {**scenario.person(number), "company": "Somewhere", "headline": "", "title": ""}


def staff(office: Office) -> None:
    """Bring in somebody for each client, and one who is in two clients' Projects."""
    for number, desk in ((BRUNO, CONTOSO), (CLARA, FABRIKAM), (DARIO, TAILSPIN), (ELIF, CONTOSO), (ELIF, FABRIKAM)):
        office.add(someone(number), desk=desk)
    office.work(60)
    assert office.open_events() == []


def submission_at(office: Office, desk: int, person: Person) -> dict[str, Any]:
    """Somebody's submission for a client's job."""
    job = office.agency.desks[desk].mapping.job.remote_id
    return next(
        row
        for row in office.rows("JobSubmission")
        if str(row["candidate"]["id"]) == person.remote_id and str(row["jobOrder"]["id"]) == job
    )


def foreign_words(desk: int) -> list[str]:
    """What a reader of one client must nowhere meet: the other clients' names, jobs and people."""
    words = [word for place, known in WORDS.items() if place != desk for word in known]
    people = [name for place, name in FIRST.items() if place != desk]
    return [*words, *people, *([BOTH] if desk == TAILSPIN else [])]
