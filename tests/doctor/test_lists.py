"""Sources that a list names are known as long as it names them; a whole run tells."""

from __future__ import annotations

import json
from pathlib import Path

import commands
from makers import write_newsletter
from servers import Page, http_server
from worlds import rss

OPML = "<opml version='2.0'><body>{}</body></opml>"
FEED = "<outline text='{0}' type='rss' xmlUrl='{1}/{0}'/>"


def test_what_a_list_named_in_its_last_visit_is_known(tmp_path: Path, root: Path) -> None:
    """A feed that it no longer names is forgotten with the next visit."""
    with http_server(one=rss("A"), two=rss("B", start=99100)) as web:
        both = OPML.format(FEED.format("one", web.url) + FEED.format("two", web.url))
        web.pages["/list"] = Page(both.encode())
        write_newsletter(
            tmp_path,
            root,
            newsletter="name: D\nfrom: p@news.example.org\ndatabase: sqlite:///x.db\n",
            sources="private_networks: [127.0.0.1]\nsources:\n"
            f"  - {{name: List, kind: opml, url: '{web.url}/list'}}\n",
        )

        def known() -> list[str]:
            commands.newsletter("collect", cwd=tmp_path)
            done = commands.newsletter("doctor", "--sources", "--json", cwd=tmp_path)
            return [source["source"] for source in json.loads(done.stdout)["sources"]]

        before = known()
        web.pages["/list"] = Page(OPML.format(FEED.format("two", web.url)).encode())
        after = known()

    assert [name.lower() for name in before] == ["list", "one", "two"]
    assert [name.lower() for name in after] == ["list", "two"]
