"""Rendering: compiling templates against npm's mjml and juice, personal editions against a join.

    python benchmarks/render.py [--quick] [--json]

- `html_bytes_25_papers`: the HTML of 25 papers of the demo, as a reader gets it.
- `compile_ratio_to_mjml_juice`: the issue's template of 20 papers, from files to inlined HTML with
  all papers in it, in the time that npm's mjml and juice take for the same issue as plain MJML.
  Neither side remembers anything of the round before. `redraw_ratio_to_mjml_juice` is the same with
  the templates compiled already: each further issue of a process, each redraw of the preview.
- `edition_ratio_to_join`: the body of one reader's own edition, their links in it, put together
  from blocks that are rendered and encoded already, in the time of a bare `bytes.join` of the same
  bytes. `assemblies` counts such bodies per second, `renderings` the same by one Jinja render each.

All in the same run, medians of several rounds. Without npm's packages (`make bench` installs them)
the second figure is left out.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import premailer.cache
from corpora.letters import rendered_whole

from newsletter.config.settings import Config
from newsletter.day import letters, selections
from newsletter.doctor.sample import demo_config, sample_papers
from newsletter.model import Issue, Pick
from newsletter.pick.papers import pick_papers
from newsletter.render.given import Selection
from newsletter.render.messages import Encoder, Recipient, as_read
from newsletter.render.press import Press
from newsletter.render.sandbox import sandbox
from newsletter.render.templates import Templates, compile_mjml

NOW = dt.datetime(2026, 3, 17, 6, 30, tzinfo=dt.UTC)
ISSUE = Issue(date=NOW.date(), number=1, papers=95)
PEERS = Path(__file__).parent / "peers"


def reader(number: int) -> Recipient:
    """Return one of the readers."""
    return Recipient(
        id=f"reader{number}",
        email=f"reader{number}@example.com",
        name=f"Zoë Reader {number}",
        greeting=f"Hello Zoë Reader {number}",
        unsubscribe=f"{number:046d}",
        preferences=f"{number:046d}",
        feedback=f"{number:046d}",
        shown_date="Tuesday, March 17, 2026",
        date=NOW,
    )


def all_picks(config: Config) -> tuple[Pick, ...]:
    """Return every paper of the demo that a topic wants, once."""
    picks = pick_papers(sample_papers(NOW), config.choice.topics, NOW)
    return tuple({pick.paper.id: pick for pick in picks}.values())


def selection(config: Config, picks: Iterable[Pick]) -> Selection:
    """Return picks as a reader of all topics gets them."""
    names = tuple(topic.name for topic in config.choice.topics)
    ordered = sorted(picks, key=lambda pick: names.index(pick.topic))
    return Selection(topics=names, picks=tuple(ordered), lead=selections.lead(ordered))


def own_selection(config: Config, picks: Sequence[Pick], chance: random.Random) -> Selection:
    """Return twenty papers for somebody who reads four topics."""
    topics = chance.sample([topic.name for topic in config.choice.topics], 4)
    wanted = [pick for pick in picks if pick.topic in topics]
    return selection(config, chance.sample(wanted, min(20, len(wanted))))


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def as_plain_mjml(templates: Templates, config: Config, chosen: Selection) -> str:
    """Return an issue as MJML without any template language left: what a peer would compile."""
    press = Press(ISSUE, config.choice.topics, letters.masthead(config.letter), templates)
    # Comments are ours; the peer is given what our compiler is given after its first step.
    source = re.sub(r"<!--.*?-->", "", templates.html.source.text, flags=re.DOTALL)
    whole = sandbox(html=True).from_string(source)
    return as_read(rendered_whole(press, chosen, whole, "html"), reader(1), "html")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="under half a minute")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    parser.add_argument("--data", type=Path, help="not needed: all papers are invented")
    options = parser.parse_args()
    config = demo_config()
    figures = {
        **size_figures(config),
        **edition_figures(config, rounds=25 if options.quick else 75),
        **compile_figures(config, rounds=5 if options.quick else 15),
    }
    for name, value in figures.items():
        print(f"{name:32}{value:>14,}")
    if options.json:
        print(json.dumps(figures))


def press_of(config: Config) -> Press:
    """Return the press of the invented issue."""
    head, templates = letters.masthead(config.letter), letters.templates(config.letter)
    return Press(ISSUE, config.choice.topics, head, templates)


def size_figures(config: Config) -> dict[str, float]:
    """Return how large 25 papers are, with a reader's own links in them."""
    press = Press(
        ISSUE,
        config.choice.topics,
        letters.masthead(config.letter),
        letters.templates(config.letter),
    )
    edition = press.edition(selection(config, all_picks(config)[:25]))
    html = as_read(edition.html, reader(1), "html")
    return {"html_bytes_25_papers": len(html.encode())}


def edition_figures(config: Config, rounds: int) -> dict[str, float]:
    """Return what putting one reader's own edition together costs."""
    chance = random.Random(1)
    picks = all_picks(config)
    press = Press(
        ISSUE,
        config.choice.topics,
        letters.masthead(config.letter),
        letters.templates(config.letter),
    )
    chosen = [own_selection(config, picks, chance) for _ in range(1000)]
    editions = [press.edition(picked) for picked in chosen]
    values = [reader(number).values for number in range(len(editions))]

    bodies = Encoder(ISSUE, letters.letterhead(config.letter), editions).bodies

    def pieces(place: int) -> tuple[bytes, ...]:
        return bodies.pieces(bodies.layout(editions[place]), values[place])

    def body(place: int) -> bytes:
        return b"".join(pieces(place))

    joined = [pieces(place) for place in range(len(editions))]
    assert body(7) == b"".join(joined[7])
    places = range(len(editions))
    ours, bare = [], []
    for _ in range(rounds):
        ours.append(seconds(lambda: deque((body(n) for n in places), maxlen=0)))
        bare.append(seconds(lambda: deque((b"".join(parts) for parts in joined), maxlen=0)))
    made = seconds(lambda: deque((press.edition(picked) for picked in chosen), maxlen=0))
    template = press.templates.html
    whole = seconds(
        lambda: [rendered_whole(press, picked, template, "html") for picked in chosen[:50]]
    )
    ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
    return {
        "edition_ratio_to_join": round(ratio, 2),
        "assemblies": round(len(editions) / statistics.median(ours)),
        "choices": round(len(editions) / made),
        "renderings": round(50 / whole),
    }


def compile_figures(config: Config, rounds: int) -> dict[str, float]:
    """Return what compiling costs, against npm's mjml and juice; nothing where they are not."""
    if not (PEERS / "node_modules").is_dir() or shutil.which("node") is None:
        print("npm's packages are not installed (`make bench` does it): compiling is not compared")
        return {}
    chosen = selection(config, all_picks(config)[:20])
    head = letters.masthead(config.letter)

    def redraw() -> str:
        return (
            Press(ISSUE, config.choice.topics, head, letters.templates(config.letter))
            .edition(chosen)
            .html
        )

    def whole() -> str:
        # The text part stays compiled: the peer makes none. premailer keeps the CSS it has parsed.
        compile_mjml.cache_clear()
        premailer.cache.cache.clear()
        return redraw()

    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "issue.mjml"
        plain.write_text(as_plain_mjml(letters.templates(config.letter), config, chosen), "utf-8")
        command = ["node", str(PEERS / "mjml_juice.js"), str(plain), str(rounds)]
        ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    peer = json.loads(ran.stdout)
    # Its first round warms its compiler up; it is not counted, as ours is not.
    theirs = statistics.median(peer["seconds"][1:])
    whole()
    ours = statistics.median(seconds(whole) for _ in range(rounds))
    again = statistics.median(seconds(redraw) for _ in range(rounds))
    return {
        "compile_ratio_to_mjml_juice": round(ours / theirs, 3),
        "redraw_ratio_to_mjml_juice": round(again / theirs, 3),
        "compile_milliseconds": round(ours * 1000, 1),
        "mjml_juice_milliseconds": round(theirs * 1000, 1),
    }


if __name__ == "__main__":
    main()
