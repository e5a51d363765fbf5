"""Messages per second: an edition encoded once and spliced, against building each with the library.

    python benchmarks/messages.py [--quick] [--json]

Both sides make the same message for the same readers in the same run, and the first one of each is
compared after decoding. Printed as a ratio, because seconds depend on the machine.
"""

from __future__ import annotations

import argparse
import datetime as dt
import email
import email.policy
import json
import statistics
import time
from collections.abc import Callable
from email.message import EmailMessage

from newsletter.day import letters, selections
from newsletter.doctor.sample import demo_config, sample_papers
from newsletter.model import Edition, Issue
from newsletter.pick.papers import pick_papers
from newsletter.pick.variety import choose
from newsletter.render.editions import render_editions
from newsletter.render.given import Links, Masthead, Selection
from newsletter.render.messages import Letterhead, Recipient, compose, encode_edition
from newsletter.render.tokens import TOKEN

NOW = dt.datetime(2026, 3, 17, 6, 30, tzinfo=dt.UTC)
ISSUE = Issue(date=NOW.date(), number=1, papers=95)
LINKS = Links(
    unsubscribe="https://news.example.org/unsubscribe/{tag}",
    preferences="https://news.example.org/preferences/{tag}",
    feedback="https://news.example.org/feedback/{tag}?paper=",
)
LETTERHEAD = Letterhead(
    name="Daily Papers",
    sender="papers@news.example.org",
    reply_to="editors@news.example.org",
    language="en",
    unsubscribe=LINKS.unsubscribe,
)


def demo_edition() -> Edition:
    """Return the demo's edition of all topics."""
    topics = demo_config().choice.topics
    picks = choose(pick_papers(sample_papers(NOW), topics, NOW), topics)
    names = tuple(topic.name for topic in topics)
    selection = Selection(topics=names, picks=picks, lead=selections.lead(picks))
    masthead = Masthead(name="Daily Papers", postal_address="1 Example Street", links=LINKS)
    templates = letters.templates(demo_config().letter)
    return render_editions(ISSUE, [selection], topics, masthead, templates)[0]


def reader(number: int) -> Recipient:
    """Return one of the readers."""
    return Recipient(
        id=f"reader{number}",
        email=f"reader{number}@example.com",
        name=f"Zoë Reader {number}",
        greeting=f"Hello Zoë Reader {number}",
        unsubscribe=f"{number:040d}",
        preferences=f"{number:040d}",
        feedback=f"{number:040d}",
        shown_date="Tuesday, March 17, 2026",
        date=NOW,
    )


def with_library(edition: Edition, recipient: Recipient) -> bytes:
    """Build the same message as most Python programs do."""

    def fill(text: str) -> str:
        return TOKEN.sub(lambda found: recipient.values[found[1]], text)

    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = f"{LETTERHEAD.name} <{LETTERHEAD.sender}>"
    message["To"] = f"{recipient.name} <{recipient.email}>"
    message["Subject"] = edition.subject
    message["Date"] = recipient.date
    message["Message-ID"] = f"<{recipient.id}@news.example.org>"
    message.set_content(fill(edition.text), cte="quoted-printable")
    message.add_alternative(fill(edition.html), subtype="html", cte="quoted-printable")
    return message.as_bytes()


def rate(make: Callable[[int], bytes], seconds: float) -> float:
    """Return messages per second over at least `seconds`."""
    count, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        make(count)
        count += 1
    return count / spent


def html_of(message: bytes) -> str:
    """Return the decoded HTML part."""
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    part = parsed.get_body(("html",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").strip()


def main() -> None:
    """Measure both in turns, several times, and print the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else ""
    )
    parser.add_argument("--quick", action="store_true", help="under ten seconds")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    options = parser.parse_args()
    edition = demo_edition()
    encoded = encode_edition(ISSUE, edition, LETTERHEAD)
    assert html_of(compose(encoded, reader(1))) == html_of(with_library(edition, reader(1)))
    rounds, seconds = (3, 0.5) if options.quick else (7, 2.0)
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(rate(lambda number: compose(encoded, reader(number)), seconds))
        theirs.append(rate(lambda number: with_library(edition, reader(number)), seconds))
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    size = len(compose(encoded, reader(1)))
    print(f"message                {size / 1000:10.1f} kB, {len(edition.picks)} papers")
    print(f"spliced                {statistics.median(ours):10.0f} messages/s")
    print(f"email.message          {statistics.median(theirs):10.0f} messages/s")
    print(f"ratio                  {ratio:10.1f}")
    if options.json:
        print(json.dumps({"splice_ratio_to_email_message": round(ratio, 1), "message_bytes": size}))


if __name__ == "__main__":
    main()
