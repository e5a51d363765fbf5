"""Dates as the world writes them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_document, make_source

from newsletter.collect.kinds.feeds import parse_feed
from newsletter.collect.plain.dates import UNREADABLE, read_date

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)


def date(text: str) -> str:
    """Return a date as it was read, in short."""
    read = read_date(text, NOW)
    if read is None or read == UNREADABLE:
        return "none" if read is None else "unreadable"
    return f"{read:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026/11/25 15:07:41", "2026-11-25 15:07"),
        ("2026年11月25日", "2026-11-25 00:00"),
        ("2026年11月25日 下午3时20分", "2026-11-25 15:20"),
        ("2026년 11월 25일 오후 3:20", "2026-11-25 15:20"),
        ("25.11.2026 08:57", "2026-11-25 08:57"),
        ("25/11/2026", "2026-11-25 00:00"),
        ("11/25/2026 08:57 AM", "2026-11-25 08:57"),
        ("12/11/2026", "2026-11-12 00:00"),  # 11 December is still to come
        ("11/12/2026", "2026-11-12 00:00"),
        ("20261125T085700Z", "2026-11-25 08:57"),
        ("2026-W48-3", "2026-11-25 00:00"),
        ("2026-329", "2026-11-25 00:00"),
        ("November 25th, 2026", "2026-11-25 00:00"),
        ("Wed, 25-Nov-2026 08:57:00 GMT", "2026-11-25 08:57"),
        ("Wed Nov 25 08:57:00 2026", "2026-11-25 08:57"),
        ("Sat, Oct 28 2023 08:28:28 PM", "2023-10-28 20:28"),
        ("Wed, 25 Nov 2026 20:57:00 PM GMT", "2026-11-25 20:57"),
        ("Wed, 25 Nov 2026 24:00:00 GMT", "2026-11-26 00:00"),
        ("Wed, 25 Nov 26 08:57:00 GMT", "2026-11-25 08:57"),
        ("2026-11-25T08:57:00.123456789Z", "2026-11-25 08:57"),
        ("25 พ.ย. 2569", "2026-11-25 00:00"),  # 543 years ahead, in Thailand
        ("25 พฤศจิกายน 2569", "2026-11-25 00:00"),
        ("令和8年11月25日", "2026-11-25 00:00"),  # the eighth year of an era
        ("民國115年11月25日", "2026-11-25 00:00"),
        ("2026年11月25日 星期三 晚上8:57", "2026-11-25 20:57"),
        ("Thứ Tư, 25 tháng 11, 2026", "2026-11-25 00:00"),
        ("25 tháng 11 năm 2026", "2026-11-25 00:00"),
        ("mar 24/11/2026", "2026-11-24 00:00"),  # a Tuesday; the month is a number
        ("25.XI.2026", "2026-11-25 00:00"),
        ("25-NOV-26 08.57.00.000000 AM", "2026-11-25 08:57"),
        ("Wed, 25 Nov 2026 08:57:00 GMT-5", "2026-11-25 13:57"),
        ("Wed, 25 Nov 2026 08:57:00 UTC-05:30", "2026-11-25 14:27"),
        ("Wed, 25 Nov 2026 08:57:00 Eastern Standard Time", "2026-11-25 13:57"),
        ("November 25, 2026 8:57 AM Pacific Daylight Time", "2026-11-25 15:57"),
        ("26-11-25", "2026-11-25 00:00"),  # 26 November 2025 is farther from today
        ("12.11.26", "2026-11-12 00:00"),
        ("3/4/26 8:57 AM", "2026-03-04 08:57"),
        ("2026-25-11", "2026-11-25 00:00"),
        ("2026:11:25 08:57:00", "2026-11-25 08:57"),
        ("2026-11-25T08Z", "2026-11-25 08:00"),
        ("2026-W48-3T08:57:00Z", "2026-11-25 08:57"),
        ("20261125 08:57:00", "2026-11-25 08:57"),
        ("25 Nov 2026 0857 GMT", "2026-11-25 08:57"),
        ("25.11.2026 kl. 08.57", "2026-11-25 08:57"),
        ("Wed 25th Nov 2026 8.57pm", "2026-11-25 20:57"),
        ("25. Nov. 2026, 8 Uhr", "2026-11-25 08:00"),
        ("8:57 PM - 25 Nov 2026", "2026-11-25 20:57"),
        ("2026-11-25T08:57:00Z,2026-11-25T09:00:00Z", "2026-11-25 08:57"),
    ],
)
def test_formats(text: str, read: str) -> None:
    """Of standards, of countries, and those that programs make up."""
    assert date(text) == read


@pytest.mark.parametrize(
    ("zone", "read"),
    [
        ("CEST", "06:57"), ("MEST", "06:57"), ("JST", "23:57"), ("IST", "03:27"), ("EST", "13:57"),
        ("UT", "08:57"), ("GMT+01:00", "07:57"), ("+0100 (CET)", "07:57"), ("+1:00", "07:57"),
        ("-0500", "13:57"), ("\u221205:00", "13:57"), ("Europe/Berlin", "07:57"), ("ET", "13:57"),
        ("XYZ", "08:57"),
    ],
)  # fmt: skip
def test_zones(zone: str, read: str) -> None:
    """By name, by place and by offset; an unknown one counts as UTC."""
    assert date(f"Wed, 25 Nov 2026 08:57:00 {zone}")[11:] == read


@pytest.mark.parametrize(
    "text",
    [
        "Mittwoch, 25. Nov 2026 08:57:00 +0100", "Mi, 25 Nov 2026 08:57:00 +0100",
        "mer., 25 nov. 2026 08:57:00 +0100", "mar. 25 novembre 2026 à 08h57 +0100",
        "Mié, 25 de noviembre de 2026 08:57:00 +0100", "Ke, 25 marraskuuta 2026 08:57:00 +0100",
        "Ср, 25 ноя 2026 08:57:00 +0100", "śr., 25 lis 2026 08:57:00 +0100",
        "Çar, 25 Kas 2026 08:57:00 +0100", "Πεμ, 25 Νοε 2026 08:57:00 +0100",
        "25 בנובמבר 2026 08:57 +0100", "25 ноября 2026 г. в 08:57 +0100",
    ],
)  # fmt: skip
def test_languages(text: str) -> None:
    """Weekdays and months in other languages; a `mar.` before the day is a Tuesday, no March."""
    assert date(text) == "2026-11-25 07:57"


def test_clocks_of_computers() -> None:
    """A number is seconds since 1970, or thousandths of them, or a date without signs."""
    assert date("1795597020") == date("1795597020000") == "2026-11-25 08:57"
    assert date("@1795597020") == date("1.79559702E9") == "2026-11-25 08:57"
    assert date("/Date(1795597020000+0100)/") == "2026-11-25 08:57"
    assert date("20261125") == "2026-11-25 00:00"


def test_a_month_that_is_not_over_is_no_date() -> None:
    """Its day is not known, so the first sight counts; a month that is over begins on its first."""
    assert [date(text) for text in ("2026-11", "December 2026", "2026")] == ["none"] * 3
    assert [date(text) for text in ("2026-10", "10/2026", "May 2025", "2024")] == [
        "2026-10-01 00:00", "2026-10-01 00:00", "2025-05-01 00:00", "2024-01-01 00:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["2026-11-31T00:00:00Z", "Wed, 25 Nov 2026 25:61:00 GMT", "0000-00-00", "yesterday", "0", "x" * 500],
)  # fmt: skip
def test_what_cannot_be_is_no_date(text: str) -> None:
    """No day is made up in its place."""
    assert date(text) == "unreadable"


@given(st.text() | st.from_regex(r"[0-9年月日:/. +TZ-]{1,30}", fullmatch=True))
def test_no_text_raises(text: str) -> None:
    """Whatever stands in its place, reading a date ends well."""
    read_date(text, NOW)


def test_dates_that_are_left_out_are_counted() -> None:
    """Unreadable ones, the years 1 and 9999, and the moment where clocks begin; papers stay."""
    given_dates = (
        "yesterday",
        "0001-01-01",
        "9999-01-01",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "2026-11-25",
    )
    items = "".join(
        f"<item><title>T{number}</title><link>https://e.example/{number}</link>"
        f"<pubDate>{text}</pubDate></item>"
        for number, text in enumerate(given_dates)
    )
    document = make_document(f"<rss version='2.0'><channel>{items}</channel></rss>")

    parsed = parse_feed(document, make_source(), NOW)

    assert [paper.published is None for paper in parsed.papers] == [True] * 4 + [False]
    assert parsed.note == "left out as implausible: 4 dates"
