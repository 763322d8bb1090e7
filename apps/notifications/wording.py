"""What a message says: a transition's facts as plain values, one line or a digest of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from apps.candidates.models import Candidacy, Transition
from apps.connections import services as connections
from apps.core import errors
from apps.mappings.models import JobStage
from apps.mappings.rules import HIRED, REJECTED, StageTable, rows_from_json
from apps.notifications import expiry, rules
from apps.notifications.models import Message
from apps.notifications.rules import Moved
from apps.providers import contract

LINKEDIN = "linkedin"
WORDS = {REJECTED: "Rejected", HIRED: "Hired"}
MEETING = "Two recruiters hold one person"


StageNames = Mapping[tuple[UUID, str], str]
"""What ATS values are called, by connection: read at once for a list."""


def moved_of(transition: Transition, *, link: bool = True, names: StageNames | None = None) -> Moved:
    """A transition in words. `link` asks the ATS's adapter for the profile's address, which needs no call."""
    candidacy = transition.candidacy
    return Moved(
        candidate=str(candidacy.person) or "Somebody",
        role=candidacy.job.name,
        client=candidacy.client.name,
        from_stage=_shown(transition, transition.from_value, names),
        to_stage=_shown(transition, transition.to_value, names),
        system="LinkedIn" if transition.side == LINKEDIN else candidacy.job.connection.name,
        link=link_of(candidacy) if link else "",
    )


def stages_of(transition: Transition) -> tuple[str, ...]:
    """The names of where somebody came to: a move in LinkedIn also means the ATS stage that it leads to."""
    names = [_shown(transition, transition.to_value)]
    if transition.side == LINKEDIN and (ats := _leads_to(transition)):
        names.append(stage_name(transition.candidacy, ats))
    return tuple(names)


def _leads_to(transition: Transition) -> str:
    """The ATS value that a LinkedIn move brings; empty where the present one shows that way already (rule 10)."""
    candidacy = transition.candidacy
    version = candidacy.mapping.stage_map.versions.order_by("-number").first()
    if version is None:
        return ""
    table = StageTable(version=version.pk, rows=rows_from_json(version.rows), order={})
    row = table.target_of(transition.to_value)
    if row is None or table.shown_as(candidacy.ats_observed) == transition.to_value:
        return ""
    return row.ats


def _shown(transition: Transition, value: str, names: StageNames | None = None) -> str:
    if transition.side == LINKEDIN or not value:
        return value
    if names is not None:
        return WORDS.get(value) or names.get((transition.candidacy.job.connection_id, value), value)
    return stage_name(transition.candidacy, value)


def names_of(transitions: Sequence[Transition]) -> StageNames:
    """The stage names that a list of transitions needs, in one read."""
    systems = {one.candidacy.job.connection_id for one in transitions}
    values = {value for one in transitions for value in (one.from_value, one.to_value)}
    rows = JobStage.objects.filter(connection__in=systems, remote_id__in=values)
    return {(system, value): name for system, value, name in rows.values_list("connection", "remote_id", "name")}


def stage_name(candidacy: Candidacy, value: str) -> str:
    """An ATS value as people call it."""
    if not value or value in WORDS:
        return WORDS.get(value, "")
    stages = JobStage.objects.filter(connection_id=candidacy.job.connection_id, remote_id=value)
    return stages.filter(scope__in=["", candidacy.job.remote_id]).values_list("name", flat=True).first() or value


def link_of(candidacy: Candidacy) -> str:
    """The ATS's page about the person; empty while they are not there."""
    if not candidacy.person.remote_id:
        return ""
    try:
        ats = connections.open_ats(candidacy.job.connection_id)
        return ats.deep_link(person_id=candidacy.person.remote_id, application_id=candidacy.application_id)
    except (errors.SyncError, ValueError):
        return ""


def line_of(message: Message) -> contract.Line:
    """One message as a line. A test without a transition tells of nobody."""
    if message.line is not None:
        return contract.Line(**{**message.line, "facts": tuple((name, value) for name, value in message.line["facts"])})
    if expiry.tells_of(message):
        return expiry.line_of(message)
    if message.candidacy is not None and message.cause.startswith("meeting:"):
        return _meeting(message.candidacy)
    moved = moved_of(message.transition) if message.transition is not None else rules.EXAMPLE
    return moved_line(moved, wording=message.rule.wording if message.rule is not None else "")


def moved_line(moved: Moved, *, wording: str) -> contract.Line:
    stages = " → ".join(part for part in (moved.from_stage, moved.to_stage) if part)
    facts = (("Stage", f"{stages} ({moved.system})"), ("Role", moved.role), ("Client", moved.client))
    link_text = "Open in the ATS" if moved.system == "LinkedIn" else f"Open in {moved.system}"
    return contract.Line(rules.word(wording, moved), facts, moved.link, link_text)


def _meeting(candidacy: Candidacy) -> contract.Line:
    places = candidacy.person.candidacies.filter(client=candidacy.client_id, profiles__removed=False)
    names = list(places.values_list("profiles__project__name", flat=True).order_by("pk").distinct())
    headline = f"{candidacy.person} is held by more than one recruiter: agree who goes on"
    facts = (("Projects", ", ".join(names)), ("Role", candidacy.job.name), ("Client", candidacy.client.name))
    return contract.Line(headline, facts, link_of(candidacy), f"Open in {candidacy.job.connection.name}")


def _count(messages: Sequence[Message]) -> str:
    moved = all(one.transition_id is not None or one.test for one in messages)
    return f"{len(messages)} candidates moved" if moved else f"{len(messages)} messages"


def message_of(messages: Sequence[Message]) -> contract.Message:
    """What is posted for one message, or for several that waited: then a digest."""
    lines = tuple(line_of(one) for one in messages)
    test = "Test: " if all(one.test for one in messages) else ""
    abouts = sorted({one.about for one in messages})
    if len(messages) > 1:
        return contract.Message(f"{test}{_count(messages)}", lines, f"SyncPortal · {', '.join(abouts)}")
    return contract.Message(f"{test}{abouts[0]}", lines, f"SyncPortal · {abouts[0]}")
