"""Duplicates that are in the ATS already: blocks with a cap, and a report (facts: duplicates, C.4)."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from apps.accounts.scope import EVERYONE, of_clients
from apps.candidates import reporting
from apps.candidates import services as candidates
from apps.candidates.matching import Facts
from apps.candidates.models import Apart, IndexedPerson, IndexKey
from apps.candidates.names import name_key
from apps.candidates.rules import Key
from apps.candidates.sweep import Skipped, sweep
from apps.connections.models import Connection
from apps.core import clock
from tests.portal.factories import make_world


def _facts(id: str, name: str, *keys: Key, phone: str = "", company: str = "") -> Facts:
    first, _, last = name.partition(" ")
    return Facts(first, last, company, "", frozenset(keys), frozenset({phone} - {""}), id)


EMAIL = Key("email", "ada@mail.example")


def test_a_pair_that_shares_many_blocks_is_compared_once() -> None:
    people = [_facts("1", "Ada Birch", EMAIL, company="Contoso"), _facts("2", "Ada Birch", EMAIL, company="Contoso")]

    swept = sweep(people)

    assert swept.compared == 1
    assert [(pair.one.id, pair.judged.held.id, pair.certain) for pair in swept.pairs] == [("1", "2", True)]


def test_a_block_above_the_cap_is_skipped_and_told() -> None:
    people = [_facts(str(number), f"{'abcdef'[number]}da Number{number}", phone="+493012345678") for number in range(6)]

    swept = sweep(people, cap=5)

    assert swept.compared == 0
    assert swept.skipped == (Skipped("phone", 6),)


def test_two_who_are_like_a_third_are_not_joined_by_it() -> None:
    people = [
        _facts("1", "Ada Birch", EMAIL),
        _facts("2", "Ada Birch", EMAIL, Key("linkedin", "slug:ada")),
        _facts("3", "Ada Birch", Key("linkedin", "slug:ada")),
    ]

    found = {(pair.one.id, pair.judged.held.id) for pair in sweep(people).pairs}

    assert found == {("1", "2"), ("2", "3")}


def _index(ats: Connection, remote_id: str, name: str) -> None:
    first, _, last = name.partition(" ")
    IndexedPerson.objects.create(
        connection=ats, remote_id=remote_id, first_name=first, last_name=last, name_key=name_key(first, last)
    )
    IndexKey.objects.create(connection=ats, kind=EMAIL.kind, value=EMAIL.value, remote_person_id=remote_id)


def _report(ats: Connection) -> list[str]:
    out = StringIO()
    call_command("find_duplicates", str(ats.pk), stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()[1:]


@pytest.mark.django_db
def test_the_report_lists_pairs_of_one_ats_and_none_that_a_person_kept_apart() -> None:
    world, other = make_world("Birch"), make_world("Cedar")
    _index(world.ats, "1", "Ada Birch")
    _index(world.ats, "2", "Ann Birch")
    _index(other.ats, "3", "Ada Birch")

    (line,) = _report(world.ats)
    assert line == "no,0.00,1,Ada Birch,2,Ann Birch,email"

    name = Key("name", name_key("Ada", "Birch")).lease
    Apart.objects.create(connection=world.ats, key=f"{EMAIL.lease}+{name}", remote_id="2", at=clock.now())
    assert _report(world.ats) == []


@pytest.mark.django_db
def test_the_newest_report_is_kept_for_those_who_see_every_client_and_names_nobody_who_went() -> None:
    world = make_world("Birch")
    for remote_id, name in (("1", "Ada Birch"), ("2", "Ann Birch"), ("3", "Ada Birch")):
        _index(world.ats, remote_id, name)
    _report(world.ats)
    _report(world.ats)

    (kept,) = reporting.list_sweeps(scope=EVERYONE)
    assert (kept.people, kept.found, len(kept.pairs)) == (3, 3, 3)
    assert kept.pairs[0].names == ("Ada Birch", "Ada Birch")
    assert reporting.list_sweeps(scope=of_clients(world.client.pk)) == ()

    candidates.forget_index(connection_id=world.ats.pk, remote_person_id="3")
    assert [pair.ids for pair in reporting.list_sweeps(scope=EVERYONE)[0].pairs] == [("1", "2")]
