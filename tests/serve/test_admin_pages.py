"""What editors see, and what their buttons do."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from editors import (
    EVIL,
    NAMES,
    NEW,
    editors_site,
    form_of,
    log_in,
    reader_id,
    send,
    snapshot,
    with_ids,
)
from makers import make_edition, make_paper
from servers import smtp_server
from sites import LAST, MORNING, Running

from newsletter.day.personal import NOTHING
from newsletter.day.planning import Spool
from newsletter.model import (
    Issue,
    IssueState,
    KeptDraft,
    Origin,
    SignUp,
    SubscriberState,
    Wishes,
)
from newsletter.serve.admin.plots import DAYS, plot
from newsletter.store.tables import deliveries, issues

ISSUE = f"/admin/issues/{NEW}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve pages that no test of this file changes."""
    with editors_site(tmp_path_factory.mktemp("looking")) as running:
        log_in(running)
        yield running


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Running]:
    """Serve pages for one test, which may change what it likes."""
    with editors_site(tmp_path) as running:
        log_in(running)
        yield running


def told(site: Running, path: str) -> str:
    """Return the words of a page, without tags."""
    return told_by(site.get(path))


def told_by(page: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


def walked(site: Running, path: str) -> list[str]:
    """Return the addresses in all pages of a list, by following its link to what is next."""
    found: list[str] = []
    while path:
        text = site.get(path).text
        found += re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a></th>', text)
        link = re.search(r'rel="next" href="([^"]+)"', text)
        path = html.unescape(link[1]) if link else ""
    return found


def sheet(site: Running, path: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    found = site.get(path)
    assert found.headers["content-type"].startswith("text/csv")
    assert found.headers["content-disposition"].startswith("attachment;")
    assert found.headers["cache-control"] == "no-store"
    return list(csv.DictReader(io.StringIO(found.text)))


# --- What is shown --------------------------------------------------------------------------------


def test_the_overview_says_how_it_goes(site: Running) -> None:
    """Readers, issues with every state, sources and faults, and what is wrong first."""
    words = told(site, "/admin")

    assert "Issue of 2026-11-27: 1 failed" in words
    assert "Issue of 2026-11-27: 1 not known" in words
    assert "Feed : failed visits: 1" in words
    assert f"source Feed: {EVIL}" in words
    assert "5 getting mail 1 paused" in words
    assert "1 waiting 2 arrived 1 refused for now 1 failed 1 not known" in words
    assert "Together 6: everybody of the audience is counted." in words
    assert "came: 6 left: 0" in words
    assert "more like it: 1 less like it: 0 saved: 0" in words


def test_the_plots_have_no_style_and_a_table(site: Running) -> None:
    """The bars are attributes, which the policy allows; the numbers stand in a table, too."""
    text = site.get("/admin").text

    assert len(re.findall('<svg role="img"', text)) == 3
    assert '<rect class="bar0"' in text
    assert "style=" not in text
    assert '<th scope="row">2026-11-26</th><td>1</td><td>0</td>' in text


def test_an_issue_says_who_got_what(site: Running) -> None:
    """Each delivery with its state and the answer; filtered by state and by address."""
    words = told(site, ISSUE)
    assert "No. 99 of 2026-11-27" in words
    assert "finished" not in words
    assert "Pause" in words
    over = told(site, "/admin/issues/2026-11-25")  # nobody waits for it
    assert "finished" in over
    assert "Pause" not in over
    assert f"failed @{EVIL} 550 no" in words
    assert sorted(walked(site, ISSUE)) == [f"{name}@readers.example" for name in NAMES]
    assert walked(site, f"{ISSUE}?state=failed") == ["cleo@readers.example"]
    assert walked(site, f"{ISSUE}?q=DAN@&state=unknown") == ["dan@readers.example"]
    assert walked(site, f"{ISSUE}?q=dan@&state=failed") == []
    assert walked(site, f"{ISSUE}?q=%25") == []
    assert len(walked(site, f"{ISSUE}?state=nonsense")) == 6


def test_readers_are_found(site: Running) -> None:
    """By a part of the address, by state and by how they came."""
    assert walked(site, "/admin/readers") == [f"{name}@readers.example" for name in NAMES]
    assert walked(site, "/admin/readers?q=Cle") == ["cleo@readers.example"]
    assert walked(site, "/admin/readers?state=paused") == ["finn@readers.example"]
    assert walked(site, "/admin/readers?origin=site") == []
    assert walked(site, "/admin/readers?q=_") == []


def test_a_reader_is_shown_with_all_that_is_known(site: Running) -> None:
    """Choices, consent, deliveries with their subjects, feedback, bounces, suppression."""
    bo, cleo = (
        told(site, f"/admin/readers/{reader_id(site, 'bo')}"),
        told(site, f"/admin/readers/{reader_id(site, 'cleo')}"),
    )
    ada = told(site, f"/admin/readers/{reader_id(site, 'ada')}")

    assert "Topics vision" in bo
    assert "Papers about <b>words</b>" in bo
    assert "Consent =asked at the fair" in bo
    assert "Consent given 2026-11-25 07:00" in bo
    assert f"2026-11-27 Papers {EVIL} " in bo
    assert f"Nothing is sent to this address since 2026-11-26 07:00 : no-mailbox – -{EVIL}" in cleo
    assert f"failed @{EVIL} 550 no" in cleo
    assert f"more like it: {EVIL} 0" in ada


def test_sources_and_bounces_are_shown(site: Running) -> None:
    """The last error of a source; the evidence of a bounce, and what followed from it."""
    assert f"Feed fails – 0 0.0 – 1 {EVIL}" in told(site, "/admin/sources")
    words = told(site, "/admin/bounces")
    assert f"cleo@readers.example Mail again no-mailbox a bounce -{EVIL}" in words
    assert "There are none." in told(site, "/admin/bounces?q=nobody")


@pytest.mark.parametrize(
    "path",
    [
        "/admin", "/admin/issues", ISSUE, f"{ISSUE}/cancel", f"{ISSUE}/mail", "/admin/readers",
        "/admin/readers/ada", "/admin/readers/cleo", "/admin/sources", "/admin/bounces",
        "/admin/test", "/admin/log-in",
    ],
)  # fmt: skip
def test_nothing_from_outside_is_markup(site: Running, path: str) -> None:
    """Titles, names, errors, evidence and what is searched for stay text."""
    path = with_ids(site, path)
    odd = f'"><img src=x onerror=alert(1)>{EVIL}'
    query = dict.fromkeys(("q", "state", "after", "before", "edition", "issue", "done"), odd)
    for found in (site.get(path), site.get(path, params=query)):
        assert found.status_code in (200, 303)
        assert "<script" not in found.text
        assert "<img" not in found.text


def test_a_search_is_shown_as_it_was_typed(site: Running) -> None:
    """What is searched for stands in its field again, escaped."""
    text = site.get("/admin/readers", params={"q": '"><b>'}).text

    assert 'value="&#34;&gt;&lt;b&gt;"' in text


@pytest.mark.parametrize(
    "path",
    [
        "/admin/issues/2020-01-01", "/admin/issues/x", f"{ISSUE}/edition?edition=none",
        "/admin/issues/2020-01-01/cancel", "/admin/issues/x/deliveries.csv", "/admin/readers/none",
        "/admin/readers/none/history.csv", "/admin/nothing",
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_so(site: Running, path: str) -> None:
    """An unknown issue, edition or reader is an unknown page."""
    assert site.get(path).status_code == 404


def test_an_email_is_shown_in_a_frame_that_may_do_nothing(site: Running) -> None:
    """The frame has a policy of its own, may be framed by us only, and has nobody's links."""
    page = site.get(f"{ISSUE}/mail").text
    frame = re.search(r'<iframe class="mail" sandbox src="([^"]+)"', page)
    assert frame is not None

    mail = site.get(html.unescape(frame[1]))

    assert mail.status_code == 200
    assert mail.headers["content-security-policy"] == (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; "
        "frame-ancestors 'self'"
    )
    assert mail.headers["x-frame-options"] == "SAMEORIGIN"
    assert "<a href='#'>out</a>" in mail.text
    assert "readers.example" not in mail.text


def test_an_email_that_is_made_when_it_is_sent_is_made_for_the_page(own: Running) -> None:
    """From the papers of the issue; who gets nothing is told so."""
    stores = own.site.day.stores
    sign_ups = [
        SignUp(email="vi@readers.example", wishes=Wishes(words=["vision"])),
        SignUp(email="no@readers.example", wishes=Wishes(topics=("vision",), mute=["vision"])),
    ]
    stores.subscribers.bring(sign_ups, Origin.IMPORT, MORNING)
    date = NEW + dt.timedelta(days=1)
    paper = make_paper(7, title="Vision of violets", abstract="We look at vision closely.")
    with Spool() as spool:
        spool.leave(KeptDraft(made_at=MORNING, papers=(paper,)), ["vision"])
        stores.issues.plan(Issue(date=date, number=100, papers=1), spool, [], MORNING)
    ids = {}
    for name in ("vi", "no"):
        person = stores.subscribers.find(f"{name}@readers.example")
        assert person
        ids[name] = person.id

    issue = own.get(f"/admin/issues/{date}")
    mails = {}
    for name, reader in ids.items():
        link = f"/admin/issues/{date}/mail?reader={reader}"
        assert link in issue.text
        page = own.get(link).text
        frame = re.search(r'<iframe class="mail" sandbox src="([^"]+)"', page)
        assert frame is not None
        assert "for what its reader wants now" in page
        mails[name] = own.get(html.unescape(frame[1]))

    assert "Vision of violets" in mails["vi"].text
    assert "vi@readers.example" not in mails["vi"].text
    assert mails["no"].text == NOTHING
    assert mails["no"].headers["content-security-policy"].startswith("sandbox")
    assert own.get(f"/admin/issues/{date}/edition?reader=nobody").status_code == 404
    assert "their own" in told(own, f"/admin/readers/{ids['vi']}")


# --- Lists ----------------------------------------------------------------------------------------


def test_long_lists_come_in_pages(own: Running) -> None:
    """Following the links shows everybody once: readers, deliveries, issues and suppressions."""
    stores = own.site.day.stores
    many = [SignUp(email=f"r{number:03}@many.example") for number in range(120)]
    stores.subscribers.bring(many, Origin.IMPORT, MORNING)
    for number in range(60):
        date = NEW + dt.timedelta(days=1 + number)
        with Spool() as spool:
            spool.add("*", make_edition("all", subject=f"Papers of {date}"))
            issue = Issue(date=date, number=200 + number, papers=1)
            stores.issues.plan(issue, spool, [], MORNING)

    addresses = [f"r{number:03}@many.example" for number in range(120)]
    assert walked(own, "/admin/readers?q=many") == addresses
    assert walked(own, "/admin/readers")[6:] == addresses
    assert sorted(walked(own, f"/admin/issues/{NEW + dt.timedelta(days=1)}")) == addresses
    dates = [(NEW + dt.timedelta(days=60 - number)).isoformat() for number in range(61)]
    assert walked(own, "/admin/issues")[:61] == dates
    person = stores.subscribers.find("r007@many.example")
    assert person is not None
    assert walked(own, f"/admin/readers/{person.id}") == dates[:60]
    assert len(sheet(own, f"/admin/readers/{person.id}/history.csv")) == 60
    assert len(sheet(own, f"/admin/issues/{NEW + dt.timedelta(days=1)}/deliveries.csv")) == 120


def test_files_hold_no_formulas(site: Running) -> None:
    """Cells that a spreadsheet would compute begin with an apostrophe; the rest is as it is."""
    readers = sheet(site, "/admin/readers.csv")
    assert [row["email"] for row in readers] == [f"{name}@readers.example" for name in NAMES]
    assert {row["consent"] for row in readers} == {"'=asked at the fair"}
    assert readers[0]["name"] == EVIL
    assert [row["email"] for row in sheet(site, "/admin/readers.csv?state=paused")] == [
        "finn@readers.example"
    ]

    failed = sheet(site, f"{ISSUE}/deliveries.csv?state=failed")
    assert [row["reason"] for row in failed] == [f"'@{EVIL} 550 no"]

    history = sheet(site, f"/admin/readers/{reader_id(site, 'cleo')}/history.csv")
    assert [(row["issue"], row["state"]) for row in history] == [(str(NEW), "failed")]


# --- Buttons --------------------------------------------------------------------------------------


def test_an_issue_is_paused_resumed_and_cancelled(own: Running) -> None:
    """Cancelling asks first; afterwards nothing brings the issue back."""
    stores = own.site.day.stores
    ledger = stores.ledger

    assert send(own, ISSUE, do="pause").headers["location"] == f"{ISSUE}?done=paused"
    assert ledger.state(NEW) is IssueState.PAUSED
    assert "paused : paused on the site by an editor" in told(own, ISSUE).replace(":", " :")
    assert "It is paused" in told(own, f"{ISSUE}?done=paused")
    send(own, ISSUE, do="resume")
    assert ledger.state(NEW) is IssueState.PLANNED
    send(own, ISSUE, do="cancel")
    assert ledger.state(NEW) is IssueState.PLANNED

    assert "2 mails still wait" in told(own, f"{ISSUE}/cancel")
    send(own, f"{ISSUE}/cancel", do="")
    assert ledger.state(NEW) is IssueState.PLANNED
    send(own, f"{ISSUE}/cancel", do="cancel")
    assert ledger.state(NEW) is IssueState.CANCELLED
    tally = stores.accounts.tally(NEW)
    assert tally.adds_up
    assert {state.value: count for state, count in tally.states.items() if count} == {
        "accepted": 2, "failed": 1, "unknown": 1, "cancelled": 2,
    }  # fmt: skip
    assert send(own, ISSUE, do="resume").headers["location"] == f"{ISSUE}?done=too_late"
    assert ledger.state(NEW) is IssueState.CANCELLED


def test_a_reader_is_paused_resumed_and_removed(own: Running) -> None:
    """As by the command; a pause may have an end, which lies ahead."""
    page = f"/admin/readers/{reader_id(own, 'bo')}"
    subscribers = own.site.day.stores.subscribers

    def state() -> tuple[SubscriberState, dt.date | None, str]:
        found = subscribers.find("bo@readers.example")
        assert found is not None
        return found.state, found.paused_until, found.changed_by

    for wrong in ("2026-11-26", "tomorrow", "2026-13-01"):
        refused = send(own, page, do="pause", until=wrong)
        assert refused.status_code == 422
        assert "A day after today" in refused.text
    assert state()[0] is SubscriberState.ACTIVE
    send(own, page, do="pause", until="2026-12-01")
    assert state() == (SubscriberState.PAUSED, dt.date(2026, 12, 1), "command")
    send(own, page, do="resume")
    assert state() == (SubscriberState.ACTIVE, None, "command")
    assert send(own, page, do="remove").headers["location"] == f"{page}?done=remove"
    assert state() == (SubscriberState.LEFT, None, "command")
    assert send(own, page, do="pause").headers["location"] == f"{page}?done=not_now"
    assert state()[0] is SubscriberState.LEFT
    assert "Bring them back only if they ask for it" in told(own, page)
    send(own, page, do="resume")
    assert state()[0] is SubscriberState.ACTIVE


def test_nobody_gets_mail_who_did_not_confirm_or_is_deleted(own: Running) -> None:
    """Editors cannot confirm for others, nor bring back whom nothing is known of."""
    stores = own.site.day.stores
    own.site.requests.sign_up(SignUp(email="gil@readers.example"), MORNING)
    gil, ada = reader_id(own, "gil"), reader_id(own, "ada")
    stores.requests.erase(ada, MORNING)

    for who, state in ((gil, SubscriberState.PENDING), (ada, SubscriberState.ERASED)):
        page = f"/admin/readers/{who}"
        for what in ("resume", "pause", "nonsense", ""):
            assert send(own, page, do=what).headers["location"] == f"{page}?done=not_now"
        found = stores.subscribers.with_id(who)
        assert found is not None
        assert found.state is state
        assert own.get(page).status_code == 200
    assert "ada@" not in told(own, ISSUE)
    assert len(walked(own, "/admin/readers?state=erased")) == 1


def test_a_suppression_is_lifted(own: Running) -> None:
    """From then on the address may be mailed; doing it twice says that there was nothing."""
    lift = {"do": "lift", "email": "cleo@readers.example"}

    assert send(own, "/admin/bounces", **lift).headers["location"] == "/admin/bounces?done=lifted"
    assert own.site.day.stores.suppressions.get("cleo@readers.example") is None
    again = send(own, "/admin/bounces", **lift)
    assert again.headers["location"] == "/admin/bounces?done=not_there"


def test_a_test_is_sent(tmp_path: Path) -> None:
    """The mail arrives marked as a test, with nobody's links; the answer is shown."""
    with smtp_server() as mail, editors_site(tmp_path, mail_port=mail.port) as site:
        log_in(site)
        before = snapshot(site)
        fields = {"email": "me@desk.example", "issue": NEW.isoformat(), "edition": ""}
        done = send(site, "/admin/test", **fields)
        assert done.status_code == 200
        assert "sent to me@desk.example: 2.0.0 taken as 1" in told_by(done)
        (message,) = mail.messages
        assert message.recipient == "me@desk.example"
        assert b"[Test]" in message.content
        assert snapshot(site) == before

        mail.rcpt_replies["no@desk.example"] = "550 5.1.1 no such <b>user</b>"
        refused = send(site, "/admin/test", **(fields | {"email": "no@desk.example"}))
        assert "It was not sent" in refused.text
        assert "no such &lt;b&gt;user&lt;/b&gt;" in refused.text
        odd = send(site, "/admin/test", **(fields | {"email": "no address"}))
        assert "It was not sent" in odd.text
        for wrong in ({"edition": "none"}, {"issue": "x"}, {"issue": str(LAST)}):
            assert send(site, "/admin/test", **(fields | wrong)).status_code == 422
        assert len(mail.messages) == 1


def test_forms_work_at_once(own: Running) -> None:
    """An editor may be quick: there is no least age of a form, as there is on public pages."""
    form = form_of(own.get(ISSUE))

    assert own.post(ISSUE, form=form, do="pause").status_code == 303


def test_older_issues_are_counted_again(tmp_path: Path) -> None:
    """After ten minutes where something may change, after twelve hours where nothing can."""
    old = LAST - dt.timedelta(days=4)
    with editors_site(tmp_path) as site:
        log_in(site)
        accounts = site.site.day.stores.accounts

        def became(state: str) -> None:
            change = deliveries.update().where(deliveries.c.email == "bo@readers.example")
            with accounts._database.transaction() as connection:
                connection.execute(change.values(issue=old, state=state))
                # As an issue of which something waits, though it is days old.
                connection.execute(issues.update().values(closed=False))

        became("failed")
        assert f"Issue of {old}: 1 failed" in told(site, "/admin")
        became("unknown")
        assert f"Issue of {old}: 1 failed" in told(site, "/admin")
        site.clock.forward(minutes=10, seconds=1)
        assert f"Issue of {old}: 1 not known" in told(site, "/admin")
        became("accepted")
        site.clock.forward(minutes=10, seconds=1)
        assert f"Issue of {old}" not in told(site, "/admin")
        became("failed")
        site.clock.forward(hours=11)
        assert f"Issue of {old}" not in told(site, "/admin")
        site.clock.forward(hours=1, seconds=1)
        log_in(site)
        assert f"Issue of {old}: 1 failed" in told(site, "/admin")


def test_a_state_that_nobody_knows_is_told(own: Running) -> None:
    """If the states do not add up to the audience the page says so, instead of a wrong sum."""
    accounts = own.site.day.stores.accounts
    with accounts._database.transaction() as connection:
        odd = deliveries.update().where(deliveries.c.state == "planned").values(state="odd")
        connection.execute(odd)

    assert not accounts.tally(NEW).adds_up
    assert "Of 6 deliveries, some are in no state that this program knows." in told(own, "/admin")


# --- Numbers --------------------------------------------------------------------------------------


def test_bars_stand_upon_each_other() -> None:
    """The highest day fills the height; days outside are left out; no numbers give no bars."""
    today = dt.date(2026, 11, 26)
    numbers = {today: (3, 1), today - dt.timedelta(days=DAYS): (9, 9), today.replace(day=1): (0, 2)}

    found = plot(numbers, today, 2)

    assert [(bar.x, bar.y, bar.height, bar.series) for bar in found.bars] == [
        (512, 60.0, 60.0, 1),
        (712, 30.0, 90.0, 0),
        (712, 0.0, 30.0, 1),
    ]
    assert (found.sums, found.most) == ((3, 3), 4)
    assert [day for day, _ in found.rows] == [today, today.replace(day=1)]
    assert plot({}, today, 2).bars == ()
    assert plot({today: (0, 0)}, today, 2).rows == ()
