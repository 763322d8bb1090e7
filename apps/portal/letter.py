"""One dead letter, edited and previewed again."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.ledger.letters import Letters
from apps.ledger.selectors import event_is_visible
from apps.portal import rows, shell, words
from apps.reports import sync_log
from apps.sync import edits, replay_runs
from apps.sync import letters as sync


@requires(Right.OPERATE, methods=("GET", "POST"), visible=event_is_visible)
def edit_letter(request: PortalRequest, event_id: int) -> HttpResponse:
    """Show what may be edited of a dead letter; save it, and preview its replay."""
    if request.method == "GET":
        return _form(request, event_id)
    values = {name: str(value) for name, value in request.POST.items() if name not in ("seen", "do")}
    try:
        changed = edits.edit(scope=request.scope, event_id=event_id, seen=request.POST.get("seen", ""), values=values)
    except edits.NotEditable as problem:
        messages.warning(request, str(problem))
        return HttpResponseRedirect(reverse("portal:edit_letter", args=[event_id]))
    except edits.Refused as problem:
        return _form(request, event_id, values=values, problems=problem.problems)
    if request.POST.get("do") == "preview":
        return _preview(request, event_id)
    shell.toast(request, "Saved. It is still a dead letter." if changed else "Nothing was changed.")
    return HttpResponseRedirect(reverse("portal:edit_letter", args=[event_id]))


def _preview(request: PortalRequest, event_id: int) -> HttpResponse:
    try:
        run = sync.preview(
            letters=Letters(ids=(event_id,)),
            title="One letter, after it was looked at",
            scope=request.scope,
            by=request.user,
            now=clock.now(),
        )
    except (sync.NothingChosen, replay_runs.NothingToReplay):
        messages.warning(request, "This letter cannot be planned again.")
        return HttpResponseRedirect(reverse("portal:edit_letter", args=[event_id]))
    return HttpResponseRedirect(reverse("portal:replay", args=[run.pk]))


def _form(
    request: PortalRequest,
    event_id: int,
    *,
    values: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> HttpResponse:
    found = sync_log.get_log_event(scope=request.scope, event_id=event_id)
    letter = edits.get_letter(scope=request.scope, event_id=event_id)
    values, problems = values or {}, problems or {}
    context = {
        "line": rows.line_of(found.row, now=clock.now()) if found else None,
        "letter": letter is not None,
        "seen": letter.seen if letter else "",
        "fields": [
            {
                "name": one.name,
                "label": one.label,
                "shape": one.shape,
                "value": values.get(one.name, one.value),
                "required": one.required,
                "choices": [(value, word, value == values.get(one.name, one.value)) for value, word in one.choices],
                "problem": problems.get(one.name, ""),
            }
            for one in (letter.fields if letter else ())
        ],
        "problem": problems.get("", ""),
        "problems": len(problems),
        "fixed": [
            (words.phrase(name).capitalize(), value)
            for name, value in (letter.fixed if letter else {}).items()
            if value
        ],
    }
    return shell.page(request, "portal/letter.html", context)
