"""DESIGN.md's ten invariants, asked of SyncPortal's rows against the sandbox's own state and call log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection

from apps.candidates.models import Candidacy, CandidacyState, Profile, Transition
from apps.connections import selectors as budgets
from apps.connections.models import QuotaWindow
from apps.core import clock
from apps.demo import crash_clients, crash_logs, crash_replays, invariants
from apps.demo.crash import Checked
from apps.ledger import services as ledger
from apps.ledger.models import DedupeKey, Effect, Event
from apps.ledger.states import FINAL, OPEN, EffectState, State
from apps.mappings.models import JobStage
from apps.mappings.rules import TERMINAL
from apps.sync import pairs

if TYPE_CHECKING:
    from apps.demo.crash_run import Run

SYSTEMS = ("greenhouse", "linkedin")
FREED_WITHIN = 2.0
"""Seconds that a lapsed lease may stand beside the sweep: a look of the watch, and a busy machine."""

BACK_WITHIN = 60.0
"""Seconds until a killed cluster, web or database is up again and works."""


def ask(run: Run, logs: Path) -> list[Checked]:
    """All ten; the ninth last, since it works."""
    seen = Seen(run)
    found = [
        deliveries(run, seen), endings(run, seen), effects(seen), agreements(run, seen), budget(run, seen),
        crash_clients.ask(run.readers), echoes(run, seen), delays(run),
    ]  # fmt: skip
    found.append(crash_replays.ask(run))
    return [*found, crash_logs.ask(run, logs)]


class Seen:
    """The sandbox as it stands at the end, read once."""

    def __init__(self, run: Run) -> None:
        self.linkedin, self.greenhouse = run.sandbox.state("linkedin"), run.sandbox.state("greenhouse")
        self.calls = {name: run.sandbox.calls(name) for name in SYSTEMS}
        self.deliveries = {name: run.sandbox.deliveries(name) for name in SYSTEMS}
        self.profiles: list[dict[str, Any]] = self.linkedin["profiles"]
        self.applications = {str(row["id"]): row for row in self.greenhouse["applications"]}

    def written(self, system: str, *operations: str) -> Iterator[dict[str, Any]]:
        """The writes that the system took, in order of commit."""
        for call in self.calls[system]:
            if call["operation"] in operations and call["write"] and (call["status"] or 500) < 300 and _took(call):
                yield call


def _took(call: dict[str, Any]) -> bool:
    return call["fault"] not in ("5xx", "429")


def deliveries(run: Run, seen: Seen) -> Checked:
    """1, and the same of what LinkedIn lets us poll: the present row of each profile was stored."""
    broken: list[str] = []
    count = 0
    for system, account in (("greenhouse", run.company.ats), ("linkedin", run.company.linkedin)):
        sent = {one["id"] for one in seen.deliveries[system] if any(t["status"] == 200 for t in one["attempts"])}
        keys = DedupeKey.objects.filter(source=str(account.pk), key__startswith="delivery:")
        stored = {key.removeprefix("delivery:") for key in keys.values_list("key", flat=True)}
        events = Event.objects.filter(connection=account.pk, kind__startswith="hook.", payload__has_key="action")
        broken += [f"{system} was told 200 for {one}, which has no event." for one in sorted(sent - stored)]
        if (made := events.count()) != len(stored):
            broken.append(f"{made} events are of {len(stored)} different deliveries of {system}.")
        count += len(sent)
    known = set(DedupeKey.objects.filter(key__startswith="profile:").values_list("key", flat=True))
    rows = {_row_key(profile): profile for profile in seen.profiles}
    broken += [f"Nobody read that {rows[key]['id']} is at {rows[key]['stage']}." for key in sorted(rows.keys() - known)]
    title = "Every acknowledged delivery has exactly one event"
    return Checked(1, title, count + len(rows), "deliveries and profiles", broken)


def _row_key(profile: dict[str, Any]) -> str:
    modified_at = datetime.fromtimestamp(profile["modifiedAt"] / 1000, UTC)
    return f"profile:{profile['id']}:{modified_at.isoformat()}:{profile['stage']}:{profile['removed']}"


def endings(run: Run, seen: Seen) -> Checked:
    """2, once each, with nobody lost and no rejection superseded (RULES 3, 5, 12)."""
    broken = [*invariants.stranded()]
    left = Event.objects.filter(state__in=OPEN).exclude(kind__startswith="poll.")
    broken += [f"{event} is still {event.state}: {event.detail}" for event in left]
    ours = Event.objects.filter(state=State.DEAD, cause="internal")
    broken += [f"{event} died of a fault of ours." for event in ours]
    if failed := ledger.fault_count("sweep"):
        broken.append(f"{failed} steps of the sweep failed of a fault of ours.")
    mute = Event.objects.filter(state=State.HELD, detail="")
    broken += [f"{event} is held and does not say why." for event in mute]
    broken += [f"{event} was settled again after it had ended." for event in _settled_twice()]
    broken += [f"{event} was to make them {event.payload['value']} and was dropped." for event in _dropped_endings()]
    broken += [f"{who} is not in Greenhouse, and nothing says why." for who in _lost(seen)]
    return Checked(2, "Every event ends, or waits where a person sees it", Event.objects.count(), "events", broken)


def _dropped_endings() -> Iterator[Event]:
    """Superseding never crosses a reject or a hire (rule 12): none gives way to the next move of LinkedIn's people."""
    writes = Event.objects.filter(kind="write.move")
    for event in writes.filter(state=State.SUPERSEDED, payload__value__in=list(TERMINAL)):
        following = writes.filter(mailbox=event.mailbox_id, payload__version=event.payload["version"] + 1)
        if following.filter(caused_by__kind="row.profile").exists() and not _moved_in_the_ats(event):
            yield event


def _moved_in_the_ats(event: Event) -> bool:
    """Whether somebody's move there came while this write waited: then the policy decides, and it is dropped."""
    told = Event.objects.filter(subject=event.subject, kind__startswith="hook.", arrived_at__gte=event.arrived_at)
    return told.filter(arrived_at__lte=event.settled_at).exclude(plan__verdict="echo").exists()


def _lost(seen: Seen) -> Iterator[str]:
    """Profiles without an application here, of which no event tells what they wait for."""
    landed = set(Profile.objects.exclude(candidacy__application_id="").values_list("remote_id", flat=True))
    for profile in seen.profiles:
        if profile["id"] not in landed and not _waits(profile["id"]):
            yield str(profile["id"])


def _waits(profile: str) -> bool:
    """Held or dead: a person can see it."""
    visible = Event.objects.filter(state__in=[State.HELD, State.DEAD])
    person = Profile.objects.filter(remote_id=profile).values_list("candidacy__person_id", flat=True).first()
    mine = visible.filter(subject=f"person:{person}") if person else visible.filter(payload__id=profile)
    return mine.exists()


SECOND_SETTLES = """
CREATE TABLE crash_second_settle (event_id bigint, was text, became text, at timestamptz DEFAULT now());
CREATE FUNCTION crash_note_second_settle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO crash_second_settle (event_id, was, became) VALUES (NEW.id, OLD.state, NEW.state); RETURN NULL;
END $$;
CREATE TRIGGER crash_second_settle AFTER UPDATE ON ledger_event FOR EACH ROW
    WHEN (OLD.settled_at IS NOT NULL AND OLD.state <> 'dead' AND NEW.settled_at IS DISTINCT FROM OLD.settled_at)
    EXECUTE FUNCTION crash_note_second_settle();
"""
"""In the run's own database only. What is dead may be replayed under its number; all else ends once."""


def record_second_settles() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SECOND_SETTLES)


def _settled_twice() -> Iterable[Event]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT event_id FROM crash_second_settle")
        return Event.objects.filter(pk__in=[row[0] for row in cursor.fetchall()])


def effects(seen: Seen) -> Checked:
    """3: in our rows, in the call log, and in the people that Greenhouse has."""
    broken = [*invariants.open_intentions()]
    unsure = Effect.objects.filter(state__in=invariants.UNSURE).exclude(event__state__in=FINAL)
    broken += [f"{effect} was never read back." for effect in unsure.exclude(event__state=State.HELD)]
    done = Effect.objects.filter(kind="create", state=EffectState.DONE)
    noted = {str(one.get("person_id", "")) for one in done.values_list("result", flat=True)}
    created = [str(call["response_id"]) for call in seen.written("greenhouse", "create_candidate")]
    broken += [f"Person {one} was created, and no effect row says so." for one in created if one not in noted]
    broken += _doubles(seen)
    count = Effect.objects.count()
    return Checked(3, "No effect is made twice, an unknown one is read back", count, "effects", broken)


def _doubles(seen: Seen) -> Iterator[str]:
    slugs = Counter(slug for person in seen.greenhouse["candidates"] for slug in invariants.slugs_of(person))
    yield from (f"{slug} is {count} people in Greenhouse." for slug, count in slugs.items() if count > 1)
    jobs = Counter((row["candidate_id"], row["job_id"]) for row in seen.applications.values())
    yield from (f"Person {who} has {count} applications for {job}." for (who, job), count in jobs.items() if count > 1)
    taken = Counter(
        (call["path"].split("/")[-2], call["operation"])
        for call in seen.written("greenhouse", "reject_application", "unreject_application")
    )
    intended = _intended()
    yield from (
        f"Application {application} got {operation} {count} times for {intended[application, operation]} intentions."
        for (application, operation), count in taken.items()
        if count > intended[application, operation]
    )


ENDINGS = {"reject": "reject_application", "reopen": "unreject_application"}


def _intended() -> Counter[tuple[str, str]]:
    """How often each application was to be rejected or reopened: by application and Greenhouse's operation. People
    reject and reopen there too, so that two in a row of ours may both be right."""
    keys = [key.split(":") for key in Effect.objects.filter(kind__in=ENDINGS).values_list("key", flat=True)]
    known = Candidacy.objects.of_everyone().filter(pk__in={candidacy for _, candidacy, _ in keys})
    applications = {str(pk): found for pk, found in known.values_list("pk", "application_id")}
    return Counter((applications[candidacy], ENDINGS[kind]) for kind, candidacy, _ in keys if candidacy in applications)


def agreements(run: Run, seen: Seen) -> Checked:
    """4, of what both systems show now: a pair of the map, or a conflict or held event that says why."""
    stages = {profile["id"]: profile["stage"] for profile in seen.profiles}
    live = Profile.objects.filter(removed=False, candidacy__state=CandidacyState.OPEN).exclude(agreed_ats="")
    tables = {mapping.pk: pairs.table_of(mapping) for mapping in run.company.mappings}
    broken, count = [], 0
    held = set(Event.objects.filter(state__in=[State.HELD, State.DEAD]).values_list("subject", flat=True))
    for profile in live.select_related("candidacy"):
        candidacy: Candidacy = profile.candidacy  # type: ignore[assignment]
        there = seen.applications[candidacy.application_id]
        shown = stages[profile.remote_id], _value_of(there)
        count += 1
        if candidacy.conflict or f"person:{candidacy.person_id}" in held:
            continue
        if (profile.observed, candidacy.ats_observed) != shown:
            why = f"we believe {profile.observed} beside {candidacy.ats_observed}"
        elif not tables[candidacy.mapping_id].allows(*shown):
            why = "no conflict says why"
        else:
            continue
        told = _told(candidacy.person_id)
        broken.append(f"{profile} shows {shown[0]} beside {shown[1]}, and {why}. {told}")
    return Checked(4, "Each pair of stages is one that its map allows, or a conflict says why", count, "pairs", broken)


def _value_of(application: dict[str, Any]) -> str:
    ended = {"rejected": "!rejected", "hired": "!hired"}
    return ended.get(application["status"], str(application["job_interview_stage_id"]))


def budget(run: Run, seen: Seen) -> Checked:
    """5: booked before the call, at every look; nothing refused; no window over its limit."""
    broken = [*dict.fromkeys(run.watch.uncounted)]
    refused = sum(seen.linkedin["refused_by_day"].values())
    broken += [f"LinkedIn refused {refused} calls over its limit."] if refused else []
    over = [call for call in seen.calls["greenhouse"] if call["status"] == 429 and not call["fault"]]
    broken += [f"Greenhouse refused {len(over)} calls over its ceiling."] if over else []
    broken += [*invariants.overspent()]
    ours = budgets.daily(run.company.linkedin.pk, now=clock.now())
    theirs = run.sandbox.state("linkedin")["calls_today"]
    if ours is not None and ours.spent < theirs:
        broken.append(f"LinkedIn counted {theirs} calls, {ours.spent} were booked.")
    calls = sum(len(found) for found in seen.calls.values())
    assert QuotaWindow.objects.exists()
    return Checked(5, "Requests spent never exceed a quota", calls, f"calls, {run.watch.budget_looks} looks", broken)


def echoes(run: Run, seen: Seen) -> Checked:
    """7: each transition is somebody's act, and nothing was written without one on the other side."""
    names = dict(JobStage.objects.filter(connection=run.company.ats).values_list("remote_id", "name"))
    acts: Counter[tuple[str, str]] = Counter()
    for (side, what, _), count in run.office.book.items():
        acts[side, what] += count
    broken = [*_without_act(run, names)]
    profiles = defaultdict(list)
    for profile, application in Profile.objects.values_list("remote_id", "candidacy__application_id"):
        profiles[application].append(profile)
    of_profile = {one: application for application, some in profiles.items() for one in some}
    moved = _moves(seen)
    for (system, what), count in moved.items():
        if system == "linkedin":
            allowed = acts["ats", of_profile.get(what, "")]
        else:
            allowed = sum(acts["linkedin", one] for one in profiles[what])
        if count > allowed + FIRST_MEETING:
            broken.append(f"{what} was moved {count} times in {system} after {allowed} moves on the other side.")
    count = Transition.objects.count() + sum(moved.values())
    return Checked(7, "An echo travels no further than one hop", count, "transitions and moves", broken)


FIRST_MEETING = 1
"""When the two sides first meet, one of them may be moved without an act."""


def _without_act(run: Run, names: dict[str, str]) -> Iterator[str]:
    made: defaultdict[tuple[str, str, str], list[Transition]] = defaultdict(list)
    rows = Transition.objects.select_related("candidacy").prefetch_related("candidacy__profiles")
    for row in rows:
        value = names.get(row.to_value, row.to_value)
        whats = (
            [row.candidacy.application_id] if row.side == "ats" else [p.remote_id for p in row.candidacy.profiles.all()]
        )
        made[row.side, whats[0] if whats else "", value].append(row)
    for key, transitions in made.items():
        if len(transitions) > run.office.book[key]:
            said = f"{len(transitions)} transitions of {key[1]} to {key[2]}, and {run.office.book[key]} acts."
            yield f"{said} {_story(transitions[-1])}"


def _story(transition: Transition) -> str:
    noted = f"noted by #{transition.event_id} as changed at {transition.changed_at:%T.%f}"
    return f"{noted}; {_told(transition.candidacy.person_id)}"


def _told(person_id: UUID) -> str:
    """What the ledger did about that person, for whoever has to find out why."""
    about = Event.objects.filter(subject=f"person:{person_id}", settled_at__isnull=False)
    return "; ".join(_line(one) for one in about.order_by("settled_at"))


def _line(event: Event) -> str:
    value = event.payload.get("value") or event.payload.get("stage", "")
    return f"#{event.pk} {event.kind} {value} {event.state} at {event.settled_at:%T.%f}: {event.detail}"


def _moves(seen: Seen) -> Counter[tuple[str, str]]:
    """Moves and rejections that each object got from us; the same value again in a row is no second move."""
    moved: Counter[tuple[str, str]] = Counter()
    last: dict[tuple[str, str], str] = {}
    for system, what, value in _written_stages(seen):
        moved[system, what] += last.get((system, what)) != value
        last[system, what] = value
    return moved


def _written_stages(seen: Seen) -> Iterator[tuple[str, str, str]]:
    for call in seen.written("linkedin", "profiles.batch_move"):
        for what, change in call["body"]["entities"].items():
            yield "linkedin", what, str(change["patch"]["$set"]["stage"])
    for call in seen.written("greenhouse", "move_application", "reject_application"):
        yield "greenhouse", call["path"].split("/")[-2], f"{call['operation']} {call['body']}"


def delays(run: Run) -> Checked:
    """8: no lease outlives its end by more than a sweep while somebody sweeps; and somebody is soon back."""
    late = {token: seconds for token, seconds in run.watch.overdue.items() if seconds > FREED_WITHIN}
    broken = [
        f"A lapsed lease was freed {seconds:.1f} s after the sweep that should have: {run.watch.last[token]}."
        for token, seconds in late.items()
    ]
    broken += [
        f"After the kill or stop of {kind} nothing went on for {seconds:.0f} s."
        for kind, seconds in run.killer.back_after
        if seconds > BACK_WITHIN
    ]
    counted = len(run.watch.overdue) + len(run.killer.back_after)
    of = f"lapsed leases and strikes, {run.watch.looks} looks"
    return Checked(8, "A dead worker delays its work by the lease and one sweep", counted, of, broken)


def count_by(why: str, state: State) -> Counter[str]:
    """What waits for somebody or died, by reason or cause, for the figures."""
    return Counter(Event.objects.filter(state=state).values_list(why, flat=True))
