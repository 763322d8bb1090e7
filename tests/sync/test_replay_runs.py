"""Two hundred dead letters of mixed causes: the preview is what the replay does, row by row (RULES.md 27).

What the preview says is compared with the sandbox's own log of calls, not with what the engine believes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.candidates.models import Candidacy
from apps.core import clock
from apps.ledger import leases
from apps.ledger.models import Event, Mailbox
from apps.ledger.states import State
from apps.providers import contract
from apps.sync import acts, replay_runs
from apps.sync.models import ItemState, ReplayItem, ReplayRun, ReplayState
from tests.sync import letters as company
from tests.sync.letters import SEAT, Letters, make_letters, step

pytestmark = pytest.mark.django_db(transaction=True)

EACH = 50
"""Letters of each cause: 200 in all."""


@pytest.fixture
def letters(transactional_db: None, request: pytest.FixtureRequest) -> Iterator[Letters]:
    with company.opened() as desk:
        make_letters(desk, getattr(request, "param", EACH))
        yield desk


def acts_in(calls: list[dict[str, Any]]) -> Counter[str]:
    """What the systems were told to do, each as the preview would name it."""
    return Counter(told(act.as_json()) for call in calls for act in _acts_of(call))


def _acts_of(call: dict[str, Any]) -> list[acts.Act]:
    body = call["body"]
    match call["operation"]:
        case "create_candidate":
            urls = tuple(one["value"] for one in body["social_media_addresses"])
            person = contract.NewPerson(body["first_name"], body["last_name"], body["company"], body["title"], (), urls)
            return [acts.create(person, _application(body["application"]))]
        case "create_application":
            return [acts.attach(str(body["candidate_id"]), _application(body))]
        case "move_application":
            return [acts.move("move", call["path"].split("/")[-2], str(body["to_stage_id"]))]
    moves = body["entities"].items()
    return [acts.stage(profile, patched["patch"]["$set"]["stage"]) for profile, patched in moves]


def _application(body: dict[str, Any]) -> contract.NewApplication:
    values = (body["job_id"], body.get("initial_stage_id", ""), body["source_id"], body.get("recruiter_id", ""))
    return contract.NewApplication(*map(str, values))


def told(act: dict[str, Any]) -> str:
    return json.dumps(act, sort_keys=True)


def promised(items: Iterable[ReplayItem]) -> Counter[str]:
    return Counter(told(acts.from_json(act).as_json()) for item in items for act in item.acts)


def test_the_preview_of_200_letters_is_what_their_replay_does_rule_27(letters: Letters) -> None:
    kinds = Counter(Event.objects.filter(state=State.DEAD).values_list("kind", flat=True))
    assert kinds == {"write.move": EACH, "write.stage": EACH, "write.arrive": 2 * EACH}
    before = len(letters.writes())

    run = letters.preview()
    assert len(letters.writes()) == before, "a preview writes nothing"
    letters.replay(run)

    assert promised(run.items.all()) == acts_in(letters.writes()[before:])
    assert promised(run.items.all()).total() == 4 * EACH
    assert {*run.items.values_list("state", flat=True)} == {ItemState.DONE}
    assert letters.dead() == []


@pytest.mark.parametrize("letters", [12], indirect=True)
def test_rows_whose_remote_changed_since_the_preview_stop_and_say_so_rule_27(letters: Letters) -> None:
    run = letters.preview()
    changed = change_some(letters, run)
    before = len(letters.writes())

    letters.replay(run)

    stopped = {item.event_id for item in run.items.filter(state=ItemState.STOPPED)}
    assert stopped == changed
    assert promised(run.items.filter(state=ItemState.DONE)) == acts_in(letters.writes()[before:])
    assert run.items.filter(state=ItemState.DONE).count() == 48 - len(changed)
    ends = {(event.state, event.cause) for event in Event.objects.filter(pk__in=changed)}
    assert ends <= {(State.DEAD, "preview_changed"), (State.SUPERSEDED, "")}, "a poll may have planned them anew"


def change_some(letters: Letters, run: ReplayRun) -> set[int]:
    """People move the first five of each kind on, or bring them in by hand, in the outside systems."""
    changed: set[int] = set()
    for item in run.items.order_by("pk"):
        (act,) = item.acts
        if sum(kind == act["do"] for kind in (done["do"] for done in _acts_of_items(run, changed))) < 5:
            changed.add(item.event_id)
            _do_by_hand(letters, item, act)
    return changed


def _acts_of_items(run: ReplayRun, events: set[int]) -> list[dict[str, Any]]:
    return [act for item in run.items.filter(event_id__in=events) for act in item.acts]


def _do_by_hand(letters: Letters, item: ReplayItem, act: dict[str, Any]) -> None:
    match act["do"]:
        case "move":
            letters.sandbox.act("greenhouse", "move", application_id=int(act["target"]), stage="Onsite")
        case "stage":
            letters.sandbox.act("linkedin", "move", profile=act["target"], stage="Replied", by=SEAT)
        case "attach":
            job = int(act["values"]["job_id"])
            letters.sandbox.act("greenhouse", "apply", candidate_id=int(act["target"]), job_id=job)
        case "create":
            person = Candidacy.objects.of_everyone().get(pk=item.event.payload["candidacy"]).person
            url = f"https://{person.identities.get(kind='linkedin').seen_as}"
            names = {"first_name": person.first_name, "last_name": person.last_name}
            letters.sandbox.act("greenhouse", "create_candidate", **names, linkedin_url=url)


@pytest.mark.parametrize("letters", [10], indirect=True)
def test_a_cancelled_replay_releases_nobody_else_and_is_gone_on_with(
    letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_runs, "BATCH", 10)
    run = letters.preview()

    replay_runs.start(run_id=run.pk, now=clock.now())
    step(letters.sandbox)
    assert replay_runs.cancel(run_id=run.pk, now=clock.now())
    letters.work(60)
    done = run.items.filter(state=ItemState.DONE).count()
    assert 0 < done < 40
    assert run.items.filter(state=ItemState.PLANNED).count() == 40 - done

    letters.replay(run)
    assert run.items.filter(state=ItemState.DONE).count() == 40


@pytest.mark.parametrize("letters", [10], indirect=True)
def test_a_replay_whose_worker_died_goes_on_from_its_rows(letters: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_runs, "BATCH", 10)
    run = letters.preview()
    replay_runs.start(run_id=run.pk, now=clock.now())
    claimed = leases.claim(now=clock.now())
    assert claimed is not None and claimed[1][0].handler == "replay"

    Mailbox.objects.filter(lease_token=claimed[0].token).update(lease_until=clock.real_now() - timedelta(seconds=1))
    letters.until(run, ReplayState.FINISHED)

    assert run.items.filter(state=ItemState.DONE).count() == 40


@pytest.mark.parametrize("letters", [1], indirect=True)
def test_a_run_holds_the_dead_that_can_be_planned_again_and_no_other(letters: Letters) -> None:
    ended = Event.objects.filter(state=State.DONE).values_list("pk", flat=True)

    with pytest.raises(replay_runs.NothingToReplay):
        replay_runs.open_run(letters=list(ended), title="", by=None, now=clock.now())
