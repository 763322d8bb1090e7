"""Lever's Data API v1 with webhooks, imitated."""

from apps.sandbox.lever.system import Lever

SYSTEM = Lever
