"""Finds the providers: each package beside this file that declares `PROVIDER`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

import apps.providers
from apps.providers.provider import Provider


class UnknownProvider(LookupError):
    """No package declares this key."""


@functools.cache
def all_providers() -> Mapping[str, Provider]:
    """Every provider by its key, in the order of the keys."""
    found = {}
    for module in pkgutil.iter_modules(apps.providers.__path__):
        if module.ispkg:
            provider = importlib.import_module(f"{apps.providers.__name__}.{module.name}").PROVIDER
            found[provider.key] = provider
    return MappingProxyType(dict(sorted(found.items())))


def get(key: str) -> Provider:
    """Raises UnknownProvider."""
    try:
        return all_providers()[key]
    except KeyError:
        raise UnknownProvider(key) from None
