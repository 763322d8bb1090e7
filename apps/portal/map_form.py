"""The rows of the stage map editor: as a form posts them, as a form shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict

from apps.mappings.rules import HIRED, REJECTED, TERMINAL, Direction, MapRow
from apps.mappings.stage_maps import MapOpened

MOST_ROWS = 200

DIRECTIONS: Mapping[str, tuple[str, str, str]] = {
    "both": ("⇄ Both ways", "both", "Both ways"),
    "to_ats": ("→ To {ats}", "right", "To the ATS"),
    "to_linkedin": ("← To LinkedIn", "left", "To LinkedIn"),
}

MEANINGS: Mapping[str, tuple[bool, bool, str]] = {
    "move": (False, False, "Move"),
    "back": (True, False, "Move, also back"),
    "reopen": (False, True, "Move, also reopen"),
    "any": (True, True, "Move, back, reopen"),
}
"""What LinkedIn may do by a row to a stage: backward, terminal, and the words."""

ENDS: Mapping[str, tuple[str, str]] = {
    "show": ("", "Show only"),
    "reject": (REJECTED, "Reject"),
    "hire": (HIRED, "Hire"),
}
"""What LinkedIn may do by a row to an end: nothing, unless it is said (rule 11)."""


def read_rows(posted: QueryDict) -> tuple[MapRow, ...]:
    """The rows as posted, in their order; what a row may do is brought to what its ATS stage allows."""
    places = sorted({int(found[1]) for name in posted if (found := re.fullmatch(r"li-(\d{1,3})", name))})
    return tuple(_read(posted, place) for place in places[:MOST_ROWS])


def _read(posted: QueryDict, place: int) -> MapRow:
    def said(name: str) -> str:
        return posted.get(f"{name}-{place}", "").replace("\0", "").strip()[:200]

    ats, meaning = said("ats"), said("mean")
    way = said("dir")
    backward, terminal, _ = MEANINGS.get(meaning, MEANINGS["move"])
    if ats in TERMINAL:
        backward, terminal = False, ENDS.get(meaning, ENDS["show"])[0] == ats
    return MapRow(
        linkedin=said("li"),
        ats=ats,
        direction=Direction(way) if way in DIRECTIONS else Direction.BOTH,
        backward=backward,
        terminal=terminal,
        reason=said("reason") if ats == REJECTED and terminal else "",
    )


def meaning_of(row: MapRow) -> str:
    """The word of what a row lets LinkedIn do."""
    if row.ats in TERMINAL:
        return next(key for key, (ats, _) in ENDS.items() if ats == (row.ats if row.terminal else ""))
    return next(key for key, (back, end, _) in MEANINGS.items() if (back, end) == (row.backward, row.terminal))


def meaning_words(row: MapRow) -> str:
    meaning = meaning_of(row)
    return MEANINGS[meaning][2] if meaning in MEANINGS else ENDS[meaning][1]


def changed(rows: Sequence[MapRow], do: str, opened: MapOpened) -> tuple[tuple[MapRow, ...], int]:
    """The rows after a button of the editor, and the place of the row to go to; 0 where none is."""
    what, _, where = do.partition(":")
    place = int(where) if where.isdecimal() and len(where) < 4 else 0
    kept = list(rows)
    match what:
        case "add":
            return (*rows, _new_row(rows, opened)), len(rows) + 1
        case "add-ats" if where in opened.ats_stages:
            return (*rows, MapRow(_free(rows, opened), where)), len(rows) + 1
        case "add-linkedin" if where in opened.linkedin_stages:
            return (*rows, MapRow(where, next(iter(opened.ats_stages), REJECTED))), len(rows) + 1
        case "remove" if 0 < place <= len(kept):
            del kept[place - 1]
            return tuple(kept), min(place, len(kept))
        case "up" if 1 < place <= len(kept):
            kept[place - 2], kept[place - 1] = kept[place - 1], kept[place - 2]
            return tuple(kept), place - 1
    return tuple(rows), 0


def _new_row(rows: Sequence[MapRow], opened: MapOpened) -> MapRow:
    ats = next((stage for stage in opened.ats_stages if all(row.ats != stage for row in rows)), REJECTED)
    return MapRow(_free(rows, opened), ats)


def _free(rows: Sequence[MapRow], opened: MapOpened) -> str:
    """A LinkedIn stage that no row names yet, else the first."""
    free = (stage for stage in opened.linkedin_stages if all(row.linkedin != stage for row in rows))
    return next(free, opened.linkedin_stages[0] if opened.linkedin_stages else "")


def problems_of(rows: Sequence[MapRow], opened: MapOpened, *, why: str) -> dict[str, str]:
    """What keeps these rows from being saved, by the field that is to be mended."""
    found = {}
    kept = {row.ats for row in opened.rows} | set(opened.ats_stages) | TERMINAL
    reasons = {row.reason for row in opened.rows} | set(opened.reasons)
    for place, row in enumerate(rows, 1):
        if row.linkedin not in opened.linkedin_stages or row.ats not in kept:
            found["rows"] = f"Row {place} names a stage that is not there. Choose one from its list."
        if row.reason and row.reason not in reasons:
            found["rows"] = f"Row {place} names a reason that is not there. Choose one from its list."
        if row in rows[: place - 1]:
            found["rows"] = f"Row {place} is there twice. Remove one of the two."
    if not rows:
        found["rows"] = "A map without a row moves nobody. Add at least one."
    if rows == opened.rows:
        found["rows"] = f"Nothing differs from version {opened.number}, so there is nothing to save."
    if not why:
        found["why"] = "Say in a few words why; whoever looks at this version later will ask."
    return found


def shown_rows(
    rows: Sequence[MapRow], opened: MapOpened, here: Mapping[tuple[str, str], int], at: int
) -> list[dict[str, Any]]:
    """Each row with its choices; `at` is the row that gets the focus."""
    return [_shown(row, place, opened, here, focus=place == at) for place, row in enumerate(rows, 1)]


def _shown(
    row: MapRow, place: int, opened: MapOpened, here: Mapping[tuple[str, str], int], *, focus: bool
) -> dict[str, Any]:
    stages = {
        **opened.ats_stages,
        **({} if row.ats in {**opened.ats_stages, REJECTED: "", HIRED: ""} else {row.ats: f"{row.ats} (gone)"}),
    }
    meaning = meaning_of(row)
    linkedin = dict.fromkeys([*opened.linkedin_stages, row.linkedin])
    return {
        "place": place,
        "focus": focus,
        "first": place == 1,
        "linkedin": [(stage, stage == row.linkedin) for stage in linkedin if stage],
        "directions": [
            (key, words[0].format(ats=opened.ats), key == row.direction.value) for key, words in DIRECTIONS.items()
        ],
        "stages": [(stage, name, stage == row.ats) for stage, name in stages.items()],
        "ends": [(REJECTED, "Rejected", row.ats == REJECTED), (HIRED, "Hired", row.ats == HIRED)],
        "moves": [(key, words[2], key == meaning) for key, words in MEANINGS.items()],
        "closes": [(key, words[1], key == meaning) for key, words in ENDS.items()],
        "here": here.get((row.linkedin, row.ats), 0),
        "rejects": row.ats == REJECTED and row.terminal,
        "reasons": _reasons(row, opened),
    }


def _reasons(row: MapRow, opened: MapOpened) -> list[tuple[str, str, bool]]:
    """The reasons of a rejection, with the row's own where the ATS lists it no more."""
    gone = (
        {row.reason: f"{opened.name_of_reason(row.reason)} (gone)"} if row.reason not in ("", *opened.reasons) else {}
    )
    listed = {**opened.reasons, **gone}
    return [(reason, name, reason == row.reason) for reason, name in listed.items()]


def said_row(row: MapRow, opened: MapOpened) -> str:
    """A row in one line, as versions and differences show it."""
    arrow = {"both": "⇄", "to_ats": "→", "to_linkedin": "←"}[row.direction.value]
    reason = f", reason {opened.name_of_reason(row.reason)}" if row.reason else ""
    return f"{row.linkedin} {arrow} {opened.name_of(row.ats)}, {meaning_words(row)}{reason}"
