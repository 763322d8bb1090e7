"""LinkedIn's JSON into contract values, strictly.

Projects, profiles and contracts: our Projects contract, docs/connectors/linkedin.md.
Seats: https://learn.microsoft.com/en-us/linkedin/talent/recruiter-system-connect/recruiter-prospect-interactions
Collections: https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/pagination
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from apps.providers.contract import Identity, InMail, Profile, Project, Seat
from apps.providers.linkedin import wire
from apps.providers.parsing import Fields, Malformed, decode
from apps.providers.sharing import ClosedProfile, Export
from apps.providers.transport import Reply

T = TypeVar("T")
K = TypeVar("K")

FINE = 200


@dataclass(frozen=True, slots=True)
class Record:
    """What a batch answered for one key."""

    status: int
    code: str = ""
    message: str = ""


def collection(reply: Reply, item: Callable[[Fields], T]) -> tuple[T, ...]:
    """The elements of a collection answer."""
    found = Fields(decode(reply.body, "answer"), "answer")
    found.list("elements")
    return tuple(item(element) for element in found.objects("elements"))


def identity(element: Fields) -> Identity:
    return Identity(
        account=element.id("id"),
        name=element.text_or_empty("name"),
        product=element.text_or_empty("product"),
        rsc_enabled=element.flag_or("rscEnabled", False),
    )


def project(element: Fields) -> Project:
    return Project(
        id=element.id("id"),
        name=element.text("name"),
        active=element.text("state") == "ACTIVE",
        owner_seat=element.id_or_empty("owner"),
        stages=tuple(str(name) for name in element.list("stages")),
        modified_at=element.instant_ms("modifiedAt"),
    )


def seat(element: Fields) -> Seat:
    return Seat(
        id=element.id("id"),
        first_name=element.text_or_empty("firstName"),
        last_name=element.text_or_empty("lastName"),
        member=element.id_or_empty("member"),
        active=element.text("state") == "ACTIVE",
    )


def profile(element: Fields) -> Profile:
    added_at = element.instant_ms("addedAt")
    return Profile(
        id=element.id("id"),
        project=element.id("project"),
        member=element.id_or_empty("member"),
        first_name=element.text_or_empty("firstName"),
        last_name=element.text_or_empty("lastName"),
        headline=element.text_or_empty("headline"),
        company=element.text_or_empty("currentCompanyName"),
        title=element.text_or_empty("currentJobTitle"),
        location=element.text_or_empty("location"),
        url=element.text_or_empty("publicProfileUrl"),
        email=element.text_or_empty("emailAddress"),
        stage=element.text("stage"),
        stage_changed_at=element.instant_ms("stageChangedAt") if element.has("stageChangedAt") else added_at,
        stage_changed_by=element.id_or_empty("stageChangedBy"),
        added_at=added_at,
        added_by=element.id_or_empty("addedBy"),
        removed=element.flag_or("removed", False),
        modified_at=element.instant_ms("modifiedAt"),
    )


MESSAGE_FIELDS: Mapping[str, str] = {
    name: name for name in ("id", "thread", "participant", "author", "subject", "body", "createdAt")
}
"""LinkedIn does not publish the fields of a conversation event; a connection's settings may name others."""


def message(element: Fields, *, seat: str, names: Mapping[str, str]) -> InMail:
    return InMail(
        id=element.id(names["id"]),
        thread=element.id(names["thread"]),
        seat=seat,
        member=element.id_or_empty(names["participant"]),
        by_seat=element.id(names["author"]) == seat,
        subject=element.text_or_empty(names["subject"]).replace("\0", ""),
        body=element.text_or_empty(names["body"]).replace("\0", ""),
        sent_at=element.instant_ms(names["createdAt"]),
    )


def batch_profiles(reply: Reply) -> tuple[dict[str, Profile], dict[str, Record]]:
    """A batch_get: the profiles by id, and what was answered for the others."""
    found = Fields(decode(reply.body, "answer"), "answer")
    profiles = {wire.decode_key(key): profile(element) for key, element in found.object("results").entries()}
    return profiles, _errors(found, wire.decode_key)


def batch_outcomes(reply: Reply) -> dict[str, Record]:
    """A batch write whose keys are plain ids."""
    return outcomes_by(reply, wire.decode_key)


def outcomes_by(reply: Reply, key_of: Callable[[str], K]) -> dict[K, Record]:
    """A batch write: HTTP 200 says nothing about a record, its own status does."""
    found = Fields(decode(reply.body, "answer"), "answer")
    done = {
        key_of(key): Record(element.number("status") if element.has("status") else FINE)
        for key, element in found.object_or_empty("results").entries()
    }
    return {**done, **_errors(found, key_of)}


def _errors(found: Fields, key_of: Callable[[str], K]) -> dict[K, Record]:
    return {
        key_of(key): Record(
            element.number("status"), element.id_or_empty("serviceErrorCode"), element.text_or_empty("message")
        )
        for key, element in found.object_or_empty("errors").entries()
    }


# --- the documented Recruiter System Connect


def integration_is_on(reply: Reply) -> bool:
    """Whether the one that was asked for is on; LinkedIn shows none that nobody set up.

    The field that says so is not public: one that is shown without it is taken to be on, and its first call tells.
    """
    found = Fields(decode(reply.body, "answer"), "answer")
    for _, element in found.object_or_empty("results").entries():
        status = element.text_or_empty("integrationStatus")
        return status in ("", "ENABLED")
    return False


def export(element: Fields) -> Export:
    """Only the candidate and the context are documented; the job is read where implementers find it."""
    stub = element.object("candidate")
    employers = [str(one) for one in stub.list_or_empty("currentEmployerNames")]
    return Export(
        context=element.id("integrationContext"),
        job=element.id_or_empty("externalJobPostingId") or element.id_or_empty("referenceEntityId"),
        member=stub.id_or_empty("member"),
        first_name=stub.text_or_empty("firstName"),
        last_name=stub.text_or_empty("lastName"),
        headline=stub.text_or_empty("headline"),
        company=employers[0] if employers else "",
        location=stub.object_or_empty("location").text_or_empty("locationName"),
        url=stub.text_or_empty("publicProfileUrl") or stub.text_or_empty("profileUrl"),
        email=_one_address(stub),
    )


def _one_address(stub: Fields) -> str:
    """A text since March 2024, a list before."""
    try:
        return stub.text_or_empty("emailAddress")
    except Malformed:
        return next((str(one) for one in stub.list("emailAddress")), "")


def closed(element: Fields) -> ClosedProfile:
    """Its shape is not public: docs/connectors/linkedin.md."""
    return ClosedProfile(
        candidate_id=element.id_or_empty("atsCandidateId") or element.id_or_empty("externalCandidateId"),
        member=element.id_or_empty("member"),
        closed_at=element.instant_ms("closedAt"),
    )
