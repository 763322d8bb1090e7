"""Bullhorn's REST API with its event queue, imitated."""

from apps.sandbox.bullhorn.system import Bullhorn

SYSTEM = Bullhorn
