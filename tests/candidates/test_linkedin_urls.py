"""Every vector of the LinkedIn address notes, and the laws that hold for any text."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.candidates import linkedin_urls
from apps.candidates.linkedin_urls import Kind, LinkedInKey, Reason, Refused

TOKEN = "ACoAABcDeFgHiJkLmNoPqRsTuVwXyZ012345678"
SALES_TOKEN = "ACwAABcDeFgHiJkLmNoPqRsTuVwXyZ012345678"
TALENT_TOKEN = "AEMAABcDeFgHiJkLmNoPqRsTuVwXyZ012345678"
JANE = LinkedInKey(Kind.SLUG, "jane-doe", "https://www.linkedin.com/in/jane-doe")


@pytest.mark.parametrize(
    "text",
    [
        "https://www.linkedin.com/in/jane-doe/",
        "https://www.linkedin.com/in/jane-doe",
        "www.linkedin.com/in/jane-doe",
        "linkedin.com/in/jane-doe",
        "http://linkedin.com/in/jane-doe",
        "//www.linkedin.com/in/jane-doe",
        "https://www.linkedin.com./in/jane-doe",
        "https://www.linkedin.com:443/in/jane-doe",
        "https://de.linkedin.com/in/jane-doe",
        "https://m.linkedin.com/in/jane-doe",
        "https://touch.www.linkedin.com/in/jane-doe",
        "https://www.linkedin.com/mwlite/in/jane-doe",
        "https://www.linkedin.com/mwlite/profile/in/jane-doe",
        "https://www.linkedin.com/m/in/jane-doe",
        "https://www.linkedin.com/comm/in/jane-doe?midToken=AQ&trk=eml",
        "https://www.linkedin.com/in/jane-doe/en",
        "https://www.linkedin.com/in/jane-doe?locale=fr_FR",
        "https://www.linkedin.com/in/jane-doe?originalSubdomain=de",
        "https://www.linkedin.com/in/jane-doe#experience",
        "https://www.linkedin.com/in/jane-doe?miniProfileUrn=urn%3Ali%3Afs_miniProfile%3AACoAAB",
        "https://www.linkedin.com/in/jane-doe/detail/contact-info/",
        "https://www.linkedin.com/in/jane-doe/overlay/about-this-profile/",
        "https://www.linkedin.com/in/jane-doe/recent-activity/all/",
        "https://www.linkedin.com/in/jane-doe%E2%80%AB",
        "HTTPS://WWW.LINKEDIN.COM/IN/Jane-Doe",
        "https://https://www.linkedin.com/in/jane-doe",
        "https://www.linkedin.com/in/https://www.linkedin.com/in/jane-doe",
        "https://www.linkedin.com/in/jane-doehttps://www.linkedin.com/in/jane-doe",
        "  <https://www.linkedin.com/in/jane-doe>\n",
        "\u200bhttps://www.linkedin.com/in/jane-doe\u200f",
        "@linkedin.com/in/jane-doe",
        "https://www.linkedin.com/in/jane-doe?u=https://www.linkedin.com/in/bob",
    ],
)
def test_every_public_form_gives_one_key(text: str) -> None:
    assert linkedin_urls.canonicalise(text) == JANE


@pytest.mark.parametrize(
    ("segment", "slug"),
    [
        ("%C3%A1lvaro-n%C3%BA%C3%B1ez-123", "álvaro-núñez-123"),
        ("álvaro-núñez-123", "álvaro-núñez-123"),
        (quote(unicodedata.normalize("NFD", "andré-roy")), "andré-roy"),
        (quote("Иван-Петров"), "иван-петров"),
        (quote("김철수"), "김철수"),
        (quote("अनिल-कुमार"), "अनिल-कुमार"),
        (quote("สมชาย-ใจดี"), "สมชาย-ใจดี"),
        (quote("İlker"), "i\u0307lker"),
        ("stra%C3%9Fe", "straße"),
        ("strasse", "strasse"),
        ("acwa-studio", "acwa-studio"),
        ("acoaab", "acoaab"),
        (TOKEN.lower(), TOKEN.lower()),
        ("a_b", "a_b"),
        ("a" * 100, "a" * 100),
    ],
)
def test_slugs_keep_their_script_and_lose_their_case(segment: str, slug: str) -> None:
    result = linkedin_urls.canonicalise(f"https://www.linkedin.com/in/{segment}")

    assert result == LinkedInKey(Kind.SLUG, slug, f"https://www.linkedin.com/in/{quote(slug, safe='')}")


@pytest.mark.parametrize(
    ("address", "slug"),
    [
        ("https://www.linkedin.com/pub/clive-goodrum/9/159/486", "clive-goodrum-4861599"),
        ("https://www.linkedin.com/pub/jane-doe/1/2a/3b4", "jane-doe-3b402a1"),
        ("https://uk.linkedin.com/pub/jane-doe/1/2/3/", "jane-doe-0030021"),
    ],
)
def test_old_public_addresses_are_derived(address: str, slug: str) -> None:
    result = linkedin_urls.canonicalise(address)

    assert result == LinkedInKey(Kind.SLUG, slug, f"https://www.linkedin.com/in/{slug}", derived=True)


@pytest.mark.parametrize(
    ("address", "kind", "key"),
    [
        (f"https://www.linkedin.com/in/{TOKEN}", Kind.MEMBER_TOKEN, TOKEN),
        (f"https://www.linkedin.com/sales/lead/{SALES_TOKEN},NAME_SEARCH,abcd", Kind.SALESNAV_TOKEN, SALES_TOKEN),
        (f"https://www.linkedin.com/sales/people/{SALES_TOKEN}", Kind.SALESNAV_TOKEN, SALES_TOKEN),
        (
            f"https://www.linkedin.com/sales/profile/{SALES_TOKEN},,?pathWildcard={SALES_TOKEN}",
            Kind.SALESNAV_TOKEN,
            SALES_TOKEN,
        ),
        (f"https://www.linkedin.com/talent/profile/{TALENT_TOKEN}", Kind.RECRUITER_TOKEN, TALENT_TOKEN),
        (f"https://www.linkedin.com/talent/profile/{TALENT_TOKEN}/inmail", Kind.RECRUITER_TOKEN, TALENT_TOKEN),
        (f"https://www.linkedin.com/talent/profile/{TALENT_TOKEN}?project=1", Kind.RECRUITER_TOKEN, TALENT_TOKEN),
        (
            f"https://www.linkedin.com/talent/hire/12/discover/applicants/profile/{TALENT_TOKEN}",
            Kind.RECRUITER_TOKEN,
            TALENT_TOKEN,
        ),
        (f"https://www.linkedin.com/recruiter/profile/{TALENT_TOKEN}", Kind.RECRUITER_TOKEN, TALENT_TOKEN),
        ("https://www.linkedin.com/profile/view?id=107523146", Kind.LEGACY_ID, "107523146"),
        ("https://www.linkedin.com/profile/view?id=AAIAABxyz&trk=nav", Kind.LEGACY_ID, "AAIAABxyz"),
    ],
)
def test_tokens_keep_their_case_and_get_no_public_address(address: str, kind: Kind, key: str) -> None:
    assert linkedin_urls.canonicalise(address) == LinkedInKey(kind, key, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.EMPTY),
        ("  \u200b ", Reason.EMPTY),
        ("@jane", Reason.NOT_LINKEDIN),
        ("https://lnkd.in/abc", Reason.SHORT_LINK),
        ("https://www.linkedin.com/in/me", Reason.VIEWER_ALIAS),
        ("https://www.linkedin.com/in/ME/", Reason.VIEWER_ALIAS),
        ("https://www.linkedin.com/company/acme", Reason.NOT_A_PERSON),
        ("https://www.linkedin.com/school/mit", Reason.NOT_A_PERSON),
        ("https://www.linkedin.com/showcase/x", Reason.NOT_A_PERSON),
        ("https://www.linkedin.com/jobs/view/1", Reason.NOT_A_PERSON),
        ("https://www.linkedin.com/feed", Reason.NOT_A_PERSON),
        ("https://www.linkedin.com/", Reason.NOT_A_PERSON),
        ("https://www.linkedin.com/in/", Reason.NOT_A_PERSON),
        ("https://www.linkedin.com/pub/dir/jane/doe/1", Reason.NOT_A_PERSON),
        ("https://www.linkedin.com/profile/view", Reason.NOT_A_PERSON),
        ("My profile: https://www.linkedin.com/in/jane", Reason.SURROUNDING_TEXT),
        ("https://www.linkedin.com/in/jane doe", Reason.SURROUNDING_TEXT),
        ("https://www.linkedin.com\\evil.example/in/a", Reason.FORBIDDEN_CHARACTER),
        ("https://www.linkedin.com/in/a\x00b", Reason.FORBIDDEN_CHARACTER),
        ("https://www.linkedin.com/in/\ud800", Reason.FORBIDDEN_CHARACTER),
        ("https://www.linkedin.com/in/alice/../../in/bob", Reason.BROKEN_PATH),
        ("https://www.linkedin.com/in/%2e%2e/bob", Reason.BROKEN_PATH),
        ("https://www.linkedin.com/in//bob", Reason.BROKEN_PATH),
        ("https://www.linkedin.com/in/%252e%252e", Reason.BROKEN_SLUG),
        ("https://www.linkedin.com/in/%FF", Reason.BROKEN_SLUG),
        ("https://www.linkedin.com/in/foo%2Fbar", Reason.BROKEN_SLUG),
        ("https://www.linkedin.com/in/%F0%9F%98%80", Reason.BROKEN_SLUG),
        ("https://notlinkedin.com/in/x", Reason.NOT_LINKEDIN),
        ("https://linkedin.com.evil.io/in/x", Reason.NOT_LINKEDIN),
        ("https://www.linkedin.com@evil.io/in/x", Reason.NOT_LINKEDIN),
        ("https://evil@www.linkedin.com/in/x", Reason.NOT_LINKEDIN),
        ("https://www.lin\u212aedin.com/in/x", Reason.NOT_LINKEDIN),
        ("ftp://www.linkedin.com/in/x", Reason.NOT_LINKEDIN),
        ("https://www.linkedin.com:8443/in/x", Reason.PORT),
        ("https://www.linkedin.com/in/a,https://www.linkedin.com/in/b", Reason.SEVERAL),
        ("https://www.linkedin.com/in/a/in/b", Reason.SEVERAL),
        ("https://www.linkedin.com/in/" + "a" * 3_000, Reason.TOO_LONG),
    ],
)
def test_what_names_no_one_person_is_refused_with_its_reason(text: str, reason: Reason) -> None:
    assert linkedin_urls.canonicalise(text) == Refused(reason)


def test_an_identity_key_carries_its_kind() -> None:
    assert linkedin_urls.identity_key("linkedin.com/in/Jane-Doe") == "slug:jane-doe"
    assert linkedin_urls.identity_key(f"linkedin.com/in/{TOKEN}") == f"member_token:{TOKEN}"
    assert linkedin_urls.identity_key("https://example.com/in/jane") is None


slugs = st.text(st.characters(whitelist_categories=("L", "N", "M")), min_size=1, max_size=40)
pasted = st.one_of(
    st.text(max_size=80),
    slugs.map(lambda slug: f"https://www.linkedin.com/in/{slug}"),
    st.text(max_size=60).map(lambda text: f"https://www.linkedin.com/in/{text}"),
    st.lists(
        st.sampled_from(["in", "pub", "/", "%2e", "%25", "..", "jane", "?", "id=1", "linkedin.com", "https://"])
    ).map("".join),
)


@given(pasted)
def test_any_text_is_answered_and_a_display_address_is_its_own_canonical_form(text: str) -> None:
    result = linkedin_urls.canonicalise(text)

    if isinstance(result, LinkedInKey) and result.display_url:
        again = linkedin_urls.canonicalise(result.display_url)
        assert again == LinkedInKey(result.kind, result.key, result.display_url)


@given(slugs, slugs)
def test_two_slugs_share_a_key_only_if_they_differ_by_case_or_composition(one: str, other: str) -> None:
    first, second = (linkedin_urls.identity_key(f"linkedin.com/in/{quote(slug)}") for slug in (one, other))

    if first is not None and first == second:
        assert _lower(one) == _lower(other)


def _lower(slug: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", slug).lower())
