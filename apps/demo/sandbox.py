"""A client of the sandbox's control interface: what a person would do in the outside systems."""

from __future__ import annotations

from typing import Any

import httpx


class Sandbox:
    """`base` is the sandbox's address."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._http = httpx.Client(base_url=base, timeout=30, trust_env=False)

    def reset(self, scenario: dict[str, Any], *, seed: int = 1) -> None:
        self._post("/_control/reset", {"scenario": scenario, "seed": seed})

    def act(self, system: str, do: str, **arguments: Any) -> dict[str, Any]:
        return self._post(f"/_control/{system}/act", {"do": do, **arguments})

    def fault(self, system: str, kind: str, match: str, *, times: int = 1, **more: Any) -> None:
        self._post(f"/_control/{system}/faults", {"kind": kind, "match": match, "times": times, **more})

    def faults(self, system: str) -> dict[str, Any]:
        """The planned faults, and how many responses are held back now."""
        return self._get(f"/_control/{system}/faults")

    def clear_faults(self, system: str) -> None:
        self._http.delete(f"/_control/{system}/faults").raise_for_status()

    def state(self, system: str) -> dict[str, Any]:
        return self._get(f"/_control/{system}/state")

    def calls(self, system: str, **asked: Any) -> list[dict[str, Any]]:
        return list(self._get(f"/_control/{system}/calls", **asked)["calls"])

    def deliveries(self, system: str, **asked: Any) -> list[dict[str, Any]]:
        """The webhooks that a system sent; `state` asks for those in one state."""
        return list(self._get(f"/_control/{system}/deliveries", **asked)["deliveries"])

    def clock(self, **given: Any) -> dict[str, Any]:
        return self._post("/_control/clock", given)

    def answers(self) -> bool:
        try:
            return self._http.get("/_control/").is_success
        except httpx.TransportError:
            return False

    def _get(self, path: str, **asked: Any) -> dict[str, Any]:
        return self._told("GET", path, params=asked)

    def _post(self, path: str, given: dict[str, Any]) -> dict[str, Any]:
        return self._told("POST", path, json=given)

    def _told(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        """Raises RuntimeError where the sandbox refuses or does not answer."""
        try:
            answer = self._http.request(method, path, **given)
        except httpx.TransportError as silent:
            raise RuntimeError(f"The sandbox does not answer {path}.") from silent
        if answer.is_error:
            raise RuntimeError(f"The sandbox refused {path}: {answer.text}")
        return dict(answer.json())
