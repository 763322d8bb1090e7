"""Whatever is asked, by whomever: no 5xx, and no answer that the schema does not name."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.accounts.rights import Role
from syncportal.wsgi import application
from tests.api.readers import make_secret
from tests.portal.factories import make_world

EXAMPLES = 25
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
NOBODY = "nobody"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", [NOBODY, *Role.values])
def test_every_answer_is_one_that_the_schema_names(role: str, settings: Any) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"reader": "1000000/min"}}
    world = make_world("Cedar")
    make_world("Birch")
    headers = {} if role == NOBODY else {"Authorization": f"Bearer {make_secret(Role(role), world.client.pk)}"}

    for operation in operations():
        probe(operation, headers)


def operations() -> list[Any]:
    described = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
    return [found.ok() for found in described.get_all_operations()]


def probe(operation: Any, headers: dict[str, str]) -> None:
    """Ask one operation EXAMPLES questions, sound ones and odd ones."""

    @given(case=operation.as_strategy())
    @settings_of_hypothesis(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    def ask(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()
