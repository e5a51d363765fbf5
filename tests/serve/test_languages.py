"""Pages in the language of whoever looks, and mails in the language in which they subscribed."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from servers import Mail
from sites import LAST, SECRET, Running, link_in, read_mail, reader
from spoken import document, languages_of, mislabelled, texts

from newsletter import links
from newsletter.render.languages import LANGUAGES

MONDAY = LAST - dt.timedelta(days=LAST.weekday())
PATHS = (
    "/", f"/{LAST}", "/archive", f"/week/{MONDAY}", f"/month/{LAST:%Y-%m}", "/topics/vision",
    "/papers/arxiv:2603.99000", "/search?q=model", "/search?q=zebrafish", "/try", "/subscribe", "/preferences",
    "/nothing-here", "/confirm/damaged", "/manage/damaged", "/u/damaged",
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_in_the_language_of_the_browser(web: Running, language: str) -> None:
    """Direction, dates and phrases; caches are told; nothing is labelled as what it is not."""
    for path in PATHS:
        answer = web.get(path, headers={"Accept-Language": f"{language}-XX, en;q=0.1"})
        root = document(answer.text)

        assert root.get("lang") == answer.headers["Content-Language"] == language, path
        assert root.get("dir") == ("rtl" if language == "ar" else "ltr")
        assert answer.headers["Vary"] == "Accept-Language"
        assert mislabelled(answer.text) == [], path
        spoken = [text for told, text in texts(answer.text) if languages_of(text)]
        assert len(spoken) >= 5, path
        assert "%(" not in answer.text


def test_without_a_language_that_we_have_it_is_the_newsletters(web: Running) -> None:
    """Also for programs, which ask for none; feeds are what they are."""
    for header in ({"Accept-Language": "it, fi;q=0.5"}, {"Accept-Language": ""}, {}):
        page = web.get("/archive", headers=header)

        assert document(page.text).get("lang") == "en"
    assert web.get("/feed.json", headers={"Accept-Language": "de"}).json()["language"] == "en"


def test_one_language_is_not_kept_for_another(web: Running) -> None:
    """In the memory of pages, and by validators of a client's cache."""
    german = web.get("/archive", headers={"Accept-Language": "de"})
    french = web.get("/archive", headers={"Accept-Language": "fr"})
    again = web.get(
        "/archive", headers={"Accept-Language": "fr", "If-None-Match": german.headers["ETag"]}
    )
    same = web.get(
        "/archive", headers={"Accept-Language": "fr", "If-None-Match": french.headers["ETag"]}
    )

    assert german.headers["ETag"] != french.headers["ETag"]
    assert again.status_code == 200
    assert (same.status_code, same.headers["Vary"]) == (304, "Accept-Language")


def _subscribed(web: Running, mail: Mail, email: str, language: str) -> list[str]:
    """Subscribe with a browser in a language; return the pages of both mails."""
    headers = {"Accept-Language": language}
    token = re.search(r'name="form" value="([^"]+)"', web.get("/subscribe", headers=headers).text)
    assert token is not None
    web.clock.forward(seconds=5)
    fields = {"email": email, "form": token[1]}
    answer = web.client.post("/subscribe", data=fields, headers={**headers, "Origin": web.address})
    assert document(answer.text).get("lang") == language
    link = web.path_of(link_in(read_mail(mail, email)[0], "confirm"))
    chosen = {"chosen": "yes", "topics": "vision"}
    web.client.post(link, data=chosen, headers={"Origin": web.address})
    parts = [one.get_body(("html",)) for one in read_mail(mail, email, 2)]
    return [str(part.get_content()) for part in parts if part is not None]


@pytest.mark.parametrize("language", ["de", "ar", "ja"])
def test_who_subscribes_in_a_language_gets_mails_in_it(
    web: Running, mail: Mail, language: str
) -> None:
    """The one that asks to confirm, the one that welcomes, and the issues that follow."""
    email = f"{language}@tongues.example"

    pages = _subscribed(web, mail, email, language)
    assert len(pages) == 2
    for page in pages:
        root = document(page)
        assert root.get("lang") == language
        assert root.get("dir") == ("rtl" if language == "ar" else "ltr")
        assert mislabelled(page) == []
    kept = web.site.day.stores.subscribers.find(email)
    assert kept is not None
    assert kept.wishes.language == language


def test_a_reader_has_their_own_pages_in_their_own_language(web: Running) -> None:
    """Whatever the browser prefers; they choose by its own name, and mistakes are told in it."""
    who = reader(web, "own@tongues.example")
    until = web.clock() + dt.timedelta(minutes=60)
    path = f"/manage/{links.sign(SECRET.encode(), 'manage', who, until=until)}"

    before = web.get(path).text
    after = web.post(path, do="save", topics="vision", language="de").text
    wrong = web.post(
        path, do="save", topics="vision", language="de", hour="99", words="a OR (b"
    ).text

    assert '<option value="ja" lang="ja">日本語</option>' in before
    assert document(before).get("lang") == "en"
    for page in (after, wrong, web.get(path).text):
        assert document(page).get("lang") == "de"
        assert mislabelled(page) == []
    told = [
        " ".join(one.text_content().split()) for one in document(wrong).xpath("//*[@class='wrong']")
    ]
    assert "Eine Stunde ist eine Zahl von 0 bis 23." in told
    (found,) = [one for one in told if "Zeile 1" in one]
    assert found.startswith("Zeile 1 ist nicht zu verstehen: ")
    assert ("en", found.removeprefix("Zeile 1 ist nicht zu verstehen: ")) in [*texts(wrong)]


def test_a_try_is_answered_in_the_language(web: Running) -> None:
    """What is found, and what cannot be understood."""
    headers = {"Accept-Language": "es", "Origin": web.address}
    found = web.client.post("/try", data={"interest": "images, the"}, headers=headers).text

    assert document(found).get("lang") == "es"
    assert "«the» es demasiado general" in found
    assert mislabelled(found) == []
