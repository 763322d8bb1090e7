"""INVENTED LAYER: Recruiter Projects, their profiles and stages, as the Projects contract has them.

LinkedIn publishes no API for any of this. The verbs here are what a person does in Recruiter or
our application does by API; both end in the same rows, and differ in `stageChangedBy`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from apps.sandbox.linkedin.answers import Refusal

DEFAULT_STAGES = ("Contacted", "Replied", "In Progress", "Hired", "Archived")
REQUIRED_STAGES = ("In Progress", "Hired", "Archived")
CREATED = 1_767_000_000_000
"""modifiedAt of what a reset makes: long past, so that a stepped clock may start anywhere later."""


@dataclass
class Contract:
    id: str
    name: str
    product: str = "RECRUITER"
    rsc_enabled: bool = True
    organization: str = "urn:li:organization:1234"

    def element(self) -> dict[str, Any]:
        return {
            "id": self.id, "name": self.name, "product": self.product, "rscEnabled": self.rsc_enabled,
            "organization": self.organization,
        }  # fmt: skip


@dataclass
class Seat:
    id: str
    first_name: str
    last_name: str
    contract: str
    state: str = "ACTIVE"

    @property
    def member(self) -> str:
        return f"urn:li:person:seat{self.id.rsplit(':', 1)[-1]}"

    def element(self) -> dict[str, Any]:
        """`id` is documented; the shape of seatRoles is INVENTED."""
        return {
            "id": self.id, "firstName": self.first_name, "lastName": self.last_name, "contract": self.contract,
            "member": self.member, "state": self.state, "seatRoles": ["urn:li:seatRole:RECRUITER"],
        }  # fmt: skip


@dataclass
class Project:
    id: str
    name: str
    contract: str
    owner: str
    stages: list[str]
    state: str = "ACTIVE"
    modified_at: int = CREATED

    def element(self) -> dict[str, Any]:
        return {
            "id": self.id, "name": self.name, "contract": self.contract, "state": self.state, "owner": self.owner,
            "stages": list(self.stages), "modifiedAt": self.modified_at,
        }  # fmt: skip


@dataclass
class Profile:
    """A person's place in one project."""

    id: str
    project: str
    member: str
    person: dict[str, Any]
    stage: str
    added_by: str
    added_at: int
    stage_changed_by: str
    stage_changed_at: int
    modified_at: int
    removed: bool = False

    def element(self) -> dict[str, Any]:
        return {
            "id": self.id, "project": self.project, "member": self.member or None, **self.person, "stage": self.stage,
            "stageChangedAt": self.stage_changed_at, "stageChangedBy": self.stage_changed_by,
            "addedAt": self.added_at, "addedBy": self.added_by, "removed": self.removed,
            "modifiedAt": self.modified_at,
        }  # fmt: skip


@dataclass
class Store:
    """Everything in the tenant, by id. `profiles` is in the order of modification."""

    millis: Callable[[], int]
    equal_timestamps: bool = False
    contracts: dict[str, Contract] = field(default_factory=dict)
    seats: dict[str, Seat] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    _last: int = CREATED
    _made: int = 0

    # --- reading

    def profile(self, key: str) -> Profile:
        found = self.profiles.get(key)
        if found is None:
            raise Refusal(404, f"rscsProfile {key} does not exist")
        return found

    def contract_of(self, profile: Profile) -> str:
        return self.projects[profile.project].contract

    def since(self, contract: str, moment: int) -> list[Profile]:
        """Profiles of a contract changed at or after `moment`, by modifiedAt, then id."""
        found = []
        for profile in reversed(self.profiles.values()):
            if profile.modified_at < moment:
                break
            if self.contract_of(profile) == contract:
                found.append(profile)
        return sorted(found, key=lambda profile: (profile.modified_at, profile.id))

    # --- what may happen

    def add_project(self, project: Project) -> Project:
        """Raises ValueError where a stage that every project has is missing, or the id is taken."""
        missing = [name for name in REQUIRED_STAGES if name not in project.stages]
        if missing or len(set(project.stages)) != len(project.stages):
            raise ValueError(f"every project has the stages {', '.join(REQUIRED_STAGES)}, each name once")
        if project.id in self.projects:
            raise ValueError(f"{project.id} is there already")
        self.projects[project.id] = project
        return project

    def add_profile(self, project: Project, person: dict[str, Any], member: str, by: str, stage: str = "") -> Profile:
        """Put a person into a project. Someone taken out before comes back with the same id."""
        now = self.tick()
        first = stage or project.stages[0]
        mine = (p for p in self.profiles.values() if member and (p.project, p.member) == (project.id, member))
        held = next(mine, None)
        if held is None:
            self._made += 1
            made = Profile(f"rp-{self._made:06d}", project.id, member, person, first, by, now, by, now, now)
            self.profiles[made.id] = made
            return made
        if held.removed:
            held.removed, held.stage, held.person = False, first, person
            held.added_by = held.stage_changed_by = by
            held.added_at = held.stage_changed_at = now
            self.touch(held, now)
        return held

    def set_stage(self, profile: Profile, stage: str, by: str) -> bool:
        """Move; the stage it has already changes nothing. Raises Refusal 409 or 422."""
        project = self.projects[profile.project]
        if project.state == "ARCHIVED":
            raise Refusal(409, f"{project.id} is archived")
        if profile.removed:
            raise Refusal(409, f"{profile.id} was removed from {project.id}")
        if stage not in project.stages:
            raise Refusal(422, f"ERROR :: /patch/$set/stage :: '{stage}' is not a stage of {project.id}")
        if profile.stage == stage:
            return False
        now = self.tick()
        profile.stage, profile.stage_changed_at, profile.stage_changed_by = stage, now, by
        self.touch(profile, now)
        return True

    def remove(self, profile: Profile) -> None:
        profile.removed = True
        self.touch(profile, self.tick())

    def change_person(self, profile: Profile, **values: Any) -> None:
        profile.person.update(values)
        self.touch(profile, self.tick())

    def rename_stage(self, project: Project, old: str, new: str) -> list[Profile]:
        """Rename a stage; its profiles change with it."""
        project.stages[project.stages.index(old)] = new
        project.modified_at = self.tick()
        moved = [p for p in self.profiles.values() if p.project == project.id and p.stage == old]
        for profile in moved:
            profile.stage = new
            self.touch(profile, self.tick())
        return moved

    # --- time

    def tick(self) -> int:
        """The next modifiedAt: later than any before, or at least not earlier by `equal_timestamps`."""
        self._last = max(self.millis(), self._last + (0 if self.equal_timestamps else 1))
        return self._last

    def touch(self, profile: Profile, now: int) -> None:
        profile.modified_at = now
        self.profiles[profile.id] = self.profiles.pop(profile.id)


def elements(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [row.element() for row in rows]
