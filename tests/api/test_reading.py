"""Reading by key: who sees what, by which filters, in pages that what arrives does not move (R20, R22, rule 30)."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client as Browser
from django.test import override_settings
from django.urls import URLPattern

from apps.accounts import keys
from apps.accounts.models import ApiKey
from apps.accounts.rights import Role
from apps.api import throttles, urls
from apps.core import clock
from apps.ledger.models import ClosedGate
from apps.reports import csvs
from tests.api.readers import get, make_secret, reader
from tests.portal.factories import World, make_event, make_user, make_world

pytestmark = pytest.mark.django_db

OPEN_TO_ALL = {"schema", "docs", "missing"}
LISTS = ["connections", "mappings", "candidates", "candidacies", "events", "attempts", "transitions"]
REPORTS = ["lag", "volume", "days", "funnel", "errors"]


@pytest.fixture(autouse=True)
def _uncounted() -> None:
    cache.clear()


def ids_of(world: World) -> dict[str, Any]:
    return {
        "connections": world.ats.pk,
        "mappings": world.mapping.pk,
        "candidates": world.person.pk,
        "candidacies": world.candidacy.pk,
        "events": world.event.pk,
        "attempts": world.event.tries.get().pk,
        "transitions": world.candidacy.transitions.get().pk,
    }


def test_every_address_of_the_api_is_walked_here() -> None:
    names = {pattern.name for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)}
    singular = {f"{name[:-3]}y" if name.endswith("ies") else name[:-1] for name in LISTS}

    assert names == {*LISTS, *singular, *REPORTS, "budget", *OPEN_TO_ALL}


@pytest.mark.parametrize("path", [*(f"{one}/" for one in LISTS), *(f"reports/{one}/" for one in [*REPORTS, "budget"])])
def test_without_a_key_nothing_is_read(client: Browser, path: str) -> None:
    make_world("Birch")

    answer = client.get(f"/api/v1/{path}")

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["title"] == "Unauthorized"


@pytest.mark.parametrize("name", LISTS)
def test_a_key_of_one_client_sees_nothing_of_another(name: str) -> None:
    own, other = make_world("Birch"), make_world("Cedar")
    make_event([own.client, other.client], person=other.person, detail="Cedar and Birch", state="dead", cause="Cedar")
    make_event([], detail="Cedar before planning", state="held", reason="mapping")
    mine = reader(make_secret(Role.OPS, own.client.pk))

    listed = mine.get(f"/api/v1/{name}/").content.decode()
    as_csv = b"".join(mine.get(f"/api/v1/{name}/", query_params={"format": "csv"}).streaming_content).decode()

    assert str(ids_of(own)[name]) in listed
    assert str(ids_of(own)[name]) in as_csv
    assert "Cedar" not in listed + as_csv
    assert str(ids_of(other)["candidates"]) not in listed + as_csv


@pytest.mark.parametrize("name", LISTS)
def test_another_clients_id_is_not_there_and_ones_own_is(name: str) -> None:
    own, other = make_world("Birch"), make_world("Cedar")
    mine = reader(make_secret(Role.VIEWER, own.client.pk))

    assert mine.get(f"/api/v1/{name}/{ids_of(own)[name]}/").json()["id"] == (
        ids_of(own)[name] if isinstance(ids_of(own)[name], int) else str(ids_of(own)[name])
    )
    hidden = mine.get(f"/api/v1/{name}/{ids_of(other)[name]}/")
    assert hidden.status_code == 404
    assert hidden["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", REPORTS)
def test_reports_count_ones_own_client_alone(name: str) -> None:
    own, other = make_world("Birch"), make_world("Cedar")
    make_event([other.client], state="dead", cause="Cedar")
    everyone, mine = reader(make_secret(Role.ADMIN)), reader(make_secret(Role.ADMIN, own.client.pk))

    seen, said = get(everyone, f"reports/{name}/"), get(mine, f"reports/{name}/")

    assert "Cedar" not in str(said)
    assert seen != said
    if name == "lag":
        assert (seen["waiting"], said["waiting"]) == (2, 1)


def test_a_filter_by_another_client_finds_nothing() -> None:
    own, other = make_world("Birch"), make_world("Cedar")
    mine = reader(make_secret(Role.VIEWER, own.client.pk))

    for path in ("mappings", "candidacies", "events", "transitions"):
        assert get(mine, f"{path}/", client=other.client.pk)["results"] == [], path
    assert get(mine, "candidates/", q="Cedar")["results"] == []
    assert get(mine, "reports/funnel/", mapping=other.mapping.pk) == []


def test_budgets_are_for_readers_of_all_clients() -> None:
    own = make_world("Birch")

    windows = get(reader(make_secret(Role.VIEWER)), "reports/budget/")
    refused = reader(make_secret(Role.ADMIN, own.client.pk)).get("/api/v1/reports/budget/")

    assert {one["connection"] for one in windows} >= {"linkedin Birch"}
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"


def test_who_is_signed_in_reads_what_the_portal_shows_them(client: Browser) -> None:
    own, _ = make_world("Birch"), make_world("Cedar")
    client.force_login(make_user(Role.VIEWER, own.client))

    assert [one["name"] for one in get(client, "candidates/")["results"]] == ["Ada Birch"]


@pytest.mark.parametrize("end", ["expired", "revoked", "maker stopped", "no key at all"])
def test_a_key_that_ended_opens_nothing(end: str) -> None:
    maker = make_user(Role.ADMIN)
    secret = make_secret(maker=maker, days=-1 if end == "expired" else 30)
    if end == "revoked":
        keys.revoke_key(key_id=ApiKey.objects.get().public_id, actor=maker, now=clock.now())
    if end == "maker stopped":
        maker.is_active = False
        maker.save()
    if end == "no key at all":
        secret = "sp_" + "0" * 64

    assert reader(secret).get("/api/v1/events/").status_code == 401


def test_a_key_is_kept_as_its_digest_and_says_when_it_was_used() -> None:
    secret = make_secret()
    key = ApiKey.objects.get()

    get(reader(secret), "events/")
    key.refresh_from_db()
    used = key.last_used_at
    get(reader(secret), "events/")
    key.refresh_from_db()

    assert secret not in " ".join(str(value) for value in vars(key).values())
    assert used is not None
    assert key.last_used_at == used, "noted once a minute"
    assert secret[15:] not in repr(key) + str(key)


def test_pages_hold_every_row_once_though_rows_arrive_between_them() -> None:
    world = make_world("Birch")
    mine = reader(make_secret())
    before = {world.event.pk, *(make_event([world.client]).pk for _ in range(6))}

    seen: list[int] = []
    page = get(mine, "events/", page_size=2)
    while True:
        seen += [one["id"] for one in page["results"]]
        make_event([world.client])
        if page["next"] is None:
            break
        page = mine.get(page["next"]).json()

    assert seen == sorted(before, reverse=True)


def test_pages_go_back_too_and_ties_are_no_trouble() -> None:
    world = make_world("Birch")
    for number in range(5):
        world.person.pk = None
        world.person._state.adding = True
        world.person.remote_id = f"tied {number}"
        world.person.id = uuid.uuid4()
        world.person.save()
    mine = reader(make_secret())

    first = get(mine, "candidates/", page_size=2, fields="id")
    second = mine.get(first["next"]).json()
    third = mine.get(second["next"]).json()
    back = mine.get(mine.get(third["previous"]).json()["previous"]).json()

    ids = [one["id"] for page in (first, second, third) for one in page["results"]]
    assert len(set(ids)) == 6
    assert third["next"] is None
    assert back["results"] == first["results"]
    assert back["previous"] is None


def test_only_the_fields_that_are_asked_for_are_said() -> None:
    make_world("Birch")
    mine = reader(make_secret())

    assert set(get(mine, "events/", fields="state,id")["results"][0]) == {"id", "state"}
    assert mine.get("/api/v1/events/?fields=payload").status_code == 400


def test_filters_narrow() -> None:
    world = make_world("Birch")
    dead = make_event([world.client], state="dead", cause="internal", kind="write.stage")
    mine = reader(make_secret())

    def found(**query: Any) -> list[int]:
        return [one["id"] for one in get(mine, "events/", **query)["results"]]

    assert found(state="dead") == [dead.pk]
    assert found(state=["dead", "done"]) == [dead.pk, world.event.pk]
    assert found(kind="write.") == [dead.pk, world.event.pk]
    assert found(kind="write.stage") == [dead.pk]
    assert found(cause="internal") == [dead.pk]
    assert found(person=str(world.person.pk)) == [world.event.pk]
    assert found(connection=str(world.ats.pk)) == [world.event.pk]
    assert found(arrived_after=(clock.now() + timedelta(hours=1)).isoformat()) == []
    assert found(ordering="id") == [world.event.pk, dead.pk]
    assert get(mine, "candidacies/", in_ats="true")["results"] == []
    assert len(get(mine, "candidacies/", in_ats="false")["results"]) == 1
    assert len(get(mine, "attempts/", event=dead.pk)["results"]) == 1


def test_what_waits_behind_a_closed_gate_shows_as_held() -> None:
    make_world("Birch", state="queued", gate="connection:closed")
    ClosedGate.objects.create(gate="connection:closed", reason="outage", since=clock.now())

    (event,) = get(reader(make_secret()), "events/", state="held")["results"]

    assert (event["state"], event["reason"]) == ("held", "outage")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("events/?stat=dead", 400),
        ("events/?state=dying", 400),
        ("events/?cursor=nonsense", 400),
        ("events/?page_size=0", 400),
        ("events/?page_size=501", 400),
        ("events/?ordering=state", 400),
        ("events/?arrived_after=yesterday", 400),
        ("candidates/?q=%00", 400),
        ("reports/lag/?since=2030-01-02T00:00:00Z&until=2030-01-01T00:00:00Z", 400),
        ("reports/lag/?client=1", 400),
        ("events/999999999999/", 404),
        ("events/one/", 404),
        ("nothing/", 404),
        ("events/?format=xml", 404),
    ],
)
def test_a_mistake_is_a_problem_with_its_reason(path: str, status: int) -> None:
    answer = reader(make_secret()).get(f"/api/v1/{path}")

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status
    assert said["title"]
    assert status != 400 or said["errors"][0]["parameter"]


def test_a_method_or_a_form_that_is_not_offered_is_a_problem_too() -> None:
    mine = reader(make_secret())

    posted = mine.post("/api/v1/events/", "{}", content_type="application/json")
    asked = mine.get("/api/v1/events/", headers={"accept": "image/png"})

    assert (posted.status_code, posted["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert asked.status_code == 406
    assert {posted["Content-Type"], asked["Content-Type"]} == {"application/problem+json"}


def test_who_asks_too_often_is_told_when_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttles.ReaderThrottle, "THROTTLE_RATES", {"reader": "2/min"})
    mine, other = reader(make_secret()), reader(make_secret())
    answers = [mine.get("/api/v1/events/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert answers[2]["Content-Type"] == "application/problem+json"
    assert other.get("/api/v1/events/").status_code == 200


def test_csv_has_the_same_rows_and_no_formula() -> None:
    world = make_world("Birch")
    world.person.first_name, world.person.last_name = '=HYPERLINK("http://evil.example")', "Birch"
    world.person.save()
    make_event([world.client], detail="@SUM(A1)", kind="write.stage")
    mine = reader(make_secret())

    people = mine.get("/api/v1/candidates/?format=csv")
    events = mine.get("/api/v1/events/?kind=write.stage&fields=id,detail", headers={"accept": "text/csv"})

    (person,) = csv.DictReader(io.StringIO(b"".join(people.streaming_content).decode()))
    (event,) = csv.DictReader(io.StringIO(b"".join(events.streaming_content).decode()))
    assert people["Content-Type"] == "text/csv; charset=utf-8"
    assert person["name"] == '\'=HYPERLINK("http://evil.example") Birch'
    assert list(event) == ["id", "detail"]
    assert event["detail"] == "'@SUM(A1)"


def test_csv_is_read_in_pieces_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world("Birch")
    for _ in range(6):
        make_event([world.client])
    monkeypatch.setattr("apps.api.views.CHUNK", 3)

    answer = reader(make_secret()).get("/api/v1/events/?format=csv&fields=id&ordering=id")

    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert len({row["id"] for row in rows}) == 7


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "－1"])
def test_a_text_that_a_spreadsheet_would_calculate_is_defused(text: str) -> None:
    assert csvs.cell(text) == f"'{text}"


def test_numbers_stay_numbers() -> None:
    assert [csvs.cell(value) for value in (-1, 1.5, True, None, ["a", "b"])] == ["-1", "1.5", "true", "", "a; b"]


def test_the_page_of_the_api_needs_no_inline_script_and_nothing_from_elsewhere(client: Browser) -> None:
    page = client.get("/api/docs/")
    script = client.get("/api/docs/?script=")
    text = page.content.decode()

    assert (page.status_code, script.status_code) == (200, 200)
    assert "<style" not in text
    assert "<script>" not in text
    assert "http://" not in text + script.content.decode().replace("http://testserver", "")
    assert "default-src 'self'" in page["Content-Security-Policy"]


@override_settings(DEBUG=False)
def test_a_fault_of_ours_is_a_problem_without_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> Any:
        raise RuntimeError("secret of the house")

    secret = make_secret()
    monkeypatch.setattr("apps.reports.tables.events.query", broken)
    mine = reader(secret)
    mine.raise_request_exception = False

    answer = mine.get("/api/v1/events/")

    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert "secret" not in answer.content.decode()
