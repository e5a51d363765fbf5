"""Lists of other programs, as CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imported import Read

from newsletter.errors import ImportListError
from newsletter.model import Cadence, Length, SignUp, Wishes
from newsletter.subscribe.tables import Refused


def read(text: str) -> tuple[list[SignUp], list[Refused]]:
    done = Read(text.encode("utf-8", "replace"))
    return done.people, done.refused


def test_all_columns_arrive() -> None:
    """By name, in any order and case; what is empty is not chosen."""
    found, refused = read(
        "Name,EMAIL ,topics,timezone,language,consent_at,other\n"
        '"Byron, Ada",ada@Bücher.example,vision agents vision,Asia/Tokyo,ja,2024-05-06T07:08:09Z,x\n'
        ",bo@readers.example,,,,,\n"
    )

    assert refused == []
    assert found == [
        SignUp(
            email="ada@xn--bcher-kva.example",
            name="Byron, Ada",
            wishes=Wishes(topics=("vision", "agents"), timezone="Asia/Tokyo", language="ja"),
            consent_at=dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC),
            consent="a sheet",
        ),
        SignUp(email="bo@readers.example", consent="a sheet"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "de"), ("pt_br", "pt-BR"), ("zh_Hant_TW", "zh-Hant-TW"), ("ZH-HANS", "zh-Hans"),
        ("en_US", "en-US"), ("es-419", "es-419"), ("de-ch-1996", "de-CH-1996"), ("no", "no"),
    ],
)  # fmt: skip
def test_a_language_may_be_written_as_other_programs_do(text: str, code: str) -> None:
    """Mailchimp writes pt_PT, WordPress de_DE, and sheets DE: nobody gets another language for it."""
    found, refused = read(f"email,language\nada@readers.example,{text}\n")

    assert (refused, [one.wishes.language for one in found]) == ([], [code])


@pytest.mark.parametrize("text", ["x-private", "de-", "klingon", "de" + "-aaaaaaaa" * 4, "de AT"])
def test_what_is_no_language_is_told(text: str) -> None:
    """Also what is longer than any language: it would be read again for each date."""
    found, refused = read(f"email,language\nada@readers.example,{text}\n")

    assert found == []
    assert "language" in str(refused[0])


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-05-06", dt.datetime(2024, 5, 6, tzinfo=dt.UTC)),
        ("2024-05-06 07:08:09", dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)),
        ("2024-05-06 07:08:09 UTC", dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)),
        ("2024-05-06T07:08:09+02:00", dt.datetime(2024, 5, 6, 5, 8, 9, tzinfo=dt.UTC)),
    ],
)
def test_moments_as_programs_write_them(text: str, moment: dt.datetime) -> None:
    """One without a zone is UTC."""
    ((found,), _) = read(f"email,confirmed_at\nada@readers.example,{text}\n")

    assert found.consent_at == moment


def test_hour_cadence_and_length_arrive() -> None:
    """As subscribers.yaml has them, in any case; what is none of them is told of."""
    found, refused = read(
        "email,hour,cadence,length\n"
        "ada@r.example,0,weekly,short\n"
        "bo@r.example,23,Weekdays,FULL\n"
        "cy@r.example,,,\n"
        "di@r.example,24,,\n"
        "ed@r.example,6:30,,\n"
        "flo@r.example,-1,,\n"
        "gus@r.example,,weekley,\n"
        "hal@r.example,,,tiny\n"
    )

    assert [person.wishes for person in found] == [
        Wishes(hour=0, cadence=Cadence.WEEKLY, length=Length.SHORT),
        Wishes(hour=23, cadence=Cadence.WEEKDAYS),
        Wishes(),
    ]
    assert [row.why for row in refused] == [
        "hour `24`: no hour from 0 to 23",
        "hour `6:30`: no hour from 0 to 23",
        "hour `-1`: no hour from 0 to 23",
        "cadence `weekley`: not one of them; did you mean `weekly`?",
        "length `tiny`: not one of them; known are `full`, `short`",
    ]


def test_rows_that_cannot_be_used_are_told_of_and_the_rest_goes_on() -> None:
    """Each with its line, also below one that spans several."""
    found, refused = read(
        "\ufeffemail,name,topics,timezone,language,consent_at\r\n"
        'ada@readers.example,"Ada\x07\n\nByron"\r\n'
        "not an address\r\n"
        ",Nobody\r\n"
        "\r\n"
        "di@readers.example\r\nDI@readers.example\r\n"
        "bo@readers.example,Bo,robots\r\n"
        "bo@readers.example,Bo,,Mars/Crater\r\n"
        "bo@readers.example,Bo,,,klingon\r\n"
        "bo@readers.example,Bo,,,,yesterday\r\n"
        "cy@readers.example,Cy,agents\r\n"
    )

    assert [person.email for person in found] == ["di@readers.example", "cy@readers.example"]
    assert [(row.line, row.why.partition(":")[0]) for row in refused] == [
        (4, "must be one line of text, without control characters"),
        (5, "not an email address"),
        (6, "no address"),
        (9, "stands there already"),
        (10, "no topic is called `robots`; known are `agents`, `vision`"),
        (11, "time zone `Mars/Crater`"),
        (12, "language `klingon`"),
        (13, "`yesterday` is no moment such as 2026-11-24T06"),
    ]
    assert refused[5].email == "bo@readers.example"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "an empty file"),
        ("name,topics\nAda,agents\n", "no column is called `email`"),
        ("ada@readers.example,Ada\n", "the first line names the columns"),
    ],
)
def test_a_file_without_addresses_is_said_to_be_one(text: str, said: str) -> None:
    """With what the first line has to be."""
    with pytest.raises(ImportListError, match=said):
        read(text)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No traceback, and whoever is found has an address and one line of a name."""
    try:
        found, _ = read("email,name\n" + text)
    except ImportListError:
        return
    assert all("@" in person.email and person.name.isprintable() for person in found)
    assert len({person.email.lower() for person in found}) == len(found)


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=5))
def test_as_many_are_found_or_refused_as_rows_have_something_in_them(
    rows: list[tuple[str, str]],
) -> None:
    """Nobody is lost without a word."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("email", "name"), *rows])

    found, refused = read(text.getvalue())

    assert len(found) + len(refused) == sum(any(cell.strip() for cell in row) for row in rows)


def test_what_an_export_wrote_is_read_as_it_was() -> None:
    """Who has left stays away, a pause goes on, and no apostrophe stays before a sign."""
    done = Read(
        b"email,name,state,consent\n"
        b"'+plus@readers.example,'=1+1,active,the site\n"
        b"bo@readers.example,Bo,paused,\n"
        b"cy@readers.example,Cy,left,\n"
        b"di@readers.example,Di,pending,\n"
    )

    assert [
        (person.email, person.name, person.is_paused, person.consent) for person in done.people
    ] == [
        ("+plus@readers.example", "=1+1", False, "the site"),
        ("bo@readers.example", "Bo", True, "a sheet"),
    ]
    assert [(one.email, one.verdict) for one in done.barred] == [
        ("cy@readers.example", "unsubscribed")
    ]
    assert [(row.line, row.email) for row in done.refused] == [(5, "di@readers.example")]


def test_a_quotation_mark_that_is_never_closed_is_told_where_it_opens() -> None:
    """Nobody below it is lost without a word."""
    found, refused = read('email,name\na@x.example,A\nb@x.example,"B\nc@x.example,C\n')

    assert [person.email for person in found] == ["a@x.example"]
    assert [(row.line, row.why) for row in refused] == [
        (3, "a quotation mark is never closed: nothing after it was read")
    ]


@pytest.mark.parametrize(
    ("text", "emails", "line", "said"),
    [
        ('a@x.example,"A "the" B"\nb@x.example,B "x"\n', ["b@x.example"], 2, "written twice"),
        (
            'a@x.example,"A\nb@x.example,B\nc@x.example,"C"\nd@x.example,D\n', ["d@x.example"], 2,
            "`lines 2 to 4` were not read",
        ),
    ],
)  # fmt: skip
def test_a_quotation_mark_in_the_wrong_place_says_which_lines_it_costs(
    text: str, emails: list[str], line: int, said: str
) -> None:
    """In plain words: the next mark in the file closes one that was left open."""
    found, refused = read(f"email,name\n{text}")

    assert [person.email for person in found] == emails
    ((at, why),) = [(row.line, row.why) for row in refused]
    assert (at, said in why, "expected" in why) == (line, True, False)


def test_an_address_that_stands_twice_is_told_with_its_first_place() -> None:
    """Whatever case it is in, and however its domain is written."""
    done = Read("email\nada@bücher.example\n\nADA@xn--bcher-kva.example\n".encode())

    assert [(row.line, row.first) for row in done.refused] == [(4, "people.csv:2")]


def test_a_line_of_many_columns_is_parted_by_the_mark_that_parts_it() -> None:
    """Though all of it would be too long for a single cell; names that are not read are a few."""
    columns = ",".join(f"c{number}" for number in range(60_000))
    done = Read(f"email,{columns}\na@x.example{',' * 60_000}\n".encode())

    assert (done.emails, done.refused) == (["a@x.example"], [])
    assert done.notes[0].endswith("c28, c29 and 59,970 more")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_is_none_costs_its_row(text: str) -> None:
    """Also where only UTC cannot have it."""
    found, refused = read(f"email,consent_at\na@x.example,{text}\nb@x.example,\n")

    assert ([person.email for person in found], [row.line for row in refused]) == (
        ["b@x.example"],
        [2],
    )


def test_semicolons_columns_that_are_not_read_and_cells_too_many() -> None:
    """A spreadsheet's way, a name that is mistyped, a comma within a cell."""
    done = Read(b"email;nmae\na@x.example;A\nb@x.example;B;agents\n")

    assert done.emails == ["a@x.example"]
    assert done.notes == ["people.csv: columns that are not read: nmae"]
    assert [(row.line, row.why) for row in done.refused] == [
        (3, "3 cells, but the first line names 2 columns")
    ]
