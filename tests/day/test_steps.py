"""The whole path: feeds over HTTP to mails that a real SMTP server took."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import random
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from makers import NOW, TODAY, play_demo, run
from servers import Page, http_server, smtp_server
from worlds import World, body, rss, votes

from newsletter.day import steps
from newsletter.day.pools import candidates
from newsletter.day.rendering import render
from newsletter.day.results import Ran
from newsletter.doctor.sample import MORNING
from newsletter.errors import TemplateError
from newsletter.links import verify
from newsletter.model import DeliveryState
from newsletter.render.tokens import token


@pytest.fixture
def world(tmp_path: Path, root: Path) -> Any:
    titles = ("Language models read", "Agents with tools", "A language model agent", "Of cats")
    pages = {"feed": rss(*titles), "votes": votes(n99002=40, n99003=7)}
    with http_server(**pages) as web, smtp_server() as mail:
        yield World(tmp_path, root, web, mail)


def test_readers_get_their_own_topics_and_links(world: World) -> None:
    """Two editions for two readers; nobody without picks, nobody paused; each has their own links."""
    ran = world.do(steps.run)

    mails = world.mails()
    assert ran.counts[DeliveryState.ACCEPTED] == sum(ran.counts.values()) == 2
    assert set(mails) == {"ada", "bo"}
    assert "Language models read" in body(mails["ada"], "html")
    assert "Language models read" not in body(mails["bo"], "html")
    assert "Of cats" not in body(mails["ada"], "plain")
    assert "Hello 田中 愛子" in body(mails["bo"], "plain")
    assert mails["ada"]["Date"].endswith("+0900")
    links = {
        name: str(mail["List-Unsubscribe"]).partition(">")[0].rpartition("/")[2]
        for name, mail in mails.items()
    }
    ids = {
        verify([b"a secret of tests, of 32 bytes at least"], "unsubscribe", link)
        for link in links.values()
    }
    assert len(ids) == 2
    assert links["ada"] in body(mails["ada"], "html")
    assert links["ada"] not in mails["bo"].as_string()


def test_sources_are_merged_before_picking(world: World) -> None:
    """The votes of one source rank the papers of another."""
    world.do(steps.run)

    text = body(world.mails()["bo"], "plain")
    assert text.index("Agents with tools") < text.index("A language model agent")
    assert "▲\N{NO-BREAK SPACE}40" in text


def test_running_again_sends_nothing(world: World) -> None:
    """The second run of a day finds everything sent; it does not even ask the sources."""
    world.do(steps.run)
    asked = len(world.web.requests)

    again = world.do(steps.run)

    assert again.already
    assert again.sent.outcomes == {}
    assert len(world.mail.messages) == 2
    assert len(world.web.requests) == asked


def test_the_next_day_brings_only_what_is_new(world: World) -> None:
    """A paper is offered once, in the first issue after it was seen."""
    world.do(steps.run)
    world.mail.messages.clear()
    world.now += dt.timedelta(days=1)
    # 99002 was in yesterday's issue; 99003 too, under a title that changed since.
    world.web.pages["/feed"] = rss(
        "Agents with tools", "A language model agent", "Of cats", "A new agent", start=99002
    )

    world.do(steps.run)

    text = body(world.mails()["bo"], "plain")
    assert "A new agent" in text
    assert "Agents with tools" not in text
    assert "Issue 2" in text


def test_what_is_like_papers_that_were_sent_is_less_new(world: World) -> None:
    """A topic that weighs `novelty` puts what readers have not had before what they have."""
    chance = random.Random(7)
    words = [first + second for first in "bdfgklmnprst" for second in ("aro", "enu", "ilo", "oba", "uti", "asi", "edo", "imu")]  # fmt: skip
    titles = [f"Agents {' '.join(chance.choices(words[:80], k=7))}" for _ in range(130)]
    (world.folder / "config" / "topics.yaml").write_text(
        "topics:\n  - {name: agents, title: Agents, match: [agents], limit: 20, rank: {novelty: 1}}\n"
    )
    (world.folder / "config" / "subscribers.yaml").write_text(
        "subscribers: [{email: ada@readers.example}]\n"
    )
    world.web.pages["/feed"], world.web.pages["/votes"] = rss(*titles), votes()
    world.do(steps.run)
    world.now += dt.timedelta(days=1)
    known, new = f"{titles[5]} again", f"Agents {' '.join(words[80:87])}"
    world.web.pages["/feed"] = rss(known, new, start=99401)
    world.do(steps.collect)

    scores = {pick.paper.title: pick.score.total for pick in world.picks()}

    assert scores[new] > scores[known] + 0.1


def test_a_quiet_day_sends_nothing_and_loses_nothing(world: World) -> None:
    """No new papers: no issue, and what comes later is in the next one."""
    world.web.pages["/feed"], world.web.pages["/votes"] = rss(), votes()
    quiet = world.do(steps.run)
    world.web.pages["/feed"] = rss("A late agent")
    later = world.do(steps.run)

    assert quiet.counts == {}
    assert later.counts[DeliveryState.ACCEPTED] == 2
    assert "Issue 1" in body(world.mails()["bo"], "plain")


def test_on_empty_send_tells_readers_that_there_is_nothing(world: World) -> None:
    """With `on_empty: send` a reader without picks hears so."""
    path = world.folder / "config" / "newsletter.yaml"
    path.write_text(path.read_text("utf-8") + "on_empty: send\n", "utf-8")

    world.do(steps.run)

    assert "No new papers on your topics today" in body(world.mails()["cy"], "plain")
    assert "No new papers on your topics today" in body(world.mails()["cy"], "html")


def test_a_batch_that_is_not_renewed_is_noticed(world: World) -> None:
    """A source that shows only what was seen before says so, instead of looking like a success."""
    first = world.do(steps.collect)
    second = world.do(steps.collect)

    assert [(report.papers, report.new) for report in first.reports] == [(4, 4), (2, 2)]
    assert [(report.papers, report.new) for report in second.reports] == [(4, 0), (2, 0)]
    assert all("nothing that was not seen before" in report.note for report in second.reports)


def test_readers_are_not_told_of_a_quiet_day_when_no_source_answered(world: World) -> None:
    """Even with `on_empty: send`: the network was down, and the next run tries again."""
    path = world.folder / "config" / "newsletter.yaml"
    path.write_text(path.read_text("utf-8") + "on_empty: send\n", "utf-8")
    pages = dict(world.web.pages)
    world.web.pages.clear()

    down = world.do(steps.run)
    world.web.pages.update(pages)
    up = world.do(steps.run)

    assert down.collected.all_failed
    assert down.counts == {}
    assert up.counts[DeliveryState.ACCEPTED] == len(world.mail.messages) == 3


def test_an_unchanged_feed_is_asked_politely_and_loses_nothing(world: World) -> None:
    """The second visit sends what the server gave; its 304 leaves the papers of the first."""
    page = world.web.pages["/feed"]
    page.headers["ETag"] = '"v1"'
    page.then = Page(status=304)

    world.do(steps.collect)
    again = world.do(steps.collect)
    ran = world.do(steps.run)

    asked = [
        headers.get("if-none-match") for path, headers in world.web.requests if path == "/feed"
    ]
    assert asked == [None, '"v1"', '"v1"']
    assert again.reports[0].note == "nothing new since the last visit"
    assert ran.counts[DeliveryState.ACCEPTED] == 2


def test_one_failing_source_does_not_stop_the_issue(world: World) -> None:
    """The other one's papers go out, and the report says what failed."""
    world.web.pages["/votes"] = Page(status=500)

    ran = world.do(steps.run)

    assert [report.ok for report in ran.collected.reports] == [True, False]
    assert ran.counts[DeliveryState.ACCEPTED] == 2


def test_a_mail_server_that_is_down_leaves_the_issue_planned(world: World) -> None:
    """Everything is made and nothing lost: the next run sends it, and readers get one mail."""
    world.mail.mail_reply = "550 5.7.1 not you"
    down = world.do(steps.run)
    world.mail.mail_reply = ""
    up = world.do(steps.run)

    assert "refused" in down.sent.error
    assert down.counts[DeliveryState.PLANNED] == 2
    assert up.counts[DeliveryState.ACCEPTED] == len(world.mail.messages) == 2


def test_the_next_days_run_finishes_what_was_deferred(world: World) -> None:
    """Refused for now in the evening, taken the next morning; what is too old is closed."""
    world.mail.rcpt_replies["ada@readers.example"] = "450 4.2.0 later"
    world.now = NOW + dt.timedelta(hours=14)
    evening = world.do(steps.run)
    world.mail.rcpt_replies.clear()
    world.now = NOW + dt.timedelta(hours=24)
    world.web.pages["/feed"] = rss()

    morning = world.do(steps.run)

    assert evening.counts[DeliveryState.DEFERRED] == 1
    assert morning.counts == {}
    assert set(world.mails()) == {"ada", "bo"}
    assert world.do(lambda day: day.stores.ledger.counts(TODAY))[DeliveryState.ACCEPTED] == 2


def test_who_leaves_between_planning_and_sending_gets_nothing(world: World) -> None:
    """The list is asked again right before sending."""
    world.mail.mail_reply = "550 5.7.1 not you"
    world.do(steps.run)
    world.mail.mail_reply = ""
    path = world.folder / "config" / "subscribers.yaml"
    path.write_text(
        path.read_text("utf-8").replace("topics: [agents]}", "topics: [agents], paused: true}"),
        "utf-8",
    )

    ran = world.do(steps.run)

    assert set(world.mails()) == {"ada"}
    assert ran.counts[DeliveryState.CANCELLED] == 1


def test_a_planned_issue_does_not_change_any_more(world: World) -> None:
    """A template edited after planning does not give the second half of readers another mail."""
    world.mail.mail_reply = "550 5.7.1 not you"
    world.do(steps.run)
    world.mail.mail_reply = ""
    (world.folder / "templates" / "issue.txt").write_text(
        "changed {{ letter.unsubscribe_url }}", "utf-8"
    )

    world.do(steps.run)

    assert all("changed" not in body(mail, "plain") for mail in world.mails().values())


def test_an_issue_that_another_version_planned_is_not_sent_with_holes(world: World) -> None:
    """Its editions are cut otherwise: what is a reader's own would stay open. It stays planned."""
    world.mail.mail_reply = "550 5.7.1 not you"
    world.do(steps.run)
    world.mail.mail_reply = ""
    with contextlib.closing(sqlite3.connect(world.folder / "outbox" / "newsletter.db")) as ledger:
        ledger.execute("UPDATE block SET content = ? || content", (f"x{token('greeting')}",))
        ledger.commit()

    with pytest.raises(TemplateError, match=r"another version.*newsletter cancel"):
        world.do(steps.run)

    assert world.mail.messages == []
    with contextlib.closing(sqlite3.connect(world.folder / "outbox" / "newsletter.db")) as ledger:
        (waiting,) = ledger.execute("SELECT count(*) FROM delivery WHERE state = 'planned'")
    assert waiting == (2,)


def test_the_outbox_holds_what_was_sent(world: World) -> None:
    """html, txt, eml, papers.json, BibTeX and RIS; the eml is the very message of its first reader."""
    world.do(steps.run)

    folder = world.folder / "outbox" / TODAY.isoformat()
    assert {path.name for path in folder.iterdir()} == {
        "agents.eml", "agents.html", "agents.txt", "papers.json", "issue.bib", "issue.ris",
        "language-models+agents.eml", "language-models+agents.html", "language-models+agents.txt",
    }  # fmt: skip
    received = next(
        message.content for message in world.mail.messages if message.recipient.startswith("bo@")
    )
    assert (folder / "agents.eml").read_bytes() == received


def test_the_pages_in_the_outbox_are_nobodys(world: World) -> None:
    """Who is shown one can unsubscribe nobody with it: its links of a reader's own lead nowhere."""
    world.do(steps.run)

    folder = world.folder / "outbox" / TODAY.isoformat()
    page = (folder / "agents.html").read_text("utf-8")
    text = (folder / "agents.txt").read_text("utf-8")
    assert re.search(r'<a href="#"[^>]*>Unsubscribe</a>', page)
    assert "Unsubscribe:\n#\n" in text
    assert 'href="#arxiv' in page
    assert not re.search(r"(unsubscribe|preferences|feedback)(/|%20)", page + text)


def test_many_personal_editions_are_sent_and_not_all_written(world: World) -> None:
    """A hundred are files to look at, those of many readers first; everybody gets their own."""
    people = "".join(
        f"  - {{email: r{n}@readers.example, topics: [agents], mute: [word{n}]}}\n"
        for n in range(120)
    )
    shared = "  - {email: last@readers.example, topics: [agents]}\n"
    path = world.folder / "config" / "subscribers.yaml"
    path.write_text(f"subscribers:\n{people}{shared}", "utf-8")

    ran = world.do(steps.run)

    folder = world.folder / "outbox" / TODAY.isoformat()
    kept = json.loads((folder / "papers.json").read_text("utf-8"))
    assert len(ran.rendered.contents) == ran.counts[DeliveryState.ACCEPTED] == 121
    assert len(world.mails()) == 121
    assert (folder / "agents.html").exists()
    assert len(list(folder.glob("agents*.eml"))) == len(kept["editions"]) == 100


def test_steps_can_be_run_one_by_one(world: World) -> None:
    """collect, pick, render, send give what run gives."""
    world.do(steps.collect)
    picks = world.picks()
    rendered = world.do(render)
    assert world.mail.messages == []
    sent = world.do(steps.send)

    assert {pick.topic for pick in picks} >= {"agents", "language-models"}
    assert len(rendered.editions) == 2
    assert sent.outcomes == {DeliveryState.ACCEPTED: 2}


def test_two_runs_at_once_send_each_mail_once(world: World) -> None:
    """Cron started twice: one plans, both may send, nobody gets two."""

    async def both() -> list[Ran]:
        async with world.open() as first, world.open() as second:
            return list(await asyncio.gather(steps.run(*first), steps.run(*second)))

    run(both())

    assert len(world.mail.messages) == len(world.mails()) == 2


def test_a_machine_that_was_off_for_a_week_catches_up(world: World) -> None:
    """Papers seen before and after are in the next issue, once; what is too old is not."""
    world.do(steps.collect)
    world.now += dt.timedelta(days=5)
    world.web.pages["/feed"] = rss("A later agent", start=99050)

    ran = world.do(steps.run)

    text = body(world.mails()["bo"], "plain")
    assert "A later agent" in text
    assert "Agents with tools" in text
    assert ran.counts[DeliveryState.ACCEPTED] == 2
    world.now += dt.timedelta(days=1)
    assert world.do(steps.run).counts == {}


def test_papers_that_no_issue_took_grow_old(world: World) -> None:
    """After more days than max_age_days they are no news any more."""
    fresh = world.do(steps.collect)
    world.now += dt.timedelta(days=9)

    assert (fresh.candidates, world.do(steps.collect).candidates) == (4, 0)


def test_a_replacement_of_a_paper_that_was_sent_is_not_sent_again(world: World) -> None:
    """A second version is the same paper, even where replacements are asked for."""
    path = world.folder / "config" / "sources.yaml"
    path.write_text(
        path.read_text("utf-8").replace(
            '{name: Feed, url: "', '{name: Feed, announce: [new, replace], url: "'
        ),
        "utf-8",
    )
    world.do(steps.run)
    again = rss("Agents with tools", start=99002)
    world.web.pages["/feed"] = Page(
        again.body.replace(b"99002v1", b"99002v2").replace(
            b"<description>", b"<description>arXiv:2603.99002v2 Announce Type: replace Abstract: "
        )
    )
    world.now += dt.timedelta(days=1)

    ran = world.do(steps.run)

    assert ran.collected.reports[0].papers == 1
    assert ran.counts == {}


def test_a_stale_arxiv_batch_reaches_the_reader_through_the_api(world: World) -> None:
    """The feed shows yesterday's papers; today's come from the API and are in the mail."""
    world.web.pages["/arxiv"] = rss("Agents of yesterday", start=99060)
    world.web.pages["/api"] = Page(
        b"<feed xmlns='http://www.w3.org/2005/Atom'><opensearch:totalResults "
        b"xmlns:opensearch='http://a9.com/-/spec/opensearch/1.1/'>1</opensearch:totalResults><entry>"
        b"<id>http://arxiv.org/abs/2603.99070v1</id><title>Agents of today</title>"
        b"<summary>We do.</summary><published>2026-03-17T10:00:00Z</published>"
        b"<category term='cs.CL'/></entry></feed>"
    )
    path = world.folder / "config" / "sources.yaml"
    url = world.web.url
    path.write_text(
        path.read_text("utf-8")
        + f"  - {{name: arXiv, kind: arxiv, url: {url}/arxiv, api: {url}/api, categories: [cs.CL]}}\n",
        "utf-8",
    )
    world.now = dt.datetime(2026, 3, 17, 12, tzinfo=dt.UTC)
    world.do(steps.run)
    world.mail.messages.clear()
    world.now += dt.timedelta(days=1)

    ran = world.do(steps.run)

    assert "the feed shows an old batch; announced on Tue 17 Mar" in ran.collected.reports[2].note
    text = body(world.mails()["bo"], "plain")
    assert "Agents of today" in text
    assert "Agents of yesterday" not in text


def test_a_list_of_feeds_is_collected_too(world: World) -> None:
    """Each feed in an OPML list is a source, with a report and a health of its own."""
    url = world.web.url
    outlines = "".join(f'<outline text="{n}" xmlUrl="{url}/{n}"/>' for n in ("one", "feed", "two"))
    world.web.pages["/list"] = Page(f"<opml><body>{outlines}</body></opml>".encode())
    world.web.pages["/one"] = rss("An agent of a list", start=99080)
    path = world.folder / "config" / "sources.yaml"
    path.write_text(
        path.read_text("utf-8") + f"  - {{name: Lists, kind: opml, url: {url}/list}}\n", "utf-8"
    )

    found = world.do(steps.collect)

    assert [report.source for report in found.reports] == ["Feed", "Votes", "Lists", "one", "two"]
    assert found.reports[2].note == "names 3 sources"
    assert (found.reports[3].new, found.reports[4].ok) == (1, False)
    assert found.health["two"].failures == 1


def test_discussions_and_enrichment_reach_the_papers(world: World) -> None:
    """A story about a paper is attached to it; stars are asked for where a topic wants it."""
    url = world.web.url
    story = {"objectID": "7", "url": "https://arxiv.org/abs/2603.99002", "points": 30}
    world.web.pages["/hn/search_by_date"] = Page(json.dumps({"hits": [story]}).encode())
    world.web.pages["/feed"].body = world.web.pages["/feed"].body.replace(
        b"We propose it.", b"We propose it, see github.com/ada/engine. "
    )
    world.web.pages["/gh/repos/ada/engine"] = Page(b'{"stargazers_count": 512}')
    path = world.folder / "config" / "sources.yaml"
    path.write_text(
        path.read_text("utf-8")
        + f"  - {{name: HN, kind: hackernews, api: {url}/hn}}\n"
        + f"enrich: [{{service: github, api: {url}/gh}}]\n",
        "utf-8",
    )

    found = world.do(steps.collect)
    papers = {paper.id: paper for paper in world.do(candidates)}

    assert found.reports[2].mentions == 1
    agent = papers["arxiv:2603.99002"]
    assert {sighting.source: sighting.votes for sighting in agent.sightings}["HN"] == 30
    assert agent.stars == 512
    assert found.notes == ()
    again = world.do(steps.collect)
    asked = [target for target, _ in world.web.requests if target.startswith("/gh/")]
    assert len(asked) == 1
    assert again.new == 0


def test_readers_of_their_own_get_an_edition_of_their_own(world: World) -> None:
    """Own words, mutes and likes shape one reader's mail, and nobody else's."""
    path = world.folder / "config" / "subscribers.yaml"
    path.write_text(
        "subscribers:\n"
        "  - {email: ada@readers.example, topics: [agents]}\n"
        "  - {email: bo@readers.example, topics: [agents], words: [cat], mute: ['title: tools']}\n",
        "utf-8",
    )

    ran = world.do(steps.run)

    ada, bo = (body(world.mails()[name], "plain") for name in ("ada", "bo"))
    assert ran.counts[DeliveryState.ACCEPTED] == 2
    assert "Agents with tools" in ada
    assert "Of cats" not in ada
    assert "Agents with tools" not in bo
    assert bo.index("YOUR OWN WORDS") < bo.index("Of cats")
    assert "matches" not in bo  # the title shows that it is of cats


def test_sections_stand_in_the_order_that_is_asked_for(world: World) -> None:
    """Sections that the setting does not name are left out."""
    path = world.folder / "config" / "newsletter.yaml"
    path.write_text(
        path.read_text("utf-8") + "explore: 1\nsections: [own-words, topics]\n", "utf-8"
    )
    world.web.pages["/votes"] = votes(n99002=50)
    path = world.folder / "config" / "subscribers.yaml"
    path.write_text(
        "subscribers: [{email: ada@readers.example, topics: [agents], words: [cat]}]\n", "utf-8"
    )

    world.do(steps.run)

    text = body(world.mails()["ada"], "plain")
    assert text.index("PAPER OF THE DAY: AGENTS") < text.index("Agents with tools")
    assert text.index("YOUR OWN WORDS") < text.index("A language model agent")
    assert "OUTSIDE YOUR TOPICS" not in text


def test_explore_ends_the_mail_with_what_others_talk_about(world: World) -> None:
    """A paper outside of the reader's topics, unless they muted it."""
    path = world.folder / "config" / "newsletter.yaml"
    path.write_text(path.read_text("utf-8") + "explore: 1\n", "utf-8")
    world.web.pages["/votes"] = votes(n99004=50)
    path = world.folder / "config" / "subscribers.yaml"
    path.write_text(
        "subscribers:\n"
        "  - {email: ada@readers.example, topics: [agents]}\n"
        "  - {email: bo@readers.example, topics: [agents], mute: [cat]}\n",
        "utf-8",
    )

    world.do(steps.run)

    ada, bo = (body(world.mails()[name], "plain") for name in ("ada", "bo"))
    assert ada.index("OUTSIDE YOUR TOPICS") < ada.index("Of cats")
    assert "OUTSIDE YOUR TOPICS" not in bo


def test_a_reader_who_likes_a_paper_gets_what_is_like_it(world: World) -> None:
    """The paper is asked of arXiv by its id, once; what is near to it has a section of its own."""
    fields = (
        "robots walk over snow by night while gears hum in the mountains below",
        "knots and ribbons bound the genus of surfaces by surgery on their links",
        "proteins fold in cells under heat while enzymes bind membranes of yeast",
        "votes count ballots fairly when parties share seats by proportional law",
    )
    titles = [
        " ".join(random.Random(n).sample(fields[n % 4].split(), 7)) + f" {n}" for n in range(120)
    ]
    world.web.pages["/feed"] = rss(*titles, "robots that walk on snow", start=99100)
    liked = (
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry>"
        b"<id>http://arxiv.org/abs/2401.00001v1</id><title>Robots walk over snow</title>"
        b"<summary>They walk by night.</summary><published>2024-01-01T00:00:00Z</published>"
        b"<category term='cs.RO'/></entry></feed>"
    )
    nothing = b"<feed xmlns='http://www.w3.org/2005/Atom'/>"
    world.web.pages["/api"] = Page(make=lambda path: liked if "id_list" in path else nothing)
    sources = world.folder / "config" / "sources.yaml"
    api = f"  - {{name: S, kind: arxiv-search, query: none, api: {world.web.url}/api}}\n"
    sources.write_text(sources.read_text("utf-8") + api, "utf-8")
    path = world.folder / "config" / "subscribers.yaml"
    path.write_text(
        "subscribers: [{email: ada@readers.example, topics: [agents], likes: ['2401.00001']}]\n",
        "utf-8",
    )

    world.do(steps.run)

    text = body(world.mails()["ada"], "plain")
    section = text.partition("CLOSE TO WHAT YOU LIKE")[2]
    assert "robots" in section
    assert "knots" not in section
    assert "like what you like" in section
    assert "Robots walk over snow\n" not in text
    asked = [target for target, _ in world.web.requests if "id_list=2401.00001" in target]
    assert len(asked) == 1


def test_the_demo(tmp_path: Path) -> None:
    """Five documents, at least 80 papers, six readers of different topics and scripts, once."""
    played, again = play_demo(tmp_path), play_demo(tmp_path)
    first, second = played.ran, again.ran

    assert first.date == MORNING.date()
    assert first.collected is not None
    assert [report.ok for report in first.collected.reports] == [True] * 5
    assert first.collected.new >= 80
    assert (len(played.messages), len(again.messages)) == (6, 0)
    assert first.counts[DeliveryState.ACCEPTED] == 6
    assert second.already
    assert first.rendered is not None
    assert len(first.rendered.editions) == 6
    papers = {
        pick.paper.id: pick.paper for edition in first.rendered.editions for pick in edition.picks
    }
    assert any(len(paper.sightings) == 3 for paper in first.rendered.papers)
    assert any(len(paper.authors) == 60 for paper in first.rendered.papers)
    assert any(not paper.abstract for paper in first.rendered.papers)
    assert all("\\" not in paper.title + paper.abstract for paper in papers.values())


@pytest.mark.data
def test_the_whole_path_on_real_documents(tmp_path: Path, root: Path, data: Path) -> None:
    """A day of real feeds and API answers becomes mails without mark-up or mojibake."""
    sources = f"""
sources:
  - {{name: Daily Papers, kind: huggingface, url: {data / "huggingface" / "api-2026-07-31.json"}}}
  - {{name: arXiv, kind: arxiv, url: {data / "arxiv" / "rss-cs.CL.xml"}}}
  - {{name: Weekend, kind: arxiv, url: {data / "arxiv" / "rss-weekend-empty.xml"}}}
  - {{name: Feed of the day, url: {max((data / "huggingface" / "feed").glob("*.xml"))}}}
  - {{name: Blog, url: {data / "blogs" / "openai.xml"}}}
  - {{name: Wild, url: {data / "feeds" / "wild"}}}
  - {{name: Not a feed, url: {data / "other-apis" / "semantic-scholar-search.json"}}}
"""
    with smtp_server() as mail, http_server() as web:
        world = World(tmp_path, root, web, mail)
        (tmp_path / "config" / "sources.yaml").write_text(sources, "utf-8")
        path = tmp_path / "config" / "newsletter.yaml"
        path.write_text(path.read_text("utf-8") + "max_age_days: 366\n", "utf-8")
        world.now = dt.datetime(2026, 8, 9, 12, tzinfo=dt.UTC)

        ran = world.do(steps.run)

    reports = {report.source: report for report in ran.collected.reports}
    assert "no JSON Feed" in reports["Not a feed"].error
    assert "quiet at weekends" in reports["Weekend"].note
    assert reports["Daily Papers"].papers > 0
    assert reports["Feed of the day"].papers > 0
    assert reports["Wild"].papers > 1_000
    assert ran.counts[DeliveryState.ACCEPTED] == len(mail.messages) >= 2
    for message in world.mails().values():
        text = body(message, "plain")
        assert not any(mark in text for mark in ("&amp;", "&lt;", "</", "Ã©", "â€", "\\text"))
