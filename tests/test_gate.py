"""What may come in from outside."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_paper

from newsletter.model import Paper, Sighting
from newsletter.model.gate import (
    COUNTS,
    LINKS,
    MAX_COUNT,
    MAX_KEY,
    MAX_LINK,
    NEVER,
    admit,
    identity,
    line,
    link,
    moment,
)

LINK = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d+)?(?:[/?#][!-~]*)?")
FORBIDDEN = re.compile(f"[{NEVER}]")

FIT = {
    "https://e.example/a b": "https://e.example/a%20b",
    " https://e.example/a\n  b ": "https://e.example/a%20%20b",
    "https://bücher.example/größe?q=ö#x": (
        "https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe?q=%C3%B6#x"
    ),
    "http://bob:pw@h.example:8080/a": "http://h.example:8080/a",
    "https://e.example/100%": "https://e.example/100%25",
    "https://e.example/%41%zz": "https://e.example/%41%25zz",
    'https://e.example/q?a="><img src=x>': "https://e.example/q?a=%22%3E%3Cimg%20src=x%3E",
    "HTTP://E.example": "http://e.example",
    "http://[2001:DB8::1]:80/": "http://[2001:db8::1]:80/",
}


@pytest.mark.parametrize("given_link", FIT)
def test_a_link_is_printable_ascii_without_a_login(given_link: str) -> None:
    """It is encoded as a browser would, and leads where a browser would go."""
    assert link(given_link) == FIT[given_link]


UNFIT = (
    "",
    "javascript:alert(1)",
    "//e.example/",
    "mailto:a@e.example",
    "https:///path",
    "http://[",
    "http://e.example:99999/",
    "https://good.example\\@evil.example/",
    "https://e.example/\x1b]0;x\x07",
    "https://e.example/\u202etxet",
    "https://e.example/\ue000email\ue001",
    "https://e.example/\ud800",
    "https://\u200b.example/",
    "https://e.example/" + "x" * MAX_LINK,
    "https://e.example/" + "ö" * 1000,
)


@pytest.mark.parametrize("unfit", UNFIT)
def test_what_is_unfit_is_no_link(unfit: str) -> None:
    """Other schemes, no host, another host than shown, characters that never pass, great length."""
    assert link(unfit) == ""


ODD = st.text(
    st.sampled_from([*"htps:/?#@[]%\\ az09.-_é", "\n", "\0", "\ue000", "\u202e", "\ud800"])
)


@given(st.one_of(ODD, st.text(), ODD.map("https://e.example/".__add__), ODD.map("http://".__add__)))
def test_every_link_is_fit_or_none(text: str) -> None:
    """Whatever comes in; and what passed once passes unchanged."""
    found = link(text)

    assert found == "" or (LINK.fullmatch(found) and len(found) <= MAX_LINK)
    assert "@" not in urlsplit(found).netloc
    assert link(found) == found


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_a_line_is_one_line(text: str, length: int) -> None:
    """No control, bidirectional or private-use character, no break, no more than its length."""
    found = line(text, length)

    assert not FORBIDDEN.search(found)
    assert found == " ".join(found.split())
    assert len(found) <= length
    assert line(found, length) == found


def test_joiners_stay() -> None:
    """Persian, the scripts of India and emoji need them."""
    assert line("می\u200cخواهم 👩\u200d🔬") == "می\u200cخواهم 👩\u200d🔬"


@given(st.text())
def test_an_identity_is_short_printable_ascii(text: str) -> None:
    """It goes into an index, into links of the mail and onto a terminal."""
    found = identity(text)

    assert found.isascii()
    assert not found or (found.isprintable() and " " not in found)
    assert len(found) <= MAX_KEY
    assert identity(found) == found


def test_long_identities_stay_different() -> None:
    """A long one is known by its digest."""
    first, other = (identity("url:e.example/" + "x" * 600 + end) for end in "ab")

    assert first != other
    assert first.startswith("url:")


@pytest.mark.parametrize(
    ("date", "passes"),
    [
        (dt.datetime(1, 1, 1, tzinfo=dt.UTC), False),
        (dt.datetime(9999, 12, 31, tzinfo=dt.UTC), False),
        (NOW + dt.timedelta(days=400), False),
        (NOW + dt.timedelta(days=60), True),
        (dt.datetime(1905, 6, 30, tzinfo=dt.UTC), True),
    ],
)
def test_dates_are_of_years_that_had_papers(date: dt.datetime, *, passes: bool) -> None:
    """An old paper is old; the years 1 and 9999, or one long after today, are no dates."""
    assert moment(date, NOW) == (date if passes else None)


def test_a_sound_paper_passes_as_it_is() -> None:
    """The same object, and nothing was left out."""
    paper = make_paper(votes=3, citations=MAX_COUNT)

    passed, emptied = admit(paper, NOW)

    assert passed is paper
    assert emptied == ()


def test_what_is_left_out_is_named() -> None:
    """So that a source's line can count it."""
    paper = make_paper(
        url="javascript:x", votes=10**400, stars=-1, published=dt.datetime(1, 1, 1, tzinfo=dt.UTC)
    )

    passed, emptied = admit(paper, NOW)

    assert (passed.url, passed.votes, passed.stars, passed.published) == ("", 0, 0, None)
    assert set(emptied) == {"url", "votes", "stars", "published"}


TEXTS = st.text(max_size=30)
MOMENTS = st.datetimes(timezones=st.just(dt.UTC))
PAPERS = st.builds(
    Paper,
    id=TEXTS,
    keys=st.lists(TEXTS, max_size=3).map(tuple),
    title=TEXTS,
    url=TEXTS,
    abstract=TEXTS,
    authors=st.lists(TEXTS, max_size=3).map(tuple),
    published=st.one_of(st.none(), MOMENTS),
    version=st.integers(),
    image_url=TEXTS,
    votes=st.integers(),
    citations=st.integers(),
    sightings=st.lists(
        st.builds(Sighting, source=TEXTS, seen_at=MOMENTS, url=TEXTS, votes=st.integers()),
        max_size=2,
    ).map(tuple),
)


@given(PAPERS)
def test_nothing_outside_the_rule_is_in_a_paper_that_passed(paper: Paper) -> None:
    """Each text, link, count and date of it, of its sightings too; and it passes again."""
    passed, _ = admit(paper, NOW)

    texts = [
        passed.title,
        passed.abstract,
        *passed.authors,
        *(sighting.source for sighting in passed.sightings),
    ]
    links = [getattr(passed, name) for name in LINKS] + [
        sighting.url for sighting in passed.sightings
    ]
    counts = [getattr(passed, name) for name in COUNTS] + [
        sighting.votes for sighting in passed.sightings
    ]
    assert not any(FORBIDDEN.search(text) for text in texts)
    assert all(address == "" or LINK.fullmatch(address) for address in links)
    assert all(0 <= count <= MAX_COUNT for count in counts)
    assert passed.published is None or 1800 <= passed.published.year <= 2200
    assert admit(passed, NOW) == (passed, ())
