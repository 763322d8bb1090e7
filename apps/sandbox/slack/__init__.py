"""Slack's Web API and incoming webhooks, imitated."""

from apps.sandbox.slack.system import Slack

SYSTEM = Slack
