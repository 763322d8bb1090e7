"""Dead letters: the first page of 100,000, and a replay of 5,000 that is started, stopped, killed and finished.

Method of the page: a database of its own with the log of benchmarks.pages and as many dead letters on top, of
five causes; the page of all and the page of one cause are asked for 60 times by an ops lead of the one client,
through Django's test client in this process: middleware, view, queries and template, without a socket. The first
five do not count.

Method of the replay: a whole app (one web process, one cluster of four workers, PostgreSQL and the sandbox) on
this machine, in real time. The letters are people whom Greenhouse refused to create; it allows 20,000 requests in
30 seconds. They are previewed and the replay is started; at a fifth of them it is stopped by hand and gone on
with; at half of them the whole cluster of workers is killed with SIGKILL and started again. At the end the
sandbox's own list says how many of them exist, and its log of calls how often each was created.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from typing import Any

from apps.demo import processes, stack
from apps.demo.smoke import wait_until

PAGES = ("/dead-letters/", "/dead-letters/?cause=refused_2&kind=write.arrive")
CEILING = 20_000
EVERY_SECONDS = {"profiles": 600, "people": 600, "applications": 600, "jobs": 600}
LONGEST = 3_000.0

DEAD = """
INSERT INTO ledger_event (mailbox_id, kind, state, reason, detail, cause, priority, payload, plan, connection, clients,
    subject, hold_key, attempts, due_at, arrived_at, settled_at)
SELECT mailbox_id, 'write.arrive', 'dead', '', 'Greenhouse refused the request: 422.', 'refused_' || id %% 5, 20, '{}',
    '{}', connection, clients, subject, '', 1, due_at, arrived_at, now() - random() * interval '9 days'
FROM ledger_event WHERE detail = 'Loaded.' ORDER BY id DESC LIMIT %s
"""


def time_pages(*, letters: int) -> dict[str, dict[str, float]]:
    """Milliseconds of each page, in a database of its own."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import setup_test_environment

    from apps.accounts.models import Client as Customer
    from apps.accounts.rights import Role
    from benchmarks import pages
    from tests.portal.factories import make_user

    setup_test_environment()
    pages.load(events=2 * letters)
    with connection.cursor() as cursor:
        cursor.execute(DEAD, [letters])
        assert cursor.rowcount == letters
        cursor.execute("VACUUM ANALYZE")
    browser = Client()
    browser.force_login(make_user(Role.OPS, *Customer.objects.all()))
    return {page: pages._times(browser, page) for page in PAGES}


def replay(*, letters: int) -> dict[str, Any]:
    """Preview and replay as many; the seconds that each part took, and what there is at the end."""
    from apps.core import clock
    from apps.demo import scenario
    from apps.ledger.models import Event
    from apps.sync import replay_runs
    from apps.sync.models import ReplayState

    figures: dict[str, Any] = {"letters": letters}
    with stack.running() as running:
        company = scenario.build(
            running.sandbox,
            web=running.web,
            names=["Data Engineer"],
            daily_limit=200_000,
            every_seconds=EVERY_SECONDS,
            ats={"ceiling": CEILING, "visible_after": 1},
            options={"visible_after_seconds": 1},
        )
        made = make_letters(company, letters)
        began = time.monotonic()
        run = replay_runs.open_run(letters=made, title="bench", by=None, now=clock.now())
        until(run, lambda: run.state == ReplayState.READY)
        figures["preview_seconds"] = round(time.monotonic() - began, 1)
        began = time.monotonic()
        assert replay_runs.start(run_id=run.pk, now=clock.now())
        until(run, lambda: ended(run) >= letters // 5)
        assert replay_runs.cancel(run_id=run.pk, now=clock.now())
        until(run, lambda: not run.items.filter(state="released").exists())
        figures["ended_when_stopped"] = ended(run)
        time.sleep(5)
        assert ended(run) == figures["ended_when_stopped"], "a stopped replay went on"
        assert replay_runs.start(run_id=run.pk, now=clock.now())
        until(run, lambda: ended(run) >= letters // 2)
        running.services["worker"].kill()
        figures["ended_when_killed"] = ended(run)
        running.services["worker"] = processes.worker(Q_WORKERS="4")
        running.services["worker"].start()
        until(run, lambda: run.state == ReplayState.FINISHED)
        figures["replay_seconds"] = round(time.monotonic() - began, 1)
        figures["items"] = dict(Counter(run.items.values_list("state", flat=True)))
        figures["dead_left"] = Event.objects.filter(state="dead").count()
        people = running.sandbox.state("greenhouse")["candidates"]
        names = Counter(one["last_name"] for one in people if one["first_name"] == "Bench")
        calls = running.sandbox.calls("greenhouse", operation="create_candidate")
        figures["people_in_greenhouse"] = len(names)
        figures["people_twice"] = sum(count > 1 for count in names.values())
        figures["creations"] = sum(call["status"] < 400 for call in calls)
    return figures


def make_letters(company: Any, count: int) -> list[int]:
    """People of one candidacy each whom the ATS refused: a dead write in a mailbox of its own."""
    from apps.candidates.models import Candidacy, Identity, Person
    from apps.core import clock
    from apps.ledger.models import Event, Mailbox, Turn
    from apps.sync import lanes

    now, mapping, ats = clock.now(), company.mappings[0], company.greenhouse
    gate = lanes.connection_gate(ats.pk)
    turn = lanes.turn(gate, mapping.client_id)
    Turn.objects.get_or_create(key=turn, defaults={"gate": gate})
    people = [
        Person(connection=ats, first_name="Bench", last_name=f"No {number}", first_seen_at=now)
        for number in range(count)
    ]
    Person.objects.bulk_create(people, batch_size=1_000)
    Identity.objects.bulk_create(
        [
            Identity(
                connection=ats,
                person=one,
                kind="linkedin",
                value=f"slug:bench-{n}",
                source="linkedin",
                seen_as=f"linkedin.com/in/bench-{n}",
                seen_at=now,
            )
            for n, one in enumerate(people)
        ],
        batch_size=1_000,
    )
    candidacies = [
        Candidacy(client=mapping.client, person=one, job=mapping.job, mapping=mapping, added_at=now) for one in people
    ]
    Candidacy.objects.bulk_create(candidacies, batch_size=1_000)
    boxes = [Mailbox(key=f"write:{one.pk}", handler="write", gate=gate, turn=turn, priority=20) for one in candidacies]
    Mailbox.objects.bulk_create(boxes, batch_size=1_000)
    events = [
        Event(
            mailbox=box,
            kind="write.arrive",
            state="dead",
            cause="refused",
            priority=20,
            connection=ats.pk,
            clients=[one.client_id],
            subject=lanes.subject(one.person_id),
            due_at=now,
            arrived_at=now,
            settled_at=now,
            payload={"candidacy": str(one.pk), "generation": 1},
        )
        for box, one in zip(boxes, candidacies, strict=True)
    ]
    return [event.pk for event in Event.objects.bulk_create(events, batch_size=1_000)]


def ended(run: Any) -> int:
    """How many of a replay's letters ended."""
    return int(run.items.exclude(state__in=["waiting", "planned", "released"]).count())


def until(run: Any, true: Any) -> None:
    """Wait, looking at the run again each time."""

    def look() -> bool:
        run.refresh_from_db()
        return bool(true())

    wait_until(look, LONGEST)


def main() -> None:
    """Print the method, then one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=100_000, help="dead letters behind the page")
    parser.add_argument("--replay", type=int, default=0, help="replay so many instead")
    asked = parser.parse_args()
    print(__doc__)
    with stack.own_database("letters"):
        print(json.dumps(replay(letters=asked.replay) if asked.replay else time_pages(letters=asked.letters)))


if __name__ == "__main__":
    main()
