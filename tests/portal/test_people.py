"""People and roles: admins decide, nobody locks everybody out, and it is all kept (R22)."""

from __future__ import annotations

import threading

import pytest
from auditlog.models import LogEntry
from django.core import mail
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts import services
from apps.accounts.models import User
from apps.accounts.rights import Role
from tests.portal.factories import make_user
from tests.portal.test_pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: Browser) -> User:
    user = make_user(Role.ADMIN)
    client.force_login(user)
    return user


def test_an_invited_person_gets_a_link_and_their_role_and_clients(client: Browser, boss: User) -> None:
    birch = services.create_client(name="Birch")
    said = {"email": "New@People.example", "first_name": "Noor", "role": "ops", "clients": [str(birch.pk)]}

    answer = client.post("/people/new/", said, follow=True).content.decode()

    made = User.objects.get(email="new@people.example")
    assert (made.role, list(made.clients.all()), made.has_usable_password()) == (Role.OPS, [birch], False)
    assert mail.outbox[0].to == ["new@people.example"] and "/password/reset/key/" in mail.outbox[0].body
    assert "is on its way to new@people.example" in answer
    assert "Invited" in text_of(client, "/people/")


def test_an_address_that_is_taken_is_said_beside_its_field(client: Browser, boss: User) -> None:
    shown = client.post("/people/new/", {"email": boss.email.upper(), "role": "viewer"}).content.decode()

    assert "Somebody has this address already." in shown
    assert User.objects.count() == 1


@pytest.mark.parametrize("change", [{"role": "ops", "is_active": "on"}, {"role": "admin"}])
def test_the_last_admin_stays_one(client: Browser, boss: User, change: dict[str, str]) -> None:
    shown = client.post(reverse("portal:person", args=[boss.pk]), change).content.decode()

    boss.refresh_from_db()
    assert "This is the last admin." in shown
    assert boss.role == Role.ADMIN and boss.is_active


def test_an_admin_who_is_not_the_last_may_go(client: Browser, boss: User) -> None:
    make_user(Role.ADMIN)

    assert client.post(reverse("portal:person", args=[boss.pk]), {"role": "ops", "is_active": "on"}).status_code == 302

    boss.refresh_from_db()
    assert boss.role == Role.OPS


def test_someone_switched_off_is_signed_out_at_once(client: Browser, boss: User) -> None:
    other, theirs = make_user(Role.OPS), Browser()
    theirs.force_login(other)
    assert theirs.get("/").status_code == 200

    client.post(reverse("portal:person", args=[other.pk]), {"role": "ops"})

    assert theirs.get("/").status_code == 302


def test_a_change_is_kept_with_who_made_it(client: Browser, boss: User) -> None:
    other = make_user(Role.VIEWER)

    client.post(reverse("portal:person", args=[other.pk]), {"role": "recruiter", "is_active": "on"})

    kept = LogEntry.objects.get_for_object(other).filter(changes__has_key="role").latest("timestamp")
    assert kept.changes["role"] == ["viewer", "recruiter"]
    assert kept.actor == boss


def test_somebody_may_be_invited_again_but_not_once_switched_off(client: Browser, boss: User) -> None:
    other = make_user(Role.VIEWER)
    client.post(reverse("portal:invite_again", args=[other.pk]))
    assert len(mail.outbox) == 1

    User.objects.filter(pk=other.pk).update(is_active=False)
    answer = client.post(reverse("portal:invite_again", args=[other.pk]), follow=True).content.decode()

    assert len(mail.outbox) == 1
    assert "Nothing was sent" in answer


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_take_the_role_from_each_other_leave_one() -> None:
    first, second = make_user(Role.ADMIN), make_user(Role.ADMIN)
    together = threading.Barrier(2)

    def demote(user: User) -> None:
        together.wait()
        try:
            services.change_user(
                user_id=user.pk,
                role=Role.OPS,
                clients=[],
                all_clients=False,
                is_active=True,
                first_name="",
                last_name="",
            )
        except services.LastAdmin:
            pass
        finally:
            connection.close()

    both = [threading.Thread(target=demote, args=(user,)) for user in (first, second)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert User.objects.filter(role=Role.ADMIN, is_active=True).count() == 1
