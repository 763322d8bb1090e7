"""What reporting tools read: one module a table, each with its row, `query(scope)` and `describe(found)`.

`query` gives the rows that a reader may see, to be filtered and paged; `describe` puts words to one page of
them, in a number of queries that does not depend on how many there are. A row's annotations are its documentation.
"""

from __future__ import annotations

from typing import get_type_hints


def choices(row: type, name: str) -> list[tuple[str, str]]:
    """The values that a row's field may have, as its annotation gives them."""
    *_, values = get_type_hints(row, include_extras=True)[name].__metadata__
    return [(value, value) for value in values]
