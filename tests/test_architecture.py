"""What the layout promises and import-linter alone cannot see: foreign keys, gaps in the contracts, sockets.

The order of the layers is read from pyproject.toml, where import-linter reads it too.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps as registry
from django.db.models import Field, Model

ROOT = Path(__file__).resolve().parent.parent
APPS = ROOT / "apps"
CONTRACTS: dict[str, dict[str, Any]] = {
    contract["name"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
LAYERS = CONTRACTS["Imports run downwards"]["layers"]
RANK = {app.strip(" ()"): rank for rank, layer in enumerate(reversed(LAYERS)) for app in layer.split("|")}
"""An app's height; apps beside each other have the same one and may not know each other."""


def packages(folder: Path) -> set[str]:
    return {found.parent.name for found in folder.glob("*/__init__.py")}


def modules(folder: Path) -> set[str]:
    return {found.stem for found in folder.glob("*.py")} - {"__init__"}


def imported(path: Path) -> set[str]:
    """Every module that a file names, with the names taken from it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def names(path: Path, module: str) -> bool:
    """Whether a file imports a module or anything in it."""
    return any(name == module or name.startswith(f"{module}.") for name in imported(path))


EVERY_APP = packages(APPS)


def own_models() -> list[type[Model]]:
    found = registry.get_models(include_auto_created=True)
    return [model for model in found if model.__module__.startswith("apps.")]


def app_of(model: type[Model]) -> str:
    return model.__module__.split(".")[1]


def keys_of(model: type[Model]) -> Iterator[Field[Any, Any]]:
    """Foreign keys, one to one and many to many, as the model itself declares them."""
    declared = [*model._meta.local_fields, *model._meta.local_many_to_many]
    return (field for field in declared if field.is_relation)


def own_keys() -> Iterator[tuple[type[Model], Field[Any, Any], type[Model]]]:
    for model in own_models():
        for key in keys_of(model):
            assert isinstance(key.related_model, type), f"{model.__name__}.{key.name} points to nothing in particular"
            yield model, key, key.related_model


# --- foreign keys


def test_foreign_keys_point_downwards() -> None:
    upwards = [
        f"{model._meta.label}.{key.name} points to {target._meta.label}"
        for model, key, target in own_keys()
        if target.__module__.startswith("apps.")
        and app_of(target) != app_of(model)
        and RANK[app_of(target)] >= RANK[app_of(model)]
    ]

    assert upwards == []


def test_the_ledger_points_to_itself_alone() -> None:
    targets = {app_of(target) for model, _, target in own_keys() if app_of(model) == "ledger"}

    assert targets == {"ledger"}


def test_the_walk_sees_the_keys_that_there_are() -> None:
    seen = {(model._meta.label, key.name) for model, key, _ in own_keys()}

    assert {
        ("ledger.Effect", "event"),
        ("mappings.Mapping", "client"),
        ("connections.Credential", "connection"),
        ("accounts.User", "clients"),
        ("accounts.User_clients", "client"),
    } <= seen


# --- no app, provider or rule escapes its contract


def named(contract: str, key: str) -> set[str]:
    return set(CONTRACTS[contract][key])


def as_modules(names: set[str], within: str = "apps") -> set[str]:
    return {f"{within}.{name}" for name in names}


def test_every_app_has_its_layer() -> None:
    layers = CONTRACTS["Imports run downwards"]

    assert set(layers["exhaustive_ignores"]) == {"sandbox"}
    assert layers["exhaustive"]
    assert EVERY_APP - {"sandbox"} <= set(RANK)


def test_an_app_that_is_there_is_not_optional() -> None:
    optional = {app.strip(" ()") for layer in LAYERS for app in layer.split("|") if "(" in app}

    assert not optional & EVERY_APP


def test_every_app_is_kept_from_the_sandbox_and_the_sandbox_from_it() -> None:
    others = as_modules(EVERY_APP - {"sandbox"})
    inward, outward = "Nothing imports the sandbox", "The sandbox imports nothing of the app"

    assert others | {"syncportal"} <= named(inward, "source_modules")
    assert others | {"syncportal", "django"} <= named(outward, "forbidden_modules")


def test_every_app_is_kept_from_django_q_but_the_two_modules_that_know_it() -> None:
    apart = as_modules(EVERY_APP - {"core", "sandbox"}) | {"syncportal"}
    core = as_modules(modules(APPS / "core") - {"jobs", "broker"}, "apps.core")

    assert apart | core <= named("Only core.jobs and core.broker know django-q2", "source_modules")


def test_every_app_is_kept_from_sockets_but_the_providers_and_the_demo() -> None:
    apart = as_modules(EVERY_APP - {"providers", "demo", "sandbox"}) | {"syncportal"}

    assert apart <= named("Only providers open sockets", "source_modules")


def test_every_rules_module_is_pure_by_contract() -> None:
    every = {f"apps.{found.parent.name}.rules" for found in APPS.glob("*/rules.py")}

    assert every <= named("Rules and plans are pure", "source_modules")


def test_every_app_is_layered_inside() -> None:
    assert as_modules(EVERY_APP - {"sandbox", "providers"}) <= named(
        "Within an app, too, imports run downwards", "containers"
    )


def test_every_screen_receiver_and_task_is_kept_from_models() -> None:
    every = {f"apps.{found.parent.name}.tasks" for found in APPS.glob("*/tasks.py")}
    every |= {f"apps.{found.parent.name}.views" for found in APPS.glob("*/views.py")}
    every |= {"apps.portal", *(["apps.api"] if "api" in EVERY_APP else [])}

    assert every <= named("Screens, receivers and tasks never touch models", "source_modules")


# --- providers, which no contract has to name: a new one costs no edit outside its own folder


@pytest.mark.parametrize("provider", sorted(packages(APPS / "providers")))
def test_a_provider_is_reached_through_the_registry_alone(provider: str) -> None:
    module, own = f"apps.providers.{provider}", APPS / "providers" / provider
    others = [
        path for folder in (APPS, ROOT / "syncportal") for path in folder.rglob("*.py") if own not in path.parents
    ]

    assert [path for path in others if names(path, module)] == []


# --- the standard library, which import-linter can forbid only as a whole

SOCKETS = {
    "socket": {"demo/stack.py", "notifications/smtp.py", "providers/egress.py", "providers/deadlines.py"},
    "ssl": {"providers/deadlines.py"},
    "http.client": set(),
    "http.server": set(),
    "urllib.request": set(),
    "smtplib": {"notifications/mail.py", "notifications/smtp.py"},
    "ftplib": set(),
    "socketserver": set(),
    "httpcore": {"providers/deadlines.py"},
    "httpx": {"providers/deadlines.py", "providers/transport.py", "demo/stack.py", "demo/sandbox.py"},
}
"""What opens a connection, and the only modules that may: one transport, and the demo that watches its processes."""


@pytest.mark.parametrize(("module", "allowed"), SOCKETS.items(), ids=SOCKETS)
def test_only_the_transport_opens_connections(module: str, allowed: set[str]) -> None:
    using = {
        path.relative_to(APPS).as_posix()
        for path in APPS.rglob("*.py")
        if path.relative_to(APPS).parts[0] != "sandbox" and names(path, module)
    }

    assert using == allowed
