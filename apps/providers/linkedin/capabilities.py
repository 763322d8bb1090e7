"""What LinkedIn Recruiter can do, by our Projects contract (docs/connectors/linkedin.md)."""

from __future__ import annotations

from datetime import timedelta

from apps.providers.contract import Capabilities, Limited, RateWindow

_NOT_OURS = Limited("People are sourced in Recruiter; nothing is created there.", available=False)

CAPABILITIES = Capabilities(
    name="LinkedIn Recruiter",
    role="sourcing",
    hosts=("api.linkedin.com", "www.linkedin.com"),
    lookup_by_email=Limited("LinkedIn gives an e-mail address only where the member shared it.", available=False),
    lookup_by_linkedin_url=Limited("Profiles are read by Project, not by address.", available=False),
    create=_NOT_OURS,
    attach=_NOT_OURS,
    move=True,
    reject=Limited("A rejection is the Project's stage that a stage map names, Archived as a rule."),
    hire=Limited("A hire is the Project's stage that a stage map names, Hired as a rule."),
    note=Limited("Notes are read only.", available=False),
    merge=_NOT_OURS,
    push_events=Limited("A hint without data brings the next poll forward; not every agreement includes it."),
    pull_events=True,
    client_folder=Limited("Projects have no folders; a mapping names the client.", available=False),
    stage_compare_and_set=False,
    stage_history=False,
    change_time=timedelta(milliseconds=1),
    visible_after=timedelta(0),
    rate_windows=(RateWindow("day", calls=500, seconds=86_400, resets_daily=True),),
    setup=(
        "Sign in as an administrator of a Recruiter Corporate contract; Recruiter Lite has no access.",
        "Recruiter System Connect must be on for the contract.",
        "Optional: register the webhook address for the push hint.",
    ),
)
