"""The LinkedIn system: from a request to its answer, and the control interface's side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from apps.sandbox.linkedin import acts, answers, oauth, restli, routes
from apps.sandbox.linkedin.tenant import Tenant, new_tenant

if TYPE_CHECKING:
    from apps.sandbox.faults import Fault
    from apps.sandbox.kernel import Call, World


class LinkedIn:
    """LinkedIn below /linkedin: OAuth at /oauth/v2, data at /v2 and /rest. Projects, 500 a day, the hint: INVENTED.

    add_project {name, id?, stages?, owner?, contract?}; archive_project, restore_project {project};
    rename_project {project, name}; rename_stage {project, from, to}; add_stage {project, stage, place?}
    add_to_project {project, by?, people: [{first, last, url?, member?, headline?, company?, title?,
      location?, email?, stage?}]} -> {profiles, members}; someone removed comes back with the same id; with member
      "" LinkedIn names none
    move {profile, stage, by?}; remove {profile}; share_email {profile, email}
    message {profile or member, body, by?, subject?, reply?}: an InMail of a seat, or the member's answer
    set_webhook {url, secret?, contract?, challenge?}; challenge {contract?}; set_seat {seat, state}
    export {seat, job, people: [{first, last, member?, headline?, company?, location?, url?}], contract?}: one click for
      each -> {requests, members}; the 301st of a seat and month is refused; close_profile {member}
    set_integration {enabled, contract?}
    settings {name: value}; spend {calls, application?}
    fail_records {profiles or records, status?, times?}: profiles, or ids of candidates, applications, stages, notes
    expire_token, revoke_token, renew_token {token?}
    Projects are named by URN, number or name; seats by URN or number; profiles by id.
    Faults: 429 is infrastructure protection (code 102); expire_token ends the next request's token.
    """

    name = "linkedin"

    def __init__(self) -> None:
        self._tenant: Tenant | None = None

    @property
    def tenant(self) -> Tenant:
        if self._tenant is None:
            raise RuntimeError("linkedin was not reset yet")
        return self._tenant

    def reset(self, world: World, scenario: dict[str, Any]) -> None:
        self._tenant = new_tenant(world, scenario)

    def clock_moved(self) -> None:
        self.tenant.hooks.revalidate(self.tenant.application.urn)

    async def handle(self, request: Request, body: bytes) -> Response:
        self.clock_moved()
        return self.tenant.stamp.put_on(self._answer(request, body))

    def fault_response(self, kind: str, fault: Fault) -> Response:
        """A planned 429 or 5xx: the call counts all the same."""
        if fault.kind != "5xx_after":
            self._count(self.tenant.application.urn)
        refusal = answers.infrastructure_busy() if kind == "429" else answers.Refusal(fault.status, "Internal Error")
        return self.tenant.stamp.put_on(answers.render(refusal.body(), refusal.status))

    def act(self, do: str, args: dict[str, Any]) -> dict[str, Any]:
        return acts.perform(self.tenant, do, args)

    def state(self) -> dict[str, Any]:
        tenant = self.tenant
        application = tenant.application.urn
        return {
            "projects": [project.element() for project in tenant.store.projects.values()],
            "profiles": [profile.element() for profile in tenant.store.profiles.values()],
            "seats": [seat.element() for seat in tenant.store.seats.values()],
            "contracts": [contract.element() for contract in tenant.store.contracts.values()],
            "application": application,
            "calls_today": tenant.counters.today(application, tenant.world.clock.now()),
            "calls_by_day": tenant.counters.by_day(application),
            "refused_by_day": tenant.counters.refused_by_day(application),
            "daily_limit": tenant.settings.daily_limit,
            "settings": tenant.settings.as_dict(),
            "webhooks": [webhook.as_dict() for webhook in tenant.hooks.webhooks.values()],
            "rsc": tenant.rsc.as_dict(),
        }

    # --- one request

    def _answer(self, request: Request, body: bytes) -> Response:
        path = request.state.path
        if path.startswith("/oauth/v2/"):
            return self._sign_in(request, path.removeprefix("/oauth/v2/"), body)
        try:
            status, value = self._ask(request, body)
        except answers.Refusal as refusal:
            status, value = refusal.status, refusal.body()
        except (restli.BadQuery, restli.BadTunnel) as mistake:
            status, value = 400, answers.bad_request(str(mistake)).body()
        headers = {"x-restli-protocol-version": _protocol(request)}
        if value is None:
            return Response(b"", status, headers)
        return answers.render(value, status, escaped=self.tenant.settings.escaped_unicode, headers=headers)

    def _ask(self, request: Request, body: bytes) -> routes.Answer:
        """Everything from the size limits to the resource. Raises Refusal, BadQuery, BadTunnel."""
        tenant, call = self.tenant, request.state.call
        self._end_token(request, call)
        header = request.headers.get("authorization", "")
        known = tenant.sign_in.tokens.get(header.partition(" ")[2].strip())
        application = known.application.urn if known else tenant.application.urn
        spent = self._count(application)
        if problem := restli.too_long(request.url.path, request.url.query, _head_size(request)):
            raise answers.Refusal(414, problem)
        token = tenant.sign_in.check(header, tenant.world.clock.timestamp())
        self._throttle(application, spent)
        message = restli.unpack(request.method, request.url.query, request.headers, body)
        call.write = message.method not in ("GET", "HEAD", "OPTIONS")
        if message.method == "POST" and not message.tunnelled and "content-length" not in request.headers:
            raise answers.Refusal(411, "A Content-Length is required")
        asked = _asked(request, message, token)
        if asked.base == "rest":
            self._check_version(request, asked)
        if token.application.parent:
            raise answers.not_permitted(f"{asked.path[0]} with the parent application")
        return routes.answer(tenant, asked)

    def _check_version(self, request: Request, asked: routes.Asked) -> None:
        """Only /rest has versions; each lives for two years at least."""
        version = request.headers.get("linkedin-version", "")
        if not version:
            raise answers.not_permitted(f"{asked.path[0]}.{asked.method}.NO_VERSION")
        if version not in self.tenant.settings.versions:
            raise answers.NoSuchVersion(version)

    def _throttle(self, application: str, spent: int) -> None:
        settings = self.tenant.settings
        if spent > settings.daily_limit:
            self.tenant.counters.refuse(application, self.tenant.world.clock.now())
            raise answers.quota_full()
        if settings.infrastructure_429_percent and self.tenant.stamp.percent() < settings.infrastructure_429_percent:
            raise answers.infrastructure_busy()

    def _sign_in(self, request: Request, what: str, body: bytes) -> Response:
        tenant, call = self.tenant, request.state.call
        now = tenant.world.clock.timestamp()
        call.write, call.operation = False, f"oauth.{what}"
        call.body = None  # no secret in the call log
        kind = request.headers.get("content-type", "")
        match (request.method, what):
            case ("GET", "authorization"):
                return tenant.sign_in.authorize(request.query_params, now)
            case ("POST", "accessToken"):
                self._count_oauth()
                return tenant.sign_in.grant(kind, body, now)
            case ("POST", "introspectToken"):
                self._count_oauth()
                return tenant.sign_in.introspect(kind, body, now)
        return answers.render(answers.not_found(f"Resource oauth/v2/{what}").body(), 404)

    def _end_token(self, request: Request, call: Call) -> None:
        """The planned fault expire_token: this request's token ends now."""
        world = self.tenant.world
        token = self.tenant.sign_in.tokens.get(request.headers.get("authorization", "").partition(" ")[2].strip())
        if token is not None and world.faults.take(self.name, "expire_token", f"{request.method} {request.url.path}"):
            token.expires_at, call.fault = world.clock.timestamp(), "expire_token"

    def _count(self, application: str) -> int:
        return self.tenant.counters.count(application, self.tenant.world.clock.now())

    def _count_oauth(self) -> None:
        """Token requests count in the day, but are never refused for it."""
        if self.tenant.settings.count_oauth:
            self._count(self.tenant.application.urn)


def _asked(request: Request, message: restli.Message, token: oauth.Token) -> routes.Asked:
    base, _, rest = request.state.raw_path.strip("/").partition("/")
    if base not in ("v2", "rest"):
        raise answers.not_found(f"Resource {base}")
    return routes.Asked(
        method=message.method,
        path=tuple(unquote(segment) for segment in rest.split("/")),
        base=base,
        query=restli.parse_query(message.query, _protocol(request)),
        restli_method=request.headers.get("x-restli-method", "").strip().lower(),
        body=message.body,
        token=token,
        call=request.state.call,
    )


def _protocol(request: Request) -> str:
    """Absent means 1.0."""
    return "2.0.0" if request.headers.get("x-restli-protocol-version", "").startswith("2.") else "1.0"


def _head_size(request: Request) -> int:
    headers = sum(len(name) + len(value) + 4 for name, value in request.headers.raw)
    return len(request.url.path) + len(request.url.query) + headers
