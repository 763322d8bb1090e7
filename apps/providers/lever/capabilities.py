"""What Lever can do, by its Data API v1: https://hire.lever.co/developer/documentation."""

from __future__ import annotations

from datetime import timedelta

from apps.providers.contract import Capabilities, Limited, RateWindow

VISIBLE_AFTER = timedelta(seconds=5)
"""Lever promises nothing about when a new record shows; assumed, and a connection's setting."""

CAPABILITIES = Capabilities(
    name="Lever",
    role="ats",
    hosts=("api.lever.co", "api.eu.lever.co", "api.sandbox.lever.co", "auth.lever.co", "sandbox-lever.auth0.com"),
    lookup_by_email=True,
    lookup_by_linkedin_url=Limited(
        "Lever has no such filter; an index is kept from a crawl of everybody.", available=False
    ),
    create=Limited("Lever matches an e-mail address by itself, and then keeps the older data without a word."),
    attach=True,
    move=Limited("A move is compared with nothing, so each follows a fresh read."),
    reject=Limited("Needs the archive reason that the connection's setting names."),
    hire=Limited("Needs the requisition that it fills; without requisitions a person hires in Lever."),
    note=Limited("A note goes on the opportunity; only notes made by the API can be changed."),
    merge=Limited(
        "Only a person can merge, in Lever: open the one that stays and merge the other into it; its own fields win. "
        "Lever tells nobody; the next reading follows it.",
        available=False,
    ),
    push_events=Limited("Webhooks for stages, ends and applications. People without an application come by reading."),
    pull_events=Limited("Changed and deleted opportunities are read; notes and tags leave no trace there."),
    client_folder=Limited("By team, department, location or commitment, as the connection's setting says."),
    stage_compare_and_set=False,
    stage_history=True,
    change_time=timedelta(milliseconds=1),
    visible_after=VISIBLE_AFTER,
    rate_windows=(RateWindow("second", calls=10, seconds=1, burst=20),),
    setup=(
        "A Super Admin makes an API key with the permissions of docs/connectors/lever.md and confidential access.",
        "Choose the user in whose name SyncPortal acts, and the archive reason of its rejections.",
        "Add a webhook for each event group, switch the groups on, and enter their signature tokens here.",
    ),
    native_connector=True,
    effort="An hour: one key, one user to act as, one webhook for each of five events.",
    limits="Not guaranteed, and no answer says how much is left.",
    stage_scope="account",
    applications_by_id=1,
    headline=True,
    event_queue=True,
)
