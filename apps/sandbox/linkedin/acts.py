"""What people do in Recruiter, as acts of the control interface. See system.LinkedIn for the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.sandbox.kernel import ActError
from apps.sandbox.linkedin import answers, hooks, projects
from apps.sandbox.linkedin.tenant import Tenant, urn

Acted = dict[str, Any]


def perform(tenant: Tenant, do: str, args: dict[str, Any]) -> Acted:
    """Do one act. Raises ActError with a sentence where it cannot be done."""
    act = ACTS.get(do)
    if act is None:
        raise ActError(f"linkedin cannot {do!r}; it can {', '.join(ACTS)}")
    try:
        return act(tenant, args)
    except answers.Refusal as refusal:
        raise ActError(refusal.message) from None
    except KeyError as missing:
        raise ActError(f"missing or unknown: {missing}") from None
    except (ValueError, TypeError) as mistake:
        raise ActError(str(mistake)) from None


def _add_project(tenant: Tenant, args: dict[str, Any]) -> Acted:
    return tenant.new_project(args).element()


def _add_to_project(tenant: Tenant, args: dict[str, Any]) -> Acted:
    project = _project(tenant, args)
    _must_be_active(project)
    by = _seat(tenant, args, default=project.owner)
    added = [_add_person(tenant, project, person, by) for person in args["people"]]
    _tell(tenant, added)
    return {"profiles": [profile.id for profile in added], "members": [profile.member for profile in added]}


def _add_person(tenant: Tenant, project: projects.Project, given: dict[str, Any], by: str) -> projects.Profile:
    person = {
        "firstName": given["first"],
        "lastName": given["last"],
        "headline": given.get("headline", ""),
        "currentCompanyName": given.get("company", ""),
        "currentJobTitle": given.get("title", ""),
        "location": given.get("location", ""),
        "publicProfileUrl": given.get("url", ""),
        "emailAddress": given.get("email") or None,
    }
    stage = str(given.get("stage") or "")
    if stage and stage not in project.stages:
        raise ActError(f"{stage!r} is not a stage of {project.name}")
    member = given.get("member", _member_at(tenant, person["publicProfileUrl"]))
    return tenant.store.add_profile(project, person, urn("person", member) if member else "", by, stage)


def _member_at(tenant: Tenant, url: str) -> str:
    """The member seen before under exactly this address, or a new one."""
    known = (p.member for p in tenant.store.profiles.values() if url and p.person["publicProfileUrl"] == url)
    return next(known, "") or f"urn:li:person:{tenant.stamp.token(6)}"


def _move(tenant: Tenant, args: dict[str, Any]) -> Acted:
    profile = tenant.store.profile(args["profile"])
    by = _seat(tenant, args, default=profile.added_by)
    if tenant.store.set_stage(profile, args["stage"], by):
        _tell(tenant, [profile])
    return profile.element()


def _remove(tenant: Tenant, args: dict[str, Any]) -> Acted:
    profile = tenant.store.profile(args["profile"])
    if profile.removed:
        raise ActError(f"{profile.id} was removed before")
    tenant.store.remove(profile)
    _tell(tenant, [profile])
    return profile.element()


def _share_email(tenant: Tenant, args: dict[str, Any]) -> Acted:
    """The member consents to share the address."""
    profile = tenant.store.profile(args["profile"])
    tenant.store.change_person(profile, emailAddress=args["email"])
    _tell(tenant, [profile])
    return profile.element()


def _archive_project(tenant: Tenant, args: dict[str, Any]) -> Acted:
    return _set_project(tenant, args, "ARCHIVED")


def _restore_project(tenant: Tenant, args: dict[str, Any]) -> Acted:
    return _set_project(tenant, args, "ACTIVE")


def _set_project(tenant: Tenant, args: dict[str, Any], state: str) -> Acted:
    project = _project(tenant, args)
    project.state, project.modified_at = state, tenant.store.tick()
    return project.element()


def _rename_project(tenant: Tenant, args: dict[str, Any]) -> Acted:
    project = _project(tenant, args)
    project.name, project.modified_at = str(args["name"]), tenant.store.tick()
    return project.element()


def _rename_stage(tenant: Tenant, args: dict[str, Any]) -> Acted:
    """The three stages that every project has keep their names."""
    project = _project(tenant, args)
    old, new = str(args["from"]), str(args["to"])
    if old in projects.REQUIRED_STAGES or old not in project.stages or new in project.stages:
        raise ActError(f"cannot rename {old!r} to {new!r} in {project.name}")
    _tell(tenant, tenant.store.rename_stage(project, old, new))
    return project.element()


def _add_stage(tenant: Tenant, args: dict[str, Any]) -> Acted:
    project = _project(tenant, args)
    if args["stage"] in project.stages:
        raise ActError(f"{project.name} has {args['stage']!r} already")
    project.stages.insert(int(args.get("place", len(project.stages) - 2)), str(args["stage"]))
    project.modified_at = tenant.store.tick()
    return project.element()


def _message(tenant: Tenant, args: dict[str, Any]) -> Acted:
    """A seat writes to a member by InMail; with `reply` the member answers in their thread."""
    member = args.get("member") or tenant.store.profile(args["profile"]).member
    known = args.get("profile")
    seat = _seat(
        tenant, args, default=tenant.store.profile(known).added_by if known else next(iter(tenant.store.seats))
    )
    written = tenant.mailboxes.write(
        seat=seat,
        member=urn("person", member),
        author=urn("person", member) if args.get("reply") else seat,
        subject=str(args.get("subject", "")),
        body=str(args["body"]),
    )
    return written.element()


def _set_webhook(tenant: Tenant, args: dict[str, Any]) -> Acted:
    """Register the callback address; `challenge`: true sends the GET first and hints only once passed."""
    contract = urn("contract", args.get("contract") or tenant.contract)
    secret = str(args.get("secret") or tenant.application.client_secret)
    challenged = bool(args.get("challenge", False))
    webhook = hooks.Webhook(str(args["url"]), secret, tenant.store.contracts[contract].id, registered=not challenged)
    tenant.hooks.webhooks[contract] = webhook
    if challenged:
        tenant.hooks.challenge(webhook, tenant.application.urn)
    return webhook.as_dict()


def _challenge(tenant: Tenant, args: dict[str, Any]) -> Acted:
    """Validate again, as LinkedIn does every two hours; three failures in a row block the address."""
    webhook = tenant.hooks.webhooks[urn("contract", args.get("contract") or tenant.contract)]
    tenant.hooks.challenge(webhook, tenant.application.urn)
    return webhook.as_dict()


def _settings(tenant: Tenant, args: dict[str, Any]) -> Acted:
    tenant.change_settings(args)
    return tenant.settings.as_dict()


def _spend(tenant: Tenant, args: dict[str, Any]) -> Acted:
    """Somebody else uses the application's budget."""
    application = args.get("application") or tenant.application.urn
    return {"calls_today": tenant.counters.count(application, tenant.world.clock.now(), int(args["calls"]))}


def _expire_token(tenant: Tenant, args: dict[str, Any]) -> Acted:
    token = tenant.sign_in.tokens[args.get("token") or tenant.settings.access_token]
    token.expires_at = tenant.world.clock.timestamp()
    return {"status": token.status(token.expires_at)}


def _revoke_token(tenant: Tenant, args: dict[str, Any]) -> Acted:
    token = tenant.sign_in.tokens[args.get("token") or tenant.settings.access_token]
    token.revoked = True
    return {"status": "revoked"}


def _renew_token(tenant: Tenant, args: dict[str, Any]) -> Acted:
    """Make an expired or revoked token good again, without an end."""
    token = tenant.sign_in.tokens[args.get("token") or tenant.settings.access_token]
    token.revoked, token.expires_at = False, None
    return {"status": "active"}


def _fail_records(tenant: Tenant, args: dict[str, Any]) -> Acted:
    """Fail these profiles' records in the next batch writes, inside the 200."""
    wanted = [*args.get("profiles", ()), *args.get("records", ())]
    for key in args.get("profiles", ()):
        tenant.store.profile(key)
    for key in wanted:
        tenant.failing[key] = [int(args.get("status", 500)), int(args.get("times", 1))]
    return {"failing": wanted}


def _forget_shared(tenant: Tenant, args: dict[str, Any]) -> Acted:
    """LinkedIn loses all that an ATS sent, as after the integration was taken off and on again."""
    for rows in tenant.rsc.shared():
        rows.clear()
    return {}


def _export(tenant: Tenant, args: dict[str, Any]) -> Acted:
    """A recruiter's one click for each person; what was exported before the refused one stays exported."""
    contract = urn("contract", args.get("contract") or tenant.contract)
    context = tenant.store.contracts[contract].organization
    seat = tenant.store.seats[urn("seat", args["seat"])].id
    made = []
    for given in args["people"]:
        person = _exported_person(tenant, given)
        export = tenant.rsc.export(context=context, seat=seat, job=str(args["job"]), person=person)
        tenant.hooks.export(contract, export.id, export.expires_at)
        made.append(export)
    return {"requests": [one.id for one in made], "members": [one.person["member"] for one in made]}


def _exported_person(tenant: Tenant, given: dict[str, Any]) -> dict[str, Any]:
    """Name, title, company, location and member; never an e-mail address or a telephone number."""
    return {
        "firstName": given["first"],
        "lastName": given["last"],
        "headline": given.get("headline", ""),
        "member": urn("person", given.get("member") or tenant.stamp.token(6)),
        "currentEmployerNames": [given["company"]] if given.get("company") else [],
        "location": {"locationName": given.get("location", "")},
        "publicProfileUrl": given.get("url", ""),
    }


def _close_profile(tenant: Tenant, args: dict[str, Any]) -> Acted:
    """The member closes the account."""
    tenant.rsc.closed[urn("person", args["member"])] = tenant.world.clock.millis()
    return {"closed": list(tenant.rsc.closed)}


def _set_integration(tenant: Tenant, args: dict[str, Any]) -> Acted:
    """An administrator switches Recruiter System Connect on or off in Recruiter."""
    contract = urn("contract", args.get("contract") or tenant.contract)
    found = tenant.rsc.integrations[tenant.store.contracts[contract].organization]
    found.enabled = bool(args["enabled"])
    return vars(found)


def _set_seat(tenant: Tenant, args: dict[str, Any]) -> Acted:
    seat = tenant.store.seats[urn("seat", args["seat"])]
    seat.state = str(args["state"])
    return seat.element()


ACTS: dict[str, Callable[[Tenant, dict[str, Any]], Acted]] = {
    "add_project": _add_project, "archive_project": _archive_project, "restore_project": _restore_project,
    "rename_project": _rename_project, "rename_stage": _rename_stage, "add_stage": _add_stage,
    "add_to_project": _add_to_project, "move": _move, "remove": _remove, "share_email": _share_email,
    "message": _message, "set_webhook": _set_webhook, "challenge": _challenge, "set_seat": _set_seat,
    "settings": _settings, "spend": _spend, "expire_token": _expire_token, "revoke_token": _revoke_token,
    "renew_token": _renew_token, "fail_records": _fail_records, "export": _export, "close_profile": _close_profile,
    "set_integration": _set_integration, "forget_shared": _forget_shared,
}  # fmt: skip


# --- the parts


def _project(tenant: Tenant, args: dict[str, Any]) -> projects.Project:
    """By URN, number or name."""
    wanted = args["project"]
    for project in tenant.store.projects.values():
        if project.id == urn("rscProject", wanted) or project.name == wanted:
            return project
    raise ActError(f"no project {wanted!r}")


def _must_be_active(project: projects.Project) -> None:
    if project.state != "ACTIVE":
        raise ActError(f"{project.name} is archived")


def _seat(tenant: Tenant, args: dict[str, Any], default: str) -> str:
    return tenant.store.seats[urn("seat", args.get("by") or default)].id if args.get("by") else default


def _tell(tenant: Tenant, changed: list[projects.Profile]) -> None:
    if changed:
        tenant.hooks.hint(tenant.store.contract_of(changed[-1]), changed[-1].modified_at)
