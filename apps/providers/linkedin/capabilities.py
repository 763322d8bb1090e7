"""What LinkedIn Recruiter can do, by our Projects contract and by documented routes (docs/connectors/linkedin.md)."""

from __future__ import annotations

from dataclasses import replace
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

EXPORT_MODE, PROJECTS_MODE = "export", "projects"

_BY_EXPORT = Limited("Only whom a recruiter exports, one by one, to a job: 300 a seat and month.")

EXPORT = replace(
    CAPABILITIES,
    name="LinkedIn Recruiter by export",
    lookup_by_linkedin_url=Limited("Nobody is read who was not exported.", available=False),
    move=Limited(
        "A stage of the ATS becomes a row of the history that LinkedIn shows; Projects are not touched, and a "
        "recruiter's move in one is not seen."
    ),
    reject=Limited("Shown as a row of the history that LinkedIn has of the application."),
    hire=Limited("Shown as a row of the history that LinkedIn has of the application."),
    note=Limited("Notes can be sent; those of recruiters are not read."),
    push_events=_BY_EXPORT,
    pull_events=Limited("There is no list of Projects or of who is in them.", available=False),
    stage_history=True,
    publishes=True,
    setup=(
        "An application of the customer's in LinkedIn's developer portal, approved for Recruiter System Connect.",
        "An administrator enables the integration in Recruiter, Product settings.",
        "The jobs are posted to LinkedIn under their ids in the ATS: recruiters choose one when they export.",
        "LinkedIn sends exports to one address for each customer: once connected, a button gives it to LinkedIn.",
    ),
    limits="300 exports a seat and month; 24 hours to fetch one; batches of 100.",
)

CANNOT = (
    "See Projects, or who was added to one: the clock of a candidate starts at the recruiter's export.",
    "See a stage that a recruiter changes in a Project: stages go from the ATS to LinkedIn only.",
    "Export for the recruiter: each profile is one click there, and a seat has 300 a month.",
    "Wait: an export that cannot be fetched within 24 hours is lost and must be made again.",
    "See an e-mail address or a telephone number: an export carries none.",
)

EXPORT_STEPS = (
    "LinkedIn tells of an export at one address for each customer. It is given to LinkedIn by the button below, once "
    "an administrator has enabled the integration in Recruiter.",
    "Give it again after this installation has moved to another address.",
)
