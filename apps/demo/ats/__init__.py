"""What the demo, the smoke and the tests do and see in an ATS of the sandbox: one module a system, found here."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from apps.demo.ats.hands import Hands


@functools.cache
def all_hands() -> Mapping[str, Hands]:
    """Every system's hands by its key."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if found.name != "hands")
    return MappingProxyType({name: importlib.import_module(f"{__name__}.{name}").HANDS for name in names})
