"""The data host: finders, batch reads and stage writes below /v2; the documented routes are in rsc_routes.

INVENTED (the Projects contract): rscContracts, rscProjects, rscsProfiles, and that an application
token (2L) may not use the latter two. Documented: seatsV2, conversationEvents (its events' fields are
not), Rest.li's methods, batches of 100, results and errors in a 200.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from apps.sandbox.kernel import Call
from apps.sandbox.linkedin import answers, oauth, projects, restli, rsc_routes
from apps.sandbox.linkedin.tenant import Tenant

MAX_COUNT = 100
DEFAULT_COUNT = 10
_FOREVER = 2**62
SEAT_STATES = ("ACTIVE", "INACTIVE", "INVITED", "PARKED")

Answer = tuple[int, Any]


@dataclass(frozen=True)
class Asked:
    """An unpacked, authorized request."""

    method: str
    path: tuple[str, ...]
    base: str  # v2 or rest
    query: restli.Query
    restli_method: str
    body: bytes
    token: oauth.Token
    call: Call

    @property
    def protocol(self) -> str:
        return self.query.protocol

    def json(self) -> dict[str, Any]:
        try:
            found = json.loads(self.body)
        except ValueError:
            raise answers.bad_request("Cannot parse request entity") from None
        if not isinstance(found, dict):
            raise answers.bad_request("Cannot parse request entity: not an object")
        return found


def answer(tenant: Tenant, asked: Asked) -> Answer:
    """Route a request below /v2. Raises Refusal."""
    found = rsc_routes.answer(tenant, asked)
    if found is not None:
        return found
    match (asked.method, *asked.path):
        case ("GET", "rscContracts"):
            return _finder(tenant, asked, "contracts.list", {"authorized": _contracts})
        case ("GET", "rscProjects"):
            return _finder(tenant, asked, "projects.list", {"contract": _projects})
        case ("GET", "rscsProfiles") if asked.query.has("ids"):
            return _get_many(tenant, asked)
        case ("GET", "rscsProfiles"):
            return _finder(tenant, asked, "profiles.since", {"modifiedSince": _profiles_since})
        case ("GET", "rscsProfiles", key):
            return _get_one(tenant, asked, key)
        case ("POST", "rscsProfiles"):
            return _move_many(tenant, asked)
        case ("POST", "rscsProfiles", key):
            return _move_one(tenant, asked, key)
        case ("GET", "seatsV2"):
            return _finder(tenant, asked, "seats.list", {"attributes": _seats})
        case ("GET", "conversationEvents"):
            return _finder(tenant, asked, "conversations.list", {"criteria": _conversations})
        case (_, "rscContracts" | "rscProjects" | "rscsProfiles" | "seatsV2" | "conversationEvents", *_):
            raise answers.Refusal(405, "Method not allowed")
    raise answers.not_found(f"Resource {'/'.join(asked.path)}")


# --- finders

Finder = Callable[[Tenant, Asked], Sequence[Any]]


def _finder(tenant: Tenant, asked: Asked, operation: str, finders: dict[str, Finder]) -> Answer:
    asked.call.operation = operation
    find = finders.get(asked.query.text("q"))
    if find is None:
        raise answers.bad_request(f"Finder '{asked.query.text('q')}' is not supported for {asked.path[0]}")
    start = asked.query.number("start", 0)
    count = asked.query.number("count", DEFAULT_COUNT)
    if not 1 <= count <= MAX_COUNT:
        raise answers.bad_request(f"Parameter 'count' must be from 1 to {MAX_COUNT}")
    page = find(tenant, asked)[start : start + count]
    return 200, {"elements": projects.elements(page), "paging": {"start": start, "count": count}}


def _contracts(tenant: Tenant, asked: Asked) -> Sequence[Any]:
    return [tenant.store.contracts[name] for name in asked.token.contracts if name in tenant.store.contracts]


def _projects(tenant: Tenant, asked: Asked) -> Sequence[Any]:
    contract = _contract(tenant, asked)
    return [project for project in tenant.store.projects.values() if project.contract == contract]


def _profiles_since(tenant: Tenant, asked: Asked) -> Sequence[Any]:
    _must_have(asked, "since")
    contract = _contract(tenant, asked)
    return tenant.store.since(contract, asked.query.number("since", 0))


def _seats(tenant: Tenant, asked: Asked) -> Sequence[Any]:
    """Fails without start, as the real one does; its status there is not known, 400 is INVENTED."""
    _must_have(asked, "start")
    _must_have(asked, "contracts")
    contracts = asked.query.many("contracts")
    for contract in contracts:
        _permit(asked, contract)
    states = asked.query.many("states") or list(SEAT_STATES)
    if unknown := [state for state in states if state not in SEAT_STATES]:
        raise answers.bad_request(f"Parameter 'states' is invalid: {unknown[0]}")
    return [seat for seat in tenant.store.seats.values() if seat.contract in contracts and seat.state in states]


def _conversations(tenant: Tenant, asked: Asked) -> Sequence[Any]:
    _must_have(asked, "viewer")
    seat = tenant.store.seats.get(asked.query.text("viewer"))
    if seat is None:
        raise answers.bad_request("Parameter 'viewer' is invalid")
    _permit(asked, seat.contract)
    start, end = asked.query.number("timeRange.start", 0), asked.query.number("timeRange.end", _FOREVER)
    return tenant.mailboxes.seen_by(seat.id, start, end, asked.query.text("threadUrn"))


# --- profiles by key


def _get_one(tenant: Tenant, asked: Asked, key: str) -> Answer:
    asked.call.operation = "profiles.get"
    return 200, _profile(tenant, asked, key).element()


def _get_many(tenant: Tenant, asked: Asked) -> Answer:
    asked.call.operation = "profiles.batch_get"
    results: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for key in _batch_keys(asked):
        spelt = restli.encode_key(key, asked.protocol)
        try:
            results[spelt] = _profile(tenant, asked, key).element()
        except answers.Refusal as refusal:
            errors[spelt] = refusal.body()
    return 200, {"results": results, "errors": errors, "statuses": dict.fromkeys(results, 200)}


def _move_one(tenant: Tenant, asked: Asked, key: str) -> Answer:
    asked.call.operation = "profiles.move"
    if asked.restli_method != "partial_update":
        raise answers.unpermitted_fields("/patch")
    profile = _profile(tenant, asked, key)
    if _set_stage(tenant, asked, profile, asked.json()):
        _tell(tenant, [profile])
    asked.call.response_id = key
    return 204, None


def _move_many(tenant: Tenant, asked: Asked) -> Answer:
    """One entry a record, in results or errors; the answer is 200 whatever became of them."""
    asked.call.operation = "profiles.batch_move"
    if asked.restli_method != "batch_partial_update":
        raise answers.unpermitted_fields("/entities")
    keys = _batch_keys(asked)
    entities = asked.json().get("entities")
    if not isinstance(entities, dict):
        raise answers.bad_request("'entities' is missing")
    patches = {restli.decode_key(key, asked.protocol): patch for key, patch in entities.items()}
    if set(patches) != set(keys):
        raise answers.bad_request("Batch update keys in the query and in the entity do not match")
    now = tenant.world.clock.now()
    limit = tenant.settings.records_per_minute
    if not tenant.counters.take_records(asked.token.application.urn, now, len(keys), limit):
        raise answers.infrastructure_busy()
    return 200, _apply(tenant, asked, patches)


def _apply(tenant: Tenant, asked: Asked, patches: dict[str, Any]) -> dict[str, Any]:
    results: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    changed = []
    for key, patch in patches.items():
        spelt = restli.encode_key(key, asked.protocol)
        try:
            profile = _profile(tenant, asked, key)
            _fail_on_purpose(tenant, key)
            if _set_stage(tenant, asked, profile, patch):
                changed.append(profile)
            results[spelt] = {"status": 204}
        except answers.Refusal as refusal:
            errors[spelt] = refusal.body()
    _tell(tenant, changed)
    asked.call.response_id = [profile.id for profile in changed]
    return {"results": results, "errors": errors}


def _set_stage(tenant: Tenant, asked: Asked, profile: projects.Profile, entity: Any) -> bool:
    """Apply {"patch": {"$set": {"stage": name}}}; the change is the application's."""
    patch = entity.get("patch") if isinstance(entity, dict) else None
    values = patch.get("$set") if isinstance(patch, dict) else None
    if not isinstance(values, dict) or not values:
        raise answers.bad_request("'patch' needs a '$set'")
    if foreign := sorted(set(values) - {"stage"}):
        raise answers.unpermitted_fields(f"/patch/$set/{foreign[0]}")
    if not isinstance(values["stage"], str):
        raise answers.bad_request("ERROR :: /patch/$set/stage :: not a string")
    return tenant.store.set_stage(profile, values["stage"], asked.token.application.urn)


def _batch_keys(asked: Asked) -> list[str]:
    _must_have(asked, "ids")
    keys = asked.query.keys()
    if not 1 <= len(keys) <= MAX_COUNT:
        raise answers.bad_request(f"A batch has from 1 to {MAX_COUNT} ids, this one {len(keys)}")
    return keys


def _profile(tenant: Tenant, asked: Asked, key: str) -> projects.Profile:
    """A profile that this token may see; any other one does not exist."""
    _need_person(asked, "rscsProfiles")
    profile = tenant.store.profile(key)
    if tenant.store.contract_of(profile) not in asked.token.contracts:
        raise answers.not_found(f"rscsProfile {key}")
    return profile


def _fail_on_purpose(tenant: Tenant, key: str) -> None:
    planned = tenant.failing.get(key)
    if planned and planned[1] != 0:
        planned[1] -= 1 if planned[1] > 0 else 0
        raise answers.Refusal(int(planned[0]), "Internal Server Error" if planned[0] >= 500 else "Refused on purpose")


def _tell(tenant: Tenant, changed: Sequence[projects.Profile]) -> None:
    """One hint a contract and request."""
    latest = {tenant.store.contract_of(profile): profile.modified_at for profile in changed}
    for contract, modified_at in latest.items():
        tenant.hooks.hint(contract, modified_at)


# --- what every finder asks


def _contract(tenant: Tenant, asked: Asked) -> str:
    _need_person(asked, asked.path[0])
    _must_have(asked, "contract")
    contract = asked.query.text("contract")
    _permit(asked, contract)
    if not tenant.store.contracts[contract].rsc_enabled:
        raise answers.not_permitted(f"{asked.path[0]}: Recruiter System Connect is not enabled for {contract}")
    return contract


def _must_have(asked: Asked, name: str) -> None:
    if not asked.query.text(name):
        raise answers.bad_request(f"Parameter '{name}' is required")


def _permit(asked: Asked, contract: str) -> None:
    if contract not in asked.token.contracts:
        raise answers.not_permitted(f"{asked.path[0]} of {contract}")


def _need_person(asked: Asked, resource: str) -> None:
    """The Projects contract wants an administrator's token."""
    if asked.token.auth_type != "3L":
        raise answers.not_permitted(f"{resource} with an application token")
