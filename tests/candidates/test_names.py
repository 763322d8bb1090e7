"""One human's name in two systems (facts: duplicates, C.3)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.candidates import names
from apps.candidates.names import Likeness


def _compare(one: tuple[str, str], other: tuple[str, str]) -> Likeness:
    return names.compare(names.read_name(*one), names.read_name(*other))


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        (("Jane", "Doe"), ("JANE", "DOE"), Likeness.SAME),
        (("Jane", "Doe"), ("Doe", "Jane"), Likeness.SAME),
        (("Jane", "Doe"), ("Jane Doe", ""), Likeness.SAME),
        (("Dr. Jane A.", "Doe, PhD"), ("Jane", "Doe"), Likeness.SAME),
        (("Jane (Janie)", "Doe"), ("Jane", "Doe"), Likeness.SAME),
        (("Álvaro", "Núñez"), ("Alvaro", "Nunez"), Likeness.SAME),
        (("Jörg", "Schäfer"), ("Joerg", "Schaefer"), Likeness.SAME),
        (("Иван", "Петров"), ("Ivan", "Petrov"), Likeness.SAME),
        (("Robert", "Lee"), ("Bob", "Lee"), Likeness.SAME),
        (("Maria", "García Márquez"), ("María", "García"), Likeness.SAME),
        (("Anna", "Weber-Smith"), ("Anna", "Smith"), Likeness.SAME),
        (("J.", "Novak"), ("Jana", "Novak"), Likeness.INITIAL),
        (("", ""), ("Jane", "Doe"), Likeness.UNSAID),
        (("Anna", "Smith"), ("Anna", "Weber"), Likeness.RENAMED),
        (("Jan", "Novak"), ("Jana", "Novak"), Likeness.CLOSE),
        (("Hans", "Müller"), ("Jonas", "Müller"), Likeness.RELATIVE),
        (("Paul", "Berg"), ("Paula", "Berg"), Likeness.CLOSE),
        (("Walter", "Berg Jr."), ("Walter", "Berg Sr."), Likeness.RELATIVE),
        (("K.", "Novak"), ("Jana", "Novak"), Likeness.RELATIVE),
        (("Jane", "Doe"), ("Otto", "Prim"), Likeness.OTHER),
    ],
)
def test_names_stand_to_each_other_either_way_round(
    one: tuple[str, str], other: tuple[str, str], likeness: Likeness
) -> None:
    assert _compare(one, other) == likeness
    assert _compare(other, one) == likeness


def test_two_spellings_are_found_under_one_key() -> None:
    assert names.name_key("Jörg", "Schäfer") == names.name_key("Schaefer", "Joerg")


full_names = st.tuples(st.text(max_size=20), st.text(max_size=20))


@settings(deadline=None)
@given(full_names, full_names)
def test_any_two_texts_are_compared_and_the_order_does_not_matter(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert _compare(one, other) == _compare(other, one)
    assert names.name_key(*one) == names.name_key(*one)


@settings(deadline=None)
@given(full_names)
def test_a_name_is_compatible_with_itself(one: tuple[str, str]) -> None:
    assert _compare(one, one) in names.COMPATIBLE
