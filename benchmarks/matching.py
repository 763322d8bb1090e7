"""How well people are told apart, on 10,000 labelled pairs (`benchmarks/people.py`, committed before the scorer).

Method: each pair alone, as the engine asks before a create: somebody seen in LinkedIn, one record of the ATS that may
be they. How many bear a name is counted over all 10,000 records. A pair is linked, sent to a person, or made new.
Aims: nobody linked to somebody else; 90 % of those who share an identifier linked without a person; at most 10 % of
all sent to one.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from apps.candidates import matching, names
from apps.candidates.matching import Facts, Verdict
from apps.candidates.rules import Key
from apps.demo.smoke import Report
from benchmarks.people import LabelledPair, Record, labelled_pairs


@dataclass(frozen=True, slots=True)
class Judged:
    pair: LabelledPair
    verdict: Verdict


def facts_of(record: Record, *, id: str = "") -> Facts:
    keys = [Key(matching.EMAIL, email) for email in record.emails]
    keys += [Key(matching.LINKEDIN, f"slug:{record.slug}")] if record.slug else []
    keys += [Key(matching.MEMBER, record.member)] if record.member else []
    phones = frozenset(record.phones)
    return Facts(record.first, record.last, record.company, record.title, frozenset(keys), phones, id)


def judge_all(pairs: Sequence[LabelledPair]) -> list[Judged]:
    bearing = Counter(names.name_key(pair.held.first, pair.held.last) for pair in pairs)
    found = []
    for pair in pairs:
        namesakes = bearing[names.name_key(pair.seen.first, pair.seen.last)]
        decided = matching.decide(facts_of(pair.seen), [facts_of(pair.held, id="1")], namesakes=namesakes)
        found.append(Judged(pair, decided.verdict))
    return found


def wrong_links(judged: Sequence[Judged]) -> int:
    return sum(one.verdict == Verdict.LINK and not one.pair.same for one in judged)


def linked_share(judged: Sequence[Judged]) -> float:
    """Of those who are one person and share an identifier, how many needed nobody."""
    strong = [one for one in judged if one.pair.strong]
    return sum(one.verdict == Verdict.LINK for one in strong) / len(strong)


def review_share(judged: Sequence[Judged]) -> float:
    return sum(one.verdict == Verdict.REVIEW for one in judged) / len(judged)


def _print_verdicts(judged: Sequence[Judged]) -> None:
    print(f"\n{'verdict':<10}{'pairs':>7}{'one person':>12}{'two':>7}{'precision':>11}{'recall':>9}")
    for verdict in Verdict:
        means_same = verdict != Verdict.NEW
        given = [one for one in judged if one.verdict == verdict]
        right = sum(one.pair.same == means_same for one in given)
        wanted = sum(one.pair.same == means_same for one in judged)
        same = sum(one.pair.same for one in given)
        precision = right / len(given) if given else 1.0
        print(f"{verdict:<10}{len(given):>7}{same:>12}{len(given) - same:>7}{precision:>11.4f}{right / wanted:>9.4f}")


def _print_kinds(judged: Sequence[Judged]) -> None:
    print(f"\n{'kind':<26}" + "".join(f"{verdict:>8}" for verdict in Verdict))
    counts = Counter((one.pair.kind, one.verdict) for one in judged)
    for kind in dict.fromkeys(one.pair.kind for one in judged):
        print(f"{kind:<26}" + "".join(f"{counts[kind, verdict]:>8}" for verdict in Verdict))


def main() -> int:
    print(__doc__, flush=True)
    report = Report()
    pairs = labelled_pairs()
    began = time.perf_counter()
    judged = judge_all(pairs)
    seconds = time.perf_counter() - began
    _print_verdicts(judged)
    _print_kinds(judged)
    report.expect(wrong_links(judged) == 0, f"{wrong_links(judged)} linked to somebody else")
    report.expect(linked_share(judged) >= 0.9, f"{linked_share(judged):.1%} of strong pairs linked without a person")
    report.expect(review_share(judged) <= 0.1, f"{review_share(judged):.1%} sent to a person")
    report.figures |= {
        "wrong_links": wrong_links(judged),
        "strong_linked": round(linked_share(judged), 4),
        "sent_to_review": round(review_share(judged), 4),
        "pairs_a_second": round(len(pairs) / seconds),
    }
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
