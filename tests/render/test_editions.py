"""Editions of the shipped templates: what they show, how large they are, in every language."""

from __future__ import annotations

import datetime as dt
import functools
import html
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import lxml.html
import pytest
from corpora.letters import rendered_whole
from hypothesis import given
from hypothesis import strategies as st
from makers import (
    NOW,
    UNSUBSCRIBE,
    make_document,
    make_issue,
    make_paper,
    make_pick,
    make_source,
    make_topic,
)
from spoken import document

from newsletter.collect.kinds.table import KINDS
from newsletter.day import letters, selections
from newsletter.doctor.sample import demo_config
from newsletter.model import Edition, Figure, Paper, Pick
from newsletter.pick.sentences import sentences
from newsletter.render.checks.lint import lint
from newsletter.render.columns import width
from newsletter.render.editions import render_editions, render_page
from newsletter.render.given import Links, Masthead, Selection
from newsletter.render.press import BUDGET, Press, html_bytes
from newsletter.render.templates import Templates
from newsletter.render.tokens import token

ISSUE = make_issue(date=dt.date(2026, 11, 24), papers=95)


LINKS = Links(
    unsubscribe=UNSUBSCRIBE,
    preferences="https://news.example.org/preferences/{tag}",
    feedback="https://news.example.org/feedback/{tag}?paper=",
)


@functools.cache
def shipped(*, weekly: bool = False) -> Templates:
    return letters.templates(replace(demo_config().letter, is_weekly=weekly))


def head(**changes: Any) -> Masthead:
    values: dict[str, Any] = {
        "name": "Daily Papers",
        "postal_address": "1 Example Street",
        "links": LINKS,
    }
    return Masthead(**(values | changes))


def picked(papers: Sequence[Paper], topics: int = 1) -> tuple[Pick, ...]:
    picks = [
        make_pick(
            paper,
            f"topic-{n % topics}",
            total=0.9 - n / 1000,
            details=tuple(sentences(paper.abstract)),
        )
        for n, paper in enumerate(papers)
    ]
    return tuple(sorted(picks, key=lambda pick: pick.topic))


def selected(topics: tuple[str, ...], picks: tuple[Pick, ...]) -> Selection:
    return Selection(topics=topics, picks=picks, lead=selections.lead(picks))


def edition(*papers: Paper, topics: int = 1, **masthead: Any) -> Edition:
    names = tuple(f"topic-{n}" for n in range(topics))
    (made,) = render_editions(
        ISSUE,
        [selected(names, picked(papers, topics))],
        [make_topic(name) for name in names],
        head(**masthead),
        shipped(),
    )
    return made


def many(count: int, **changes: Any) -> list[Paper]:
    return [
        make_paper(
            n,
            title=f"{n}: {'A long title ' * 8}".strip(),
            authors=tuple(f"Author {k}" for k in range(60)),
            **changes,
        )
        for n in range(count)
    ]


def test_untrusted_text_is_escaped() -> None:
    """A title that is HTML, Jinja or a token prints as text and does nothing."""
    evil = "<script>x</script> {{ 7 * 7 }} {% raw %}"

    made = edition(make_paper(title=evil, abstract=evil, authors=(evil,)))

    assert "<script>" not in made.html
    assert "&lt;script&gt;" in made.html
    assert "{{ 7 * 7 }}" in made.html
    assert evil in made.text.replace("\n", " ")
    assert made.subject.endswith(evil)


@pytest.mark.parametrize("count", [0, 1, 25, 40, 150])
def test_issues_of_any_size_stay_in_their_budget(count: int) -> None:
    """Nothing, one paper, a hundred and fifty: no error, and none that Gmail would cut."""
    made = edition(*many(count), topics=min(4, max(1, count)))

    assert [finding for finding in lint(made) if finding.level == "error"] == []
    assert html_bytes(made.html) <= BUDGET
    assert "57 more" in made.html or count == 0
    assert ("No new papers" in made.html) == (count == 0)


def test_abstracts_go_first_then_the_weakest_papers() -> None:
    """Few papers have abstracts; many have none; too many are listed under `also today`."""
    abstract = "An opening sentence that stands alone. " + "Words and more words. " * 60
    few, more, most = (edition(*many(count, abstract=abstract)) for count in (5, 36, 60))

    assert few.html.count('class="abstract') == 5
    assert more.html.count('class="abstract') == 1
    assert 'id="also"' not in more.html
    assert 'id="also"' in most.html
    # What is listed only is what scored least, and nothing is lost.
    listed = most.html.partition('id="also"')[2]
    assert "59: A long" in listed
    assert ">1: A long" not in listed
    for number in range(60):
        assert f">{number}: A long" in most.html
        assert f"{number}: A long" in most.text


def test_a_flood_is_counted_not_listed() -> None:
    """Of hundreds of papers the last are told as a number."""
    made = edition(*(make_paper(n) for n in range(300)))

    assert html_bytes(made.html) <= BUDGET
    assert re.search(r"and \d+ more", made.html)
    assert re.search(r"and \d+ more", made.text)


def test_densities() -> None:
    """Comfortable shows abstracts, compact one sentence, titles titles."""
    papers = [
        make_paper(n, abstract=f"First {n}. " + "A sentence of words. " * 9) for n in range(3)
    ]

    comfortable, compact, titles = (
        edition(*papers, density=density) for density in ("comfortable", "compact", "titles")
    )

    assert [made.html.count('class="abstract') for made in (comfortable, compact)] == [3, 1]
    assert compact.html.count('class="tldr') == 3
    assert titles.html.count('class="tldr') == 0
    assert len(titles.html) < len(compact.html) < len(comfortable.html)
    assert all(paper.url in titles.text for paper in papers)


def test_both_parts_tell_the_same() -> None:
    """Every title, link and reason of the HTML is in the text part too."""
    paper = make_paper(
        code_url="https://github.com/example/x",
        discussion_url="https://huggingface.co/papers/1",
        votes=1234,
    )
    made = edition(paper)

    for told in (
        paper.title,
        paper.url,
        paper.pdf_url,
        paper.code_url,
        paper.discussion_url,
        "▲\N{NO-BREAK SPACE}1.2K",
        "matches “x”",
        "Issue 7",
        "1 Example Street",
        token("date"),
        token("unsubscribe"),
    ):
        assert told in made.html, told
        assert told in made.text, told


def test_the_text_part_is_for_people_who_read_text() -> None:
    """72 columns as they are shown, papers numbered through the issue, every link on one line."""
    papers = [
        make_paper(
            n,
            title=f"長い題名のある論文{'その続き' * 15} {n}",
            pdf_url=f"https://arxiv.org/pdf/{n}?{'a' * 60}",
            abstract="Long words here. 空白のない長い文章がここにあります。" * 20,
        )
        for n in range(9)
    ]
    made = edition(*papers, topics=3)

    lines = made.text.splitlines()
    assert all(width(line) <= 72 for line in lines if "://" not in line and "\ue000" not in line)
    assert all(width(line) <= 72 or " " not in line.strip() for line in lines)
    for part, number in ((made.text, r"(?m)^(\d)\. "), (made.html, r'class="place[^>]*>(\d)<')):
        assert [int(found) for found in re.findall(number, part)] == list(range(1, 10))
    assert "\ue002" not in made.text + made.html
    for paper in papers:
        assert f"{paper.pdf_url}\n" in made.text


def test_a_feed_in_japanese_as_text() -> None:
    """From a feed to the text part: 72 columns without a space, and each link one token."""
    sentence = "空白のない長い文章がここにあります。"
    entry = {
        "id": "https://papers.example.org/1",
        "url": "https://papers.example.org/a b/日本 c.pdf",
        "title": "日本語の論文" * 9,
        "date_published": "2026-03-16T12:00:00Z",
        "content_text": sentence * 6,
    }
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": [entry]}
    document = make_document(json.dumps(feed).encode(), "https://papers.example.org/feed.json")
    (paper,) = KINDS["feed"].parse(document, make_source(), NOW).papers
    pick = make_pick(paper, "topic-0", tldr=paper.abstract)
    topic = make_topic("topic-0", title="題名" * 40)
    (made,) = render_editions(ISSUE, [selected(("topic-0",), (pick,))], [topic], head(), shipped())
    lines = made.text.splitlines()

    assert "https://papers.example.org/a%20b/%E6%97%A5%E6%9C%AC%20c.pdf" in made.text.split()
    assert all(width(line) <= 72 for line in lines if "\ue000" not in line)
    assert not [line for line in lines if line.strip().startswith("。")]
    assert paper.abstract in "".join(made.text.split())
    assert lint(made) == ()


def test_the_lead_is_the_best_and_stands_once() -> None:
    """The highest score gets the room; its section lists the others, and counts it."""
    papers = [make_paper(n, title=f"Title {n}") for n in range(4)]
    picks = tuple(
        make_pick(paper, total=total)
        for paper, total in zip(papers, (0.2, 0.9, 0.1, 0.3), strict=True)
    )
    (made,) = render_editions(
        ISSUE,
        [selected(("language-models",), picks)],
        [make_topic()],
        head(),
        shipped(),
    )

    assert made.subject == "Daily Papers, Nov 24: Title 1 and 3 more"
    assert made.html.count("Title 1<") == 1
    assert made.html.index("Title 1<") < made.html.index("Title 0<")
    assert re.search(r"Language models <span[^>]*>4</span>", made.html)


def test_subjects_come_from_a_template() -> None:
    """What is asked for, on one line."""
    made = edition(
        make_paper(title="Lead"),
        make_paper(2),
        subject="{{ number }} of {{ date }}: {{ count }} in {{ topics | join(', ') }}\n",
    )

    assert made.subject == "7 of Tuesday, November 24, 2026: 2 in Topic 0"


def test_readers_write_dates_as_their_language_does() -> None:
    """A token in mails, words on the page; the subject speaks the newsletter's language."""
    made = edition(make_paper(title="Lead"), language="de")
    page = render_page(
        ISSUE,
        selected(("topic-0",), picked([make_paper()])),
        [make_topic("topic-0")],
        head(language="de"),
        shipped(),
    )

    assert made.subject == "Daily Papers, 24. Nov.: Lead"
    assert "Dienstag, 24. November 2026" in page
    assert "Unsubscribe" not in page
    assert "\ue000" not in page


def test_a_page_has_whole_abstracts_on_phones_too() -> None:
    """Only a mail leaves them out there: it is to be read in a minute."""
    papers = [make_paper(n, abstract=f"First {n}. Second. Third.") for n in (1, 2)]
    page = render_page(
        ISSUE, selected(("topic-0",), picked(papers)), [make_topic("topic-0")], head(), shipped()
    )
    mail = edition(*papers).html

    assert [page.count("First"), mail.count("First")] == [2, 2]
    found = [re.findall(r'class="abstract ([a-z]*)"', shown) for shown in (page, mail)]
    assert found == [[""], ["wide"]]


def test_a_paper_is_written_in_its_own_direction() -> None:
    """Hebrew and Arabic titles run from right to left in a newsletter that does not."""
    made = edition(make_paper(title="למידה עמוקה"), make_paper(2, title="3: نماذج اللغة"))

    assert made.html.count('dir="rtl"') == 2
    assert made.html.count("text-align:right") >= 2


FIGURE = Figure(name=f"{'ab' * 32}.jpg", width=1152, height=720, by="arXiv")


def illustrated(
    wanted: str, url: str = "https://news.example.org/figures/{name}", **changes: Any
) -> str:
    """Return the HTML of two papers that have the same figure."""
    papers = [make_paper(image_url="https://cdn.example.org/1.png"), make_paper(2)]
    picks = tuple(make_pick(paper) for paper in papers)
    selection = Selection(topics=("language-models",), picks=picks, lead=picks[0])
    (made,) = render_editions(
        ISSUE,
        [selection],
        [make_topic()],
        head(figures=wanted, figure_url=url, **changes),
        shipped(),
        {paper.id: FIGURE for paper in papers},
    )
    return made.html


@pytest.mark.parametrize(("wanted", "count"), [("none", 0), ("lead", 1), ("all", 2)])
def test_figures_only_where_they_are_wanted(wanted: str, count: int) -> None:
    """None, that of the paper at the top, or all; with their size, so that nothing jumps."""
    page = illustrated(wanted)

    assert (
        page.count("<img")
        == page.count(f'src="https://news.example.org/figures/{FIGURE.name}"')
        == count
    )
    assert page.count('width="528" height="330"') == count
    assert page.count('alt="Figure from arXiv: Paper') == count
    assert "cdn.example.org" not in page


def test_no_figures_where_there_are_only_titles() -> None:
    """Nor in a short mail."""
    assert "<img" not in illustrated("all", density="titles")
    assert "<img" not in illustrated("all", density="brief")


def test_an_address_from_a_source_is_never_shown() -> None:
    """A picture that was not copied is not shown: its host would learn who opens the mail."""
    paper = make_paper(image_url="https://cdn.example.org/1.png")

    assert "cdn.example.org" not in edition(paper, figures="all").html


def test_feedback_and_archive_are_as_configured() -> None:
    """More like this and less like this for each paper; the web copy where there is one."""
    plain = edition(make_paper(), issue_page="https://news.example.org/outbox/{date}/issue.html")
    silent = edition(make_paper(), feedback=False)

    link = f'href="https://news.example.org/feedback/{token("feedback")}?paper=arxiv%3A2603.99001'
    assert re.findall(re.escape(link) + '&amp;kind=([a-z]+)"', plain.html) == ["more", "less"]
    assert 'href="https://news.example.org/outbox/2026-11-24/issue.html"' in plain.html
    assert token("feedback") not in silent.html
    assert "Read on the web" not in silent.html


PICKS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 3), st.booleans()),
    max_size=12,
    unique_by=lambda row: row[0],
)
TITLES = ("A plain title", "عنوان", "<b>&amp;</b>", "数学 and ℝⁿ")


@given(st.lists(PICKS, min_size=1, max_size=4))
def test_blocks_put_together_are_what_one_render_gives(
    drawn: list[list[tuple[int, int, bool]]],
) -> None:
    """Whatever the selections: joined blocks equal the whole template, in both parts."""
    topics = [make_topic(f"topic-{n}") for n in range(4)]
    press = Press(ISSUE, topics, head(), shipped())
    for chosen in drawn:
        picks = [
            make_pick(
                make_paper(n, title=f"{TITLES[n % 4]} {n}", code_url="https://e.org/c" * code),
                f"topic-{topic}",
                total=n / 40,
            )
            for n, topic, code in sorted(chosen, key=lambda row: row[1])
        ]
        names = tuple(dict.fromkeys(pick.topic for pick in picks)) or ("topic-0",)
        selection = selected(names, tuple(picks))

        made = press.edition(selection)

        assert made.html == rendered_whole(press, selection, shipped().html, "html")
        assert made.text == rendered_whole(press, selection, shipped().text, "text")


def test_the_weekly_digest() -> None:
    """One issue for a week: its span for a date, and every paper in brief."""
    (made,) = render_editions(
        ISSUE,
        [selected(("topic-0",), picked(many(3)))],
        [make_topic("topic-0")],
        head(days=7),
        shipped(weekly=True),
    )

    assert "3 of 95 new" in made.html
    assert "out of 95 new this week" in made.text
    assert "Paper of the week" in made.html
    assert made.html.count('class="abstract"') == 1
    assert "PAPER OF THE WEEK: TOPIC 0\n==========================\n" in made.text


def test_without_a_site_nobody_reads_what_readers_say() -> None:
    """Then there are no links for it, not even ones that write a mail."""
    letter = demo_config().letter
    homeless = replace(letter, site="")

    assert letters.masthead(letter).feedback
    assert letters.masthead(letter).links.feedback.startswith(letter.site)
    assert not letters.masthead(homeless).feedback
    assert not letters.masthead(replace(letter, feedback=False)).feedback


def test_nothing_follows_the_preheader() -> None:
    """Inboxes show up to 200 characters: blanks fill what a short preheader leaves."""
    for made in (edition(make_paper()), edition(*many(30), topics=20)):
        shown = re.search(r'<div style="display:none[^>]*>(.*?)</div>', made.html, re.DOTALL)
        assert shown
        text = html.unescape(shown[1])

        assert width(text) >= 200
        assert not re.search(r"\s\Z", text.rstrip("\u00a0"))
        assert text.partition("\u034f")[0].endswith(".")
        assert "\u034f" not in made.text


def test_what_is_english_says_so() -> None:
    """In a Swedish mail, without a catalogue: phrases, and papers that are surely English."""
    english = make_paper(1, abstract="We show that the state of the art is easy to beat with this.")
    swedish = make_paper(2, title="En mening", abstract="Vi visar att det blir enkelt.")
    root = lxml.html.fromstring(edition(english, swedish, language="sv").html)

    def language(words: str) -> str:
        found = [one for one in root.iter() if (one.text or "").strip() == words]
        (told,) = {
            next(up.get("lang") for up in (one, *one.iterancestors()) if up.get("lang"))
            for one in found
        }
        return str(told)

    assert root.get("lang") == "sv"
    assert language("2 of 95 new") == "en"
    assert language("Preferences") == language("Unsubscribe") == language("More") == "en"
    assert language("Paper of the day") == "en"
    assert language(english.title) == language(english.abstract) == "en"
    assert language("En mening") == language("Topic 0") == "sv"
    assert language("Daily Papers") == "sv"


def test_how_many_authors_follow_is_said_in_the_language_of_the_mail() -> None:
    """Within a paper in English."""
    paper = make_paper(
        1,
        abstract="We show that the state of the art is easy to beat with this.",
        authors=("A. One", "B. Two", "C. Three", "D. Four", "E. Five", "F. Six"),
    )
    for density in ("comfortable", "brief"):
        made = edition(paper, language="de", own_language="en", density=density).html
        (line,) = document(made).xpath("//p[contains(., 'und 3 weitere')]")

        assert line.get("lang") == "de"
