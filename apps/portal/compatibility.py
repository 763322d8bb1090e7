"""What each system can do, out of what its provider declares: the page cannot say anything else (R3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.portal import shell, words
from apps.portal.words import Badge
from apps.providers import registry
from apps.providers.contract import Capabilities, Limited, RateWindow, Support
from apps.providers.provider import Provider

YES = Badge("ok", "check-circle", "Yes")
LIMITED = Badge("warn", "warn", "Limited")
NO = Badge("mute", "close", "No")

PERIODS = {1: "a second", 60: "a minute", 3600: "an hour", 86_400: "a day"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer: a state where the question has one, and why or how."""

    system: str
    badge: Badge | None
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    question: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class System:
    name: str
    mark: str
    setup: tuple[str, ...]
    effort: str


Answer = tuple[Badge | None, str]


@requires(Right.VIEW)
def compatibility(request: PortalRequest) -> HttpResponse:
    """Show every registered ATS beside the others, and what the systems around it need."""
    found = registry.all_providers()
    ats = [(key, one.capabilities) for key, one in found.items() if one.capabilities.role == "ats"]
    others = [(key, declared) for key, one in found.items() if one.capabilities.role != "ats" for declared in ways(one)]
    modes = [(key, way) for key, one in found.items() for way in one.modes]
    declared_in = [(key, way.capabilities) for key, way in modes]
    context = {
        "systems": [_system(key, declared) for key, declared in ats],
        "others": [_system(key, declared) for key, declared in others],
        "lines": [_line(question, answer, ats) for question, answer in QUESTIONS],
        "ways": [_system(key, declared) for key, declared in declared_in],
        "way_lines": [_line(question, answer, declared_in) for question, answer in WAY_QUESTIONS],
        "cannot": [(way.capabilities.name, way.cannot) for _, way in modes if way.cannot],
    }
    return shell.page(request, "portal/compatibility.html", context)


def ways(provider: Provider) -> tuple[Capabilities, ...]:
    """What a system can do, by each way to it."""
    return tuple(one.capabilities for one in provider.modes) or (provider.capabilities,)


def _system(key: str, declared: Capabilities) -> System:
    return System(declared.name, words.mark_of(key), declared.setup, declared.effort)


def _line(question: str, answer: Callable[[Capabilities], Answer], systems: Sequence[tuple[str, Capabilities]]) -> Line:
    return Line(question, tuple(Cell(declared.name, *answer(declared)) for _, declared in systems))


def together(*parts: Support) -> Answer:
    """Several capabilities as one answer: no better than the worst of them, with what each has to say."""
    whys = dict.fromkeys(part.why for part in parts if isinstance(part, Limited))
    text = " ".join(whys)
    if not any(is_there(part) for part in parts):
        return NO, text
    return (YES if all(part is True for part in parts) else LIMITED), text


def is_there(part: Support) -> bool:
    return part.available if isinstance(part, Limited) else part


def events(declared: Capabilities) -> Answer:
    """Whether changes are sent to us, or asked for."""
    if is_there(declared.push_events):
        text = declared.push_events.why if isinstance(declared.push_events, Limited) else ""
        return Badge("ok", "receive", "Pushed"), text
    why = declared.pull_events.why if isinstance(declared.pull_events, Limited) else ""
    return Badge("info", "clock", "Asked for"), why


def stage_maps(declared: Capabilities) -> Answer:
    scope = "The account's stages, the same for every job." if declared.stage_scope == "account" else "By job."
    return YES, scope


def rates(declared: Capabilities) -> Answer:
    windows = "; ".join(rate(window) for window in declared.rate_windows)
    return None, " ".join(part for part in (f"{windows}.", declared.limits) if part)


def rate(window: RateWindow) -> str:
    """ "10 requests a second, 20 at once"."""
    period = "a month" if window.resets_monthly else PERIODS.get(window.seconds, f"in {window.seconds} seconds")
    told = f"{words.number(window.calls)} requests {period}"
    return f"{told}, {window.burst} at once" if window.burst else told


def shows_after(declared: Capabilities) -> Answer:
    shown: timedelta = declared.visible_after
    return None, f"{shown.total_seconds():g} seconds" if shown else "at once"


QUESTIONS: Sequence[tuple[str, Callable[[Capabilities], Answer]]] = (
    ("LinkedIn's own connector (RSC)", lambda one: together(one.native_connector)),
    ("Setting it up", lambda one: (None, one.effort)),
    ("People of a Project into a job", lambda one: together(one.create, one.attach)),
    ("Stages both ways", lambda one: together(one.move)),
    ("Rejections and hires from LinkedIn", lambda one: together(one.reject, one.hire)),
    ("InMail as notes", lambda one: together(one.note)),
    ("Stage maps of your own", stage_maps),
    ("Looking for duplicates", lambda one: together(one.lookup_by_email, one.lookup_by_linkedin_url)),
    ("Merging", lambda one: together(one.merge)),
    ("Changes are", events),
    ("A client's own folder", lambda one: together(one.client_folder)),
    ("New records show after", shows_after),
    ("Rate limits", rates),
)

WAY_QUESTIONS: Sequence[tuple[str, Callable[[Capabilities], Answer]]] = (
    ("People and stages are read from Projects", lambda one: together(one.pull_events)),
    ("It tells by itself", lambda one: together(one.push_events)),
    ("Stages to LinkedIn", lambda one: together(one.move)),
    ("Rejections and hires to LinkedIn", lambda one: together(one.reject, one.hire)),
    ("Notes to LinkedIn", lambda one: together(one.note)),
    ("Reading somebody again", lambda one: together(one.lookup_by_linkedin_url)),
    ("Rate limits", rates),
)
