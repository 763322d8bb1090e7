"""Which job a Project's name means: pure. Patterns that a team agreed on, and a score that says why.

A requisition id decides, wherever it stands. Else the words of the title, weighed by how rare they are among the jobs,
with the client where the name says one. Nothing is sure while two jobs fit alike.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

SURE = 0.9
"""From here on a suggestion is ticked for a person who accepts many."""

LIKELY = 0.5
"""Below it nothing is suggested."""

NEAR = 0.2
"""Suggestions so much worse than the best are not shown beside it."""

ALIKE = 0.06
"""Two whose scores differ by no more fit alike: a person chooses."""

SHORT: Mapping[str, str] = {
    "sr": "senior",
    "snr": "senior",
    "jr": "junior",
    "mgr": "manager",
    "eng": "engineer",
    "swe": "software engineer",
    "sre": "site reliability engineer",
    "de": "data engineer",
    "pm": "product manager",
    "ae": "account executive",
    "cfo": "chief financial officer",
    "cto": "chief technology officer",
    "ceo": "chief executive officer",
    "hr": "human resources",
    "rn": "registered nurse",
    "nyc": "new york",
    "ldn": "london",
}
"""Short forms that recruiters use in names, and the words that titles have."""

PLACEHOLDERS: Mapping[str, str] = {
    "requisition": r"(?P<requisition>[A-Za-z]{0,6}[ ._-]?\d[\dA-Za-z._-]*)",
    "client": r"(?P<client>[^|/\]\[]+?)",
    "title": r"(?P<title>.+?)",
    "any": r".*?",
}

USUAL = ("{requisition} {title}", "{client} | {title}")
"""What a team that agreed on nothing yet begins with."""


class BadPattern(ValueError):
    """The pattern has an unknown placeholder, or nothing that tells one job from another."""


@dataclass(frozen=True, slots=True)
class JobNamed:
    """What a score may know of a job. `client` is who is meant by its folder, or by the only client there is."""

    key: str
    requisition: str
    title: str
    client: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A job that a name may mean, how well it fits from 0 to 1, and why."""

    key: str
    score: float
    why: tuple[str, ...]

    @property
    def sure(self) -> bool:
        return self.score >= SURE


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern as people write it, ready to be matched. Raises BadPattern."""
    parts = re.split(r"\{(\w+)\}", pattern.strip())
    names = parts[1::2]
    unknown = [name for name in names if name not in PLACEHOLDERS]
    if unknown:
        raise BadPattern(
            f"There is no {{{unknown[0]}}}; there are {', '.join('{' + one + '}' for one in PLACEHOLDERS)}."
        )
    if len(set(names)) != len(names):
        raise BadPattern("Each placeholder may stand there once.")
    if not {"requisition", "title"} & set(names):
        raise BadPattern("A pattern needs {requisition} or {title}, else every name would fit.")
    made = "".join(PLACEHOLDERS[part] if at % 2 else _literal(part) for at, part in enumerate(parts))
    return re.compile(rf"\s*{made}\s*", re.IGNORECASE)


def _literal(text: str) -> str:
    """Blanks are as wide as somebody's typing, and a dash is any dash."""
    escaped = re.escape(text).replace(r"\ ", r"\s+")
    return escaped.replace(r"\-", "[-–—]")


def parts_of(name: str, pattern: str) -> dict[str, str] | None:
    """What a pattern reads out of a name; None where the name does not follow it."""
    found = compile_pattern(pattern).fullmatch(name)
    return {key: value.strip() for key, value in found.groupdict().items()} if found else None


def follows(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name follows one of the patterns."""
    return any(parts_of(name, pattern) is not None for pattern in patterns)


def proper_name(job: JobNamed, patterns: Sequence[str]) -> str:
    """The name that a Project for this job should have, by the first pattern that the job can fill; else empty."""
    values = {"requisition": job.requisition, "title": job.title, "client": job.client, "any": ""}
    for pattern in patterns:
        named = re.findall(r"\{(\w+)\}", pattern)
        if all(values.get(name) for name in named if name != "any"):
            said = re.sub(r"\{(\w+)\}", lambda found: values[found[1]], pattern)
            return re.sub(r"\s+", " ", said).strip()
    return ""


class Jobs:
    """The jobs that names are compared with, read once for many names."""

    def __init__(self, jobs: Sequence[JobNamed]) -> None:
        self._jobs = jobs
        self._cores = {job.key: _core(job.title) for job in jobs}
        counted = Counter(word for core in self._cores.values() for word in set(core))
        self._weights = {word: math.log(1 + len(jobs) / count) for word, count in counted.items()}
        self._requisitions = {job.key: _tokens(job.requisition) for job in jobs if job.requisition}
        self._by_last: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for key, ids in self._requisitions.items():
            if ids:
                self._by_last.setdefault(ids[-1], []).append((key, ids))
        self._shapes = {ids[0] for ids in self._requisitions.values() if len(ids) > 1 and ids[0].isalpha()}
        self._clients = {client: _client_words(client, jobs) for client in {job.client for job in jobs} - {""}}
        self._alike: dict[tuple[str, ...], set[frozenset[str]]] = {}
        self._places: dict[str, frozenset[str]] = {}
        self._by_word: dict[str, set[int]] = {}
        for at, job in enumerate(jobs):
            core = self._cores[job.key]
            self._places[job.key] = frozenset(_words(job.title)) - frozenset(core)
            self._alike.setdefault(core, set()).add(self._places[job.key])
            for word in core:
                self._by_word.setdefault(word, set()).add(at)

    def suggest(self, name: str, patterns: Sequence[str] = ()) -> tuple[Suggestion, ...]:
        """The jobs that a name may mean, the best first; none where nothing fits."""
        said = self._read(name, patterns)
        scored = [self._score(job, said) for job in self._near(said)]
        best = max((one.score for one in scored), default=0.0)
        near = [one for one in scored if one.score >= max(LIKELY, best - NEAR)]
        return _unsure_if_alike(sorted(near, key=lambda one: (-one.score, one.key)))

    def _near(self, said: _Said) -> list[JobNamed]:
        """The jobs that share a word of the title with a name, or whose requisition it bears: no other can score."""
        places = {at for word in said.title for at in self._by_word.get(word, ())}
        return [job for at, job in enumerate(self._jobs) if at in places or job.key in said.by_id]

    def _read(self, name: str, patterns: Sequence[str]) -> _Said:
        tokens = _tokens(name)
        words = frozenset(_words(name))
        ending = [one for last in set(tokens) for one in self._by_last.get(last, ())]
        by_id = frozenset(key for key, ids in ending if _stands_in(ids, tokens))
        clients = frozenset(client for client, marks in self._clients.items() if _names_client(marks, tokens))
        read = next((found for pattern in patterns if (found := parts_of(name, pattern)) is not None), {})
        title = frozenset(_words(read["title"])) if read.get("title") else words
        return _Said(words, title, by_id, clients, _unknown_id(tokens, self._shapes) if not by_id else "")

    def _score(self, job: JobNamed, said: _Said) -> Suggestion:
        title, why = self._title(job, said)
        right_client = job.client in said.clients
        score = 0.75 * title + (0.15 if right_client else 0.07) + self._place(job, said)
        if right_client:
            why.append(f"names {job.client}")
        if said.clients and not right_client:
            score, why = 0.3 * score, [*why, "names another client"]
        if job.key in said.by_id:
            score = 0.98 if title >= LIKELY or len(said.by_id) == 1 else 0.92
            why = [f"same requisition id {job.requisition}", *why]
        elif said.by_id:
            score, why = 0.4 * score, [*why, "another job has the requisition id"]
        elif said.unknown_id:
            score, why = 0.5 * score, [*why, f"no job has the requisition id {said.unknown_id}"]
        if title < 0.35 and job.key not in said.by_id:
            score = 0.0
        return Suggestion(job.key, round(min(score, 0.99), 3), tuple(why))

    def _title(self, job: JobNamed, said: _Said) -> tuple[float, list[str]]:
        """How much of the title the name says, less what it says beside it of other titles."""
        core = self._cores[job.key]
        shared = [word for word in core if word in said.title]
        whole = sum(self._weights[word] for word in core)
        if not shared or not whole:
            return 0.0, []
        covered = sum(self._weights[word] for word in shared) / whole
        strange = [word for word in said.title if word in self._weights and word not in core]
        beside = sum(self._weights[word] for word in strange) / (whole + sum(self._weights[word] for word in strange))
        why = "title agrees" if len(shared) == len(core) else f"says {' '.join(shared)} of the title"
        return max(covered - 0.5 * beside, 0.0), [why]

    def _place(self, job: JobNamed, said: _Said) -> float:
        """What stands behind the comma of a title: named, it speaks for this job; another one's, against it."""
        own = self._places[job.key]
        if own and own <= said.words:
            return 0.1
        others = self._alike[self._cores[job.key]] - {own}
        return -0.15 if any(place and place <= said.words for place in others) else 0.05


@dataclass(frozen=True, slots=True)
class _Said:
    """What a name says: its words, those that a pattern takes for the title, the jobs whose requisition stands in it,
    the clients that it names, and a requisition of a known shape that no job has."""

    words: frozenset[str]
    title: frozenset[str]
    by_id: frozenset[str]
    clients: frozenset[str]
    unknown_id: str


def _unsure_if_alike(found: Sequence[Suggestion]) -> tuple[Suggestion, ...]:
    if len(found) < 2 or found[0].score - found[1].score > ALIKE:
        return tuple(found)
    alike = [one for one in found if found[0].score - one.score <= ALIKE]
    said = f"{len(alike)} jobs fit alike"
    return tuple(
        replace(one, score=min(one.score, 0.8), why=(*one.why, said)) if one in alike else one for one in found
    )


def _tokens(text: str) -> tuple[str, ...]:
    """Runs of letters and runs of digits, without what stands between."""
    return tuple(re.findall(r"[^\W\d_]+|\d+", text.casefold()))


def _stands_in(ids: Sequence[str], tokens: Sequence[str]) -> bool:
    """Whether a requisition's parts stand together in a name; a bare number needs three digits."""
    if len(ids) == 1 and (not ids[0].isdigit() or len(ids[0]) < 3):
        return False
    return any(tuple(tokens[at : at + len(ids)]) == tuple(ids) for at in range(len(tokens) - len(ids) + 1))


def _unknown_id(tokens: Sequence[str], shapes: set[str]) -> str:
    for word, number in itertools.pairwise(tokens):
        if word in shapes and number.isdigit():
            return f"{word.upper()}-{number}"
    return ""


def _words(text: str) -> Iterator[str]:
    """The words of a title or a name, in full and in the singular."""
    for token in _tokens(text):
        for word in SHORT.get(token, token).split():
            if not word.isdigit() and len(word) > 1:
                yield word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word


def _core(title: str) -> tuple[str, ...]:
    """A title without what follows its comma, or stands in brackets: places and shifts."""
    return tuple(dict.fromkeys(_words(re.split(r"[,(|–—]| - ", title)[0])))


def _client_words(client: str, jobs: Sequence[JobNamed]) -> tuple[frozenset[str], frozenset[str]]:
    """What stands for a client in a name: the first word of its name; its initials, or its requisitions' letters."""
    first = _tokens(client)
    initials = "".join(word[0] for word in first) if len(first) > 1 else ""
    own = {_tokens(one.requisition)[0] for one in jobs if one.client == client and one.requisition}
    theirs = {_tokens(one.requisition)[0] for one in jobs if one.client != client and one.requisition}
    letters = {word for word in own - theirs if word.isalpha() and word not in ("req", "job", "r")}
    return frozenset(first[:1]), frozenset({initials, *letters} - {""})


def _names_client(marks: tuple[frozenset[str], frozenset[str]], tokens: Sequence[str]) -> bool:
    words, short = marks
    return bool(words & set(tokens)) or bool(short & set(tokens[:2]))
