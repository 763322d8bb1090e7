"""What whoever connects Bullhorn is asked and told."""

from apps.providers.provider import Connecting, OptionField

CONNECTING = Connecting(
    options=(
        OptionField(
            "linkedin_field",
            "Field with the LinkedIn address",
            help="Of the candidate: companyURL, or the customText field that the agency uses.",
            default="companyURL",
        ),
        OptionField("new_status", "Status of a new submission", help="Empty: Submitted, else the list's first."),
        OptionField(
            "user_id",
            "In whose name submissions are made",
            help="Where the seat map names nobody. Bullhorn wants a user for each.",
            required=True,
            of_users=True,
        ),
    ),
    permissions={
        "jobs": "JobOrder, read",
        "stages": "settings, read",
        "users": "CorporateUser, read",
        "sources": "settings, read",
        "people": "Candidate, read",
        "applications": "JobSubmission, read",
    },
    empty="The API user's entitlements decide what is seen: give it every client corporation.",
    private="The API user's entitlements decide what is seen: give it every department and client corporation.",
    mails="Bullhorn Automation may write to a candidate whose submission's status changes, whoever changed it.",
)
