"""What whoever connects Lever is asked and told."""

from apps.providers.provider import Connecting, HookSecret, OptionField

CONNECTING = Connecting(
    options=(
        OptionField(
            "archive_reason",
            "Archive reason of a rejection",
            help="As Lever shows it, such as Underqualified. Not needed where there is only one.",
        ),
        OptionField("hired_reason", "Archive reason of a hire", help="Likewise; Hired as a rule."),
        OptionField(
            "client_folder",
            "What stands for a client",
            help="An agency keeps its clients apart by it.",
            choices=(
                ("", "Nothing: one company"),
                ("team", "Team"),
                ("department", "Department"),
                ("location", "Location"),
                ("commitment", "Commitment"),
            ),
        ),
        OptionField(
            "perform_as",
            "In whose name people are created",
            help="Lever wants a user for each; moves and notes bear the name too.",
            required=True,
            of_users=True,
        ),
    ),
    permissions={
        "jobs": "postings, read",
        "stages": "stages, read",
        "users": "users, read",
        "sources": "sources, read",
        "people": "opportunities and contacts, read",
        "applications": "opportunities, read",
    },
    empty="The key may lack the permission, or the account has none yet.",
    private="Access to confidential data is chosen when a key is made, and cannot be added: make a new key with it.",
    mails="Lever sends no e-mail for a move by API as such; an automation of your account that begins with a stage "
    "may. Look through Settings, Automations.",
    hook_secret=HookSecret.THEIRS,
    hook_steps=(
        "In Lever, open Settings, Integrations and API, Webhooks. Switch on stage changes, archive changes, hires, "
        "deletions and new applications, each with the address below.",
        "Generate a signature token for each, and enter them here with spaces between.",
        "Deliveries without a signature are refused.",
    ),
    test_event="Add a candidate to a posting in Lever, or move one: the event arrives at once.",
)
