"""Slack, which tells people: https://docs.slack.dev/apis/web-api/"""

from apps.providers.provider import CredentialField, Provider
from apps.providers.slack import capabilities, client, connecting, oauth, receiver, wire

PROVIDER = Provider(
    key="slack",
    capabilities=capabilities.CAPABILITIES,
    open=client.Workspace,
    receiver=receiver.NoDeliveries(),
    mint=oauth.mint,
    base_urls=wire.BASE_URLS,
    credential_fields=(
        CredentialField("bot_token", "Bot token", help="It begins with xoxb-; see the app's OAuth page."),
    ),
    connecting=connecting.CONNECTING,
)
