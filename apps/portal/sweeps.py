"""Who is in an ATS twice already: the newest search of each, for people who see every client."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.candidates import questions, reporting
from apps.candidates.reporting import PairRow, SweepRow
from apps.core import clock
from apps.portal import evidence, shell, words
from apps.reports import links

SHOWN = 100
"""The surest pairs of each ATS; the command writes all of them into a file."""


@requires(Right.VIEW)
def sweep_list(request: PortalRequest) -> HttpResponse:
    """Show what the newest search of each ATS found."""
    context = {
        "sweeps": [_sweep(one) for one in reporting.list_sweeps(scope=request.scope)],
        "sees_all": request.scope.unrestricted,
        "waiting": questions.count_open(scope=request.scope),
    }
    return shell.page(request, "portal/sweeps.html", context)


def _sweep(one: SweepRow) -> dict[str, Any]:
    shown = one.pairs[:SHOWN]
    ids = {remote_id for pair in shown for remote_id in pair.ids}
    addresses = links.links_to_people(connection_id=one.connection_id, remote_ids=ids)
    return {
        "id": one.connection_id,
        "system": one.system,
        "at": words.moment(one.made_at, now=clock.now()),
        "said": f"{words.plural(one.people, 'person', 'people')}, {words.plural(one.compared, 'pair')} compared, "
        f"{words.number(one.found)} to look at",
        "skipped": [
            f"{words.plural(count, 'block')} by {kind}, the largest of {words.number(largest)} people"
            for kind, (count, largest) in one.skipped.items()
        ],
        "pairs": [_pair(pair, addresses) for pair in shown],
        "more": max(0, one.found - len(shown)),
    }


def _pair(pair: PairRow, addresses: dict[str, str]) -> dict[str, Any]:
    shared = [evidence.name_of(sign) for sign in pair.signs]
    return {
        "sides": [
            {"name": name, "id": remote_id, "href": addresses[remote_id]}
            for name, remote_id in zip(pair.names, pair.ids, strict=True)
        ],
        "certain": pair.certain,
        "shared": ", ".join(shared) or f"name and work, {round(pair.score * 100)} %",
    }
