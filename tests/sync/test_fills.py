"""Rule 21: a match fills empty fields only, and arrays keep what was in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from apps.providers.contract import Person, PersonUpdate
from apps.sync.fills import missing

AT = datetime(2026, 1, 5, tzinfo=UTC)
EMPTY = Person("1", "Ada", "Byrne", "", "", (), (), (), False, AT, AT)
URL = "https://www.linkedin.com/in/ada-byrne"
SHOWN = {"company": "Contoso", "title": "Engineer", "url": URL, "emails": ("ada@mail.test",)}


def test_what_is_empty_is_filled() -> None:
    assert missing(EMPTY, **SHOWN) == PersonUpdate("Contoso", "Engineer", ("ada@mail.test",), (URL,))


def test_addresses_that_are_there_stay_beside_the_new_one() -> None:
    there = replace(EMPTY, social_urls=("https://social.test/ada",))
    assert missing(there, company="", title="", url=URL, emails=()) == PersonUpdate(
        social_urls=("https://social.test/ada", URL)
    )


def test_another_linkedin_address_is_left_alone() -> None:
    there = replace(EMPTY, social_urls=("linkedin.com/in/somebody-else",))
    assert missing(there, company="", title="", url=URL, emails=()) is None


texts = st.sampled_from(["", "Contoso", "Fabrikam"])


@given(company=texts, title=texts, there_company=texts, there_title=texts)
def test_nothing_is_ever_overwritten(company: str, title: str, there_company: str, there_title: str) -> None:
    there = replace(EMPTY, company=there_company, title=there_title)
    update = missing(there, company=company, title=title, url="", emails=()) or PersonUpdate()
    assert update.company is None or (there_company == "" and update.company == company != "")
    assert update.title is None or (there_title == "" and update.title == title != "")
