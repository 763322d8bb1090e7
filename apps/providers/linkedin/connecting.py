"""What whoever connects LinkedIn is asked and told."""

from apps.providers.linkedin import rsc
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
            "organization",
            "Organization",
            help="Its URN, such as urn:li:organization:1234. An export that was made for another one is refused.",
            required=True,
        ),
        OptionField(
            "inmail_contract",
            "Contract of the recruiters",
            help="Its URN, such as urn:li:contract:7001: where it is named, seats and InMail are read, too.",
        ),
        OptionField(
            "rsc_base",
            "Interface",
            help="The older one where the application was approved for it alone.",
            choices=(("rest", "Versioned"), ("v2", "Before versions")),
        ),
        OptionField(
            "linkedin_version",
            "Version",
            help="Of the versioned interface, as LinkedIn's release notes name it. One lasts two years.",
            default=rsc.VERSION,
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
