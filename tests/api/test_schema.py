"""The schema is committed; an answer changes only together with it."""

from __future__ import annotations

from pathlib import Path

import yaml
from django.test import Client as Browser
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "api" / "openapi.yaml"


def test_the_committed_schema_is_the_one_that_the_code_makes() -> None:
    made = OpenApiYamlRenderer().render(SchemaGenerator().get_schema(public=True), renderer_context={})

    assert made.decode() == COMMITTED.read_text(), "run `make schema`, and look at what changes for readers"


def test_the_schema_is_valid_and_every_operation_says_what_it_may_answer() -> None:
    schema = yaml.safe_load(COMMITTED.read_text())
    validate_schema(schema)

    for path, operations in schema["paths"].items():
        assert set(operations) == {"get"}, path
        assert set(operations["get"]["responses"]) >= {"200", "400", "401", "403", "404", "406", "429"}, path
        assert operations["get"]["security"] == [{"key": []}, {"session": []}], path


def test_the_schema_is_served_as_committed(client: Browser) -> None:
    served = client.get("/api/schema/", headers={"accept": "application/vnd.oai.openapi"})

    assert served.status_code == 200
    assert yaml.safe_load(served.content) == yaml.safe_load(COMMITTED.read_text())
