"""What a LinkedIn client sends, spelt out; and people for its projects."""

from __future__ import annotations

from typing import Any

import httpx

from tests.sandbox_process import Sandbox

CONTRACT = "urn:li:contract:7001"
APPLICATION = "urn:li:developerApplication:9001"
AUTHORIZED = {"Authorization": "Bearer sandbox-linkedin-token", "X-RestLi-Protocol-Version": "2.0.0"}
MOVE_MANY = {"X-RestLi-Method": "batch_partial_update"}
ZOE = {"first": "Zoë", "last": "Müller", "url": "https://de.linkedin.com/in/zo%C3%AB-m%C3%BCller"}


def get(sandbox: Sandbox, path: str, query: str = "", **headers: str) -> httpx.Response:
    """GET with the query as written, nothing encoded again."""
    url = httpx.URL(f"{sandbox.base}/linkedin{path}", query=query.encode())
    return sandbox.http.get(url, headers=AUTHORIZED | headers)


def post(sandbox: Sandbox, path: str, value: Any, query: str = "", **headers: str) -> httpx.Response:
    url = httpx.URL(f"{sandbox.base}/linkedin{path}", query=query.encode())
    spelt = {name.replace("_", "-"): text for name, text in headers.items()}
    return sandbox.http.post(url, json=value, headers=AUTHORIZED | spelt)


def to_stage(stage: str) -> dict[str, Any]:
    return {"patch": {"$set": {"stage": stage}}}


def add(sandbox: Sandbox, *people: dict[str, Any], project: int = 310, by: int = 55) -> list[str]:
    return list(sandbox.act("linkedin", "add_to_project", project=project, by=by, people=list(people))["profiles"])


def crowd(size: int) -> list[dict[str, Any]]:
    return [
        {"first": "P", "last": f"{n}", "url": f"https://www.linkedin.com/in/p-{n}", "member": f"m{n}"}
        for n in range(size)
    ]


def changed_since(sandbox: Sandbox, since: int = 0, start: int = 0, count: int = 100) -> list[dict[str, Any]]:
    asked = f"q=modifiedSince&contract={CONTRACT}&since={since}&start={start}&count={count}"
    return list(get(sandbox, "/v2/rscsProfiles", asked).json()["elements"])
