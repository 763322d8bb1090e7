"""The door of every screen: signed in, own client, right role; in that order."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed

from apps.accounts.models import User
from apps.accounts.rights import Right
from apps.accounts.scope import Scope

P = ParamSpec("P")


class PortalRequest(HttpRequest):
    """A request that came through the door.

    `reach` is what its reader may see; `scope` is that, narrowed to the client they chose to look at.
    A page about one object is not narrowed: its address says what is wanted.
    """

    user: User
    reach: Scope
    scope: Scope
    chosen: UUID | None
    htmx: Any


CHOSEN = "client"
"""The name of the choice in the session."""

Visible = Callable[..., bool]
"""Tells whether the object that the address names lies within a scope: `(*, scope, **address)`."""


class Door(Protocol):
    """What the route walk reads off a view."""

    right: Right
    methods: tuple[str, ...]
    visible: Visible | None


def choose_client(request: PortalRequest, client_id: UUID | None) -> None:
    """Look at one client's work alone from now on, or at all of one's own."""
    if client_id is None:
        request.session.pop(CHOSEN, None)
    else:
        request.session[CHOSEN] = str(client_id)


def _chosen(request: PortalRequest) -> UUID | None:
    """The client chosen in this session, if there is one; a choice outside of one's clients counts as none."""
    session = getattr(request, "session", {})
    try:
        chosen = UUID(session.get(CHOSEN, ""))
    except ValueError:
        return None
    return chosen if request.reach.covers([chosen]) else None


def requires(
    right: Right, *, methods: tuple[str, ...] = ("GET",), visible: Visible | None = None
) -> Callable[[Callable[Concatenate[PortalRequest, P], HttpResponse]], Callable[..., HttpResponseBase]]:
    """Let in who is signed in (else to sign-in), sees the object (else 404) and has the right (else 403).

    `visible` is asked before the right, so that a wrong role cannot learn that another client's id exists.
    """

    def decorate(view: Callable[Concatenate[PortalRequest, P], HttpResponse]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def enter(request: PortalRequest, *args: P.args, **address: P.kwargs) -> HttpResponseBase:
            if not isinstance(request.user, User):
                return redirect_to_login(request.get_full_path())
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            request.reach = request.user.scope()
            request.chosen = _chosen(request)
            request.scope = request.reach.narrowed(request.chosen) if visible is None else request.reach
            if visible is not None and not visible(scope=request.reach, **address):
                raise Http404
            if not request.user.may(right):
                raise PermissionDenied
            return view(request, *args, **address)

        enter.right = right  # type: ignore[attr-defined]
        enter.methods = methods  # type: ignore[attr-defined]
        enter.visible = visible  # type: ignore[attr-defined]
        return enter

    return decorate
