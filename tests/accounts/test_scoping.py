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
    "candidates/services.py": "whom a delivery is about is known only after they are found, whosever they are",
    "candidates/merges.py": "everything of two people goes to one, whosever it is; who may decide is asked before",
    "mappings/map_services.py": "a mapping whose page the scope was asked about gets its map; whether others use that",
    "mappings/accepting.py": "whether others have mapped these already; new maps begin with stages, of no client",
    "mappings/choosing.py": "a job that a Project feeds already is offered for it no more, whoever mapped it",
    "mappings/folders.py": "whose mappings use a folder, told to who works for all clients",
    "mappings/bulk.py": "whether a client outside of the scope leads the Project: then nothing is changed",
    "mappings/suggestions.py": "which Projects feed a job of anybody's; a job's client is shown within the scope",
    "mappings/stage_maps.py": "whether a map moves people outside of the scope, and nothing else of them",
    "mappings/services.py": "the catalogue serves every client; what a Project is mapped to decides whose event it is",
    "monitoring/signals.py": "an alarm counts everybody's; each names the clients whose readers may see it",
    "notifications/announce.py": "the rules for a transition, whosever it is; each message gets its client here",
    "notifications/deliver.py": "a lane delivers the messages that its events name",
    "notifications/services.py": "the usual rules are for all clients; what a person changes is within their scope",
    "sync/arrivals.py": "the engine writes the candidacy whose lease it has",
    "sync/duplicates.py": "the engine carries out what a person decided within their scope",
    "sync/merging.py": "a merge that a person decided within their scope is for users of all whom it touches",
    "sync/edits.py": "an edited write names the candidacy that the editor's scope was asked about",
    "sync/flush.py": "the engine writes the candidacy whose lease it has",
    "sync/closures.py": "LinkedIn does not say whose candidate closed an account; the event gets its clients here",
    "sync/publishing.py": "an ATS does not say whose person was deleted; each event gets its own client here",
    "sync/shares.py": "the engine tells of the candidacy whose lease it has",
    "sync/checks.py": "a comparison reads its own mapping's people, whosever they are",
    "sync/contract_taking.py": "a contract serves every client, and all of its mappings move with it",
    "sync/conflicts.py": "the engine carries out what a person decided within their scope",
    "sync/foresight.py": "a preview asks which ATS its events would create people in; it shows nothing of anybody's",
    "sync/holds.py": "what waited for a map or a mapping goes on, whosever it is; it shows nothing of anybody's",
    "sync/hooks.py": "an ATS does not say whose application changed; the event gets its client here",
    "sync/inmail.py": "LinkedIn does not say whose candidate a message is with; the event gets its clients here",
    "sync/leading.py": "a job that closes concerns whoever is in its Projects",
    "sync/map_runs.py": "a version is applied to all whom it governs; who may ask is asked of all their clients",
    "sync/remapped.py": "a map's page asks what it does to all whom it governs, having asked the scope",
    "sync/moves.py": "the engine writes the candidacy whose lease it has; its guard counts a mapping's moves",
    "sync/reconcile.py": "each client's mappings are compared in turn; what a person decides is within their scope",
    "sync/rows.py": "LinkedIn does not say whose Project it is; the event gets its client here",
    "sync/seen.py": "where somebody is not shown any more, their applications may be somebody else's since a merge",
    "sync/going_live.py": "an ops lead names the mapping whose earlier people come in",
    "sync/survivors.py": "the engine asks whether anything of somebody's was ever in the ATS, whosever it was",
    "sync/takeover.py": "the engine follows the applications of the person whose lease it has",
    "sync/writes.py": "the engine performs what was planned, for every client in turn",
}
"""Each module that reads every client's rows at once, and why. A page, an API or a selector is never here."""

WHOLE_DEPLOYMENT = ("demo",)
"""The demo and its checks look at everything that they made themselves."""

SCOPELESS = {
    "accounts.names_of_clients": "names of ids that the caller's own scoped rows hold",
    "accounts.list_people": "who may sign in, for admins, who see every client",
    "accounts.get_person": "the same of one person, behind user_is_visible",
    "accounts.is_email_taken": "whether an address is one of ours, asked by admins",
    "ledger.count_arrived": "how many events of a connection wait, shown to who sees every client",
    "ledger.show_rows": "rows that events_within gave",
    "mappings.numbers_of_versions": "numbers of ids that the caller's own scoped rows hold",
    "mappings.number_of_version": "a number that a plan within the scope names",
    "reports.get_refusal": "refused deliveries of a connection, asked by admins",
    "reports.link_to_person": "an address made from ids that the caller's own scoped row holds",
    "reports.links_to_people": "an address made from ids that the caller's own scoped row holds",
    "sync.list_streams": "listings of connections, which belong to the deployment",
    "sync.list_readings": "listings of connections, which belong to the deployment",
    "candidates.with_candidacies": "takes people whom people_within gave, and a scope",
    "candidates.matching": "narrows people whom people_within gave",
    "candidates.candidate_rows": "puts words to rows already given",
    "candidates.candidacy_row": "puts words to a row already given",
    "candidates.stage_names": "names of an ATS's stages, of no client",
    "candidates.stage_word": "a word",
    "candidates.person_of": "reads an id out of a text",
    "ledger.in_states": "narrows events that events_within gave",
    "connections.*": "connections belong to the deployment; reports.connections narrows them to a scope",
    "ledger.list_closed_gates": "gates are connections, which belong to the deployment",
    "ledger.find_faults": "counts of deliveries and healed rows, of no client",
    "reports.last_progress": "the worker's, of no client",
    "reports.tables.__init__.choices": "the words of an annotation",
    "reports.tables.candidates.search": "narrows people whom query gave",
    "reports.tables.events.in_states": "narrows events that query gave",
}
"""Reads that take no scope, and why they show nothing of anybody's."""


def uses_of_everyone() -> Iterator[str]:
    for path in sorted(APPS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr == "of_everyone":
                yield path.relative_to(APPS).as_posix()


def test_each_use_of_everyone_is_listed_with_its_reason() -> None:
    using = {path for path in uses_of_everyone() if path.split("/")[0] not in WHOLE_DEPLOYMENT}

    assert using == set(OF_EVERYONE), "say in OF_EVERYONE why these read every client's rows, or use within(scope)"


PURE = ("rules.py", "verdicts.py", "csvs.py")
"""They are given what they work on."""


def public_reads() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function that pages may call for rows: all selectors, and all of reports but what is pure."""
    for path in [*APPS.glob("*/selectors.py"), *APPS.glob("reports/**/*.py")]:
        if path.name in PURE:
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                tables = f"tables.{path.stem}." if path.parent.name == "tables" else ""
                yield f"{path.relative_to(APPS).parts[0]}.{tables}{node.name}", node


def test_every_read_that_a_page_may_call_takes_a_scope() -> None:
    reads = list(public_reads())

    without = {
        name
        for name, function in reads
        if "scope" not in {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
        and name not in SCOPELESS
        and f"{name.split('.')[0]}.*" not in SCOPELESS
    }

    assert len(reads) > 20
    assert {"reports.tables.events.query", "reports.tables.candidates.describe"} <= {name for name, _ in reads}
    assert set(SCOPELESS) <= {name for name, _ in reads} | {"connections.*"}, "these are read no more"
    assert not without, "take a scope, or say in SCOPELESS why nothing of anybody's is shown"


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
