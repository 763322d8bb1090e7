"""People and roles: who may sign in, what they may do, and whose work they see. For admins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts import invitations, selectors, services
from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right, Role
from apps.accounts.scope import EVERYONE
from apps.accounts.selectors import PersonRow
from apps.core import clock
from apps.portal import shell, words
from apps.portal.words import Badge

ROLES: Mapping[str, str] = {
    Role.VIEWER: "Reads, within their clients.",
    Role.RECRUITER: "Reads, decides duplicates, syncs one person.",
    Role.OPS: "Also maps, replays, discards, runs pilots and writes rules.",
    Role.ADMIN: "Also connections, people, clients, keys and the audit trail; sees every client.",
}

LAST_ADMIN = "This is the last admin. Make somebody else an admin first."


class PersonForm(forms.Form):
    """What an admin says of somebody; an address is given once and stays."""

    first_name = forms.CharField(max_length=150, required=False)
    last_name = forms.CharField(max_length=150, required=False)
    role = forms.ChoiceField(choices=Role.choices)
    all_clients = forms.BooleanField(required=False)
    clients = forms.MultipleChoiceField(required=False)
    is_active = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clients"].choices = [(str(pk), name) for pk, name in selectors.list_clients(scope=EVERYONE)]

    def said(self) -> dict[str, Any]:
        """The values as the services take them."""
        found = self.cleaned_data
        return {
            "first_name": found["first_name"].strip(),
            "last_name": found["last_name"].strip(),
            "role": Role(found["role"]),
            "all_clients": found["all_clients"],
            "clients": [UUID(one) for one in found["clients"]],
        }


class NewPersonForm(PersonForm):
    email = forms.EmailField()

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if selectors.is_email_taken(email):
            raise forms.ValidationError("Somebody has this address already. Look for them in the list.")
        return email


@requires(Right.ADMINISTER)
def people_list(request: PortalRequest) -> HttpResponse:
    """Show everybody who may sign in."""
    now = clock.now()
    found = selectors.list_people()
    context = {
        "lines": [_line(one, now) for one in found],
        "lead": _lead(found),
        "roles": [(Role(key).label, said) for key, said in ROLES.items()],
    }
    return shell.page(request, "portal/people.html", context)


@requires(Right.ADMINISTER, methods=("GET", "POST"))
def new_person(request: PortalRequest) -> HttpResponse:
    """Add somebody and send them the link by which they choose a password."""
    form = NewPersonForm(request.POST or None, initial={"role": Role.RECRUITER})
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        services.create_user(email=email, password=None, **form.said())
        _invite(request, email)
        return HttpResponseRedirect(reverse("portal:people"))
    return shell.page(request, "portal/person.html", {"person": None, **_form_context(form)})


@requires(Right.ADMINISTER, methods=("GET", "POST"), visible=selectors.user_is_visible)
def change_person(request: PortalRequest, user_id: int) -> HttpResponse:
    """Change somebody's name, role and clients, or switch them off."""
    found = selectors.get_person(user_id=user_id)
    if found is None:
        raise Http404
    form = PersonForm(request.POST or None, initial=_initial(found))
    if request.method == "POST" and form.is_valid():
        try:
            services.change_user(user_id=user_id, is_active=form.cleaned_data["is_active"], **form.said())
        except services.LastAdmin:
            form.add_error(None, LAST_ADMIN)
        else:
            shell.toast(request, f"{found.name} is saved.")
            return HttpResponseRedirect(reverse("portal:people"))
    return shell.page(request, "portal/person.html", {"person": _line(found, clock.now()), **_form_context(form)})


@requires(Right.ADMINISTER, methods=("POST",), visible=selectors.user_is_visible)
def invite_again(request: PortalRequest, user_id: int) -> HttpResponse:
    """Send the link for choosing a password once more."""
    found = selectors.get_person(user_id=user_id)
    if found is None:
        raise Http404
    _invite(request, found.email)
    return HttpResponseRedirect(reverse("portal:people"))


def _invite(request: PortalRequest, email: str) -> None:
    try:
        invitations.send_invitation(email=email, request=request)
    except invitations.NotSent:
        messages.warning(request, f"Nothing was sent: {email} is switched off.")
    else:
        shell.toast(request, f"A link for choosing a password is on its way to {email}.")


def _initial(found: PersonRow) -> dict[str, Any]:
    return {
        "first_name": found.first_name,
        "last_name": found.last_name,
        "role": found.role,
        "all_clients": found.all_clients,
        "clients": [str(pk) for pk, _ in found.clients],
        "is_active": found.is_active,
    }


def _form_context(form: PersonForm) -> dict[str, Any]:
    """The form as plain values: what stands in each field, and what is wrong with it."""
    chosen = {name: form[name].value() for name in form.fields}
    ticked = {str(one) for one in chosen["clients"] or ()}
    return {
        "value": chosen,
        "errors": {name: list(said) for name, said in form.errors.items()},
        "wrong": list(form.non_field_errors()),
        "roles": [(key, Role(key).label, said, str(chosen["role"]) == key) for key, said in ROLES.items()],
        "clients": [(pk, name, pk in ticked) for pk, name in form.fields["clients"].choices],
    }


def _line(one: PersonRow, now: datetime) -> dict[str, Any]:
    sees_all = one.all_clients or one.role == Role.ADMIN
    return {
        "id": one.id,
        "href": reverse("portal:person", args=[one.id]),
        "name": one.name,
        "email": one.email,
        "role": Role(one.role).label if one.role in Role.values else one.role,
        "clients": "All clients" if sees_all else words.listed([name for _, name in one.clients]) or "None yet",
        "badge": _badge(one),
        "two_step": Badge("ok", "shield", "On") if one.two_step else Badge("mute", "dash", "Off"),
        "invited": one.invited,
        "last_login": words.moment(one.last_login, now=now),
    }


def _badge(one: PersonRow) -> Badge:
    if not one.is_active:
        return Badge("mute", "pause", "Switched off")
    return Badge("info", "mail", "Invited") if one.invited else Badge("ok", "check-circle", "Active")


def _lead(found: tuple[PersonRow, ...]) -> str:
    active = [one for one in found if one.is_active]
    without = sum(not one.two_step for one in active)
    people = words.plural(len(active), "person may", "people may")
    return f"{people} sign in, {without} of them without a second step. Every change is kept in the audit trail."
