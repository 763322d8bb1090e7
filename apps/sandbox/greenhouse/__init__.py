"""Greenhouse Harvest v3 with webhooks, imitated."""

from apps.sandbox.greenhouse.system import Greenhouse

SYSTEM = Greenhouse
