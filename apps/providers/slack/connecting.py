"""What whoever connects Slack is told."""

from apps.providers.provider import Connecting

CONNECTING = Connecting(
    permissions={"channels": "channels:read and groups:read"},
    empty="Invite the app into the channels that it is to post in.",
)
