"""What Bullhorn's entities are made of: their fields, references, limits and required values."""

from __future__ import annotations

from dataclasses import dataclass, field

COMMON = ("id", "dateAdded", "dateLastModified", "isDeleted")


@dataclass(frozen=True)
class Entity:
    """One entity type. `to_one` and `to_many` name the type at the other end; a to-many also the
    field there that points back. `longest` limits texts. `soft`: a DELETE only marks it."""

    fields: tuple[str, ...]
    to_one: dict[str, str] = field(default_factory=dict)
    to_many: dict[str, tuple[str, str]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    longest: dict[str, int] = field(default_factory=dict)
    dates: tuple[str, ...] = ("dateAdded", "dateLastModified")
    searchable: bool = False
    soft: bool = True

    @property
    def known(self) -> tuple[str, ...]:
        return (*COMMON, *self.fields, *self.to_one, *self.to_many)


CUSTOM = tuple(f"customText{number}" for number in range(1, 41))
BLOCKS = tuple(f"customTextBlock{number}" for number in range(1, 11))
PHONES = ("phone", "phone2", "phone3", "mobile")
EMAILS = ("email", "email2", "email3")

ENTITIES: dict[str, Entity] = {
    "Candidate": Entity(
        fields=(
            "name", "firstName", "lastName", "status", *EMAILS, *PHONES, "address", "occupation", "companyName",
            "companyURL", "source", "externalID", "isAnonymized", "comments", *CUSTOM, *BLOCKS,
        ),
        to_one={"owner": "CorporateUser", "category": "Category"},
        to_many={"submissions": ("JobSubmission", "candidate"), "notes": ("Note", "personReference")},
        required=("name", "firstName", "lastName"),
        longest={"externalID": 50, "companyURL": 100, **dict.fromkeys((*EMAILS, *CUSTOM), 100)},
        searchable=True,
    ),
    "JobOrder": Entity(
        fields=(
            "title", "status", "isOpen", "isPublic", "employmentType", "numOpenings", "externalID", "address",
        ),
        to_one={"clientCorporation": "ClientCorporation", "clientContact": "ClientContact", "owner": "CorporateUser"},
        to_many={"submissions": ("JobSubmission", "jobOrder")},
        required=("title", "clientCorporation", "clientContact", "employmentType"),
        longest={"status": 200, "externalID": 50},
        searchable=True,
    ),
    "JobSubmission": Entity(
        fields=("status", "dateWebResponse", "source", "comments", "isHidden"),
        to_one={"candidate": "Candidate", "jobOrder": "JobOrder", "sendingUser": "CorporateUser"},
        required=("candidate", "jobOrder", "status", "sendingUser", "dateWebResponse"),
        longest={"status": 30},
        dates=("dateAdded", "dateLastModified", "dateWebResponse"),
    ),
    "JobSubmissionHistory": Entity(
        fields=("status", "transactionID", "comments"),
        to_one={"jobSubmission": "JobSubmission", "modifyingUser": "CorporateUser"},
    ),
    "Note": Entity(
        fields=("action", "comments", "linkedInID", "externalID"),
        to_one={"personReference": "Candidate", "commentingPerson": "CorporateUser", "jobOrder": "JobOrder"},
        required=("comments", "personReference", "commentingPerson"),
        longest={"action": 30},
        searchable=True,
    ),
    "ClientCorporation": Entity(
        fields=("name", "status", "address", "department"),
        to_one={"parentClientCorporation": "ClientCorporation"},
        to_many={
            "clientContacts": ("ClientContact", "clientCorporation"),
            "childClientCorporations": ("ClientCorporation", "parentClientCorporation"),
        },
        required=("name",),
        searchable=True,
        soft=False,
    ),
    "ClientContact": Entity(
        fields=("name", "firstName", "lastName", "email", "status"),
        to_one={"clientCorporation": "ClientCorporation"},
        required=("clientCorporation",),
        searchable=True,
    ),
    "CorporateUser": Entity(fields=("name", "firstName", "lastName", "email", "username", "enabled")),
    "Category": Entity(fields=("name",), soft=False),
}  # fmt: skip

FIRST_IDS = {
    "Candidate": 5001, "JobOrder": 4001, "JobSubmission": 9001, "JobSubmissionHistory": 80001, "Note": 60001,
    "ClientCorporation": 101, "ClientContact": 201, "CorporateUser": 7051, "Category": 301,
}  # fmt: skip

STATUSES = (
    "New Lead",
    "Submitted",
    "Client Submission",
    "Interview Scheduled",
    "Offer Extended",
    "Placed",
    "Candidate Rejected",
    "Client Rejected",
)
"""Settings -> jobResponseStatusList: one list for all jobs; the tenant's own."""

ACTIONS = ("Inbound Call", "Outbound Call", "Email", "LinkedIn Message", "LinkedIn Note", "Other")
JOB_STATUSES = ("Accepting Candidates", "Currently Interviewing", "Covered", "Offer Out", "Placed", "Archive")
SOURCES = ("LinkedIn", "Referral", "Job board", "Web site")
