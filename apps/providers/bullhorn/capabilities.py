"""What Bullhorn can do: https://bullhorn.github.io/rest-api-docs and its knowledge base on API limits."""

from __future__ import annotations

from datetime import timedelta

from apps.providers.contract import Capabilities, Limited, RateWindow

VISIBLE_AFTER = timedelta(seconds=60)
"""Nobody publishes how far the search index is behind; readings by id are never (connectors/bullhorn.md)."""

KEEPS_EVENTS = timedelta(days=7)
"""The event page says 7 days, the knowledge base 30: the shorter."""

MONTH = 100_000
"""Unless the contract says otherwise."""

CAPABILITIES = Capabilities(
    name="Bullhorn",
    role="ats",
    hosts=(".bullhornstaffing.com",),
    lookup_by_email=Limited("By the search index, which is some time behind; an index of our own is kept besides."),
    lookup_by_linkedin_url=Limited(
        "There is no such field; the tenant's own, which the connection's option names, is kept in an index.",
        available=False,
    ),
    create=Limited("Bullhorn never looks for doubles; everybody is looked up here first."),
    attach=Limited("One submission for a candidate and job, ever: a deleted one is restored."),
    move=Limited("Bullhorn compares nothing: the submission is read just before."),
    reject=Limited("A rejection is the status that the connection's option names."),
    hire=Limited("A hire is the status that the connection's option names; the placement is made by a person."),
    note=True,
    merge=Limited(
        "Only a person can merge, in Bullhorn: open the one that stays and merge the other into it. It is seen by "
        "where the submissions went.",
        available=False,
    ),
    push_events=Limited("Bullhorn has no webhooks.", available=False),
    pull_events=Limited("An event queue, which names what changed and keeps it for a week."),
    client_folder=True,
    stage_compare_and_set=False,
    stage_history=True,
    change_time=timedelta(milliseconds=1),
    visible_after=VISIBLE_AFTER,
    rate_windows=(
        RateWindow("minute", calls=1_500, seconds=60),
        RateWindow("month", calls=MONTH, seconds=30 * 86_400, resets_monthly=True),
    ),
    setup=(
        "Ask Bullhorn Support for a client id and secret, and make an API user of its own.",
        "Sign in as that user once in a browser and accept the terms.",
        "Its entitlements decide what is seen: give it every client corporation that is to be synced.",
        "Name its user id, and the field that holds LinkedIn addresses, in the connection's options.",
    ),
    native_connector=Limited("LinkedIn's own connector exists for Bullhorn; its notes and stubs are found by name."),
    effort="A client id from Bullhorn Support, an API user of its own, and a look at the tenant's statuses.",
    limits="1,500 requests a minute, 100,000 a month unless the contract says otherwise, 15 event queues.",
    stage_scope="account",
    event_queue=True,
    create_attaches=False,
    openings=False,
)
