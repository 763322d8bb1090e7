"""Every route x method x role x another client's id. It grows by itself: a new route is walked or refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.accounts.access import Door
from apps.accounts.rights import Role, role_has
from tests.portal.factories import (
    World,
    make_alert,
    make_discard,
    make_dismissal,
    make_event,
    make_hand_over,
    make_key,
    make_map_run,
    make_message,
    make_pilot,
    make_question,
    make_replay,
    make_rule,
    make_run,
    make_user,
    make_version,
    make_world,
)

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

OWN_DOORS = {
    "accounts/": "allauth: sign-in itself, and one's own password and second step",
    "admin/": "Django's admin: superusers only, walked below",
    "api/": "keys, or who is signed in; walked in tests/api",
    "webhooks/": "receivers: a signature over the raw bytes is the door",
    "healthz": "a probe: says that the process answers",
    "healthz/worker": "a probe: says whether work goes on",
    "readyz": "a probe: says whether the database answers",
}
"""Routes without our door, and what stands in its place."""

ADDRESSES = {
    "event_id": lambda world: world.event.pk,
    "person_id": lambda world: world.person.pk,
    "user_id": lambda world: (world.client.users.first() or make_user(Role.VIEWER, world.client)).pk,
    "mapping_id": lambda world: world.mapping.pk,
    "connection_id": lambda world: world.ats.pk,
    "rule_id": lambda world: make_rule(world).pk,
    "run_id": lambda world: make_run(world).pk,
    "message_id": lambda world: make_message(world).pk,
    "key_id": lambda world: make_key(world).public_id,
    "alert_id": lambda world: make_alert(world).pk,
    "pilot_id": lambda world: (world.mapping.pilots.first() or make_pilot(world)).pk,
    "replay_id": lambda world: make_replay(world).pk,
    "map_id": lambda world: world.mapping.stage_map_id,
    "number": lambda world: make_version(world).number,
    "map_run_id": lambda world: make_map_run(world).pk,
    "project_id": lambda world: world.mapping.project_id,
    "dismissal_id": lambda world: make_dismissal(world).pk,
    "hand_over_id": lambda world: make_hand_over(world).pk,
    "discard_id": lambda world: make_discard(world).pk,
    "question_id": lambda world: make_question(world).pk,
}
"""What each part of an address names. A new name has to be added here, with a world that holds one."""


@dataclass(frozen=True)
class Route:
    path: str
    name: str
    view: Any
    parts: tuple[str, ...]

    @property
    def door(self) -> Door:
        return self.view

    def address(self, world: World) -> str:
        return reverse(self.name, kwargs={part: ADDRESSES[part](world) for part in self.parts})


def walk(resolver: URLResolver, prefix: str = "", namespace: str = "") -> Iterator[Route]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            name = ":".join(filter(None, [namespace, entry.name or ""]))
            yield Route(path, name, entry.callback, tuple(entry.pattern.converters))
        else:
            yield from walk(entry, path, ":".join(filter(None, [namespace, entry.namespace or ""])))


def has_own_door(route: Route) -> bool:
    return any(route.path == own or (own.endswith("/") and route.path.startswith(own)) for own in OWN_DOORS)


ROUTES = list(walk(get_resolver()))
OURS = [route for route in ROUTES if not has_own_door(route)]
OF_CLIENTS = [route for route in OURS if route.parts]


def names(routes: list[Route]) -> list[str]:
    return [route.path or "/" for route in routes]


@pytest.mark.parametrize("route", OURS, ids=names(OURS))
def test_every_route_has_our_door_or_says_which_else(route: Route) -> None:
    assert hasattr(route.view, "right"), f"{route.path}: use @requires, or say in OWN_DOORS what guards it"
    assert route.name, f"{route.path}: give it a name"


@pytest.mark.parametrize("route", OF_CLIENTS, ids=names(OF_CLIENTS))
def test_a_route_that_names_an_object_asks_whether_it_is_visible(route: Route) -> None:
    assert route.door.visible is not None, f"{route.path}: give @requires(visible=...)"
    assert set(route.parts) <= set(ADDRESSES), f"{route.path}: say in ADDRESSES what {route.parts} name"


def test_no_own_door_is_left_over() -> None:
    used = {own for own in OWN_DOORS for route in ROUTES if route.path.startswith(own)}

    assert used == set(OWN_DOORS)


@pytest.mark.django_db
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", OURS, ids=names(OURS))
def test_who_is_not_signed_in_is_sent_to_sign_in(client: Browser, route: Route, method: str) -> None:
    answer = client.generic(method, route.address(make_world("Birch")))

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("route", OURS, ids=names(OURS))
def test_ones_own_client_by_role_and_method(client: Browser, route: Route, role: str) -> None:
    own = make_world("Birch")
    client.force_login(make_user(Role(role), own.client))

    for method in METHODS:
        status = client.generic(method, route.address(own)).status_code
        if method not in route.door.methods:
            assert status == 405, method
        elif role_has(role, route.door.right):
            assert status in (200, 204, 302), method
        else:
            assert status == 403, method


@pytest.mark.django_db
@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.ADMIN])
@pytest.mark.parametrize("route", OF_CLIENTS, ids=names(OF_CLIENTS))
def test_another_clients_id_is_not_found(client: Browser, route: Route, role: str) -> None:
    own, other = make_world("Birch"), make_world("Cedar")
    client.force_login(make_user(Role(role), own.client))

    for method in route.door.methods:
        assert client.generic(method, route.address(other)).status_code == 404, method


@pytest.mark.django_db
@pytest.mark.parametrize("route", OF_CLIENTS, ids=names(OF_CLIENTS))
def test_somebody_without_a_client_finds_nothing(client: Browser, route: Route) -> None:
    client.force_login(make_user(Role.OPS))

    assert client.generic(route.door.methods[0], route.address(make_world("Birch"))).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "part"])
@pytest.mark.parametrize("route", OURS, ids=names(OURS))
def test_no_page_names_anything_of_another_client(client: Browser, route: Route, htmx: bool) -> None:
    own, other = make_world("Birch"), make_world("Cedar")
    make_event([own.client, other.client], person=other.person, detail="Cedar and Birch", state="dead", cause="Cedar")
    make_event([], detail="Cedar before planning", state="held", reason="mapping")
    client.force_login(make_user(Role.OPS, own.client))
    headers = {"HX-Request": "true"} if htmx else {}

    if "GET" in route.door.methods:
        answer = client.get(route.address(own), headers=headers)
        assert answer.status_code == (200 if role_has(Role.OPS, route.door.right) else 403)
        assert "Cedar" not in b"".join(answer).decode()


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role.values)
def test_the_admin_site_is_for_superusers(client: Browser, role: str) -> None:
    client.force_login(make_user(Role(role)))

    assert client.get(reverse("admin:index")).status_code in (302, 403)


@pytest.mark.django_db
def test_the_admin_site_shows_every_model_and_changes_accounts_only(client: Browser) -> None:
    world, superuser = make_world("Birch"), make_user(Role.ADMIN)
    superuser.is_staff = superuser.is_superuser = True
    superuser.save()
    client.force_login(superuser)

    for model, site in admin.site._registry.items():
        meta = model._meta
        assert client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")).status_code == 200, (
            meta.label
        )
        if meta.label_lower in {"accounts.user", "accounts.client", "account.emailaddress"}:
            continue
        add = client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_add"))
        assert add.status_code == 403, meta.label
        assert type(site).__mro__[1].__name__ == "ReadOnlyAdmin", meta.label
    shown = client.get(reverse("admin:candidates_candidacy_change", args=[world.candidacy.pk]))
    assert shown.status_code == 200
    assert client.post(reverse("admin:candidates_candidacy_change", args=[world.candidacy.pk])).status_code == 403
