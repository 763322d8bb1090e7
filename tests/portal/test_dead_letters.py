"""Dead letters as people work on them: groups, filters, previews, discards, edits; each by right and by client."""

from __future__ import annotations

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.test import Client as Browser

from apps.accounts.rights import Role
from apps.core import clock
from apps.ledger.models import Event
from apps.mappings.models import JobStage
from apps.sync.models import Discard, ReplayRun
from tests.portal.factories import World, make_event, make_replay, make_user, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(client: Browser) -> World:
    made = make_world("Birch")
    client.force_login(make_user(Role.OPS, made.client))
    return made


def die(world: World, count: int = 1, **values: object) -> list[Event]:
    kept = {"cause": "rejected", "kind": "write.move", "connection": world.ats, **values}
    return [make_event([world.client], person=world.person, state="dead", **kept) for _ in range(count)]


def test_letters_are_grouped_by_what_they_have_in_common(client: Browser, world: World) -> None:
    die(world, 3, cause="source_required", kind="write.arrive")
    die(world, 2)

    page = client.get("/dead-letters/").content.decode()
    group = client.get("/dead-letters/?cause=source_required&kind=write.arrive").content.decode()

    assert "5 events failed for good" in page
    assert "Source required" in page and "Into the ATS, greenhouse Birch" in page
    assert "Preview a replay of all 5" in page
    assert "Preview a replay of all 3" in group


def test_a_time_range_narrows_groups_and_letters(client: Browser, world: World) -> None:
    die(world, 2, settled_at=clock.now() - timedelta(days=2))
    die(world, 1)
    yesterday = (clock.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")

    page = client.get(f"/dead-letters/?from={yesterday}").content.decode()

    assert "1 event failed for good in this time" in page
    assert "Preview a replay of all 1" in page


def test_paging_shows_every_letter_once(client: Browser, world: World) -> None:
    made = {event.pk for event in die(world, 120)}
    seen: list[int] = []
    address = "/dead-letters/"

    while address:
        answer = client.get(address)
        seen += [line.id for line in answer.context["lines"]]
        address = answer.context["older"] and f"/dead-letters/{answer.context['older']}"

    assert len(seen) == 120
    assert set(seen) == made


@pytest.mark.parametrize("role", [Role.VIEWER, Role.RECRUITER])
def test_who_may_not_operate_reads_and_is_offered_nothing(client: Browser, world: World, role: Role) -> None:
    (letter,) = die(world)
    client.force_login(make_user(role, world.client))

    page = client.get("/dead-letters/").content.decode()
    posted = client.post("/dead-letters/preview/", {"letter": letter.pk, "which": "ticked"})

    assert "Preview" not in page and "Discard with" not in page and 'type="checkbox"' not in page
    assert posted.status_code == 403
    assert not ReplayRun.objects.exists()


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        pytest.param({"which": "ticked", "letter": ["first"]}, 1, id="one"),
        pytest.param({"which": "ticked", "letter": ["first", "second"]}, 2, id="many"),
        pytest.param({"which": "all", "cause": "rejected", "kind": "write.move"}, 3, id="all of a cause"),
        pytest.param({"which": "all"}, 4, id="all"),
    ],
)
def test_a_preview_is_of_what_was_chosen(
    client: Browser, world: World, form: dict[str, str | list[str]], expected: int
) -> None:
    first, second, _ = die(world, 3)
    die(world, 1, cause="malformed")
    names = {"first": first.pk, "second": second.pk}
    chosen = [names[one] for one in form.get("letter", ())]

    answer = client.post("/dead-letters/preview/", {**form, "letter": chosen})

    run = ReplayRun.objects.get()
    assert answer["Location"] == f"/dead-letters/replays/{run.pk}/"
    assert run.items.count() == expected
    assert run.clients == [world.client.pk]
    assert LogEntry.objects.filter(object_id=run.pk, actor__role=Role.OPS).count() == 1


def test_all_that_fit_are_those_of_ones_own_clients_rule_30(client: Browser, world: World) -> None:
    cedar = make_world("Cedar")
    die(world, 2)
    (theirs,) = die(cedar)

    client.post("/dead-letters/preview/", {"which": "all"})
    client.post("/dead-letters/discard/", {"which": "ticked", "letter": theirs.pk, "why": "mine now"})

    assert ReplayRun.objects.get().items.count() == 2
    theirs.refresh_from_db()
    assert theirs.state == "dead"


def test_nothing_ticked_is_said_and_does_nothing(client: Browser, world: World) -> None:
    die(world)

    answer = client.post("/dead-letters/preview/", {"which": "ticked"}, follow=True)

    assert "No letter was chosen" in answer.content.decode()
    assert not ReplayRun.objects.exists()


def test_a_discard_needs_a_reason_keeps_it_and_is_taken_back(client: Browser, world: World) -> None:
    before = [(one.pk, one.detail, one.cause, one.settled_at) for one in die(world, 2, detail="Refused.")]

    refused = client.post("/dead-letters/discard/", {"which": "all", "why": "  "}, follow=True)
    assert "Say why" in refused.content.decode()
    said = client.post("/dead-letters/discard/", {"which": "all", "why": "Job was closed"}, follow=True)
    assert "2 letters discarded: Job was closed" in said.content.decode()

    made = Discard.objects.get()
    letter = Event.objects.get(pk=before[0][0])
    assert (letter.state, letter.reason, letter.detail) == ("skipped", "discarded", "Discarded: Job was closed")
    assert "Job was closed" in client.get("/dead-letters/discarded/").content.decode()
    assert "Ada Birch" in client.get(f"/dead-letters/discarded/{made.pk}/").content.decode()

    client.post(f"/dead-letters/discarded/{made.pk}/undo/")
    again = Event.objects.filter(state="dead").order_by("pk")
    assert [(one.pk, one.detail, one.cause, one.settled_at) for one in again] == before
    assert LogEntry.objects.filter(object_id=made.pk).count() == 2
    assert "taken back already" in client.post(f"/dead-letters/discarded/{made.pk}/undo/", follow=True).content.decode()


def test_a_preview_names_each_write_its_map_and_what_it_costs(client: Browser, world: World) -> None:
    JobStage.objects.create(connection=world.ats, remote_id="s1", name="Phone Screen")
    version = world.mapping.stage_map.versions.create(number=4, rows=[], created_at=clock.now())
    run = make_replay(world)
    run.items.exclude(acts=[]).update(map_version=version.pk)

    page = client.get(f"/dead-letters/replays/{run.pk}/").content.decode()

    assert "Moves them to Phone Screen in greenhouse Birch" in page
    assert "move, on 70, value s1" in page
    assert "version 4" in page
    assert "Nothing is written: it ends skipped." in page
    assert "requests to greenhouse Birch: 2 to read again, 1 to write" in page
    assert "Replay 2" in page


def test_a_replay_is_started_stopped_and_gone_on_with(client: Browser, world: World) -> None:
    run = make_replay(world)
    address = f"/dead-letters/replays/{run.pk}/"

    states = []
    for act in ("start", "start", "cancel", "start"):
        client.post(f"{address}{act}/")
        run.refresh_from_db()
        states.append(run.state)
    page = client.get(address, headers={"HX-Request": "true"}).content.decode()

    assert states == ["running", "running", "cancelled", "running"]
    assert page.lstrip().startswith("<div") and "hx-get" in page and "Stop" in page
    assert Event.objects.filter(kind="replay.step").count() == 2
    changes = [entry.changes for entry in LogEntry.objects.filter(object_id=run.pk).order_by("pk")]
    assert [next(iter(one)) for one in changes] == ["started", "cancelled", "started"]


def edit(client: Browser, letter: Event, **values: str) -> str:
    address = f"/dead-letters/{letter.pk}/edit/"
    seen = client.get(address).context["seen"]
    return client.post(address, {"seen": seen, "do": "save", **values}, follow=True).content.decode()


def test_a_note_is_edited_and_its_mark_stays(client: Browser, world: World) -> None:
    bears = {"candidacy": str(world.candidacy.pk), "body": "Too long [m1]", "marker": "[m1]", "user": ""}
    (letter,) = die(world, kind="write.note", payload=bears)

    assert "The mark [m1] has to stay" in edit(client, letter, body="Short")
    assert "cannot be empty" in edit(client, letter, body=" ")
    assert "Saved" in edit(client, letter, body="Short [m1]", candidacy="another")

    letter.refresh_from_db()
    assert letter.payload == {**bears, "body": "Short [m1]"}
    assert letter.state == "dead"
    said = LogEntry.objects.filter(object_id=letter.pk).get().changes
    assert said == {"payload": ["", "changed: body"]}, "what it bears of a person is not in the audit trail"


def test_a_move_is_edited_within_what_the_map_allows(client: Browser, world: World) -> None:
    for number, name in enumerate(("Phone Screen", "Onsite", "Offer")):
        JobStage.objects.create(connection=world.ats, remote_id=f"s{number}", name=name, order=number)
    rows = [{"linkedin": "In Progress", "ats": "s0"}, {"linkedin": "In Progress", "ats": "s1"}]
    world.mapping.stage_map.versions.create(number=1, rows=rows, created_at=clock.now())
    world.candidacy.ats_desired, world.candidacy.ats_desired_version = "s0", 1
    world.candidacy.save()
    bears = {"candidacy": str(world.candidacy.pk), "profile": 1, "version": 1, "value": "s0", "linkedin": "In Progress"}
    (letter,) = die(world, payload=bears)

    assert "allows only the stages in this list" in edit(client, letter, value="s2")
    assert "Saved" in edit(client, letter, value="s1")

    letter.refresh_from_db()
    world.candidacy.refresh_from_db()
    assert letter.payload["value"] == world.candidacy.ats_desired == "s1"


def test_an_edit_of_what_changed_meanwhile_is_refused(client: Browser, world: World) -> None:
    bears = {"candidacy": str(world.candidacy.pk), "body": "Old [m1]", "marker": "[m1]"}
    (letter,) = die(world, kind="write.note", payload=bears)
    seen = client.get(f"/dead-letters/{letter.pk}/edit/").context["seen"]
    Event.objects.filter(pk=letter.pk).update(payload={**bears, "body": "Theirs [m1]"})

    answer = client.post(f"/dead-letters/{letter.pk}/edit/", {"seen": seen, "body": "Mine [m1]"}, follow=True)

    assert "Somebody else changed it meanwhile" in answer.content.decode()
    letter.refresh_from_db()
    assert letter.payload["body"] == "Theirs [m1]"


def test_a_stored_row_that_cannot_be_read_is_repaired(client: Browser, world: World) -> None:
    times = dict.fromkeys(("stage_changed_at", "added_at"), "2026-11-25T10:00:00+00:00")
    texts = dict.fromkeys(("headline", "company", "title", "location", "email", "stage_changed_by", "added_by"), "")
    bears = {**times, **texts, "id": "p", "project": "1", "member": "m", "first_name": "Ada", "last_name": "Birch"}
    bears |= {"url": "https://www.linkedin.com/in/ada", "stage": "New", "removed": False, "modified_at": "yesterday"}
    (letter,) = die(world, kind="row.profile", cause="malformed", payload=bears)

    assert "is a time with its zone" in edit(client, letter, modified_at="tomorrow")
    assert "Saved" in edit(client, letter, modified_at="2026-11-25T11:00:00+00:00", id="q")

    letter.refresh_from_db()
    assert letter.payload == {**bears, "modified_at": "2026-11-25T11:00:00+00:00"}


def test_what_is_saved_is_previewed_at_once(client: Browser, world: World) -> None:
    bears = {"candidacy": str(world.candidacy.pk), "body": "Old [m1]", "marker": "[m1]"}
    (letter,) = die(world, kind="write.note", payload=bears)
    address = f"/dead-letters/{letter.pk}/edit/"

    seen = client.get(address).context["seen"]
    answer = client.post(address, {"seen": seen, "body": "New [m1]", "do": "preview"})

    run = ReplayRun.objects.get()
    assert answer["Location"] == f"/dead-letters/replays/{run.pk}/"
    assert run.items.get().event == letter
