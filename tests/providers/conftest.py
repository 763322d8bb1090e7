"""A receiver for the sandbox's webhooks."""

from __future__ import annotations

from tests.sandbox.conftest import receiver as hook_receiver

__all__ = ["hook_receiver"]
