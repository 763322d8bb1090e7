"""The documented Recruiter System Connect below /v2 and /rest: exports, candidates, applications, notes, stages.

The two bases name resources and keys unevenly; each has its row in RESOURCES.
https://learn.microsoft.com/en-us/linkedin/talent/middleware-platform/
INVENTED: the address of the closed profiles, `integrationStatus`, and the body of /rest/applicationStage, which
is taken to be that of /v2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apps.sandbox.linkedin import answers, hooks, keys, restli
from apps.sandbox.linkedin.rsc import CALLBACK_URL, Key, Rsc
from apps.sandbox.linkedin.tenant import Tenant

if TYPE_CHECKING:
    from apps.sandbox.linkedin.routes import Answer, Asked

MAX_BATCH = 100
_PROVIDER = ("dataProvider",)


@dataclass(frozen=True)
class Resource:
    """One collection on one base: the parts of its key, and how a record is kept."""

    name: str
    parts: tuple[str, ...]  # in the order of the answer
    ids: tuple[str, ...]  # which of the parts name the record, outermost first
    put: Callable[[Rsc, Key, dict[str, Any]], None]


_V2_TIMES = {"created": "atsCreatedAt", "modified": "atsLastModifiedAt"}
_REST_TIMES = {"created": "externalCreatedAt", "modified": "externalLastModifiedAt"}


def _v2_candidate(rsc: Rsc, key: Key, sent: dict[str, Any]) -> None:
    rsc.put_candidate(key, sent, _V2_TIMES)


def _rest_candidate(rsc: Rsc, key: Key, sent: dict[str, Any]) -> None:
    rsc.put_candidate(key, sent, _REST_TIMES)


_CONTEXT = "integrationContext"
RESOURCES: dict[tuple[str, str], Resource] = {
    ("v2", "atsCandidates"): Resource(
        "candidates", ("atsCandidateId", "dataProvider", _CONTEXT), ("atsCandidateId",), _v2_candidate
    ),
    ("v2", "atsApplications"): Resource(
        "applications", ("atsJobApplicationId", "dataProvider", _CONTEXT), ("atsJobApplicationId",), Rsc.put_application
    ),
    ("rest", "candidates"): Resource(
        "candidates", ("externalCandidateId", _CONTEXT), ("externalCandidateId",), _rest_candidate
    ),
    ("rest", "atsApplications"): Resource(
        "applications", ("atsJobApplicationId", _CONTEXT), ("atsJobApplicationId",), Rsc.put_application
    ),
    ("rest", "applicationStage"): Resource(
        "stages",
        ("jobApplicationId", _CONTEXT, "jobApplicationStageId"),
        ("jobApplicationId", "jobApplicationStageId"),
        Rsc.put_stage,
    ),
    ("rest", "candidateNotes"): Resource(
        "notes",
        ("externalCandidateId", "externalNoteId", _CONTEXT),
        ("externalCandidateId", "externalNoteId"),
        Rsc.put_candidate_note,
    ),
    ("rest", "applicationNotes"): Resource(
        "notes",
        ("externalJobApplicationId", "externalNoteId", _CONTEXT),
        ("externalJobApplicationId", "externalNoteId"),
        Rsc.put_application_note,
    ),
}
BELOW = {
    ("atsCandidates", "notes"): ("notes", Rsc.put_candidate_note),
    ("atsApplications", "notes"): ("notes", Rsc.put_application_note),
    ("atsApplications", "stages"): ("stages", Rsc.put_stage),
}
"""What lies below one candidate or application on /v2: plain ids in the query."""


def answer(tenant: Tenant, asked: Asked) -> Answer | None:
    """Route a request; None where it is none of this module's. Raises Refusal, BadQuery."""
    resource = RESOURCES.get((asked.base, asked.path[0]))
    match (asked.method, *asked.path):
        case ("GET", "exportedCandidates"):
            return _exported(tenant, asked)
        case ("GET", "closedProfiles"):
            return _closed(tenant, asked)
        case ("GET", "atsIntegrations" | "integrations"):
            return _integrations(tenant, asked)
        case ("PUT", "atsIntegrations", key, "configurations") | ("PUT", "integrationConfigurations", key):
            return _configure(tenant, asked, key)
        case ("PUT", name) if resource is not None:
            return _put_many(tenant, asked, resource)
        case ("POST", name) if resource is not None and resource.name == "candidates":
            return _match_many(tenant, asked, resource)
        case ("DELETE", name) if resource is not None and resource.name == "candidates":
            return _delete_many(tenant, asked, resource)
        case ("GET", name) if resource is not None and resource.name == "candidates":
            return _get_many(tenant, asked, resource)
        case ("PUT", name, key, below) if asked.base == "v2" and (name, below) in BELOW:
            return _put_below(tenant, asked, name, key, below)
    return None


# --- exports and closed profiles


def _exported(tenant: Tenant, asked: Asked) -> Answer:
    asked.call.operation = "exports.get"
    if asked.query.text("q") != "request":
        raise answers.bad_request("Finder is not supported for exportedCandidates")
    found = tenant.rsc.fetch(asked.query.text("requestId"))
    _permit(tenant, asked, found.context)
    asked.call.response_id = found.id
    return 200, {"elements": [found.element()], "paging": {"start": 0, "count": 10}}


def _closed(tenant: Tenant, asked: Asked) -> Answer:
    asked.call.operation = "closed.list"
    context = asked.query.text(_CONTEXT)
    _permit(tenant, asked, context)
    start, count = asked.query.number("start", 0), asked.query.number("count", 10)
    found = tenant.rsc.closed_of(context)[start : start + count]
    return 200, {"elements": found, "paging": {"start": start, "count": count}}


# --- the integration itself


def _integrations(tenant: Tenant, asked: Asked) -> Answer:
    """Documented but for `integrationStatus`."""
    asked.call.operation = "integrations.get"
    results, errors = {}, {}
    for parts in keys.of_query(asked.query):
        names = tuple(name for name, _ in parts)
        spelt, context = keys.in_answer(parts, names, asked.protocol), dict(parts).get(_CONTEXT, "")
        try:
            own = _own(tenant, asked, context)
            status = "ENABLED" if own.enabled else "DISABLED"
            results[spelt] = {"integrationName": own.name, "integrationStatus": status}
        except answers.Refusal as refusal:
            errors[spelt] = refusal.body()
    return 200, {"results": results, "errors": errors}


def _configure(tenant: Tenant, asked: Asked, key: str) -> Answer:
    """One unique callback address per customer."""
    asked.call.operation = "integrations.configure"
    _must(asked, "batch_update")
    context = dict(keys.of_entity(key, asked.protocol)).get(_CONTEXT, "")
    own = _own(tenant, asked, context)
    value = asked.json().get("entities", {}).get(CALLBACK_URL, {}).get("configurationValue", {})
    url = value.get("string", "") if isinstance(value, dict) else ""
    if not url:
        raise answers.bad_request(f"ERROR :: /{CALLBACK_URL}/configurationValue :: a string is required")
    if any(url == other.callback for name, other in tenant.rsc.integrations.items() if name != context):
        raise answers.bad_request("The callback URL is used by another customer")
    own.callback = url
    contract = next(one.id for one in tenant.store.contracts.values() if one.organization == context)
    tenant.hooks.webhooks[contract] = hooks.Webhook(url, asked.token.application.client_secret, contract)
    return 200, {"results": {CALLBACK_URL: {"status": 204}}, "errors": {}}


# --- what an ATS sends


def _put_many(tenant: Tenant, asked: Asked, resource: Resource) -> Answer:
    asked.call.operation = f"{resource.name}.batch_update"
    _must(asked, "batch_update")
    sent = _entities(tenant, asked)
    return 200, _each(tenant, asked, resource, sent, resource.put)


def _match_many(tenant: Tenant, asked: Asked, resource: Resource) -> Answer:
    asked.call.operation = "candidates.match"
    _must(asked, "batch_partial_update")
    sent = _entities(tenant, asked)

    def match(rsc: Rsc, key: Key, patch: dict[str, Any]) -> None:
        values = patch.get("patch", {}).get("$set", {})
        if set(values) != {"manualMatchedMember"}:
            raise answers.unpermitted_fields("/patch/$set")
        rsc.match(key, str(values["manualMatchedMember"]))

    return 200, _each(tenant, asked, resource, sent, match)


def _delete_many(tenant: Tenant, asked: Asked, resource: Resource) -> Answer:
    asked.call.operation = "candidates.delete"
    sent: dict[keys.Parts, dict[str, Any]] = {parts: {} for parts in _keys(asked)}
    return 200, _each(tenant, asked, resource, sent, lambda rsc, key, _: rsc.delete_candidate(key))


def _get_many(tenant: Tenant, asked: Asked, resource: Resource) -> Answer:
    """`fields` may ask for matchedMembers and manualMatchedMember; matching by itself is not imitated."""
    asked.call.operation = "candidates.get"
    results, errors = {}, {}
    for parts in _keys(asked):
        spelt = keys.in_answer(parts, resource.parts, asked.protocol)
        try:
            key = _key(tenant, asked, resource, parts)
            if key not in tenant.rsc.candidates:
                raise answers.not_found(f"Candidate {key[-1]}")
            match = tenant.rsc.matches.get(key)
            results[spelt] = {**tenant.rsc.candidates[key], "matchedMembers": [], "manualMatchedMember": match}
        except answers.Refusal as refusal:
            errors[spelt] = refusal.body()
    return 200, {"results": results, "errors": errors}


def _put_below(tenant: Tenant, asked: Asked, name: str, key: str, below: str) -> Answer:
    kind, put = BELOW[name, below]
    asked.call.operation = f"{kind}.batch_update"
    _must(asked, "batch_update")
    owner = _key(tenant, asked, RESOURCES["v2", name], keys.of_entity(key, asked.protocol))
    ids = asked.query.many("ids")
    entities = asked.json().get("entities")
    if not isinstance(entities, dict) or set(entities) != set(ids) or not 1 <= len(ids) <= MAX_BATCH:
        raise answers.bad_request("Batch update keys in the query and in the entity do not match, or are over 100")
    _take_records(tenant, asked, len(ids))
    results, errors = {}, {}
    for one, sent in entities.items():
        try:
            _fail_on_purpose(tenant, one)
            put(tenant.rsc, (*owner, one), sent)
            results[one] = {"status": 204}
        except answers.Refusal as refusal:
            errors[one] = refusal.body()
    asked.call.response_id = list(results)
    return 200, {"results": results, "errors": errors}


def _each(
    tenant: Tenant,
    asked: Asked,
    resource: Resource,
    sent: dict[keys.Parts, dict[str, Any]],
    put: Callable[[Rsc, Key, dict[str, Any]], None],
) -> dict[str, Any]:
    """One entry a record, in results or errors; the answer is 200 whatever became of them."""
    _take_records(tenant, asked, len(sent))
    named = {parts: _key(tenant, asked, resource, parts) for parts in sent}
    results, errors, done = {}, {}, []
    for parts, value in sent.items():
        spelt, key = keys.in_answer(parts, resource.parts, asked.protocol), named[parts]
        try:
            _fail_on_purpose(tenant, key[-1])
            put(tenant.rsc, key, value)
            results[spelt] = {"status": 204}
            done.append(key[-1])
        except answers.Refusal as refusal:
            errors[spelt] = refusal.body()
    asked.call.response_id = done
    return {"results": results, "errors": errors}


# --- what every one of them asks


def _must(asked: Asked, method: str) -> None:
    if asked.restli_method != method:
        raise answers.unpermitted_fields("/entities")


def _keys(asked: Asked) -> list[keys.Parts]:
    found = keys.of_query(asked.query)
    if len(found) > MAX_BATCH:
        raise answers.bad_request(f"A batch has from 1 to {MAX_BATCH} ids, this one {len(found)}")
    return found


def _entities(tenant: Tenant, asked: Asked) -> dict[keys.Parts, dict[str, Any]]:
    wanted = _keys(asked)
    entities = asked.json().get("entities")
    if not isinstance(entities, dict):
        raise answers.bad_request("'entities' is missing")
    found = {keys.of_entity(key, asked.protocol): value for key, value in entities.items()}
    if set(found) != set(wanted):
        raise answers.bad_request("Batch update keys in the query and in the entity do not match")
    return found


def _key(tenant: Tenant, asked: Asked, resource: Resource, parts: keys.Parts) -> Key:
    """(organization, id ...). Raises Refusal for parts that the resource does not have, or a foreign organization."""
    found = dict(parts)
    if set(found) != set(resource.parts) or found.get("dataProvider", "ATS") != "ATS":
        raise restli.BadQuery(f"The key of {asked.path[0]} has the parts {', '.join(resource.parts)}")
    _permit(tenant, asked, found[_CONTEXT])
    return (found[_CONTEXT], *(found[name] for name in resource.ids))


def _own(tenant: Tenant, asked: Asked, context: str) -> Any:
    """The integration of an organization of the token's. Raises Refusal."""
    owned = {tenant.store.contracts[name].organization for name in asked.token.contracts}
    if context not in owned:
        raise answers.not_permitted(f"{asked.path[0]} of {context}")
    return tenant.rsc.integrations[context]


def _permit(tenant: Tenant, asked: Asked, context: str) -> None:
    if not _own(tenant, asked, context).enabled:
        raise answers.not_permitted(f"{asked.path[0]}: the integration of {context} is not enabled")


def _take_records(tenant: Tenant, asked: Asked, count: int) -> None:
    now, limit = tenant.world.clock.now(), tenant.settings.records_per_minute
    if not tenant.counters.take_records(asked.token.application.urn, now, count, limit):
        raise answers.infrastructure_busy()


def _fail_on_purpose(tenant: Tenant, key: str) -> None:
    planned = tenant.failing.get(key)
    if planned and planned[1] != 0:
        planned[1] -= 1 if planned[1] > 0 else 0
        raise answers.Refusal(int(planned[0]), "Internal Server Error" if planned[0] >= 500 else "Refused on purpose")
