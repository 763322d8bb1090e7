"""What the documents say is so (house rule 30): settings, reasons, commands, calls, links, containers."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from django.urls import resolve

from apps.core import errors
from apps.ledger.states import REASON_WORDS, Reason, State
from apps.portal import words
from apps.providers import registry
from apps.sync.models import StreamName

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
NEVER_DEAD = {"RateLimited", "AuthExpired"}
"""They put an event back and close a gate; their causes never bury one."""


def text_of(name: str) -> str:
    return (ROOT / name).read_text()


@cache
def sources() -> dict[str, ast.Module]:
    """The app's own modules by path; the sandbox is not a part of it."""
    files = [*ROOT.glob("apps/**/*.py"), *ROOT.glob("syncportal/*.py")]
    kept = [file for file in files if "sandbox" not in file.parts and "migrations" not in file.parts]
    return {str(file.relative_to(ROOT)): ast.parse(file.read_text()) for file in kept}


def nodes() -> Iterator[tuple[ast.Module, ast.AST]]:
    for tree in sources().values():
        for node in ast.walk(tree):
            yield tree, node


def called(node: ast.Call) -> str:
    """The dotted name of what is called."""
    return ast.unparse(node.func)


def literal(tree: ast.Module, node: ast.AST | None) -> str:
    """A text, or the module's constant that names one; else empty."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.Name):
        for one in tree.body:
            if isinstance(one, ast.Assign) and node.id in [ast.unparse(target) for target in one.targets]:
                return literal(tree, one.value)
    return ""


def first_cells(page: str) -> list[str]:
    """The first cell of each row of the page's tables, its heading rows left out."""
    rows = re.findall(r"^\| (.+?) \|.*\n", page, flags=re.MULTILINE)
    return [cell for cell in rows if cell.startswith("`")]


def section_of(name: str, heading: str) -> str:
    """What stands below a heading, to the next one."""
    return text_of(name).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def coded(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


# --- settings --------------------------------------------------------------------------------


def settings_read() -> set[str]:
    found = set()
    for tree, node in nodes():
        if isinstance(node, ast.Call) and re.fullmatch(r"env\.\w+|_secret|os\.environ\.get", called(node)):
            found.add(literal(tree, node.args[0]))
        read = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)
        if read and ast.unparse(node.value) == "os.environ":
            found.add(literal(tree, node.slice))
    return found - {""}


def settings_told() -> set[str]:
    return {name for cell in first_cells(section_of("docs/operations.md", "Settings")) for name in coded(cell)}


def test_each_setting_is_in_the_operations_page_and_none_is_made_up() -> None:
    assert settings_read() == settings_told()


# --- states, reasons, causes -----------------------------------------------------------------


def rows_of(heading: str) -> dict[str, str]:
    """The rows of a section's table: key to the words that screens show."""
    section = section_of("docs/reasons.md", heading)
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", section, flags=re.MULTILINE))


def test_each_state_and_reason_is_explained_in_the_words_of_the_screens() -> None:
    assert rows_of("States") == {state.value: words.STATES[state].word for state in State}
    assert rows_of("Held") | rows_of("Skipped") == {reason.value: REASON_WORDS[reason] for reason in Reason}


def test_a_reason_that_no_code_gives_is_marked_and_no_other() -> None:
    marked = re.findall(r"^\| `(\w+)` \|.*not given yet", text_of("docs/reasons.md"), flags=re.MULTILINE)
    given = {
        ast.unparse(node)
        for path, tree in sources().items()
        if path != "apps/ledger/states.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }

    assert set(marked) == {reason.value for reason in Reason if f"Reason.{reason.name}" not in given}


def codes() -> set[str]:
    """The causes of errors that were given none."""
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.SyncError)]
    plain = {"SyncError", "Rejected", *NEVER_DEAD}
    return {kind.code for kind in kinds if kind.__name__ not in plain}


def causes_given() -> set[str]:
    found = codes()
    for tree, node in nodes():
        if not isinstance(node, ast.Call):
            continue
        name = called(node).rpartition(".")[2]
        kinds = {name, *(ast.unparse(argument).rpartition(".")[2] for argument in node.args)}
        if name in ("dead", "Lost"):
            found.add(literal(tree, node.args[0]))
        if not kinds & NEVER_DEAD:
            found |= {literal(tree, one.value) for one in node.keywords if one.arg == "cause"}
    return found - {""}


def test_each_cause_of_a_dead_letter_is_explained() -> None:
    told = {name for page in [DOCS / "reasons.md", *DOCS.glob("connectors/*.md")] for name in coded(page.read_text())}

    assert causes_given() - told == set()


# --- commands --------------------------------------------------------------------------------


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*):", text_of("Makefile"), flags=re.MULTILINE))


@pytest.mark.parametrize("document", PAGES, ids=lambda document: str(document.relative_to(ROOT)))
def test_each_command_that_a_page_names_exists(document: Path) -> None:
    text = document.read_text()
    managed = re.findall(r"manage\.py\s+(\w+)", text)
    made = [name for code in coded(text) for name in re.findall(r"^make ([\w-]+)", code)]
    made += re.findall(r"^make ([\w-]+)$", text, flags=re.MULTILINE)

    assert set(managed) - set(get_commands()) == set()
    assert set(made) - make_targets() == set()


def test_each_command_of_ours_is_in_the_operations_page() -> None:
    page = coded(section_of("docs/operations.md", "Commands"))
    ours = [name for name, app in get_commands().items() if str(app).startswith("apps.")]

    assert {f"python manage.py {name}" for name in ours} - set(page) == set()
    assert {f"make {name}" for name in make_targets()} - set(page) == set()


# --- the calls of the pages ------------------------------------------------------------------


def snippets() -> list[str]:
    text = "\n".join(page.read_text() for page in PAGES)
    return re.findall(r"^```python\n(.+?)^```", text, flags=re.MULTILINE | re.DOTALL)


def imported(tree: ast.Module) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            for one in node.names:
                value = getattr(module, one.name, None) or importlib.import_module(f"{node.module}.{one.name}")
                found[one.asname or one.name] = value
    return found


def wrong_calls(code: str) -> Iterator[str]:
    """Calls of a service, or names of a module, that the code does not have as the page writes them."""
    tree = ast.parse(code)
    known = imported(tree)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            continue
        owner = known.get(node.value.id)
        if isinstance(owner, ModuleType) and not hasattr(owner, node.attr):
            yield f"{ast.unparse(node)} does not exist"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = known.get(ast.unparse(node.func.value))
            if isinstance(owner, ModuleType) and hasattr(owner, node.func.attr):
                yield from misfit(getattr(owner, node.func.attr), node)


def misfit(function: Any, node: ast.Call) -> Iterator[str]:
    named = {one.arg: None for one in node.keywords if one.arg is not None}
    signature = inspect.signature(function)
    try:
        (signature.bind if len(named) == len(node.keywords) else signature.bind_partial)(*node.args, **named)
    except TypeError as problem:
        yield f"{ast.unparse(node)}: {problem}"


@pytest.mark.parametrize("code", snippets())
def test_each_call_that_a_page_shows_fits_its_service(code: str) -> None:
    assert list(wrong_calls(code)) == []


# --- names of files, tests, options, events --------------------------------------------------


@pytest.mark.parametrize("document", PAGES, ids=lambda document: str(document.relative_to(ROOT)))
def test_each_file_and_test_that_a_page_names_exists(document: Path) -> None:
    for name in coded(document.read_text()):
        path, _, test = name.partition("::")
        if re.fullmatch(r"[\w/.]+\.(py|toml|yaml)", path) and "/" in path:
            found = next((base / path for base in (ROOT, ROOT / "apps") if (base / path).is_file()), None)
            assert found is not None, name
            assert not test or f"def {test}(" in found.read_text(), name


def test_each_option_of_a_connection_is_told() -> None:
    read = set()
    for tree, node in nodes():
        if isinstance(node, ast.Call) and re.search(r"options(_of\(.*\))?\.get$", called(node)):
            read.add(literal(tree, node.args[0]))
    told = {
        name for page in [DOCS / "operations.md", *DOCS.glob("connectors/*.md")] for name in coded(page.read_text())
    }

    assert "daily_limit" in read
    assert read - told == set()


def test_each_kind_of_event_is_in_the_architecture() -> None:
    kinds = {
        node.value
        for path, tree in sources().items()
        if path.startswith(("apps/sync/", "apps/webhooks/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"(row|hook|write)\.[a-z_]+", node.value)
    }
    kinds |= {f"poll.{name}" for name in StreamName.values}

    assert kinds - set(coded(text_of("docs/architecture.md"))) == set()


def test_each_log_event_that_the_operations_page_names_is_logged() -> None:
    logged = {
        literal(tree, node.args[0])
        for tree, node in nodes()
        if isinstance(node, ast.Call) and re.fullmatch(r"log\.\w+", called(node)) and node.args
    }
    cells = first_cells(section_of("docs/operations.md", "Logs"))
    told = {name for cell in cells for name in coded(cell) if "." in name}

    assert told
    assert told - logged == set()


def test_each_provider_is_linked_from_the_operations_page() -> None:
    page = text_of("docs/operations.md")

    assert [key for key in registry.all_providers() if f"(connectors/{key}.md)" not in page] == []


# --- links -----------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """As forges make them of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", PAGES, ids=lambda document: str(document.relative_to(ROOT)))
def test_each_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (document.parent / path).resolve() if path else document
        assert found.exists(), target
        assert found.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(found), target


def test_pictures_are_small_and_each_is_shown() -> None:
    shown = {
        name for page in PAGES for name in re.findall(r"\]\((?:\.\./)*(?:docs/)?images/([^)]+)\)", page.read_text())
    }
    kept = {picture.name: picture.stat().st_size for picture in (DOCS / "images").iterdir()}

    assert shown == set(kept)
    assert max(kept.values()) < 250_000


# --- containers ------------------------------------------------------------------------------


@pytest.fixture
def compose() -> dict[str, Any]:
    found = yaml.safe_load(text_of("compose.yaml"))
    assert isinstance(found, dict)
    return found


def test_the_containers_set_what_the_app_reads(compose: dict[str, Any]) -> None:
    ours = [service for service in compose["services"].values() if service["image"] == "syncportal"]
    asked = set(re.findall(r"\$\{(\w+)", text_of("compose.yaml")))

    assert [set(service["environment"]) - settings_read() for service in ours] == [set()] * 3
    assert asked - settings_read() == {"POSTGRES_PASSWORD"}
    for name in ("DATABASE_URL", "SECRET_KEY", "SYNCPORTAL_KEYS", "ALLOWED_HOSTS"):
        assert [name for service in ours if name not in service["environment"]] == []


def test_the_containers_run_commands_that_exist(compose: dict[str, Any]) -> None:
    commands = [service["command"] for service in compose["services"].values() if "command" in service]
    served = re.search(r'^CMD \["gunicorn", "([\w.]+)"', text_of("Dockerfile"), flags=re.MULTILINE)

    assert {tuple(command[:2]) for command in commands} == {("python", "manage.py")}
    assert {command[2] for command in commands} - set(get_commands()) == set()
    assert served is not None
    assert callable(importlib.import_module(served[1]).application)


def test_the_containers_ask_probes_that_exist_by_hosts_that_are_allowed(compose: dict[str, Any]) -> None:
    probes = re.findall(r"http://([\w.]+):8000(/[\w/]+)", text_of("compose.yaml"))
    allowed = compose["x-app"]["environment"]["ALLOWED_HOSTS"].split(",")

    assert {resolve(path).func.__name__ for _, path in probes} == {"readyz", "worker"}
    assert {host for host, _ in probes} - set(allowed) == set()


def test_the_containers_wait_for_services_and_keep_volumes_that_exist(compose: dict[str, Any]) -> None:
    services = compose["services"]
    awaited = {name for service in services.values() for name in service.get("depends_on", {})}
    kept = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", [])}

    assert awaited - set(services) == set()
    assert kept == set(compose["volumes"])


def test_the_image_copies_what_is_there_and_what_it_may() -> None:
    copied = [
        name
        for line in re.findall(r"^COPY (.+) \S+$", text_of("Dockerfile"), flags=re.MULTILINE)
        for name in line.split()
    ]
    ignored = {line.rstrip("/") for line in text_of(".dockerignore").splitlines()}

    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert set(copied) & ignored == set()
    assert "--require-hashes -r requirements.lock" in text_of("Dockerfile")
