"""The documented Recruiter System Connect: exported profiles in; candidates, applications, stages and notes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from apps.core import errors
from apps.core.errors import SyncError
from apps.providers.contract import Call, Gate, Identity, InMail, Page, Profile, Project, Purpose, Seat, Settings
from apps.providers.linkedin import capabilities, client, rsc, translate, wire
from apps.providers.linkedin.rsc import Id, Kind
from apps.providers.linkedin.translate import Record
from apps.providers.sharing import (
    BATCH,
    Answers,
    ClosedProfile,
    Export,
    SharedApplication,
    SharedCandidate,
    SharedNote,
    SharedStage,
)
from apps.providers.transport import Http

_IDENTIFY = Call("integrations.get", Purpose.CATALOGUE, repeatable=True)
_CONFIGURE = Call("integrations.configure", Purpose.CATALOGUE, repeatable=True)
_EXPORT = Call(wire.EXPORT, Purpose.READ, repeatable=True)
_CLOSED = Call("closed.list", Purpose.CATALOGUE, repeatable=True)
_CANDIDATES = Call("candidates.batch_update", Purpose.WRITE, repeatable=True)
_MATCH = Call("candidates.match", Purpose.WRITE, repeatable=True)
_DELETE = Call("candidates.delete", Purpose.WRITE, repeatable=True)
_APPLICATIONS = Call("applications.batch_update", Purpose.WRITE, repeatable=True)
_STAGES = Call("stages.batch_update", Purpose.WRITE, repeatable=True)
_NOTES = Call("notes.batch_update", Purpose.WRITE, repeatable=True)
# A batch overwrites whole records under ids of ours, so a second one changes nothing.

CLOSED_PATH = "closedProfiles"
"""LinkedIn tells partners alone where the closed profiles are: `options["closed_profiles"]` names another path."""


class RecruiterExports:
    """contract.Sourcing and sharing.Publishing for one organization, `settings.options["organization"]`.

    `options["rsc_base"]` is rest or v2, `options["linkedin_version"]` the version of rest.
    InMail and seats need `options["inmail_contract"]`, the contract of the recruiters.
    """

    capabilities = capabilities.EXPORT

    def __init__(self, settings: Settings, gate: Gate) -> None:
        options = settings.options
        self._http = Http(wire.DIALECT, settings, gate)
        self._context = str(options.get("organization", ""))
        self._base = rsc.BASES[str(options.get("rsc_base") or "rest")]
        self._version = str(options.get("linkedin_version") or rsc.VERSION)
        self._closed = str(options.get("closed_profiles") or CLOSED_PATH)
        contract = str(options.get("inmail_contract") or "")
        seats = Settings(settings.base_urls, {**options, "contract": contract}, settings.timeout)
        self._seats = client.RecruiterProjects(seats, gate) if contract else None

    # --- whom it speaks for

    def identify(self) -> Sequence[Identity]:
        """The organization, and whether its administrator enabled the integration."""
        if not self._context:
            raise errors.Rejected("enter the organization's URN", cause="no_organization")
        key = self._integration()
        enabled = self._http.call(
            _IDENTIFY,
            self._request("GET", self._base.integrations, query=rsc.query_of(self._base, [key])),
            translate.integration_is_on,
        )
        return (Identity(account=self._context, name=self._context, product="RECRUITER", rsc_enabled=enabled),)

    def configure(self, callback_url: str) -> None:
        """Have exports told to this address; LinkedIn knows one for each customer."""
        path = f"{self._base.integrations}/{rsc.path_key(self._base, self._integration())}/configurations"
        if self._base is rsc.REST:
            path = f"integrationConfigurations/{rsc.path_key(self._base, self._integration())}"
        value = {"entities": {"CALLBACK_URL": {"configurationValue": {"string": callback_url}}}}
        listed = wire.id_list(["CALLBACK_URL"]) if self._base.second else "ids=CALLBACK_URL"
        request = self._request("PUT", path, query=listed, restli="batch_update", json=value)
        outcomes = self._http.call(_CONFIGURE, request, translate.batch_outcomes)
        problem = self._outcome(_CONFIGURE, outcomes.get("CALLBACK_URL"))
        if problem is not None:
            raise problem

    def _integration(self) -> dict[str, str]:
        named = {"integrationType": "ONE_CLICK_EXPORT", "tenantType": "RECRUITER"}
        return {rsc.CONTEXT: self._context, **named, **self._base.constant}

    # --- what comes from LinkedIn

    def get_export(self, request_id: str) -> tuple[Export, ...]:
        query = wire.query(q="request", requestId=request_id)
        request = self._request("GET", "exportedCandidates", query=query)
        return self._http.call(_EXPORT, request, lambda reply: translate.collection(reply, translate.export))

    def list_closed(self, *, start: int = 0) -> tuple[ClosedProfile, ...]:
        query = wire.query(q=rsc.CONTEXT, integrationContext=self._context, start=start, count=BATCH)
        request = self._request("GET", self._closed, query=query)
        return self._http.call(_CLOSED, request, lambda reply: translate.collection(reply, translate.closed))

    def list_projects(self, *, cursor: str | None = None) -> Page[Project]:
        """LinkedIn lists no Projects here: what stands for one is made from the jobs that people are exported to."""
        return Page(())

    def list_seats(self, *, cursor: str | None = None) -> Page[Seat]:
        return self._seats.list_seats(cursor=cursor) if self._seats else Page(())

    def list_profiles_since(self, *, since: datetime, start: int = 0) -> tuple[Profile, ...]:
        """Nobody: people come by an export alone."""
        return ()

    def list_messages(self, *, seat: str, since: datetime, until: datetime, start: int = 0) -> tuple[InMail, ...]:
        return self._seats.list_messages(seat=seat, since=since, until=until, start=start) if self._seats else ()

    def get_profiles(self, ids: Sequence[str]) -> Mapping[str, Profile]:
        return {}

    def set_stages(self, stages: Mapping[str, str]) -> Mapping[str, SyncError | None]:
        """There is no stage of a Project to set: stages are shown by put_stages."""
        return {one: errors.Rejected("an export has no stage in LinkedIn", cause="export_mode") for one in stages}

    # --- what LinkedIn is told

    def put_candidates(self, candidates: Sequence[SharedCandidate]) -> Answers:
        bodies: dict[Id, Any] = {(one.id,): rsc.candidate(self._base, one) for one in candidates}
        return self._write(_CANDIDATES, self._base.candidates, bodies)

    def match_members(self, members: Mapping[str, str]) -> Answers:
        bodies: dict[Id, Any] = {
            (one,): {"patch": {"$set": {"manualMatchedMember": urn}}} for one, urn in members.items()
        }
        return self._write(_MATCH, self._base.candidates, bodies, method="POST", restli="batch_partial_update")

    def put_applications(self, applications: Sequence[SharedApplication]) -> Answers:
        bodies: dict[Id, Any] = {(one.id,): rsc.application(one) for one in applications}
        return self._write(_APPLICATIONS, self._base.applications, bodies)

    def put_stages(self, stages: Sequence[SharedStage]) -> Answers:
        bodies: dict[Id, Any] = {(one.application_id, one.id): rsc.stage(one) for one in stages}
        return self._write(_STAGES, self._base.stages, bodies)

    def put_notes(self, notes: Sequence[SharedNote]) -> Answers:
        of_candidates = {(one.candidate_id, one.id): one for one in notes if not one.application_id}
        of_applications = {(one.application_id, one.id): one for one in notes if one.application_id}
        answers: dict[str, SyncError | None] = {}
        for kind, some in (
            (self._base.candidate_notes, of_candidates),
            (self._base.application_notes, of_applications),
        ):
            answers |= self._write(_NOTES, kind, {key: rsc.note(self._base, one) for key, one in some.items()})
        return answers

    def delete_candidates(self, ids: Sequence[str]) -> Answers:
        bodies: dict[Id, Any] = {(one,): None for one in ids}
        return self._write(_DELETE, self._base.candidates, bodies, method="DELETE", restli="batch_delete")

    # --- batches

    def _write(
        self, call: Call, kind: Kind, bodies: Mapping[Id, Any], *, method: str = "PUT", restli: str = "batch_update"
    ) -> Answers:
        """One request; on /v2 one for each application or candidate whose rows these are."""
        if len(bodies) > BATCH:
            raise ValueError(f"at most {BATCH} records a request")
        records: dict[Id, Record] = {}
        if kind.below:
            for owner in dict.fromkeys(key[0] for key in bodies):
                own = {key[1]: body for key, body in bodies.items() if key[0] == owner}
                records |= {(owner, one): record for one, record in self._write_below(call, kind, owner, own).items()}
        elif bodies:
            records = self._http.call(call, self._batch(kind, bodies, method, restli), self._read(kind))
        return {key[-1]: self._outcome(call, records.get(key)) for key in bodies}

    def _batch(self, kind: Kind, bodies: Mapping[Id, Any], method: str, restli: str) -> Any:
        keys = {one: rsc.key_of(self._base, kind, one, context=self._context) for one in bodies}
        entities = {rsc.entity_of(self._base, keys[one]): body for one, body in bodies.items()}
        body = None if method == "DELETE" else {"entities": entities}
        return self._request(method, kind.path, query=rsc.query_of(self._base, keys.values()), restli=restli, json=body)

    def _read(self, kind: Kind) -> Callable[[Any], dict[Id, Record]]:
        return partial(translate.outcomes_by, key_of=partial(rsc.read_key, self._base, kind))

    def _write_below(self, call: Call, kind: Kind, owner: str, bodies: Mapping[str, Any]) -> Mapping[str, Record]:
        key = rsc.key_of(self._base, kind, (owner,), context=self._context)
        path = f"{kind.path}/{rsc.path_key(self._base, key)}/{kind.below}"
        query = "&".join(f"ids={wire.encode(one)}" for one in bodies)
        request = self._request("PUT", path, query=query, restli="batch_update", json={"entities": dict(bodies)})
        return self._http.call(call, request, partial(translate.outcomes_by, key_of=str))

    def _outcome(self, call: Call, record: Record | None) -> SyncError | None:
        if record is None:
            return errors.Transient("LinkedIn did not answer for this record", cause="no_result")
        if 200 <= record.status < 300:
            return None
        return self._http.record_error(call, status=record.status, code=record.code, message=record.message)

    def _request(self, method: str, path: str, *, query: str, restli: str = "", json: Any = None) -> Any:
        headers = {"x-restli-protocol-version": self._base.protocol}
        if self._base is rsc.REST:
            headers["linkedin-version"] = self._version
        return wire.request(method, f"{self._base.root}/{path}", query=query, restli=restli, json=json, headers=headers)
