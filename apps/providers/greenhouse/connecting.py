"""What whoever connects Greenhouse is asked and told."""

from apps.providers.provider import Connecting, OptionField

CONNECTING = Connecting(
    options=(
        OptionField(
            "client_folder",
            "What stands for a client",
            help="An agency keeps its clients apart by it.",
            choices=(("", "Nothing: one company"), ("department", "Department"), ("office", "Office")),
        ),
        OptionField(
            "note_user_id",
            "Whose name a note bears",
            help="Where the seat map names nobody.",
            of_users=True,
        ),
    ),
    permissions={
        "jobs": "jobs:list and openings:list",
        "stages": "job_interview_stages:list",
        "users": "users:list",
        "sources": "sources:list",
        "people": "candidates:list",
        "applications": "applications:list",
    },
    empty="Greenhouse answers with empty lists to a user who is no Site Admin.",
    private="Give the integration's user Site Admin rights with access to private candidates and confidential jobs.",
    mails="A move runs the job's own rules in Greenhouse: a stage whose rule e-mails the candidate does so for a "
    "move by SyncPortal too. Look through the stage rules of the jobs that you map.",
    hook_steps=(
        "In Greenhouse, open Configure, Dev Center, Web Hooks, and create a web hook for each candidate and "
        "application event, with merges and deletions.",
        "Enter the address below as the endpoint, and the secret key that you make here.",
        "Save. Greenhouse pings the address once; a ping that fails leaves the web hook disabled.",
    ),
    test_event="Save the web hook in Greenhouse: it sends a ping at once.",
)
