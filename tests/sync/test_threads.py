"""What a note about a thread says, and whose record it belongs on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.providers.contract import InMail
from apps.sync import threads
from apps.sync.threads import Place, Telling

AT = datetime(2026, 11, 24, 14, 3, tzinfo=UTC)


def message(number: int, body: str = "Hello", *, by_seat: bool = True) -> InMail:
    return InMail(f"ce-{number}", "thread-1", "seat-1", "member-1", by_seat, "", body, AT + timedelta(hours=number))


def place(candidacy: str, client: str, *seats: str) -> Place:
    return Place(candidacy, client, frozenset(seats))


def test_a_thread_goes_to_the_candidacies_of_its_own_seat() -> None:
    mine, other = place("a", "north", "seat-1"), place("b", "south", "seat-2")

    assert threads.places_of("seat-1", [mine, other]) == [mine]


def test_a_thread_of_another_seat_never_crosses_clients_rule_30() -> None:
    one_client = [place("a", "north", "seat-2"), place("b", "north", "seat-3")]

    assert threads.places_of("seat-1", one_client) == one_client
    assert threads.places_of("seat-1", [place("a", "north"), place("b", "south")]) == []


def test_a_note_names_who_when_how_many_and_whether_there_was_an_answer() -> None:
    text = threads.compose(
        [message(1), message(2, "Yes", by_seat=False)],
        seat_name="Ben Okafor",
        person_name="Zoë Müller",
        earlier=3,
        marker="SyncPortal abc",
        answered=True,
    )

    heading = "messages 4 to 5, 24 Nov 2026 15:03 UTC to 24 Nov 2026 16:03 UTC. The candidate answered."
    assert text.startswith(f"LinkedIn InMail between Ben Okafor and Zoë Müller, {heading}")
    assert "24 Nov 2026 16:03 UTC, Zoë Müller: Yes" in text
    assert text.endswith("SyncPortal abc")


@given(st.lists(st.text(max_size=6_000), min_size=1, max_size=20))
def test_no_note_outgrows_its_length_and_each_keeps_its_marker(bodies: list[str]) -> None:
    marker = "SyncPortal 0123456789ab"

    text = threads.compose(
        [message(number, body) for number, body in enumerate(bodies)],
        seat_name="Ben",
        person_name="Zoë",
        earlier=0,
        marker=marker,
        answered=False,
    )

    assert len(text) <= threads.LONGEST_NOTE + 300
    assert text.endswith(marker)


@given(st.text(max_size=1_000))
def test_an_excerpt_is_the_opening_and_facts_keep_nothing(body: str) -> None:
    excerpt = threads.kept(body, Telling.EXCERPTS)

    assert body.startswith(excerpt.removesuffix("…").rstrip())
    assert len(excerpt) <= threads.EXCERPT + 1
    assert threads.kept(body, Telling.FACTS) == ""
    assert threads.kept(body, Telling.WHOLE) == body


def test_the_marker_is_the_same_for_the_same_messages_on_the_same_candidacy() -> None:
    assert threads.marker_of("a", [message(1)]) == threads.marker_of("a", [message(1, "edited")])
    assert threads.marker_of("a", [message(1)]) != threads.marker_of("b", [message(1)])
    assert threads.marker_of("a", [message(1)]) != threads.marker_of("a", [message(1), message(2)])
