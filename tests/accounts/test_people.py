"""People, roles, clients, sign-in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import Http404, HttpResponse
from django.test import Client as Browser
from django.test import RequestFactory

from apps.accounts import services
from apps.accounts.access import requires
from apps.accounts.models import User
from apps.accounts.rights import RIGHTS_OF, Right, Role
from tests.portal.factories import make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"


def test_roles_hold_the_rights_that_the_rules_give_them() -> None:
    assert {role.value: {right.value for right in rights} for role, rights in RIGHTS_OF.items()} == {
        "viewer": {"view"},
        "recruiter": {"view", "decide"},
        "ops": {"view", "decide", "operate"},
        "admin": {"view", "decide", "operate", "administer"},
    }


def test_an_unknown_role_holds_nothing() -> None:
    assert not User(role="owner").may(Right.VIEW)


def test_a_person_sees_their_clients_and_an_admin_sees_all() -> None:
    client = services.create_client(name="Birch")

    assert make_user(Role.OPS, client).scope().client_ids == {client.pk}
    assert make_user(Role.ADMIN).scope().unrestricted
    assert make_user(Role.VIEWER, all_clients=True).scope().unrestricted
    assert make_user(Role.VIEWER).scope().client_ids == frozenset()


def test_somebody_switched_off_sees_and_may_do_nothing() -> None:
    user = make_user(Role.ADMIN)
    user.is_active = False

    assert user.scope().client_ids == frozenset()
    assert not user.may(Right.VIEW)


def test_one_address_is_one_person_however_it_is_written() -> None:
    services.create_user(email="Ada@People.example", password=None, role=Role.VIEWER)

    with pytest.raises(IntegrityError):
        User(email="ADA@people.example").save()


def test_a_client_needs_a_real_time_zone() -> None:
    with pytest.raises(services.UnknownTimeZone):
        services.create_client(name="Birch", time_zone="Mars/Olympus")


@pytest.mark.parametrize("role", Role.values)
def test_signing_in_by_address_and_password(client: Browser, role: str) -> None:
    services.create_user(email="ada@people.example", password=PASSWORD, role=Role(role))

    answer = client.post("/accounts/login/", {"login": "Ada@people.example", "password": PASSWORD})

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/").status_code == 200


def test_a_wrong_password_says_so_and_stays_outside(client: Browser) -> None:
    services.create_user(email="ada@people.example", password=PASSWORD, role=Role.VIEWER)

    answer = client.post("/accounts/login/", {"login": "ada@people.example", "password": "wrong"})

    assert "do not belong together" in answer.content.decode()
    assert client.get("/").status_code == 302


def test_nobody_signs_up_alone(client: Browser) -> None:
    client.post("/accounts/signup/", {"email": "eve@people.example", "password1": PASSWORD, "password2": PASSWORD})

    assert not User.objects.exists()


def test_another_clients_id_is_not_found_before_the_role_is_asked(rf: RequestFactory) -> None:
    @requires(Right.ADMINISTER, visible=lambda *, scope, **address: address["thing"] == 1)
    def screen(request: object, thing: int) -> HttpResponse:
        return HttpResponse("in")

    request = rf.get("/")
    request.user = make_user(Role.VIEWER)
    with pytest.raises(Http404):
        screen(request, thing=2)
    with pytest.raises(PermissionDenied):
        screen(request, thing=1)

    request.user = AnonymousUser()
    assert screen(request, thing=2).status_code == 302

    request.user = make_user(Role.ADMIN)
    assert screen(request, thing=1).content == b"in"
