"""The labelled pairs that the scorer is measured by are the ones that were committed before it."""

from __future__ import annotations

from benchmarks import people

DIGEST = "011cd5e75fd2ba80b1f8e3cd8072fd899dc3e326501193a34df236b8e62401ee"


def test_the_labelled_pairs_are_the_committed_ones() -> None:
    pairs = people.labelled_pairs()

    assert len(pairs) == 10_000
    assert people.HARD == 500
    assert people.digest(pairs) == DIGEST
