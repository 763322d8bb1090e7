"""One LinkedIn tenant: what a reset makes anew, and how a scenario fills it.

A scenario's part for linkedin, every key optional:
{"settings": {...}, "contracts": [{"id", "name", "product", "rscEnabled", "organization"}],
 "seats": [{"id", "firstName", "lastName", "contract", "state"}],
 "projects": [{"id", "name", "stages", "owner", "contract"}],
 "applications": [{"client_id", "client_secret", "urn", "contracts"}],
 "tokens": {token: {"client_id", "contracts"}}}
A given list replaces the default one. Ids may be numbers or URNs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from apps.sandbox.linkedin import answers, hooks, limits, messages, oauth, projects, rsc
from apps.sandbox.linkedin.settings import Settings

if TYPE_CHECKING:
    from apps.sandbox.kernel import World

CONTRACT = "urn:li:contract:7001"
CONTRACTS: list[dict[str, Any]] = [{"id": CONTRACT, "name": "Northwind Talent"}]
NAMES = (
    ("Ada", "Byrne"), ("Ben", "Okafor"), ("Chloe", "Martin"), ("Deniz", "Kaya"), ("Eva", "Lindqvist"),
    ("Femi", "Adeyemi"),
)  # fmt: skip
SEATS: list[dict[str, Any]] = [
    {"id": 51 + place, "firstName": first, "lastName": last} for place, (first, last) in enumerate(NAMES)
]
PROJECTS: list[dict[str, Any]] = [
    {"id": 310, "name": "R-1001 Staff Data Engineer", "owner": 51},
    {"id": 311, "name": "R-1002 Product Designer", "owner": 52},
]


def urn(kind: str, value: Any) -> str:
    """310 and "310" become urn:li:rscProject:310; a URN stays."""
    text = str(value)
    return text if text.startswith("urn:li:") else f"urn:li:{kind}:{text}"


@dataclass
class Tenant:
    """The parts of one tenant."""

    world: World
    settings: Settings
    stamp: answers.Stamp
    store: projects.Store
    sign_in: oauth.SignIn
    hooks: hooks.Hooks
    mailboxes: messages.Mailboxes
    rsc: rsc.Rsc
    counters: limits.Counters = field(default_factory=limits.Counters)
    failing: dict[str, list[Any]] = field(default_factory=dict)  # a record's id: [status, times left]

    @property
    def application(self) -> oauth.Application:
        """The first application: the one that calls without a known token are counted on."""
        return next(iter(self.sign_in.applications.values()))

    @property
    def contract(self) -> str:
        return next(iter(self.store.contracts))

    def change_settings(self, values: dict[str, Any]) -> None:
        self.settings.change(values)
        self.store.equal_timestamps = self.settings.equal_timestamps
        if "access_token" in values:
            self.sign_in.add_token(self.application, "3L", 0.0, None, value=self.settings.access_token)

    def new_project(self, wanted: dict[str, Any], modified_at: int | None = None) -> projects.Project:
        """Raises ValueError or KeyError on a description that cannot be."""
        contract = urn("contract", wanted.get("contract") or self.contract)
        owner = urn("seat", wanted.get("owner") or next(iter(self.store.seats)))
        made = projects.Project(
            id=urn("rscProject", wanted.get("id") or self._free_number()),
            name=str(wanted["name"]),
            contract=self.store.contracts[contract].id,
            owner=self.store.seats[owner].id,
            stages=list(wanted.get("stages") or projects.DEFAULT_STAGES),
            modified_at=self.store.tick() if modified_at is None else modified_at,
        )
        return self.store.add_project(made)

    def _free_number(self) -> int:
        return 1 + max((int(name.rsplit(":", 1)[-1]) for name in self.store.projects), default=309)


def new_tenant(world: World, part: dict[str, Any]) -> Tenant:
    """Build a tenant from a scenario's part."""
    settings = Settings()
    stamp = answers.Stamp(world.seed)
    store = projects.Store(world.clock.millis)
    tenant = Tenant(
        world,
        settings,
        stamp,
        store,
        oauth.SignIn(settings, stamp),
        hooks.Hooks(world, settings, stamp),
        messages.Mailboxes(world.clock.millis),
        rsc.Rsc(world.clock.millis),
    )
    _add_contracts(tenant, part.get("contracts") or CONTRACTS)
    _add_applications(tenant, part.get("applications") or [{}])
    tenant.change_settings({"access_token": settings.access_token, **part.get("settings", {})})
    for value, of in part.get("tokens", {}).items():
        application = tenant.sign_in.applications[of.get("client_id", tenant.application.client_id)]
        contracts = tuple(urn("contract", name) for name in of.get("contracts", ()))
        tenant.sign_in.add_token(application, "3L", 0.0, None, value=value, contracts=contracts)
    for seat in part.get("seats") or SEATS:
        _add_seat(tenant, seat)
    for project in part.get("projects", PROJECTS):
        tenant.new_project(project, modified_at=projects.CREATED)
    return tenant


def _add_contracts(tenant: Tenant, wanted: list[dict[str, Any]]) -> None:
    for each in wanted:
        name = urn("contract", each["id"])
        tenant.store.contracts[name] = projects.Contract(
            id=name,
            name=str(each["name"]),
            product=str(each.get("product", "RECRUITER")),
            rsc_enabled=bool(each.get("rscEnabled", True)),
            organization=urn("organization", each.get("organization", 1234)),
        )
        made = tenant.store.contracts[name]
        tenant.rsc.integrations[made.organization] = rsc.Integration(enabled=made.rsc_enabled)


def _add_applications(tenant: Tenant, wanted: list[dict[str, Any]]) -> None:
    """An application without contracts may use all of them."""
    for each in wanted:
        contracts = tuple(urn("contract", name) for name in each.get("contracts") or tenant.store.contracts)
        application = oauth.Application(**{**each, "contracts": contracts})
        tenant.sign_in.applications[application.client_id] = application


def _add_seat(tenant: Tenant, each: dict[str, Any]) -> None:
    seat = projects.Seat(
        id=urn("seat", each["id"]),
        first_name=str(each["firstName"]),
        last_name=str(each["lastName"]),
        contract=urn("contract", each.get("contract") or tenant.contract),
        state=str(each.get("state", "ACTIVE")),
    )
    tenant.store.seats[seat.id] = seat
