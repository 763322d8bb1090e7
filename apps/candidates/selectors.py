"""Reads about people and their candidacies; people are seen through candidacies of one's own clients (rule 30)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery

from apps.accounts.scope import Scope
from apps.candidates import known, linkedin_urls
from apps.candidates.models import (
    Candidacy,
    CandidacyState,
    Person,
    Profile,
    Transition,
)
from apps.mappings.models import JobStage, StageMapVersion
from apps.mappings.rules import HIRED, REJECTED

SUBJECTS = 200
"""More people than this match no search that means somebody."""

MAPPED = 2_000
"""A mapping with more people than this has history that nobody pages through."""

StageNames = Mapping[tuple[UUID, str], str]
"""ATS stages by connection and id."""

TERMINAL_WORDS = {REJECTED: "Rejected", HIRED: "Hired"}


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """The LinkedIn side of a candidacy."""

    project: str
    url: str
    stage: str
    removed: bool
    changed_at: datetime | None
    desired: str
    agreed_linkedin: str
    agreed_ats: str
    agreed_version: int | None


@dataclass(frozen=True, slots=True)
class CandidacyRow:
    """A person for one job, with the stage of each side in words."""

    id: UUID
    client: str
    mapping: str
    job: str
    state: str
    ended_because: str
    application_id: str
    made_by_us: bool
    ats_stage: str
    ats_desired: str
    ats_changed_at: datetime | None
    added_at: datetime
    in_ats_at: datetime | None
    conflict: str
    profiles: tuple[ProfileRow, ...]

    @property
    def linkedin_stage(self) -> str:
        return next((one.stage for one in self.profiles if not one.removed), "")

    @property
    def is_told(self) -> bool:
        """Exported: LinkedIn has no stage of its own of them, and is told of the ATS's."""
        placed = [one for one in self.profiles if not one.removed]
        return bool(placed) and all(not one.stage for one in placed)

    @property
    def agrees(self) -> bool:
        """Both sides are where they last agreed to be, and nothing is on its way."""
        settled = [one for one in self.profiles if not one.removed and one.agreed_ats]
        waits = any(one.desired and one.desired != one.stage for one in settled)
        moved = any(one.stage != one.agreed_linkedin for one in settled)
        return bool(settled) and not (self.conflict or waits or moved)


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A person, with the candidacies that the reader may see."""

    id: UUID
    name: str
    headline: str
    connection_id: UUID
    system: str
    remote_id: str
    state: str
    first_seen_at: datetime
    candidacies: tuple[CandidacyRow, ...]


@dataclass(frozen=True, slots=True)
class CandidatePage:
    rows: tuple[CandidateRow, ...]
    older: str


@dataclass(frozen=True, slots=True)
class TransitionRow:
    """A move that a person made."""

    side: str
    system: str
    job: str
    from_stage: str
    to_stage: str
    at: datetime
    event_id: int


@dataclass(frozen=True, slots=True)
class CandidateDetail:
    row: CandidateRow
    identities: tuple[known.KnownRow, ...]
    transitions: tuple[TransitionRow, ...]


def list_candidates(
    *, scope: Scope, text: str = "", mapping_id: UUID | None = None, before: str = "", limit: int = 50
) -> CandidatePage:
    """People, newest first. `before` is a cursor that an earlier page gave; an unreadable one starts anew."""
    people = matching(people_within(scope=scope), text) if text else people_within(scope=scope)
    if mapping_id is not None:
        people = people.filter(pk__in=Candidacy.objects.within(scope).filter(mapping=mapping_id).values("person"))
    if cursor := _read_cursor(before):
        at, last = cursor
        people = people.filter(Q(first_seen_at__lt=at) | Q(first_seen_at=at, id__lt=last))
    found = list(with_candidacies(people, scope).order_by("-first_seen_at", "-id")[: limit + 1])
    shown = found[:limit]
    stages = _stages_of(shown)
    older = f"{shown[-1].first_seen_at.isoformat()}~{shown[-1].pk}" if len(found) > limit else ""
    return CandidatePage(tuple(_candidate(person, stages) for person in shown), older)


def get_candidate(*, scope: Scope, person_id: UUID) -> CandidateDetail | None:
    """One person with what the reader may see of them; None outside the scope."""
    person = with_candidacies(people_within(scope=scope), scope).filter(pk=person_id).first()
    if person is None:
        return None
    stages = _stages_of([person])
    return CandidateDetail(
        row=_candidate(person, stages),
        identities=known.known_by(connection=person.connection, people=[person])[known.key_of(person)],
        transitions=tuple(_transitions(person, stages)),
    )


def candidate_is_visible(*, scope: Scope, person_id: UUID) -> bool:
    """Tell whether a person lies within a scope."""
    return people_within(scope=scope).filter(pk=person_id).exists()


def count_pairs(*, scope: Scope, mapping_id: UUID) -> Mapping[tuple[str, str], int]:
    """How many open candidacies of a mapping stand at each pair of LinkedIn stage and ATS value."""
    here = Candidacy.objects.within(scope).filter(mapping=mapping_id, state=CandidacyState.OPEN)
    pairs = here.filter(profiles__removed=False).order_by().values_list("profiles__observed", "ats_observed")
    return {(linkedin, ats): count for linkedin, ats, count in pairs.annotate(count=Count("pk", distinct=True))}


def find_subjects(*, scope: Scope, text: str) -> tuple[str, ...]:
    """The ledger subjects of people whom a text names, by name, address or remote id."""
    found = matching(people_within(scope=scope), text).order_by().values_list("id", flat=True)[:SUBJECTS]
    return tuple(f"person:{person_id}" for person_id in found)


@dataclass(frozen=True, slots=True)
class CandidacyBrief:
    """What an event's page says of the candidacy it is about; `stages` are the ATS's names by id."""

    mapping_id: UUID
    mapping: str
    job: str
    stages: Mapping[str, str]


def get_candidacy_brief(
    *, scope: Scope, candidacy_id: UUID | None = None, profile_id: int | None = None
) -> CandidacyBrief | None:
    """The candidacy of an id, or of a profile's, in brief; None outside the scope."""
    named = Q(pk=candidacy_id) if candidacy_id else Q(profiles=profile_id)
    found = Candidacy.objects.within(scope).select_related("mapping__project", "job").filter(named).first()
    if found is None:
        return None
    rows = JobStage.objects.filter(connection=found.job.connection_id).values_list("remote_id", "name")
    return CandidacyBrief(found.mapping_id, found.mapping.project.name, found.job.name, dict(rows) | TERMINAL_WORDS)


def subjects_of_mapping(*, scope: Scope, mapping_id: UUID) -> tuple[str, ...]:
    """The ledger subjects of those who are or were in a mapping, the newest MAPPED of them."""
    found = Candidacy.objects.within(scope).filter(mapping=mapping_id).order_by("-added_at")
    return tuple(f"person:{person_id}" for person_id in found.values_list("person_id", flat=True)[:MAPPED])


def names_of_subjects(*, scope: Scope, subjects: Iterable[str]) -> Mapping[str, str]:
    """The names behind ledger subjects, of those whom the reader may see."""
    ids = {found for subject in subjects if (found := person_of(subject))}
    people = people_within(scope=scope).filter(pk__in=ids)
    return {f"person:{person.pk}": str(person) for person in people}


def people_within(*, scope: Scope) -> QuerySet[Person]:
    """The people who have a candidacy in a scope."""
    if scope.unrestricted:
        return Person.objects.all()
    return Person.objects.filter(pk__in=Candidacy.objects.within(scope).values("person"))


def transitions_within(*, scope: Scope) -> QuerySet[Transition]:
    """The moves that people made within candidacies of a scope."""
    visible = Transition.objects.select_related("candidacy__job")
    if scope.client_ids is None:
        return visible
    return visible.filter(candidacy__client__in=scope.client_ids)


def with_candidacies(people: QuerySet[Person], scope: Scope) -> QuerySet[Person]:
    """People together with the candidacies of a scope, in three queries more."""
    candidacies = Candidacy.objects.within(scope).select_related("client", "job", "mapping__project", "mapping__job")
    number = StageMapVersion.objects.filter(pk=OuterRef("agreed_map")).values("number")
    placed = Profile.objects.select_related("project").annotate(agreed_number=Subquery(number))
    profiles = Prefetch("profiles", queryset=placed.order_by("id"))
    own = Prefetch("candidacies", queryset=candidacies.order_by("added_at").prefetch_related(profiles))
    return people.select_related("connection").prefetch_related(own)


def matching(people: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Every word in one of the names; or the whole text in an identity or a remote id."""
    text = text.strip()
    by_name = Q()
    for word in text.split()[:6]:
        by_name &= Q(first_name__icontains=word) | Q(last_name__icontains=word)
    exact = Q(remote_id=text) | Q(candidacies__application_id=text) | Q(candidacies__profiles__remote_id=text)
    address = text.removeprefix("https://").removeprefix("http://").rstrip("/")
    keys = [text.lower(), text, *filter(None, [linkedin_urls.identity_key(text)])]
    known = Q(identities__value__in=keys) | Q(identities__seen_as__icontains=address)
    return people.filter(pk__in=Person.objects.filter(by_name | exact | known).values("pk"))


def candidate_rows(found: Sequence[Person]) -> tuple[CandidateRow, ...]:
    """Put words to people whom `with_candidacies` gave."""
    stages = _stages_of(found)
    return tuple(_candidate(person, stages) for person in found)


def _candidate(person: Person, stages: StageNames) -> CandidateRow:
    return CandidateRow(
        id=person.pk,
        name=str(person) or "Name not known yet",
        headline=" at ".join(part for part in (person.title, person.company) if part),
        connection_id=person.connection_id,
        system=person.connection.name,
        remote_id=person.remote_id,
        state=person.state,
        first_seen_at=person.first_seen_at,
        candidacies=tuple(candidacy_row(one, stages) for one in person.candidacies.all()),
    )


def candidacy_row(one: Candidacy, stages: StageNames) -> CandidacyRow:
    """Put words to one candidacy."""
    connection_id = one.job.connection_id
    return CandidacyRow(
        id=one.pk,
        client=one.client.name,
        mapping=one.mapping.project.name,
        job=one.job.name,
        state=one.state,
        ended_because=one.ended_because,
        application_id=one.application_id,
        made_by_us=one.made_by_us,
        ats_stage=stage_word(stages, connection_id, one.ats_observed),
        ats_desired=stage_word(stages, connection_id, one.ats_desired),
        ats_changed_at=one.ats_changed_at,
        added_at=one.added_at,
        in_ats_at=one.in_ats_at,
        conflict=one.conflict,
        profiles=tuple(_profile(profile, stages, connection_id) for profile in one.profiles.all()),
    )


def _profile(one: Profile, stages: StageNames, connection_id: UUID) -> ProfileRow:
    return ProfileRow(
        project=one.project.name,
        url=one.url,
        stage=one.observed,
        removed=one.removed,
        changed_at=one.changed_at,
        desired=one.desired,
        agreed_linkedin=one.agreed_linkedin,
        agreed_ats=stage_word(stages, connection_id, one.agreed_ats),
        agreed_version=getattr(one, "agreed_number", None),
    )


def _transitions(person: Person, stages: StageNames) -> Iterable[TransitionRow]:
    own = {one.pk: one for one in person.candidacies.all()}
    for one in Transition.objects.filter(candidacy__in=own).order_by("-changed_at", "-id")[:200]:
        candidacy = own[one.candidacy_id]
        connection_id = candidacy.job.connection_id
        in_ats = one.side != "linkedin"
        yield TransitionRow(
            side=one.side,
            system=person.connection.name if in_ats else "LinkedIn",
            job=candidacy.job.name,
            from_stage=stage_word(stages, connection_id, one.from_value) if in_ats else one.from_value,
            to_stage=stage_word(stages, connection_id, one.to_value) if in_ats else one.to_value,
            at=one.changed_at,
            event_id=one.event_id,
        )


def stage_names(connections: Iterable[UUID]) -> StageNames:
    """The stages of ATS connections by name."""
    rows = JobStage.objects.filter(connection__in=set(connections)).values_list("connection", "remote_id", "name")
    return {(connection, remote_id): name for connection, remote_id, name in rows}


def _stages_of(people: Sequence[Person]) -> StageNames:
    return stage_names(one.job.connection_id for person in people for one in person.candidacies.all())


def stage_word(stages: StageNames, connection_id: UUID, value: str) -> str:
    """An ATS value as people call it."""
    return TERMINAL_WORDS.get(value) or stages.get((connection_id, value), value)


def person_of(subject: str) -> UUID | None:
    """The person that a ledger subject names."""
    kind, _, value = subject.partition(":")
    try:
        return UUID(value) if kind == "person" else None
    except ValueError:
        return None


def _read_cursor(text: str) -> tuple[datetime, UUID] | None:
    at, _, last = text.partition("~")
    try:
        return datetime.fromisoformat(at), UUID(last)
    except ValueError:
        return None
