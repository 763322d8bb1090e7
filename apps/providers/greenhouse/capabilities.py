"""What Greenhouse can do, by Harvest v3: https://harvestdocs.greenhouse.io and /webhooks.html."""

from __future__ import annotations

from datetime import timedelta

from apps.providers.contract import Capabilities, Limited, RateWindow

VISIBLE_AFTER = timedelta(seconds=30)
"""How long v1 said to wait for a new record; assumed of v3 (facts: Greenhouse, 1.11)."""

CAPABILITIES = Capabilities(
    name="Greenhouse",
    role="ats",
    hosts=("harvest.greenhouse.io", "auth.greenhouse.io"),
    lookup_by_email=True,
    lookup_by_linkedin_url=Limited(
        "Greenhouse has no such filter; an index is kept from a crawl of everybody.", available=False
    ),
    create=True,
    attach=True,
    move=Limited("A move runs the job's own rules, which may e-mail the candidate."),
    reject=Limited("Only an application in process can be rejected."),
    hire=Limited("Needs the opening that it fills."),
    note=Limited("A note can be neither changed nor deleted."),
    merge=Limited("When a person decides so here. Nothing undoes a merge there; the record that stays wins."),
    push_events=True,
    pull_events=True,
    client_folder=Limited("By department or office, as the connection's setting says."),
    stage_compare_and_set=True,
    stage_history=True,
    change_time=timedelta(seconds=1),
    visible_after=VISIBLE_AFTER,
    rate_windows=(RateWindow("30s", calls=50, seconds=30, from_headers=True),),
    setup=(
        "Create a custom integration with the Harvest v3 scopes that docs/connectors/greenhouse.md lists.",
        "Its user must be a Site Admin, else lists come back empty.",
        "Add a webhook for every candidate and application event, merges and deletions included.",
    ),
    native_connector=True,
    reads_notes=True,
    effort="An hour: one integration with its scopes, one webhook.",
    limits="The ceiling is not published; it is read from every answer.",
)
