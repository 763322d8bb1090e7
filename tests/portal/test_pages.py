"""What the pages show, and what they leave out."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.rights import Role
from apps.core import clock
from apps.ledger import gates
from apps.ledger.states import Reason
from apps.mappings.models import JobStage
from apps.portal.event import mask
from apps.sync.models import Stream
from tests.connections.factories import make_connection
from tests.portal.factories import make_event, make_user, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Browser) -> Browser:
    client.force_login(make_user(Role.ADMIN))
    return client


def text_of(browser: Browser, address: str, **headers: str) -> str:
    answer = browser.get(address, headers=headers)
    assert answer.status_code == 200
    page = answer.content.decode()
    main = page[page.index("<main") : page.index("</main>")] if "<main" in page else page
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def test_the_log_is_filtered_by_state_and_kind_from_the_address(admin: Browser) -> None:
    make_world("Birch", state="dead", cause="source_required", kind="write.move")
    make_world("Cedar", state="done", kind="row.profile")

    assert "Detail Birch" in text_of(admin, "/events/?state=dead")
    assert "Detail Cedar" not in text_of(admin, "/events/?state=dead")
    assert "Detail Cedar" in text_of(admin, "/events/?kind=row.")
    assert "Detail Birch" not in text_of(admin, "/events/?kind=row.")


@pytest.mark.parametrize("sought", ["birch", "ada birch", "in/Birch", "70"])
def test_the_log_is_searched_by_person(admin: Browser, sought: str) -> None:
    make_world("Birch")
    other = make_world("Cedar")
    other.candidacy.application_id = "71"
    other.candidacy.save()

    shown = text_of(admin, f"/events/?q={sought}")

    assert "Detail Birch" in shown
    assert "Detail Cedar" not in shown


def test_the_log_is_searched_by_event_number(admin: Browser) -> None:
    event = make_world("Birch").event
    make_world("Cedar")

    shown = text_of(admin, f"/events/?q=%23{event.pk}")

    assert "Detail Birch" in shown
    assert "Detail Cedar" not in shown


def test_a_number_is_an_event_and_may_be_somebodys_id(admin: Browser) -> None:
    world = make_world("Birch")
    make_world("Cedar")
    world.candidacy.application_id = str(world.event.pk + 1)
    world.candidacy.save()

    shown = text_of(admin, f"/events/?q={world.event.pk + 1}")

    assert "Detail Birch" in shown and "Detail Cedar" in shown


def test_the_log_finds_who_was_received_and_never_planned(admin: Browser) -> None:
    world = make_world("Birch")
    said = {"id": "urn:li:profile:9", "url": "https://www.linkedin.com/in/zoe-quill", "first_name": "Zoe"}
    make_event([world.client], kind="row.profile", state="skipped", reason="not_live", payload=said, detail="A draft.")

    for sought in ("zoe", "urn:li:profile:9", "linkedin.com/in/Zoe-Quill"):
        shown = text_of(admin, f"/events/?q={sought}")
        assert "A draft." in shown and "Detail Birch" not in shown


@pytest.mark.parametrize(
    "odd", ["state=nonsense", "before=x", "before=99999999999999999999", "q=%00", "kind=%27", "q=%25"]
)
def test_an_odd_address_is_no_error(admin: Browser, odd: str) -> None:
    assert admin.get(f"/events/?{odd}").status_code == 200
    assert admin.get(f"/candidates/?{odd}").status_code == 200


def test_a_number_that_is_no_event_is_not_found(admin: Browser) -> None:
    assert admin.get("/events/99999999999999999999999/").status_code == 404


def test_pages_follow_each_other_both_ways(admin: Browser) -> None:
    world = make_world("Birch")
    events = [make_event([world.client], detail=f"No. {number}.") for number in range(120)]

    first = text_of(admin, "/events/")
    second = text_of(admin, f"/events/?before={events[70].pk}")
    back = text_of(admin, f"/events/?after={events[69].pk}")

    assert "No. 119." in first and "No. 70." in first and "No. 69." not in first
    assert "No. 69." in second and "No. 20." in second and "No. 70." not in second
    assert "No. 70." in back and "No. 119." in back and "No. 69." not in back


def test_htmx_gets_the_rows_alone(admin: Browser) -> None:
    make_world("Birch")

    part = admin.get("/events/", headers={"HX-Request": "true"}).content.decode()

    assert 'id="log"' in part
    assert "<html" not in part


def test_work_behind_a_closed_gate_shows_and_counts_as_held(admin: Browser) -> None:
    world = make_world("Birch", state="queued", settled_at=None, gate="connection:shut")
    gates.close_gate(gate="connection:shut", reason=Reason.TOKEN, now=clock.now())

    assert "Held token expired" in text_of(admin, f"/events/{world.event.pk}/")
    assert "Detail Birch" in text_of(admin, "/events/?state=held")
    assert "Detail Birch" not in text_of(admin, "/events/?state=queued")
    assert "1 token expired" in text_of(admin, "/")


def test_a_connection_that_is_shut_for_an_outage_is_not_called_healthy(admin: Browser) -> None:
    connection = make_connection()
    assert "Healthy" in text_of(admin, "/connections/")

    gates.close_gate(gate=f"connection:{connection.pk}", reason=Reason.OUTAGE, now=clock.now())

    assert "Failing" in text_of(admin, "/connections/")
    assert "Healthy" not in text_of(admin, "/connections/")


def test_an_event_shows_why_each_try_and_what_followed(admin: Browser) -> None:
    world = make_world("Birch", payload={"email": "ada@people.example", "stage": "Replied"})
    version = world.mapping.stage_map.versions.create(number=7, rows=[], created_at=clock.now())
    JobStage.objects.create(connection=world.ats, remote_id="s1", name="Phone Screen")
    payload = world.event.payload | {"candidacy": str(world.candidacy.pk)}
    type(world.event).objects.update(plan={"map_version": version.pk, "value": "s1"}, payload=payload)
    make_event([world.client], detail="And then.", caused_by=world.event)

    shown = text_of(admin, reverse("portal:event", args=[world.event.pk]))

    for said in (
        "Detail Birch",
        "Map version 7",
        "Target stage Phone Screen",
        "Project Birch",
        "Try 1: Move",
        "And then.",
        "Replied",
        "Ada Birch",
    ):
        assert said in shown
    assert "ada@people.example" not in shown


def test_what_names_or_opens_a_person_is_masked_at_any_depth() -> None:
    payload = {"id": 7, "person": {"first_name": "Ada", "emails": ["a@b.example"]}, "rows": [{"access_token": "x"}]}

    assert mask(payload) == {
        "id": 7,
        "person": {"first_name": "masked", "emails": "masked"},
        "rows": [{"access_token": "masked"}],
    }


def test_a_candidate_shows_both_stages_identities_and_the_timeline(admin: Browser) -> None:
    world = make_world("Birch")

    shown = text_of(admin, reverse("portal:candidate", args=[world.person.pk]))

    for said in ("Ada Birch", "Stage Birch", "in/Birch", "Moved Birch", "Detail Birch", "Client Birch"):
        assert said in shown


def test_two_clients_see_their_own_part_of_one_person(client: Browser) -> None:
    own, other = make_world("Birch"), make_world("Cedar")
    other.candidacy.person = own.person
    other.candidacy.save()
    client.force_login(make_user(Role.RECRUITER, other.client))

    shown = text_of(client, reverse("portal:candidate", args=[own.person.pk]))

    assert "Stage Cedar" in shown
    assert "Stage Birch" not in shown and "Detail Birch" not in shown and "Moved Birch" not in shown


def test_the_overview_says_what_waits_and_what_died(admin: Browser) -> None:
    now = clock.now()
    world = make_world("Birch", arrived_at=now - timedelta(seconds=67), settled_at=now)
    make_event([world.client], state="dead", cause="source_required")
    make_event([world.client], state="held", reason="conflict", settled_at=None)

    shown = text_of(admin, "/")

    for said in ("1 dead letter from 1 cause", "1 event waits for a decision", "1:07 min", "greenhouse Birch"):
        assert said in shown


def test_figures_count_ones_own_clients_only(client: Browser) -> None:
    own, other = make_world("Birch"), make_world("Cedar")
    for _ in range(7):
        make_event([other.client], state="dead", cause="source_required")
    make_event([own.client], state="dead", cause="source_required")
    client.force_login(make_user(Role.OPS, own.client))

    assert "1 dead letter from 1 cause" in text_of(client, "/")


def test_only_pages_that_exist_are_linked(admin: Browser) -> None:
    page = admin.get("/").content.decode()

    for address in set(re.findall(r'href="(/[^"?#]*)"', page)):
        if not address.startswith("/static/"):
            assert admin.get(address).status_code in (200, 302), address


def test_the_theme_is_kept_and_rendered_by_the_server(admin: Browser) -> None:
    answer = admin.post("/theme/", {"theme": "dark", "next": "/events/"})

    assert answer["Location"] == "/events/"
    assert 'data-theme="dark"' in admin.get("/").content.decode()


def test_the_theme_switch_leads_nowhere_else(admin: Browser) -> None:
    assert admin.post("/theme/", {"theme": "dark", "next": "https://evil.example/"})["Location"] == "/"


@pytest.mark.parametrize("address", ["/", "/events/", "/candidates/", "/connections/", "/accounts/2fa/"])
def test_no_page_needs_an_inline_script_or_style(admin: Browser, address: str) -> None:
    make_world("Birch")

    page = admin.get(address).content.decode()

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)


def test_empty_pages_say_what_will_come(admin: Browser) -> None:
    for address in ("/", "/events/", "/candidates/", "/connections/"):
        assert re.search(r"appear|connects", text_of(admin, address)), address


def test_who_does_not_arrive_is_not_called_on_the_way(admin: Browser) -> None:
    world = make_world("Birch", state="dead", cause="invalid", kind="write.arrive")
    world.candidacy.application_id = ""
    world.candidacy.save()

    for page in ("/candidates/", f"/candidates/{world.person.pk}/"):
        shown = text_of(admin, page)
        assert "On its way" not in shown, page
        assert "Dead" in shown, page


@pytest.mark.parametrize(("shows", "said"), [("Contacted", "Agree"), ("Silver medalist", "Held")])
def test_sides_agree_while_each_shows_what_was_agreed(admin: Browser, shows: str, said: str) -> None:
    world = make_world("Birch", state="held", reason="mapping", kind="row.profile")
    world.candidacy.profiles.update(observed=shows, agreed_linkedin="Contacted", agreed_ats="1")

    shown = text_of(admin, "/candidates/")

    assert [word for word in ("Agree", "Held") if word in shown] == [said]


def test_a_try_shows_what_was_asked_and_answered_with_masks_set_apart(admin: Browser) -> None:
    world = make_world("Birch")
    said = {
        "method": "POST",
        "path": "/v3/applications/70/move",
        "query": "",
        "status": 422,
        "outcome": "",
        "ms": 88,
        "asked": {"authorization": "masked"},
        "answered": {"x-ratelimit-remaining": "61"},
        "request": '{\n  "to_stage_id": 5580124\n}',
        "response": "<b>masked</b>",
    }
    world.event.tries.update(exchanges=[said], outcome="rejected")

    page = admin.get(reverse("portal:event", args=[world.event.pk])).content.decode()

    assert "POST /v3/applications/70/move" in page
    assert "authorization: <mark>masked</mark>" in page
    assert "422 Unprocessable Entity" in page and "x-ratelimit-remaining: 61" in page
    assert "&lt;b&gt;<mark>masked</mark>&lt;/b&gt;" in page


@pytest.mark.parametrize(
    "asked",
    ["system={linkedin}", "mapping={cedar}", "since=2099-01-01", "until=2001-01-01", "from=2099-01-01"],
)
def test_the_log_is_narrowed_by_system_mapping_and_time(admin: Browser, asked: str) -> None:
    birch, cedar = make_world("Birch"), make_world("Cedar")

    shown = text_of(admin, "/events/?" + asked.format(linkedin=birch.linkedin.pk, cedar=cedar.mapping.pk))

    assert "Detail Birch" not in shown
    assert "Remove filter" in shown


@pytest.mark.parametrize("asked", ["system={ats}", "mapping={birch}", "since=hour", "since=today", "from=2001-01-01"])
def test_what_fits_a_filter_of_the_log_stays(admin: Browser, asked: str) -> None:
    birch = make_world("Birch")

    assert "Detail Birch" in text_of(admin, "/events/?" + asked.format(ats=birch.ats.pk, birch=birch.mapping.pk))


def test_a_live_log_can_be_paused_and_says_so(admin: Browser) -> None:
    page = admin.get("/events/?live=off").content.decode()

    assert "data-live" not in page and "Paused" in page
    assert "data-live" in admin.get("/events/").content.decode()


def test_mappings_show_both_sides_and_are_filtered(admin: Browser) -> None:
    make_world("Birch")
    cedar = make_world("Cedar")
    cedar.mapping.state = "paused"
    cedar.mapping.save()

    assert "Project Birch" in text_of(admin, "/mappings/")
    assert "Project Cedar" not in text_of(admin, "/mappings/?state=live")
    assert "Project Birch" not in text_of(admin, "/mappings/?q=cedar")
    assert "No mapping fits" in text_of(admin, "/mappings/?q=xanthippe")


def test_a_mapping_shows_its_stage_map_with_names_people_and_what_no_row_names(admin: Browser) -> None:
    world = make_world("Birch")
    connection = world.ats
    for place, name in enumerate(["Review", "Phone Screen", "Onsite"]):
        JobStage.objects.create(connection=connection, remote_id=f"s{place}", name=name, order=place)
    rows = [{"linkedin": "Stage Birch", "ats": "s0"}, {"linkedin": "Stage Birch", "ats": "s1"}]
    rows.append({"linkedin": "Archived", "ats": "!rejected", "direction": "to_linkedin"})
    rows.append({"linkedin": "Gone", "ats": "s9"})
    world.mapping.stage_map.versions.create(number=3, rows=rows, reason="", created_at=clock.now())
    world.mapping.project.stages = ["Stage Birch", "Silver medalist"]
    world.mapping.project.save()
    world.candidacy.ats_observed = "s1"
    world.candidacy.save()

    shown = text_of(admin, reverse("portal:mapping", args=[world.mapping.pk]))

    assert "Stage Birch Both ways Phone Screen 1" in shown
    assert "Archived To LinkedIn Rejected" in shown
    assert "No row names LinkedIn’s Silver medalist." in shown
    assert "The ATS lists no stage s9 any more." in shown
    assert "No row names Onsite of the ATS." in shown
    assert "Coarse rows 1 and 2 Review and Phone Screen show as Stage Birch" in shown


def test_a_connection_shows_what_waits_its_listings_and_what_it_can_do(admin: Browser) -> None:
    world = make_world("Birch")
    make_event([world.client], person=world.person, connection=world.ats, state="queued", settled_at=None)
    Stream.objects.create(connection=world.ats, name="people", next_at=clock.now())

    shown = text_of(admin, reverse("portal:connection", args=[world.ats.pk]))

    assert "1 waiting" in shown and "Ada Birch" in shown
    assert "Everybody, for the index not yet" in shown
    assert "Merge people When a person decides so here. Nothing undoes a merge there" in shown
    assert (
        f"/webhooks/greenhouse/{world.ats.pk}/"
        in admin.get(reverse("portal:connection", args=[world.ats.pk])).content.decode()
    )


def test_a_closed_connection_says_why_and_that_nothing_is_lost(admin: Browser) -> None:
    world = make_world("Birch")
    gates.close_gate(
        gate=f"connection:{world.ats.pk}", reason=Reason.TOKEN, now=clock.now(), detail="Greenhouse refused it."
    )

    shown = text_of(admin, reverse("portal:connection", args=[world.ats.pk]))

    assert "token expired" in shown and "Greenhouse refused it." in shown and "nothing is lost" in shown


def test_the_webhooks_address_is_for_admins(client: Browser) -> None:
    world = make_world("Birch")
    client.force_login(make_user(Role.OPS, world.client))

    assert "/webhooks/" not in client.get(reverse("portal:connection", args=[world.ats.pk])).content.decode()
