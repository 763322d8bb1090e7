"""What Slack can do here: it is told of people, and holds none."""

from __future__ import annotations

from datetime import timedelta

from apps.providers.contract import Capabilities, Limited, RateWindow

HOLDS_NOBODY = Limited("Slack is told what happens; it holds no candidates.", available=False)

CAPABILITIES = Capabilities(
    name="Slack",
    role="messaging",
    hosts=("slack.com",),
    lookup_by_email=True,
    lookup_by_linkedin_url=HOLDS_NOBODY,
    create=HOLDS_NOBODY,
    attach=HOLDS_NOBODY,
    move=HOLDS_NOBODY,
    reject=HOLDS_NOBODY,
    hire=HOLDS_NOBODY,
    note=HOLDS_NOBODY,
    merge=HOLDS_NOBODY,
    push_events=HOLDS_NOBODY,
    pull_events=HOLDS_NOBODY,
    client_folder=Limited("One channel a client or a mapping, as the hiring managers' page says."),
    stage_compare_and_set=False,
    stage_history=False,
    change_time=None,
    visible_after=timedelta(0),
    rate_windows=(RateWindow("minute", calls=240, seconds=60),),
    effort="Minutes: an app of your own in the workspace, one bot token.",
    limits="One message a second in each channel; several hundred a minute in the workspace.",
    setup=(
        "Create an app in your workspace with the bot scopes that docs/connectors/slack.md lists.",
        "Install it, and give its bot token here.",
        "Invite the app into the private channels that it is to post in.",
    ),
)
"""The workspace's ceiling is several hundred posts a minute (facts: Slack, A.3); ours stays below."""
