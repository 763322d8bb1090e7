"""10,000 labelled pairs: somebody seen in LinkedIn and somebody in the ATS, who are one person or are not.

Made by rule from one seed, so that anybody makes the same set; its digest is kept by a test. Labels come from how
a pair was made, never from how it is judged. 5 % are hard: nicknames, married names, transliterations, families
and mailboxes that share an address, slugs that another took over, and strangers of one name.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace

SEED = 20251126


@dataclass(frozen=True, slots=True)
class Record:
    """What one system holds of a person. `member` is known only of those whom LinkedIn told us of."""

    first: str
    last: str
    company: str = ""
    title: str = ""
    slug: str = ""
    member: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """`strong`: one person, with an identifier that both records bear."""

    kind: str
    same: bool
    strong: bool
    seen: Record
    held: Record


def _listed(text: str, *, between: str | None = None) -> list[str]:
    return text.split(between)


FIRST = _listed(
    "Anna Ben Carla David Emma Felix Grace Henry Ines Jonas Karin Liam Marta Noah Olga Paul Quentin Rosa Samuel Tina "
    "Ulrich Vera Walter Xenia Yusuf Zoe Aisha Bruno Chloe Dmitri Elif Farid Greta Hugo Iris Jorge Kenji Lena Mateo "
    "Nadia",
)
LAST = _listed(
    "Smith Jones Müller Schmidt Garcia Martínez Rossi Bianchi Dubois Moreau Kowalska Novak Horvat Popescu Ivanova "
    "Petrov Yilmaz Demir Nguyen Tran Kim Lee Tanaka Sato Singh Patel Khan Ahmed Hansen Larsen Nilsson Virtanen Okafor "
    "Mensah Silva Santos O'Brien Murphy McDonald Fischer Weber Wagner Becker Schäfer Krüger Großmann Lindqvist "
    "Bergström Haddad Cohen Levy Papadopoulos Szabó Dvořák Zielińska Castillo Ortega Fontaine Lefèvre Brandt",
)
COMPANIES = _listed(
    "Contoso;Fabrikam;Northwind Traders;Tailspin Toys;Adventure Works;Litware;Proseware;Wingtip;Blue Yonder;Lamna;"
    "Fourth Coffee;Woodgrove Bank;Trey Research;Graphic Design Institute;Consolidated Messenger;Humongous Insurance",
    between=";",
)
ENDINGS = ("", " GmbH", " Ltd", ", Inc.", " AG", " S.A.")
TITLES = _listed(
    "Engineer;Senior Engineer;Data Analyst;Product Manager;Designer;Recruiter;Accountant;Sales Manager;Nurse;"
    "Site Reliability Engineer;Controller;Consultant",
    between=";",
)
NICKNAMES = (
    ("Robert", "Bob"),
    ("William", "Bill"),
    ("Elizabeth", "Liz"),
    ("Margaret", "Peggy"),
    ("Richard", "Rick"),
    ("Katherine", "Kate"),
    ("Edward", "Eddie"),
    ("Michael", "Mike"),
)
OTHER_SCRIPTS = (
    ("Иван", "Петров", "Ivan", "Petrov"),
    ("Ольга", "Смирнова", "Olga", "Smirnova"),
    ("Jörg", "Schäfer", "Joerg", "Schaefer"),
    ("Bjørn", "Sørensen", "Bjoern", "Soerensen"),
    ("Νίκος", "Παππάς", "Nikos", "Pappas"),
    ("Łukasz", "Wójcik", "Lukasz", "Wojcik"),
)
SIBLINGS = (("Jan", "Jana"), ("Hans", "Jonas"), ("Maria", "Mario"), ("Lena", "Leon"), ("Eric", "Erika"))
ALIKE_COUPLES = (("Daniel", "Daniela"), ("Christian", "Christina"), ("Alexander", "Alexandra"), ("Paul", "Paula"))
MAILBOXES = ("talent.berlin", "agency.desk", "team", "bewerbung")

Draw = random.Random
Maker = Callable[[Draw, int], LabelledPair]


def _slug(first: str, last: str, number: int) -> str:
    plain = f"{first}-{last}".lower().replace(" ", "-").replace("'", "").replace(".", "")
    return f"{plain}-{number:x}"


def somebody(draw: Draw, number: int, *, first: str = "", last: str = "") -> Record:
    """Somebody with a LinkedIn address, an e-mail address and a phone of their own."""
    first, last = first or draw.choice(FIRST), last or draw.choice(LAST)
    return Record(
        first,
        last,
        company=draw.choice(COMPANIES),
        title=draw.choice(TITLES),
        slug=_slug(first, last, number),
        member=f"urn:li:person:{number}",
        emails=(f"{first}.{last}{number}@mail.example".lower().replace("'", ""),),
        phones=(f"+49 30 {number:07d}",),
    )


def _written_otherwise(draw: Draw, one: Record) -> Record:
    """The same person as an ATS holds them: nobody types a name twice alike."""
    first, last = one.first, one.last
    match draw.randrange(8):
        case 0:
            first, last = first.upper(), last.upper()
        case 1:
            first = f"{first} {draw.choice('ABCDEFG')}."
        case 2:
            first, last = f"Dr. {first}", f"{last}, PhD"
        case 3:
            first, last = last, first
        case 4:
            last = last.translate(str.maketrans("üöäéíěřáńżęèßó", "uoaeieranzeeso"))
    moved = draw.random() < 0.3
    company = draw.choice(COMPANIES) if moved else one.company + draw.choice(ENDINGS)
    title = draw.choice(TITLES) if moved else one.title
    return replace(one, first=first, last=last, company=company, title=title, member="")


def _shares(draw: Draw, seen: Record, held: Record) -> tuple[Record, Record]:
    """Leave both a LinkedIn address, an e-mail address, or both; never nothing."""
    match draw.randrange(3):
        case 0:
            return replace(seen, emails=(), phones=()), replace(held, emails=())
        case 1:
            return replace(seen, phones=()), replace(held, slug="")
    return replace(seen, phones=()), held


def twice(draw: Draw, one: Record) -> tuple[Record, Record]:
    """One person as two records of an ATS, which share a LinkedIn address, an e-mail address, or both."""
    return _shares(draw, one, _written_otherwise(draw, one))


def _same(draw: Draw, number: int) -> LabelledPair:
    one = somebody(draw, number)
    return LabelledPair("same", True, True, *_shares(draw, one, _written_otherwise(draw, one)))


def _same_by_name(draw: Draw, number: int) -> LabelledPair:
    """One person of whom the ATS knows no address: only the name and the work tell."""
    one = somebody(draw, number)
    held = replace(_written_otherwise(draw, one), slug="", emails=(f"private{number}@mail.example",))
    return LabelledPair("same, no identifier", True, False, replace(one, emails=(), phones=()), held)


def _stranger(draw: Draw, number: int) -> LabelledPair:
    seen, held = somebody(draw, number), replace(somebody(draw, number + 500_000), member="")
    if draw.random() < 0.2:
        held = replace(held, last=seen.last)
    if draw.random() < 0.2:
        held = replace(held, company=seen.company, title=seen.title)
    if draw.random() < 0.3:
        held = replace(held, slug="")
    return LabelledPair("strangers", False, False, replace(seen, phones=()), held)


def _same_name(draw: Draw, number: int) -> LabelledPair:
    one = somebody(draw, number)
    other = replace(somebody(draw, number + 500_000, first=one.first, last=one.last), member="")
    if draw.random() < 0.5:
        other = replace(other, slug="")
    if draw.random() < 0.3:
        other = replace(other, company=one.company)
    return LabelledPair("one name, two people", False, False, replace(one, emails=()), other)


def _family(draw: Draw, number: int) -> LabelledPair:
    first, second = draw.choice(SIBLINGS + ALIKE_COUPLES)
    one = somebody(draw, number, first=first)
    other = somebody(draw, number + 500_000, first=second, last=one.last)
    other = replace(other, emails=one.emails, member="", phones=one.phones)
    if draw.random() < 0.5:
        other = replace(other, slug="")
    return LabelledPair("family, one address", False, False, one, other)


def _father_and_son(draw: Draw, number: int) -> LabelledPair:
    one = somebody(draw, number)
    son = somebody(draw, number + 500_000, first=one.first, last=f"{one.last} Jr.")
    son = replace(son, emails=one.emails, member="", phones=one.phones)
    if draw.random() < 0.5:
        son = replace(son, slug="")
    return LabelledPair("father and son", False, False, replace(one, last=f"{one.last} Sr."), son)


def _mailbox(draw: Draw, number: int) -> LabelledPair:
    address = f"{draw.choice(MAILBOXES)}{number % 7}@agency.example"
    one, other = somebody(draw, number), somebody(draw, number + 500_000)
    while other.first == one.first or other.last == one.last:
        other = somebody(draw, number + 500_000)
    other = replace(other, slug="", member="", emails=(address,))
    return LabelledPair("shared mailbox", False, False, replace(one, emails=(address,)), other)


def _recycled(draw: Draw, number: int) -> LabelledPair:
    """Somebody took over the slug that another had given up: often of the same first or last name."""
    one, other = somebody(draw, number), somebody(draw, number + 500_000)
    match draw.randrange(3):
        case 0:
            other = somebody(draw, number + 500_000, first=one.first)
            while other.last == one.last:
                other = somebody(draw, number + 500_000, first=one.first)
        case 1:
            other = somebody(draw, number + 500_000, last=one.last)
            while other.first == one.first:
                other = somebody(draw, number + 500_000, last=one.last)
        case _:
            other = somebody(draw, number + 500_000, first=one.first, last=one.last)
            return LabelledPair("recycled slug", False, False, one, replace(other, slug=one.slug))
    return LabelledPair("recycled slug", False, False, one, replace(other, slug=one.slug, member=""))


def _nickname(draw: Draw, number: int) -> LabelledPair:
    formal, short = draw.choice(NICKNAMES)
    one = somebody(draw, number, first=formal)
    return LabelledPair("nickname", True, True, *_shares(draw, one, replace(one, first=short, member="")))


def _married(draw: Draw, number: int) -> LabelledPair:
    one = somebody(draw, number)
    name = draw.choice([name for name in LAST if name != one.last])
    held = replace(one, member="", last=f"{one.last}-{name}" if draw.random() < 0.5 else name)
    return LabelledPair("married name", True, True, *_shares(draw, one, held))


def _transliterated(draw: Draw, number: int) -> LabelledPair:
    first, last, plain_first, plain_last = draw.choice(OTHER_SCRIPTS)
    one = somebody(draw, number, first=first, last=last)
    held = replace(one, first=plain_first, last=plain_last, member="")
    return LabelledPair("transliteration", True, True, *_shares(draw, one, held))


SHARES: tuple[tuple[Maker, int], ...] = (
    (_same, 4_000),
    (_same_by_name, 300),
    (_stranger, 5_200),
    (_same_name, 100),
    (_family, 70),
    (_father_and_son, 30),
    (_mailbox, 60),
    (_recycled, 60),
    (_nickname, 60),
    (_married, 60),
    (_transliterated, 60),
)
HARD = sum(count for _, count in SHARES[3:])


def labelled_pairs() -> list[LabelledPair]:
    """The whole set, in the same order each time."""
    draw = random.Random(SEED)
    makers = [maker for maker, count in SHARES for _ in range(count)]
    return [maker(draw, number) for number, maker in enumerate(makers, start=1_000)]


def digest(pairs: Iterable[LabelledPair]) -> str:
    told = hashlib.sha256()
    for pair in pairs:
        told.update(repr(asdict(pair)).encode())
    return told.hexdigest()
