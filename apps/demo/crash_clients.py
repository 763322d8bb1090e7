"""Invariant 6: what each client's own reader gets from every page and list is theirs alone."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.test import Client

from apps.accounts.models import User
from apps.candidates.models import Candidacy
from apps.demo.crash import Checked
from apps.ledger.models import Event
from apps.mappings.models import Mapping

LISTS = ("candidates", "candidacies", "mappings", "events", "attempts", "transitions")
PAGES = ("/", "/events/", "/candidates/", "/mappings/", "/dead-letters/", "/conflicts/", "/search/?q=a")
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TRIED = 20
"""Of the other client's candidacies, so many are asked for by their address."""


def ask(readers: Sequence[User]) -> Checked:
    """Every list by its pages, every screen's first page, foreign addresses, and whose the events are."""
    logging.getLogger("django.request").setLevel(logging.CRITICAL)  # what is refused here is meant to be
    count, broken = 0, [*_foreign_events()]
    for reader in readers:
        own = set(reader.clients.values_list("pk", flat=True))
        foreign = _things(Candidacy.objects.of_everyone().exclude(client__in=own))
        foreign -= _things(Candidacy.objects.of_everyone().filter(client__in=own))  # a person may be with both
        foreign |= {
            str(pk) for pk in Mapping.objects.of_everyone().exclude(client__in=own).values_list("pk", flat=True)
        }
        browser = Client(headers={"host": "127.0.0.1"})
        browser.force_login(reader, backend="allauth.account.auth_backends.AuthenticationBackend")
        for where, text in _told(browser):
            found = set(UUIDS.findall(text))
            count += len(found)
            broken += [f"{where} shows {one} to {reader.email}." for one in sorted(found & foreign)]
        for pk in list(Candidacy.objects.of_everyone().exclude(client__in=own).values_list("pk", flat=True)[:TRIED]):
            status = browser.get(f"/api/v1/candidacies/{pk}/").status_code
            count += 1
            if status != 404:
                broken.append(f"{reader.email} asked for a foreign candidacy and got {status}.")
    return Checked(6, "Nothing crosses clients", count + Event.objects.count(), "names, addresses, events", broken)


def _things(candidacies: Any) -> set[str]:
    return {str(one) for row in candidacies.values_list("pk", "person_id", "client_id") for one in row}


def _told(browser: Client) -> Iterator[tuple[str, str]]:
    for name in LISTS:
        address = f"/api/v1/{name}/?page_size=500"
        while address:
            answer = browser.get(address)
            if answer.status_code != 200:
                raise RuntimeError(f"{address} answers {answer.status_code}.")
            yield address, answer.content.decode()
            address = answer.json().get("next") or ""
    for page in PAGES:
        answer = browser.get(page)
        if answer.status_code == 200:
            yield page, answer.content.decode()


def _foreign_events() -> Iterator[str]:
    """An event about one person's candidacies is for the clients of these, and no other."""
    clients: dict[str, set[UUID]] = {}
    for person, client in Candidacy.objects.of_everyone().values_list("person_id", "client_id"):
        clients.setdefault(f"person:{person}", set()).add(client)
    for pk, subject, shown in Event.objects.exclude(subject="").values_list("pk", "subject", "clients"):
        if subject in clients and not set(shown) <= clients[subject]:
            yield f"Event {pk} is shown to a client who does not have its person."
