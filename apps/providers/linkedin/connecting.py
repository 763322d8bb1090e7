"""What whoever connects LinkedIn is asked and told."""

from apps.providers.provider import Connecting, HookSecret, OptionField

CONNECTING = Connecting(
    options=(
        OptionField(
            "daily_limit",
            "Requests a day",
            help="LinkedIn's developer portal shows yours, on the application's usage page.",
            default="500",
            number=True,
        ),
        OptionField(
            "application",
            "Application id",
            help="Only where several applications send to the one address /webhooks/linkedin/: as LinkedIn's challenge "
            "names it, such as urn:li:developerApplication:9001.",
        ),
    ),
    permissions={"projects": "the Projects of the contract", "seats": "the seats of the contract"},
    empty="The administrator who signed in must be one of the contract that holds the Projects.",
    hook_secret=HookSecret.CREDENTIAL,
    hook_steps=(
        "Optional, and not in every agreement: LinkedIn tells that profiles changed, and the next poll comes early.",
        "In LinkedIn's developer portal, open the application, Webhooks, and register the address below.",
        "LinkedIn asks the address to prove that it has the client secret. It is answered by itself, now and every "
        "two hours.",
    ),
    test_event="Move somebody in a Project: the hint arrives within a minute.",
)
