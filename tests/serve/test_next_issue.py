"""From the site to the mailbox: what a reader chooses is in the next issue, and leaving ends it."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from commands import process
from servers import Page, http_server, smtp_server
from sites import free_socket, link_in, read_mail, running_site, text_of, write_site

from newsletter.world import machine

ITEM = "<item><title>{title}</title><link>https://arxiv.org/abs/{number}</link><description>{abstract}</description><pubDate>{date}</pubDate></item>"


def feed(day: dt.datetime, number: int) -> Page:
    """Return a feed with one paper for each topic of `sites.TOPICS`, and one on quantum gravity."""
    titles = {
        "A language model that asks back": "We let a language model ask. It answers better afterwards.",
        "Every pixel of an image counts": "We segment each image by its pixels. It works without labels.",
        "A tight bound with a short proof": "We give a proof of the bound. It needs one page only.",
        "Quantum gravity in a dish": "We measure gravity with atoms. It agrees with what is known.",
    }
    items = "".join(
        ITEM.format(
            title=f"{title}, part {number}",
            number=f"2611.{number}{place:04}",
            abstract=abstract,
            date=day.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        )
        for place, (title, abstract) in enumerate(titles.items())
    )
    return Page(f"<rss version='2.0'><channel><title>F</title>{items}</channel></rss>".encode())


@pytest.mark.slow
def test_what_a_reader_chooses_is_in_the_next_issue(tmp_path: Path) -> None:
    """Confirm, get an issue, choose, get what was chosen, leave with one click, get nothing."""
    now = machine.utc_now()
    today = now.date()
    listening = free_socket()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with smtp_server() as mail, http_server(feed=feed(now, 1)) as feeds:
        write_site(tmp_path, address, mail_port=mail.port, days=0)
        (tmp_path / "config" / "sources.yaml").write_text(
            f"private_networks: [127.0.0.0/8]\nsources: [{{name: F, url: '{feeds.url}/feed'}}]\n"
        )

        def run(date: dt.date) -> None:
            done = process("run", "--date", str(date), "--quiet", cwd=tmp_path)
            assert done.returncode == 0, done.stderr

        with running_site(tmp_path, listening) as web:
            web.clock.now = now
            web.subscribe("ada@readers.example")
            web.post(web.path_of(link_in(read_mail(mail, "ada@readers.example")[0], "confirm")))
            welcome = read_mail(mail, "ada@readers.example", 2)[1]

            run(today)
            first = text_of(read_mail(mail, "ada@readers.example", 3)[2])
            for told in ("asks back, part 1", "pixel of an image counts, part 1", "short proof"):
                assert told in first
            assert "Quantum" not in first
            assert f"On the web: {address}/{today}" in first
            assert "asks back, part 1" in web.get(f"/{today}").text

            web.post(web.path_of(link_in(welcome, "preferences")))
            manage = link_in(read_mail(mail, "ada@readers.example", 4)[3], "manage")
            web.post(web.path_of(manage), do="save", topics=["theory"], words="quantum gravity")
            feeds.pages["/feed"] = feed(now + dt.timedelta(days=1), 2)
            run(today + dt.timedelta(days=1))
            second = read_mail(mail, "ada@readers.example", 5)[4]
            assert "short proof, part 2" in text_of(second)
            assert "Quantum gravity in a dish, part 2" in text_of(second)
            assert "asks back, part 2" not in text_of(second)

            said = re.search(r"/feedback/[\w-]+", second.as_string().replace("=\n", ""))
            assert said is not None
            leave = web.path_of(link_in(second, "u"))
            answer = web.client.post(leave, data={"List-Unsubscribe": "One-Click"})
            assert answer.text == "unsubscribed\n"
            feeds.pages["/feed"] = feed(now + dt.timedelta(days=2), 3)
            run(today + dt.timedelta(days=2))
            assert len(read_mail(mail, "ada@readers.example")) == 5
            assert "part 3" in web.get(f"/{today + dt.timedelta(days=2)}").text
