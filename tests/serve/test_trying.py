"""Search, and trying: what would have come for what a stranger types, and what is kept of it."""

from __future__ import annotations

import html
import re
import time

from servers import Mail
from sites import Running, link_in, read_mail

QUESTION = re.compile(r'name="say" value="(more|less):([^"]+)"')


def fields_of(page: str, action: str) -> dict[str, list[str]]:
    """Return the hidden fields of the form on a page that leads to an address."""
    form = re.search(
        rf'<form[^>]*action="{action}"[^>]*>((?:(?!</form>).)*type="hidden" name="interest".*?)</form>',
        page,
        re.DOTALL,
    )
    assert form is not None, page
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[1]):
        found.setdefault(name, []).append(html.unescape(value))
    return found


def test_what_is_searched_is_found(web: Running) -> None:
    """By words in any form, by author, by date; with pages; and what is not there is not."""
    page = web.get("/search", params={"q": "segmenting cells"}).text
    assert "Pixels Without Labels" in page
    assert "Tight Bounds" not in page
    assert "Pixels Without Labels" in web.get("/search", params={"q": "segment a cell"}).text
    assert "35 papers" in web.get("/search", params={"author": "du Châtelet"}).text
    assert "35 papers" in web.get("/search", params={"author": "chatelet"}).text
    assert "7 papers" in web.get("/search", params={"since": "2026-11-26"}).text
    assert "Nothing was found" in web.get("/search", params={"q": "zebra"}).text
    first = web.get("/search", params={"author": "Byron"}).text
    following = html.unescape(re.findall(r'rel="next" href="([^"]*)"', first)[0])
    second = web.get(following).text
    titles = [
        set(re.findall(r'class="title"[^>]*><a href="([^"]*)"', page)) for page in (first, second)
    ]
    assert (len(titles[0]), len(titles[1])) == (20, 15)
    assert not titles[0] & titles[1]


def test_a_stranger_sees_what_would_have_come_and_gets_just_that(web: Running, mail: Mail) -> None:
    """What one signs is what one saw: words, and the papers that got a yes or a no."""
    page = web.post("/try", interest="halfspaces, cat:cs.CL reward models").text
    assert "papers for you" in page or "paper for you" in page
    verdict, paper = QUESTION.findall(page)[0]
    again = web.post("/try", say=f"{verdict}:{paper}", **fields_of(page, "/try")).text
    assert "You said yes to 1 and no to 0." in again
    assert f"{verdict}:{paper}" not in again, "one is asked once"
    other = QUESTION.findall(again)[1][1]
    last = web.post("/try", say=f"less:{other}", **fields_of(again, "/try")).text
    assert "You said yes to 1 and no to 1." in last

    fields = fields_of(last, "/subscribe")
    web.clock.forward(seconds=10)
    answer = web.post("/subscribe", email="tried@try.example", website="", **fields)
    assert "Look into your inbox" in answer.text
    web.post(web.path_of(link_in(read_mail(mail, "tried@try.example")[0], "confirm")))

    kept = web.site.day.stores.subscribers.find("tried@try.example")
    assert kept is not None
    assert "halfspaces" in str(kept.wishes.words)
    assert paper in kept.wishes.likes
    assert kept.wishes.dislikes == (other,)


def test_a_library_is_understood_and_not_kept(web: Running) -> None:
    """A BibTeX file: its papers are likes, and come back with the form."""
    library = (
        b"@article{a, title={Segmenting Microscope Images of Any Cell}, author={X}, year={2020}}\n"
    )
    answer = web.client.post(
        "/try",
        data={"interest": ""},
        files={"library": ("mine.bib", library, "text/x-bibtex")},
        headers={"Origin": web.address},
    )
    assert answer.status_code == 200
    likes = fields_of(answer.text, "/try")["like"]
    assert len(likes) == 1
    assert "Microscope" in likes[0] or "arxiv" in likes[0]


def test_a_hostile_library_or_text_costs_little(web: Running) -> None:
    """Deep nesting, a bomb of braces, any bytes, thousands of parts: an answer, soon."""
    for library in (
        b"@article{a," + b"{" * 500_000,
        b"[" * 300_000,
        bytes(range(256)) * 4_000,
        b"TY  - JOUR\n" * 100_000,
    ):
        began = time.monotonic()
        answer = web.client.post(
            "/try",
            data={"interest": "x"},
            files={"library": ("mine.bib", library, "text/plain")},
            headers={"Origin": web.address},
        )
        assert answer.status_code == 200
        assert time.monotonic() - began < 30
    for text in (
        "a," * 5_000,
        "/(a+)+$/",
        "regex: (a|a)*b",
        "((((" * 500,
        "NOT x",
        "\x00\u202e",
        "title:" * 300,
    ):
        answer = web.post("/try", interest=text)
        assert answer.status_code == 200, text


def test_what_comes_back_with_a_form_is_checked_again(web: Running) -> None:
    """Ids that there are not, files, thousands of likes: nothing of it is believed."""
    answer = web.post(
        "/try",
        interest="vision",
        like=[
            "/etc/passwd.bib",
            "../secret.bib",
            "x" * 5_000,
            *[f"like {number}" for number in range(150)],
        ],
        more=["nothing:1", "arxiv:2603.99000"],
        less="<script>",
    )
    assert answer.status_code == 200
    fields = fields_of(answer.text, "/try")
    assert fields.get("more") == ["arxiv:2603.99000"]
    assert "less" not in fields
    assert len(fields["like"]) <= 50
    assert not any(like.endswith((".bib", ".json", ".ris")) for like in fields["like"])
    assert "<script>" not in answer.text


def test_nothing_typed_says_so_and_a_link_may_fill_in_the_field(web: Running) -> None:
    """An empty form is no error; `/try?q=…` can be linked to."""
    assert "Type something" in web.post("/try", interest="  ").text
    assert "Type something" not in web.get("/try").text
    assert ">protein &lt;b&gt;</textarea>" in web.get("/try", params={"q": "protein <b>"}).text
