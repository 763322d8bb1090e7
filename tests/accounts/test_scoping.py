"""Client-owned rows are given by scope only (rule 30)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from apps.accounts import scope as scopes
from apps.accounts.scope import EVERYONE, NOBODY
from apps.accounts.scoping import ScopedManager, UnscopedAccess
from apps.candidates.models import Candidacy
from apps.mappings.models import Mapping
from tests.portal.factories import make_world

APPS = Path(__file__).resolve().parents[2] / "apps"

OF_EVERYONE = {
    "accounts/scoping.py": "it is made here",
}
"""Where every client's rows are read at once, and why. A page, an API or a selector is never here."""

ENGINE = {
    "sync": "the engine serves every client; it gives each event its clients when it plans",
    "candidates": "the engine's services: whom a delivery is about is known only after they are found",
    "mappings": "the catalogue's services: what a Project is mapped to decides whose event it is",
    "demo": "the scenario and its smoke test look at the whole deployment",
}
"""Apps whose services and tasks work for the deployment, not for a reader."""

READERS = ("selectors.py", "selectors")


def uses_of_everyone() -> Iterator[str]:
    for path in sorted(APPS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr == "of_everyone":
                yield path.relative_to(APPS).as_posix()


def test_each_use_of_everyone_is_listed_with_its_reason() -> None:
    unlisted = {
        path
        for path in uses_of_everyone()
        if path not in OF_EVERYONE and (path.split("/")[0] not in ENGINE or path.split("/")[1] in READERS)
    }

    assert not unlisted, "say in OF_EVERYONE why these read every client's rows, or use within(scope)"


def test_every_model_with_a_client_is_scoped() -> None:
    client_owned = [
        model
        for model in apps.get_models()
        if model.__module__.startswith("apps.")
        and any(field.name == "client" and not field.null for field in model._meta.concrete_fields)
    ]

    assert client_owned
    for model in client_owned:
        assert isinstance(model._default_manager, ScopedManager), f"{model.__name__} gives rows without a scope"


@pytest.mark.django_db
@pytest.mark.parametrize("access", ["all", "filter", "get", "count", "exists", "first", "values_list", "update"])
def test_plain_access_is_refused(access: str) -> None:
    with pytest.raises(UnscopedAccess):
        getattr(Candidacy.objects, access)()


@pytest.mark.django_db
def test_within_gives_the_rows_of_the_scope_alone() -> None:
    own, other = make_world("Birch"), make_world("Cedar")

    assert list(Candidacy.objects.within(scopes.of_clients(own.client.pk))) == [own.candidacy]
    assert set(Candidacy.objects.within(EVERYONE)) == {own.candidacy, other.candidacy}
    assert not Candidacy.objects.within(NOBODY)


@pytest.mark.django_db
def test_related_managers_and_forward_keys_go_on_working() -> None:
    own = make_world("Birch")
    make_world("Cedar")

    assert list(own.mapping.candidacies.all()) == [own.candidacy]
    assert list(own.mapping.candidacies.within(scopes.of_clients(own.client.pk))) == [own.candidacy]
    assert not own.mapping.candidacies.within(NOBODY)
    assert list(own.mapping.candidacies.of_everyone()) == [own.candidacy]
    assert list(Mapping.objects.of_everyone().prefetch_related("candidacies").get(pk=own.mapping.pk).candidacies.all())
    own.candidacy.refresh_from_db()
    assert own.candidacy.profiles.get().candidacy == own.candidacy


@pytest.mark.django_db
def test_rows_are_deleted_with_what_they_belong_to() -> None:
    own = make_world("Birch")
    own.candidacy.profiles.all().delete()

    own.candidacy.delete()

    assert not Candidacy.objects.of_everyone().exists()


def test_a_scope_covers_only_what_it_holds_whole() -> None:
    own, other = make_ids()

    assert scopes.of_clients(own).covers([own])
    assert not scopes.of_clients(own).covers([own, other])
    assert not scopes.of_clients(own).covers([])
    assert EVERYONE.covers([])


def make_ids() -> tuple[scopes.UUID, scopes.UUID]:
    return scopes.UUID(int=1), scopes.UUID(int=2)
