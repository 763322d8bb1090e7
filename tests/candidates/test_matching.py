"""The policy on evidence (facts: duplicates, C.4), and what holds for any of it (RULES.md 20)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.candidates import matching
from apps.candidates.matching import Facts, Sign, Verdict
from apps.candidates.rules import Key
from benchmarks.matching import judge_all, linked_share, review_share, wrong_links
from benchmarks.people import labelled_pairs


def _facts(name: str = "Ada Lovelace", id: str = "", **more: str) -> Facts:
    first, _, last = name.partition(" ")
    keys = frozenset(Key(kind, more.pop(kind)) for kind in ("linkedin", "member", "email") if kind in more)
    phones = frozenset({more.pop("phone")} if "phone" in more else ())
    return Facts(first, last, keys=keys, phones=phones, id=id, **more)


SLUG = "slug:ada"
OTHER_SLUG = "slug:ada-2"
EMAIL = "ada@mail.example"


@pytest.mark.parametrize(
    ("seen", "held", "verdict"),
    [
        ({"member": "m1"}, {"member": "m1", "name": "Grace Hopper"}, Verdict.LINK),
        ({"member": "m1", "linkedin": SLUG}, {"member": "m1", "linkedin": OTHER_SLUG}, Verdict.LINK),
        ({"linkedin": SLUG}, {"linkedin": SLUG}, Verdict.LINK),
        ({"linkedin": SLUG}, {"linkedin": SLUG, "name": "A. Lovelace"}, Verdict.LINK),
        ({"linkedin": SLUG}, {"linkedin": SLUG, "name": ""}, Verdict.LINK),
        ({"linkedin": SLUG}, {"linkedin": SLUG, "name": "Grace Hopper"}, Verdict.REVIEW),
        ({"linkedin": SLUG}, {"linkedin": SLUG, "name": "Ada Byron"}, Verdict.REVIEW),
        (
            {"linkedin": SLUG, "email": EMAIL},
            {"linkedin": SLUG, "email": EMAIL, "name": "Ada Byron"},
            Verdict.LINK,
        ),
        ({"linkedin": SLUG, "member": "m1"}, {"linkedin": SLUG, "member": "m2"}, Verdict.REVIEW),
        ({"linkedin": "recruiter_token:AEM1"}, {"linkedin": "recruiter_token:AEM1"}, Verdict.LINK),
        ({"linkedin": "recruiter_token:AEM1"}, {"linkedin": "salesnav_token:AEM1"}, Verdict.NEW),
        ({"email": EMAIL}, {"email": EMAIL}, Verdict.LINK),
        ({"email": EMAIL}, {"email": EMAIL, "name": "Ann Lovelace"}, Verdict.REVIEW),
        ({"email": EMAIL}, {"email": EMAIL, "name": "A. Lovelace"}, Verdict.REVIEW),
        ({"email": EMAIL, "linkedin": SLUG}, {"email": EMAIL, "linkedin": OTHER_SLUG}, Verdict.REVIEW),
        ({"linkedin": SLUG}, {"linkedin": OTHER_SLUG}, Verdict.NEW),
        ({"phone": "+4930"}, {"phone": "+4930"}, Verdict.REVIEW),
        ({"phone": "+4930"}, {"phone": "+4930", "name": "Grace Hopper"}, Verdict.NEW),
        ({}, {}, Verdict.NEW),
        ({"company": "Contoso"}, {"company": "Contoso GmbH"}, Verdict.REVIEW),
        ({"company": "Contoso"}, {"company": "Fabrikam"}, Verdict.NEW),
        ({"company": "Contoso", "linkedin": SLUG}, {"company": "Contoso", "linkedin": OTHER_SLUG}, Verdict.NEW),
        ({"company": "Contoso", "title": "Nurse"}, {"company": "Contoso", "title": "Nurse"}, Verdict.REVIEW),
    ],
)
def test_each_line_of_the_policy(seen: dict[str, str], held: dict[str, str], verdict: Verdict) -> None:
    assert matching.judge(_facts(**seen), _facts(id="1", **held)).verdict == verdict


def test_a_rare_name_says_more_than_a_common_one() -> None:
    seen, held = _facts(company="Contoso"), _facts(id="1", company="Contoso")

    assert matching.judge(seen, held, namesakes=1).verdict == Verdict.REVIEW
    assert matching.judge(seen, held, namesakes=40).verdict == Verdict.NEW


def test_several_who_fit_are_never_chosen_between_in_silence() -> None:
    seen = _facts(linkedin=SLUG, email=EMAIL)

    decided = matching.decide(seen, [_facts(id="1", linkedin=SLUG), _facts(id="2", email=EMAIL)])

    assert decided.verdict == Verdict.REVIEW
    assert [one.held.id for one in decided.judged] == ["1", "2"]


def test_a_stored_member_outweighs_what_else_fits() -> None:
    seen = _facts(member="m1", email=EMAIL)

    decided = matching.decide(seen, [_facts(id="1", member="m1"), _facts("Grace Hopper", id="2", email=EMAIL)])

    assert (decided.verdict, decided.target) == (Verdict.LINK, "1")


def test_one_linked_by_an_identifier_is_not_asked_about_for_a_namesake() -> None:
    seen = _facts(linkedin=SLUG, company="Contoso")

    decided = matching.decide(seen, [_facts(id="1", linkedin=SLUG), _facts(id="2", company="Contoso")])

    assert (decided.verdict, decided.target) == (Verdict.LINK, "1")


def test_those_a_person_kept_apart_are_not_asked_about_again() -> None:
    seen, held = _facts(email=EMAIL), _facts("Grace Hopper", id="1", email=EMAIL)

    assert matching.decide(seen, [held]).verdict == Verdict.REVIEW
    assert matching.decide(seen, [held], apart={"1"}).verdict == Verdict.NEW


def test_the_labelled_pairs_meet_the_aims() -> None:
    judged = judge_all(labelled_pairs())

    assert wrong_links(judged) == 0
    assert linked_share(judged) >= 0.9
    assert review_share(judged) <= 0.1


names_of = st.sampled_from(["Ada Lovelace", "Ada Byron", "Grace Hopper", "A. Lovelace", "", "Ada King-Lovelace"])
keys_of = st.frozensets(
    st.sampled_from(
        [
            Key("linkedin", SLUG),
            Key("linkedin", OTHER_SLUG),
            Key("email", EMAIL),
            Key("member", "1"),
            Key("member", "2"),
        ]
    ),
    max_size=3,
)
works = st.sampled_from(["", "Contoso", "Fabrikam"])


@st.composite
def records(draw: st.DrawFn) -> Facts:
    made = _facts(draw(names_of))
    phones = draw(st.frozensets(st.sampled_from(["+4930", "+4989"]), max_size=1))
    return replace(made, keys=draw(keys_of), company=draw(works), title=draw(works), phones=phones)


@settings(max_examples=300, deadline=None)
@given(records(), records(), st.integers(0, 50))
def test_nothing_links_by_itself_without_an_identifier_in_common(seen: Facts, held: Facts, namesakes: int) -> None:
    judged = matching.judge(seen, replace(held, id="1"), namesakes=namesakes)

    if judged.verdict == Verdict.LINK:
        assert seen.keys & held.keys
        assert judged.by_identifier
    assert 0 <= judged.score <= 1


@settings(max_examples=300, deadline=None)
@given(records(), records())
def test_whoever_contradicts_themselves_goes_to_a_person_or_is_somebody_new(seen: Facts, held: Facts) -> None:
    judged = matching.judge(seen, replace(held, id="1"))
    signs = {one.sign for one in judged.components}

    if signs & matching.CONFLICTS and Sign.MEMBER not in signs:
        assert judged.verdict != Verdict.LINK


@settings(max_examples=300, deadline=None)
@given(records(), st.lists(records(), max_size=4))
def test_a_link_names_one_and_nobody_else_who_bears_an_identifier_fits(seen: Facts, others: list[Facts]) -> None:
    held = [replace(one, id=str(place)) for place, one in enumerate(others)]
    decided = matching.decide(seen, held)

    if decided.verdict == Verdict.LINK:
        assert [one.held.id for one in decided.judged] == [decided.target]
    assert decided == matching.decide(seen, reversed(held))
