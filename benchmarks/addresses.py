"""LinkedIn addresses made keys, a second.

Method: one process, no database. 200,000 addresses of every form that is seen (plain, country host, mobile, mail
link, sub-page, other scripts, old public, tokens, refused ones), each its own text, so that nothing can be
remembered; five rounds, the median counts. No aim was set: a poll of 100 rows asks for 100.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from urllib.parse import quote

from apps.candidates import linkedin_urls
from apps.candidates.linkedin_urls import Refused

ADDRESSES = 200_000
ROUNDS = 5
TOKEN = "AAABcDeFgHiJkLmNoPqRsTuVwXyZ01234"

FORMS = (
    "https://www.linkedin.com/in/jane-doe-{0}/",
    "linkedin.com/in/Jane-Doe-{0}",
    "https://de.linkedin.com/in/jane-doe-{0}?originalSubdomain=de",
    "https://m.linkedin.com/in/jane-doe-{0}",
    "https://www.linkedin.com/comm/in/jane-doe-{0}?midToken=AQ&trk=eml",
    "https://www.linkedin.com/in/jane-doe-{0}/overlay/contact-info/",
    "https://www.linkedin.com/in/%C3%A1lvaro-n%C3%BA%C3%B1ez-{0}",
    "https://www.linkedin.com/in/" + quote("иван-петров") + "-{0}",
    "https://www.linkedin.com/pub/clive-goodrum-{0}/9/159/486",
    "https://www.linkedin.com/in/ACo" + TOKEN + "{0:0>6}",
    "https://www.linkedin.com/sales/lead/ACw" + TOKEN + "{0:0>6},NAME_SEARCH,abcd",
    "https://www.linkedin.com/talent/profile/AEM" + TOKEN + "{0:0>6}",
    "https://www.linkedin.com/company/acme-{0}",
    "https://linkedin.com.evil.io/in/x-{0}",
)


def addresses() -> Iterator[str]:
    for number in range(ADDRESSES):
        yield FORMS[number % len(FORMS)].format(number)


def main() -> int:
    print(__doc__, flush=True)
    texts = list(addresses())
    paces = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = [linkedin_urls.canonicalise(text) for text in texts]
        paces.append(len(texts) / (time.perf_counter() - began))
    refused = sum(isinstance(one, Refused) for one in found)
    keys = {(one.kind, one.key) for one in found if not isinstance(one, Refused)}
    print(f"{statistics.median(paces):,.0f} addresses/s; {len(keys):,} keys, {refused:,} refused of {len(texts):,}")
    return 0 if len(keys) + refused == len(texts) else 1


if __name__ == "__main__":
    sys.exit(main())
