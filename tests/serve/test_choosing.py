"""A reader's own pages: the way there, what they choose, what they said, their data."""

from __future__ import annotations

import datetime as dt
import html
import re
import urllib.parse
from pathlib import Path

import pytest
from servers import Mail
from sites import SECRET, Running, link_in, read_mail, reader, state
from spoken import document

from newsletter import links
from newsletter.config.files import load_config
from newsletter.learn.libraries import read_library
from newsletter.model import (
    Cadence,
    FeedbackKind,
    Length,
    Origin,
    SignUp,
    SubscriberState,
    Subscription,
    Wishes,
)
from newsletter.render.locales import long_date

PAPER = "arxiv:2603.99003"


def manage(web: Running, who: str, minutes: float = 60) -> str:
    until = web.clock() + dt.timedelta(minutes=minutes)
    return f"/manage/{links.sign(SECRET.encode(), 'manage', who, until=until)}"


def kept(web: Running, who: str) -> Subscription:
    found = web.site.day.stores.subscribers.with_id(who)
    assert found is not None
    return found


def test_a_link_in_a_mail_only_has_a_fresh_one_mailed(web: Running, mail: Mail) -> None:
    """Who got a forwarded mail sees nothing of its first reader, and changes nothing."""
    who = reader(web, "forward@choose.example")
    token = links.sign(SECRET.encode(), "preferences", who)

    page = web.get(f"/preferences/{token}").text
    assert "forward@choose.example" not in page
    assert web.get(f"/manage/{token}").status_code == 404
    assert "Look into your inbox" in web.post(f"/preferences/{token}").text

    link = web.path_of(link_in(read_mail(mail, "forward@choose.example")[0], "manage"))
    assert "forward@choose.example" in web.get(link).text
    web.clock.forward(minutes=61)
    assert web.get(link).status_code == 410
    assert web.post(link, do="save", topics=["vision"]).status_code == 410


def test_a_link_comes_to_a_typed_address_if_it_gets_the_newsletter(
    web: Running, mail: Mail
) -> None:
    """The same answer for every address; three mails a day at most."""
    reader(web, "typed@choose.example")
    answers = set()
    for email in ("typed@choose.example", "nobody@choose.example") * 8:
        token = web.form_token("/preferences")
        web.clock.forward(seconds=5)
        answers.add(web.post("/preferences", email=email, form=token).text)

    assert len(answers) == 1
    assert len(read_mail(mail, "typed@choose.example", 3)) == 3
    assert not [sent for sent in mail.messages if sent.recipient == "nobody@choose.example"]


def test_what_is_chosen_is_saved_and_the_page_shows_it(web: Running) -> None:
    """Topics, words, authors, mutes, hour, zone, cadence, length, language, name."""
    who = reader(web, "choose@choose.example")
    fields = {
        "topics": ["vision", "theory"], "words": "diffusion\n\n  protein   folding ", "follow": "Emmy Noether",
        "mute": "blockchain", "mute_authors": "A. Nonym", "hour": "7", "timezone": "Europe/Berlin",
        "cadence": "weekdays", "length": "short", "language": "de", "name": "Zoë <b>", "pause": "",
    }  # fmt: skip

    page = web.post(manage(web, who), do="save", **fields).text

    # They chose German, so the page that answers is German.
    assert "Gespeichert. Das gilt ab der nächsten Ausgabe." in page
    found = kept(web, who)
    assert found.name == "Zoë <b>"
    assert found.wishes == Wishes(
        topics=("vision", "theory"), words=["diffusion", "protein folding"], follow=("Emmy Noether",),
        mute=["blockchain"], mute_authors=("A. Nonym",), hour=7, timezone="Europe/Berlin",
        cadence=Cadence.WEEKDAYS, length=Length.SHORT, language="de",
    )  # fmt: skip
    assert found.origin is Origin.SITE
    again = web.get(manage(web, who)).text
    for shown in ("protein folding", "Emmy Noether", "A. Nonym", html.escape("Zoë <b>")):
        assert shown in again
    assert 'value="7" selected' in again


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("hour", "25", "0 to 23"), ("hour", "٣", "0 to 23"), ("hour", "-1", "0 to 23"),
        ("timezone", "Berlin", "did you mean `Europe/Berlin`?"), ("timezone", "../../etc/passwd", "IANA"),
        ("language", "german", "did you mean `de`?"), ("cadence", "hourly", "Choose one of"),
        ("length", "long", "Choose one of"), ("pause", "2020-01-01", "after today"), ("pause", "soon", "2026-11-24"),
        ("words", "/a+/", "for the editors"), ("words", "a OR (b", "Line 1"), ("words", "x\n" * 21, "21 lines"),
        ("words", "y" * 101, "longer than 100"), ("follow", "z\n" * 2 + "w" * 81, "longer than 80"),
        ("mute", "fine\n~", "Line 2"), ("topics", "nothing", "one topic at least"),
    ],
)  # fmt: skip
def test_a_wrong_field_says_what_is_wrong_and_nothing_is_saved(
    web: Running, field: str, typed: str, said: str
) -> None:
    """What was typed stays in the form, so that one can mend it."""
    email = f"{abs(hash((field, typed)))}@wrong.example"
    who = reader(web, email)
    before = kept(web, who)
    fields: dict[str, object] = {"topics": ["vision"], "name": "New Name", field: typed}

    answer = web.post(manage(web, who), do="save", **fields)

    assert answer.status_code == 422
    wrong = [told.text_content() for told in document(answer.text).find_class("wrong")]
    assert any(said in told for told in wrong), wrong
    assert "New Name" in answer.text
    assert kept(web, who) == before


def test_one_may_look_before_one_saves(web: Running) -> None:
    """The last days with the choices in the form; nothing is saved, and mistakes are told."""
    who = reader(web, "looks@choose.example")
    before = kept(web, who)

    page = web.post(manage(web, who), do="look", topics=["theory"], words="microscope").text

    assert "With this, you would have got" in page
    shown = page[page.index("With this, you would have got") :]
    assert "Tight Bounds" in shown
    assert "Pixels Without Labels" in shown
    assert "Prompt Compression" not in shown
    assert kept(web, who) == before
    wrong = web.post(manage(web, who), do="look", topics=["theory"], words="~")
    assert wrong.status_code == 422
    assert "With this" not in wrong.text


def test_a_pause_ends_by_itself_or_by_hand(web: Running) -> None:
    """Nothing comes until the day; the page says so, and can end it."""
    who = reader(web, "pause@choose.example")
    until = web.site.today() + dt.timedelta(days=9)

    page = web.post(manage(web, who), do="save", topics=["vision"], pause=str(until)).text
    assert f"Paused until {long_date(until, 'en')}" in page
    assert kept(web, who).paused_until == until
    assert "comes again" in web.post(manage(web, who), do="resume").text
    assert kept(web, who).state is SubscriberState.ACTIVE


def test_who_comes_by_yaml_and_chooses_here_keeps_what_they_chose(web: Running) -> None:
    """From then on the list does not undo it."""
    subscribers = web.site.day.stores.subscribers
    listed = SignUp(email="listed@choose.example", wishes=Wishes(topics=("vision",)))
    subscribers.follow([listed], web.clock())
    found = subscribers.find("listed@choose.example")
    assert found is not None

    web.post(manage(web, found.id), do="save", topics=["theory"])
    subscribers.follow([listed], web.clock())

    assert kept(web, found.id).wishes.topics == ("theory",)


@pytest.mark.parametrize(
    ("kind", "button"), [("more", "More like this"), ("less", "Less like this"), ("<b>", "")]
)
def test_a_link_of_the_mail_offers_what_it_says(web: Running, kind: str, button: str) -> None:
    """The button of the link stands out; following the link says nothing yet."""
    who = reader(web, f"offer.{button[:4].lower()}x@choose.example")
    path = f"/feedback/{links.sign(SECRET.encode(), 'feedback', who)}"
    shown = web.get(f"{path}?paper={PAPER}&kind={urllib.parse.quote(kind)}").text

    assert re.findall(r"<button autofocus>([^<]*)</button>", shown) == [button] * bool(button)
    assert shown.count('<button class="quiet">') == 3 - bool(button)
    assert "<b>" not in shown
    assert web.site.feedback.of(who) == ()


def test_feedback_is_given_by_a_button_listed_and_undone(web: Running) -> None:
    """More, less and save; a link that is only followed says nothing."""
    who = reader(web, "say@choose.example")
    path = f"/feedback/{links.sign(SECRET.encode(), 'feedback', who)}"
    shown = web.get(f"{path}?paper={PAPER}")
    assert "One Image Is Enough" in shown.text
    assert web.site.feedback.of(who) == ()

    web.post(path, paper=PAPER, kind="more")
    web.post(path, paper=PAPER, kind="less")
    web.post(path, paper=PAPER, kind="save")
    web.post(path, paper=PAPER, kind="save")
    said = web.site.feedback.of(who)
    assert sorted(given.kind for given in said) == [FeedbackKind.LESS, FeedbackKind.SAVE]
    reader_now = kept(web, who)
    assert (reader_now.less, reader_now.audience) == ((PAPER,), f"~{who}")

    assert "One Image Is Enough" in web.get(manage(web, who)).text
    web.post(manage(web, who), do="undo", paper=PAPER, kind="less")
    web.post(path, paper=PAPER, kind="save", do="undo")
    assert web.site.feedback.of(who) == ()
    assert kept(web, who).audience == "*"


def test_saved_papers_are_given_as_bibtex_and_ris(web: Running, tmp_path: Path) -> None:
    """Our own reader of libraries, and so Zotero, reads what is given."""
    who = reader(web, "saved@choose.example")
    for number in (0, 3, 5):
        web.site.feedback.give(who, [f"arxiv:2603.9900{number}"], FeedbackKind.SAVE, web.clock())

    bib = web.get(f"{manage(web, who)}/saved.bib")
    ris = web.get(f"{manage(web, who)}/saved.ris")

    file = tmp_path / "saved.bib"
    file.write_text(bib.text, "utf-8")
    titles = {paper.title for paper in read_library(file).papers}
    assert titles == {
        "Small Language Models Learn to Ask Before They Answer",
        "One Image Is Enough: Scene Reconstruction from a Single Photograph",
        "A Simple Proof of Linear Convergence for Alternating Descent",
    }
    assert "attachment" in bib.headers["content-disposition"]
    assert ris.text.count("TY  - ") == ris.text.count("ER  - ") == 3
    assert "\r\n" in ris.text
    assert web.get(f"{manage(web, who)}/saved.exe").status_code == 404


def test_a_reader_gets_all_that_is_kept_about_them(web: Running) -> None:
    """Subscription, feedback, deliveries; of nobody else."""
    who = reader(web, "data@choose.example")
    web.site.feedback.give(who, [PAPER], FeedbackKind.MORE, web.clock())

    told = web.get(f"{manage(web, who)}/data.json")

    assert told.json()["subscription"]["email"] == "data@choose.example"
    assert told.json()["feedback"][0]["paper"] == PAPER
    assert told.text.count("@choose.example") == 1
    assert told.headers["cache-control"] == "no-store"


def test_who_deletes_themselves_is_gone(web: Running) -> None:
    """Nothing of theirs is in the database any more; the link is dead; they may come again."""
    who = reader(web, "erase@choose.example")
    web.post(manage(web, who), do="save", topics=["vision"], name="Very Own Name")
    web.site.feedback.give(who, [PAPER], FeedbackKind.MORE, web.clock())
    link = manage(web, who)
    assert "Your preferences" in web.post(link, do="erase").text, "without the tick nothing happens"

    assert "All is deleted" in web.post(link, do="erase", sure="yes").text

    assert web.get(link).status_code == 404
    database = web.site.day.stores.subscribers._database
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in rows.all():
            if table.startswith("paper_search"):
                continue
            content = str(connection.exec_driver_sql(f'SELECT * FROM "{table}"').all())
            assert "erase@choose.example" not in content, table
            assert "Very Own Name" not in content, table
    assert web.site.day.stores.subscribers.find("erase@choose.example") is None
    web.site.day.stores.subscribers.bring(
        [SignUp(email="Erase@choose.example")], Origin.IMPORT, web.clock()
    )
    assert state(web, "erase@choose.example") is None, "no list brings them back"
    web.subscribe("erase@choose.example")
    assert state(web, "erase@choose.example") is SubscriberState.PENDING, "they may come again"


def test_who_stands_in_yaml_and_deletes_themselves_stays_away(web: Running) -> None:
    """The list would bring them back, so that they left is kept, and they are told."""
    subscribers = web.site.day.stores.subscribers
    listed = [SignUp(email="yaml@choose.example", name="Y. Aml")]
    subscribers.follow(listed, web.clock())
    found = subscribers.find("yaml@choose.example")
    assert found is not None

    answer = web.post(manage(web, found.id), do="erase", sure="yes")
    subscribers.follow(listed, web.clock())

    assert "still has your address" in html.unescape(answer.text)
    assert state(web, "yaml@choose.example") is None


def test_settings_that_are_edited_are_used_and_mistakes_keep_the_old_ones(web: Running) -> None:
    """Without a new start; the operator is told of both."""
    file = web.host._folder / "newsletter.yaml"
    before = file.read_text("utf-8")
    try:
        file.write_text(before.replace("Daily Papers", "Nightly Papers"), "utf-8")
        web.host.follow_settings()
        assert "Nightly Papers" in web.get("/subscribe").text
        file.write_text("name: [", "utf-8")
        web.host.follow_settings()
        assert "Nightly Papers" in web.get("/subscribe").text
        assert "mistake" in web.said[-1]
    finally:
        file.write_text(before, "utf-8")
        web.host.follow_settings()
    assert load_config(web.host._folder, {}).letter.name == "Daily Papers"
