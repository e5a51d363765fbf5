"""Lists as other programs export them."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imported import NOW, TOPICS, Read

from newsletter.errors import ImportListError
from newsletter.model import SignUp
from newsletter.store import Suppression
from newsletter.subscribe.barring import read_suppressions
from newsletter.subscribe.bringing import people_in, suppressions_in
from newsletter.subscribe.cells import moment_in
from newsletter.subscribe.imports import Bringing
from newsletter.subscribe.tables import Refused

MAILCHIMP = (
    '"Email Address","First Name","Last Name",Reading,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,'
    "CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
SUBSCRIBED = (
    f"{MAILCHIMP}\n"
    'ada@readers.example,Ada,Byron,"Vision and video",2,"2020-01-02 03:04:05",192.0.2.7,'
    '"2020-01-02 03:05:05",192.0.2.7,52.1,0.1,0,1,Europe/London,GB,LND,"2021-01-01 00:00:00",1,a1,'
    '"a note, with\na second line","""vip"",""Agents"""\n'
    "bo@readers.example,,,,2,,,,,,,,,Mars/Crater,,,,2,b2,,\n"
)  # fmt: skip
UNSUBSCRIBED = (
    f"{MAILCHIMP},UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER\n"
    'Cy@Readers.example,Cy,,,2,"2019-01-02 03:04:05",,,,,,,,,,,"2022-05-06 07:08:09",3,c3,,,'
    '"2022-05-06 07:08:00",News,9,"NORMAL",\n'
)
CLEANED = (
    f"{MAILCHIMP},CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID\n"
    'di@readers.example,Di,,,2,,,,,,,,,,,,"2023-01-01 00:00:00",4,d4,,,"2023-01-01 00:00:00",News,9\n'
)


def bringing() -> tuple[Bringing, list[Refused], list[str]]:
    refused: list[Refused] = []
    notes: list[str] = []
    made = Bringing(
        topics=TOPICS, consent="", now=NOW, on_refused=refused.append, on_note=notes.append,
        on_file=lambda file, note: notes.append(f"{file}: {note}"),
    )  # fmt: skip
    return made, refused, notes


def at(year: int, month: int, day: int, *rest: int) -> dt.datetime:
    hour, minute, second, micro = (*rest, 0, 0, 0, 0)[:4]
    return dt.datetime(year, month, day, hour, minute, second, micro, dt.UTC)


def test_mailchimp_brings_who_is_subscribed_with_consent_tags_and_merge_fields() -> None:
    """When they confirmed is kept; tags and fields that are topics become topics."""
    done = Read(SUBSCRIBED.encode(), "subscribed_members_export_1a.csv", consent="")

    ada, bo = done.people
    assert (ada.email, ada.name, ada.wishes.timezone) == (
        "ada@readers.example",
        "Ada Byron",
        "Europe/London",
    )
    assert ada.wishes.topics == ("agents", "vision")
    assert (ada.consent_at, ada.consent) == (at(2020, 1, 2, 3, 5, 5), "imported from Mailchimp")
    assert (bo.consent_at, bo.wishes.timezone, bo.wishes.topics) == (None, "", ())
    assert "time zone `Mars/Crater` is not known here: left out" in done.notes
    assert "the tag `vip` is no topic here: left out" in done.notes
    assert done.refused == []
    (unread,) = (note for note in done.notes if "not read" in note)
    assert "OPTIN_IP" in unread
    assert "Reading" not in unread


def test_who_is_gone_in_mailchimp_must_not_be_mailed() -> None:
    """With the date and the reason; the file's name counts where no column says so."""
    (cy,) = Read(UNSUBSCRIBED.encode()).barred
    assert (cy.email, cy.verdict, cy.source) == ("cy@readers.example", "unsubscribed", "import")
    assert (cy.since, cy.evidence) == (at(2022, 5, 6, 7, 8), "Mailchimp: unsubscribed: NORMAL")
    (di,) = Read(CLEANED.encode()).barred
    assert (di.verdict, di.since) == ("bounced", at(2023, 1, 1))
    cleaned = Read(SUBSCRIBED.encode(), "cleaned_members_export.csv")
    assert ([one.verdict for one in cleaned.barred], cleaned.people) == (["bounced"] * 2, [])
    never = Read(SUBSCRIBED.encode(), "nonsubscribed_members_export.csv")
    assert (never.found, len(never.refused)) == ([], 2)


def test_a_zip_of_mailchimp_is_read_as_a_whole(tmp_path: Path) -> None:
    """Its three lists; what else lies in it is told of, and written nowhere."""
    path = tmp_path / "audience_export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../subscribed_members_export_1.csv", SUBSCRIBED)
        archive.writestr("x/unsubscribed_members_export_1.csv", UNSUBSCRIBED)
        archive.writestr("cleaned_members_export_1.csv", CLEANED)
        archive.writestr("opens.csv", "post,email\n1,eve@readers.example\n")
        archive.writestr("__MACOSX/._subscribed.csv", b"\0\1")
        archive.writestr("readme.html", "<p>")
    made, refused, notes = bringing()

    found = list(people_in([path], made))

    assert [type(one) for one in found] == [SignUp, SignUp, Suppression, Suppression]
    assert (refused, "opens.csv: no list of a known program, not read" in notes) == ([], True)
    assert "audience_export.zip: 2 other files in it are not read" in notes
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["audience_export.zip"]


@pytest.mark.parametrize("how", ["cut off", "written over", "hardly there"])
def test_a_damaged_zip_is_said_to_be_one(tmp_path: Path, how: str) -> None:
    """Whichever way, nothing of it is read."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("subscribed_1.csv", SUBSCRIBED * 3)
    raw = path.read_bytes()
    damaged = {
        "cut off": raw[:-40],
        "written over": raw[:60] + b"\xff" * 40 + raw[100:],
        "hardly there": raw[:9],
    }
    path.write_bytes(damaged[how])

    with pytest.raises(ImportListError, match="the ZIP cannot be read"):
        list(people_in([path], bringing()[0]))


def test_substack_tells_who_has_switched_mail_off() -> None:
    """Who pays nothing is a reader all the same."""
    done = Read(
        b"email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
        b"ada@r.example,false,,other,false,2023-01-02T03:04:05.678Z,\n"
        b"bo@r.example,true,2030-01-01,monthly,true,2023-01-02T03:04:05.678Z,2023-02-01\n"
    )

    assert [(one.email, one.consent_at) for one in done.people] == [
        ("ada@r.example", at(2023, 1, 2, 3, 4, 5, 678_000))
    ]
    assert [(one.email, one.verdict) for one in done.barred] == [("bo@r.example", "unsubscribed")]


def test_substacks_page_of_subscribers_exports_another_list() -> None:
    """Who had themselves deleted there is not mailed at the address that is left of them."""
    done = Read(
        b"Email,Name,Subscription type,Activity,Subscription date,Revenue,Cancel date,Receiving emails for\n"
        b"a@r.example,Ada,Free,3,2024-05-06,0,,\n"
        b"x1@deletion-request.substack.com,,Free,0,2024-05-06,0,,\n",
        consent="",
    )

    (ada,) = done.people
    assert (ada.consent_at, ada.consent) == (at(2024, 5, 6), "imported from Substack")
    assert [row.why for row in done.refused] == ["stands for somebody who had Substack delete them"]


def test_buttondown_tells_by_type() -> None:
    """Who has not confirmed is left out; a payment that is paused is no pause of the mail."""
    done = Read(
        b"id,creation_date,email_address,notes,metadata,tags,referrer_url,secondary_id,type\n"
        b'1,2024-05-06T07:08:09.123456Z,a@r.example,,"{""zone"": 1}","agents,Vision and Video",https://x.example/,7,regular\n'
        b"2,2024-05-06T07:08:09Z,b@r.example,,,,,8,unactivated\n"
        b"3,2024-05-06T07:08:09Z,c@r.example,,,,,9,unsubscribed\n"
        b"4,2024-05-06T07:08:09Z,d@r.example,,,,,10,paused\n"
        b"5,2024-05-06T07:08:09Z,e@r.example,,,,,11,spammy\n"
        b"6,2024-05-06T07:08:09Z,f@r.example,,,,,12,brand-new-kind\n",
        consent="",
    )

    assert done.emails == ["a@r.example", "d@r.example"]
    assert done.people[0].wishes.topics == ("agents", "vision")
    assert done.people[0].consent == "imported from Buttondown; from https://x.example/"
    assert not done.people[1].is_paused
    assert [(one.email[0], one.verdict) for one in done.barred] == [
        ("c", "unsubscribed"),
        ("e", "blocked"),
    ]
    assert [(row.email[0], row.why[:12]) for row in done.refused] == [
        ("b", "never confir"),
        ("f", "`brand-new-k"),
    ]


def test_listmonk_tells_by_status_and_attributes() -> None:
    """Blocklisted ones are suppressed, disabled ones paused; attributes may name topics."""
    done = Read(
        b"uuid,email,name,attributes,status,created_at,updated_at\n"
        b'u1,a@r.example,Ada,"{""city"": ""Oslo"", ""read"": [""agents""], ""deep"": {""a"": 1}}",enabled,2024-05-06T07:08:09.12+02:00,\n'
        b"u2,b@r.example,Bo,{broken,disabled,,\n"
        b'u3,c@r.example,Cy,"[[[",blocklisted,,2025-01-01T00:00:00Z\n'
        b"u4,d@r.example,Di,{},enabled,,\n"
    )

    assert [(one.email, one.is_paused, one.wishes.topics) for one in done.people] == [
        ("a@r.example", False, ("agents",)),
        ("b@r.example", True, ()),
        ("d@r.example", False, ()),
    ]
    assert done.people[0].consent_at == at(2024, 5, 6, 5, 8, 9, 120_000)
    assert [(one.verdict, one.since) for one in done.barred] == [("blocked", at(2025, 1, 1))]
    assert "attributes that are no JSON: left out" in done.notes


def test_ghost_does_not_mail_who_wants_no_mail() -> None:
    """Ghost itself has made subscribers of them (TryGhost/Ghost#16268)."""
    done = Read(
        b"id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n"
        b"1,a@r.example,Ada,,true,,,2024-05-06T07:08:09.000Z,,agents,\n"
        b"2,b@r.example,Bo,,FALSE,,,2024-05-06T07:08:09.000Z,,,\n"
    )

    assert (done.emails, [one.email for one in done.barred]) == (["a@r.example"], ["b@r.example"])


def test_a_list_of_mailchimp_in_another_language_is_known() -> None:
    """The owner of a list names its columns; what they chose otherwise is no mistake here."""
    done = Read(
        "E-Mail-Adresse,Vorname,Frequency,Language,Topics,MEMBER_RATING,OPTIN_TIME,LEID,EUID\n"
        "a@r.example,Zoë,Jede Woche,Deutsch,Robotik,2,2020-01-02 03:04:05,1,x\n".encode("cp1252")
    )

    (zoe,) = done.people
    assert (zoe.email, zoe.consent_at) == ("a@r.example", at(2020, 1, 2, 3, 4, 5))
    assert done.refused == []
    assert "cadence `Jede Woche` is not known here: left out" in done.notes
    assert "the tag `Robotik` is no topic here: left out" in done.notes
    assert any("Windows-1252" in note for note in done.notes)


@pytest.mark.parametrize(
    ("column", "yes", "no"),
    [
        ("Unsubscribed", "true", "false"), ("Opted Out", "2020-01-02", "no"), ("blacklisted", "1", "0"),
        ("Subscribed", "no", "yes"), ("Status", "Cancelled", "Active"), ("bounced", "maybe", "F"),
        ("Unsubscribed_at", "2020-01-02", ""),
    ],
)  # fmt: skip
def test_other_programs_words_for_no_are_heard(column: str, yes: str, no: str) -> None:
    """Nobody is mailed because a program is not known; what is neither yes nor no is a no."""
    done = Read(f"email,{column}\na@r.example,{yes}\nb@r.example,{no}\n".encode())

    assert ([one.email for one in done.barred], done.emails) == (["a@r.example"], ["b@r.example"])


def test_whoever_comes_goes_and_comes_again_stands_there_once_each_way() -> None:
    """And the store knows both."""
    rows = "a@r.example,active\na@r.example,unsubscribed\nA@r.example,active\na@R.example,left\n"
    done = Read(f"email,state\n{rows}".encode())

    assert (done.emails, [one.email for one in done.barred]) == (["a@r.example"], ["a@r.example"])
    assert [row.line for row in done.refused] == [4, 5]


def test_a_spreadsheet_and_a_zip_too_large_are_told(tmp_path: Path) -> None:
    """Before anything of it is unpacked."""
    for name, member, said in (
        ("x.xlsx", "[Content_Types].xml", "a spreadsheet: save it as CSV"),
        ("x.zip", "page.html", "a ZIP of 0 CSV files"),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(member, "x")
        with pytest.raises(ImportListError, match=said):
            list(people_in([tmp_path / name], bringing()[0]))
    with (
        zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("subscribed_1.csv", "w", force_zip64=True) as file,
    ):
        for _ in range(510):
            file.write(bytes(1_000_000))
    with pytest.raises(ImportListError, match="holds more than 500 MB"):
        list(people_in([tmp_path / "bomb.zip"], bringing()[0]))


def test_mailman_has_an_address_a_line() -> None:
    """With a name before it or not; remarks and blank lines are none."""
    done = Read(
        b'# list_members -f\n\nada@r.example\n"Byron, Bo" <bo@r.example>\nCy <mailto:cy@r.example>\n'
        b"  di@R.example  \nnot one\nADA@r.example\n"
    )

    assert [(one.email, one.name) for one in done.people] == [
        ("ada@r.example", ""), ("bo@r.example", "Byron, Bo"), ("cy@r.example", "Cy"), ("di@r.example", ""),
    ]  # fmt: skip
    assert [(row.line, row.why.partition(":")[0]) for row in done.refused] == [
        (7, "not an email address"), (8, "stands there already"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_separators_and_ends_of_lines(encoding: str, mark: str, end: str) -> None:
    """Every way in which a spreadsheet saves a list."""
    lines = ["email;name", "ada@r.example;Zoë", "bo@bücher.example;Bo"]
    done = Read((end.join(lines).replace(";", mark) + end).encode(encoding))

    assert [(one.email, one.name) for one in done.people] == [
        ("ada@r.example", "Zoë"), ("bo@xn--bcher-kva.example", "Bo"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "email", "name"),
    [
        ('sep=;\nemail;name\na@r.example;"A;B"\n', "a@r.example", "A;B"),
        ('email,name\n"=""a@r.example""","=""007"""\n', "a@r.example", "007"),
        ("\ufeff\ufeffE-Mail Address,Full Name\n\u200ba@r.example\u00a0,A\n", "a@r.example", "A"),
        ("email,name\nmailto:a@r.example,A\n", "a@r.example", "A"),
        ("email,name\nAnn <a@r.example>,\n", "a@r.example", "Ann"),
        ("email,email,name\n,a@r.example,A\n", "a@r.example", "A"),
        ('email,name\na@r.example,"A\r\nB"\n', "a@r.example", "A B"),
        ("email,name,,\na@r.example,A,,\n", "a@r.example", "A"),
        ("email,name\na@r.example,A,,,\n", "a@r.example", "A"),
        ("name,EMAIL\n=HYPERLINK(1),a@r.example\n", "a@r.example", "=HYPERLINK(1)"),
        ("email                 ,name   \na@r.example         ,  A   \n", "a@r.example", "A"),
    ],
)
def test_what_spreadsheets_make_of_lists(text: str, email: str, name: str) -> None:
    """As in reports about other importers (listmonk#65, #1070, sendportal#67)."""
    done = Read(text.encode())

    assert [(one.email, one.name) for one in done.people] == [(email, name)]
    assert done.refused == []


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("a\0@r.example", "not an email address"),
        ('"a@r.example\nBcc: x@r.example"', "not an email address"),
        ("=cmd|'/c calc'!A1", "not an email address"),
        ("a@r.example;b@r.example", "not an email address"),
        ("\u202ea@r.example", "not an email address"),
        ("а@r.example", "not an email address"),
        ("x" * 65 + "@r.example", "65 characters before the @"),
        ("a@" + "r." * 150 + "example", "not an email address"),
        ('"""a b""@r.example"', "not an email address"),
        ("a@localhost", "not an email address"),
    ],
)
def test_hostile_addresses_are_refused(cell: str, why: str) -> None:
    """Nothing that could be a header, a command or another's name."""
    done = Read(f"email,name\n{cell},A\nb@r.example,B\n".encode())

    assert done.emails == ["b@r.example"]
    assert [row.why.partition(":")[0] for row in done.refused] == [why]


def test_a_date_of_two_meanings_is_refused_with_its_mend() -> None:
    """The date of a consent is not guessed; a date to come, or before all newsletters, is none."""
    done = Read(
        b"email,consent_at\na@r.example,1/2/2024 3:04\nb@r.example,2099-01-01\nc@r.example,1950-01-01\n"
        b"d@r.example,1714979289\ne@r.example,0000-00-00 00:00:00\nf@r.example,1714979289000\n"
        b'g@r.example,"Mon, 06 May 2024 07:08:09 GMT"\n'
    )

    assert "is the day or the month first?" in done.refused[0].why
    assert [row.why for row in done.refused[1:]] == [
        "`2099-01-01` is still to come", "`1950-01-01` is before there were newsletters",
    ]  # fmt: skip
    moment = at(2024, 5, 6, 7, 8, 9)
    assert [one.consent_at for one in done.people] == [moment, None, moment, moment]


def test_a_program_may_be_forced_and_an_unknown_one_is_told() -> None:
    """Buttondown's `type` is a state only in its own lists."""
    content = b"email,type\na@r.example,unsubscribed\n"

    assert Read(content).emails == ["a@r.example"]
    assert Read(content, wanted="buttondown").emails == []
    with pytest.raises(ImportListError, match="known are mailchimp"):
        Read(content, wanted="malchimp")


def test_a_line_without_an_end_takes_little_memory() -> None:
    """A file that is no list is said to be none."""
    with pytest.raises(ImportListError, match="more than 1,000,000 characters"):
        Read(b"email,name\n" + b"x" * 3_000_000)


def test_a_quotation_mark_without_an_end_costs_no_more_than_a_cell() -> None:
    """What was not read is told of with its lines, and the rest goes on."""
    rows = "".join(f"p{number}@r.example,{'x' * 90}\n" for number in range(5_000))
    done = Read(f'email,name\na@r.example,"A\n{rows}'.encode())

    assert len(done.refused) == 1
    assert "nothing was read up to line" in done.refused[0].why
    assert len(done.people) > 2_500


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """No traceback; whoever is found has an address."""
    try:
        done = Read(content)
        found = [
            one.email
            for one in (
                *Read(b"email,state,tags,timezone,consent_at\n" + content).found,
                *done.found,
            )
        ]
    except ImportListError:
        return
    assert all("@" in email for email in found)


def suppressed(text: str, name: str = "list.csv") -> list[tuple[str, str, str, dt.datetime]]:
    made, refused, _ = bringing()
    found = list(read_suppressions(io.BytesIO(text.encode()), name, made, set()))
    assert refused == []
    return [(one.email, one.verdict, one.evidence, one.since) for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A@r.example\nb@r.example\nB@r.example\n", [("a@r.example", "blocked", "", NOW), ("b@r.example", "blocked", "", NOW)]),
        ("a@r.example,BOUNCE\nb@r.example,COMPLAINT\n", [("a@r.example", "bounced", "BOUNCE", NOW), ("b@r.example", "complaint", "COMPLAINT", NOW)]),
        ("Email address,Reason,Last update time\na@r.example,COMPLAINT,2024-05-06T07:08:09Z\n", [("a@r.example", "complaint", "COMPLAINT", at(2024, 5, 6, 7, 8, 9))]),
        ('status,reason,email,created\n5.1.1,"550 no such user",a@r.example,1714979289\n', [("a@r.example", "bounced", "5.1.1 550 no such user", at(2024, 5, 6, 7, 8, 9))]),
        ('address,code,error,created_at\na@r.example,550,No such mailbox,"Mon, 06 May 2024 07:08:09 UTC"\n', [("a@r.example", "bounced", "550 No such mailbox", at(2024, 5, 6, 7, 8, 9))]),
        ("address,tags,created_at\na@r.example,*,2024-05-06\n", [("a@r.example", "unsubscribed", "", at(2024, 5, 6))]),
        ("address,count,created_at\na@r.example,1,2024-05-06\n", [("a@r.example", "complaint", "", at(2024, 5, 6))]),
        ("EmailAddress,SuppressionReason,Origin,CreatedAt\na@r.example,HardBounce,Recipient,2024-05-06T07:08:09-04:00\nb@r.example,SpamComplaint,Recipient,2024-05-06\n",
         [("a@r.example", "bounced", "HardBounce", at(2024, 5, 6, 11, 8, 9)), ("b@r.example", "complaint", "SpamComplaint", at(2024, 5, 6))]),
        ("email,since,verdict,source,evidence\na@r.example,2024-05-06T00:00:00+00:00,no-mailbox,bounce,'=550 gone\n", [("a@r.example", "no-mailbox", "=550 gone", at(2024, 5, 6))]),
    ],
)  # fmt: skip
def test_lists_of_suppressions_as_services_export_them(text: str, expected: object) -> None:
    """Amazon SES, SendGrid, Mailgun, Postmark, our own, and one address a line."""
    assert suppressed(text) == expected


def test_a_list_of_suppressions_without_addresses_is_told(tmp_path: Path) -> None:
    """Also a file that is not there, or a folder."""
    for content, said in (
        (b"type,value\nx,y\n", "no column has addresses"),
        (b"", "an empty file"),
    ):
        path = tmp_path / "list.csv"
        path.write_bytes(content)
        with pytest.raises(ImportListError, match=said):
            list(suppressions_in([path], bringing()[0]))
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(ImportListError, match=r"is a directory|no such file"):
            list(suppressions_in([path], bringing()[0]))


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2025/03/04 22:05", at(2025, 3, 4, 22, 5)),
        ("Mar 4, 2025 10:05 PM", at(2025, 3, 4, 22, 5)),
        ("4 Mar 2025", at(2025, 3, 4)),
        ("04-Mar-2025", at(2025, 3, 4)),
        ("Tue Mar 04 2025 10:00:00 GMT+0100 (CET)", at(2025, 3, 4, 9)),
        ("2025-03-04 10:11:12.5 +0000 UTC", at(2025, 3, 4, 10, 11, 12, 500_000)),
        ("1741082400", at(2025, 3, 4, 10)),
        ("2025年3月4日", at(2025, 3, 4)),
        ("N/A", None),
        ("null", None),
    ],
)
def test_dates_are_read_as_programs_and_people_write_them(
    said: str, moment: dt.datetime | None
) -> None:
    """With the halves of the day and the zone that they say; what stands for none is none."""
    assert moment_in(said, NOW) == moment


@pytest.mark.parametrize(
    "said",
    ["03/04/2025", "3.4.25", "03-04-2025", "Tue, 03/04/2025 10:00", "4/13/2025", "45720", "2025", "March 2025", "soon"],
)  # fmt: skip
def test_dates_that_may_be_another_day_are_refused(said: str) -> None:
    """No consent is kept for a day that was guessed."""
    with pytest.raises(ValueError, match=re.escape(said)):
        moment_in(said, NOW)


def test_a_column_of_when_they_subscribed_bars_nobody() -> None:
    """MailerLite's `Subscribed` is a date; what is neither a date nor yes still bars."""
    done = Read(
        b"Email,Subscribed\na@r.example,2025-03-04 10:00:00\nb@r.example,03/04/2025\n"
        b"c@r.example,no\nd@r.example,hardly\n"
    )

    assert done.emails == ["a@r.example", "b@r.example"]
    assert [one.email for one in done.barred] == ["c@r.example", "d@r.example"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a spreadsheet: save it as CSV"),
        (gzip.compress(b"email\na@r.example\n", mtime=0), "packed by gzip"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "a 7z archive"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"PK\x05\x06" + bytes(18), "a ZIP with nothing in it"),
        ("email\na@r.example\n".encode("utf-32"), "in UTF-32"),
        (b"\n<!DOCTYPE html>\n<title>Log in</title>", "a page of a site, perhaps its login"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<Workbook/>', "XML"),
        (b'[{"email": "a@r.example"}]', "JSON"),
    ],
)
def test_what_only_has_the_name_of_a_list_is_named_for_what_it_is(
    tmp_path: Path, content: bytes, said: str
) -> None:
    """With what to do, also within a ZIP."""
    plain, packed = tmp_path / "list.csv", tmp_path / "list.zip"
    plain.write_bytes(content)
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("list.csv", content)
    for path in (plain, packed):
        made, *_ = bringing()
        with pytest.raises(ImportListError, match=f"list.csv: {said}"):
            list(people_in([path], made))


def test_a_zip_that_is_encrypted_or_has_no_list_of_a_known_program_is_an_error(
    tmp_path: Path,
) -> None:
    """Nobody takes it for done."""
    path = tmp_path / "lists.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, "email\na@r.example\n")
    made, *_ = bringing()
    with pytest.raises(ImportListError, match=r"none of its 2 lists .* `--from`"):
        list(people_in([path], made))
    locked = path.read_bytes()
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # as a packer would mark it
        parts = locked.split(mark)
        locked = mark.join(
            [parts[0], *(p[: flags - 4] + b"\x01" + p[flags - 3 :] for p in parts[1:])]
        )
    path.write_bytes(locked)
    with pytest.raises(ImportListError, match="is encrypted: unpack it"):
        list(people_in([path], made))
