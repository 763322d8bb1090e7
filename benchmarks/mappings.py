"""Server time of the list of mappings, and of accepting suggestions in bulk.

Method: a database of its own with 500 mappings of one client, each with a job, a Project and a stage map, and 100
Projects without a job beside 100 jobs that their names mean. The list and its filters are asked for 60 times by an ops
lead through Django's test client, in this process, without a socket; the first five, which warm caches, do not count.
The page of suggestions, which scores every open Project anew, is measured beside them and has no aim of its own.
Then 100 suggestions are accepted by one POST.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module

from benchmarks.pages import AIM_MS, _times

MAPPED, WAITING = 500, 100
LEVELS = ("Senior", "Lead", "Junior", "Staff", "Principal")
TOWNS = ("Oslo", "Bergen", "Lisbon", "Porto", "Madrid", "Berlin", "Vienna", "Leeds")
CRAFTS = ("Data Engineer", "Treasury Analyst", "Theatre Nurse", "Plant Manager", "Account Executive")
ROLES = [f"{level} {craft}" for level in LEVELS for craft in CRAFTS]
PLACES = [f"{shore} {town}" for shore in ("North", "South", "East") for town in TOWNS]
LIST = "/mappings/"
PAGES = (LIST, f"{LIST}?state=live", f"{LIST}?q=Oslo", f"{LIST}?after=200", f"{LIST}suggestions/")
AIM_SECONDS = 3.0
"""For accepting 100 suggestions."""


def load() -> None:
    """500 mappings, and 100 Projects that wait for one."""
    from apps.core import clock
    from apps.mappings.models import Job, JobStage, Mapping, Project, StageMap, StageMapVersion
    from tests.portal.factories import make_world

    world, now = make_world("Cedar"), clock.now()
    names = [f"REQ-{1000 + at} {ROLES[at % 25]}, {PLACES[at // 25]}" for at in range(MAPPED + WAITING)]
    jobs = Job.objects.bulk_create(
        Job(
            connection=world.ats,
            remote_id=f"j{at}",
            name=name.partition(" ")[2],
            requisition=name.split()[0],
            status="open",
            seen_at=now,
        )
        for at, name in enumerate(names)
    )
    stages = ["Contacted", "Hired"]
    projects = Project.objects.bulk_create(
        Project(connection=world.linkedin, remote_id=f"p{at}", name=name, stages=stages, seen_at=now)
        for at, name in enumerate(names)
    )
    JobStage.objects.bulk_create(
        JobStage(connection=world.ats, scope=job.remote_id, remote_id=f"s{job.remote_id}", name="Contacted")
        for job in jobs
    )
    maps = StageMap.objects.bulk_create(StageMap(connection=world.ats, name=name) for name in names[:MAPPED])
    StageMapVersion.objects.bulk_create(
        StageMapVersion(stage_map=one, number=1, rows=[], created_at=now) for one in maps
    )
    Mapping.objects.bulk_create(
        Mapping(client=world.client, project=project, job=job, stage_map=stage_map, state="live")
        for project, job, stage_map in zip(projects, jobs, maps, strict=False)
    )


def accept(browser: object) -> tuple[int, float]:
    """How many drafts one POST of 100 suggestions makes, and in how many seconds."""
    from apps.accounts.scope import EVERYONE
    from apps.mappings import suggestions
    from apps.mappings.models import Mapping

    before = Mapping.objects.of_everyone().count()
    found = suggestions.list_suggestions(scope=EVERYONE)
    pairs = [f"{one.id}:{one.offers[0].job_id}" for one in found if one.offers][:WAITING]
    began = time.perf_counter()
    answer = browser.post(  # type: ignore[attr-defined]
        "/mappings/suggestions/accept/", {"pair": pairs, "confirmed": "1"}
    )
    taken = time.perf_counter() - began
    assert answer.status_code == 302
    return Mapping.objects.of_everyone().count() - before, round(taken, 3)


def main() -> int:
    """Print the method, then one JSON line; non-zero where an aim was missed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "syncportal.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    import_module("syncportal.wsgi")
    from django.db import connection
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment()
    print(__doc__)
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        from apps.accounts.models import Client as Customer
        from apps.accounts.rights import Role
        from tests.portal.factories import make_user

        load()
        browser = Client()
        browser.force_login(make_user(Role.OPS, *Customer.objects.all()))
        pages = {page: _times(browser, page) for page in PAGES}
        made, seconds = accept(browser)
    finally:
        connection.creation.destroy_test_db("postgres", verbosity=0)
    print(json.dumps({"mappings": MAPPED, "pages": pages, "accepted": made, "accept_seconds": seconds}))
    slow = any(one["p95_ms"] >= AIM_MS for page, one in pages.items() if page != f"{LIST}suggestions/")
    return int(slow or seconds >= AIM_SECONDS or made != WAITING)


if __name__ == "__main__":
    sys.exit(main())
