"""Every setting of the four files arrives where the stages read it, and nothing else does."""

from __future__ import annotations

import dataclasses
import datetime as dt
import ipaddress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from makers import write_newsletter

from newsletter.config.files import load_config
from newsletter.config.settings import Hooks
from newsletter.config.subscribers import read_list
from newsletter.errors import ConfigError
from newsletter.model import Enrichment, Schedule
from newsletter.send.pace import parse_rate
from newsletter.send.signatures import make_key

SECRET = "s" * 32
OLD = "the secret of last year, of 32 bytes at least"
HASH = "scrypt$16384$8$1$c2FsdA==$aGFzaA=="
EVERYTHING = """
name: Laborpost
from: papers@lab.example
reply_to: team@lab.example
timezone: Europe/Zurich
language: de
subject: "{{ name }}: {{ lead }}"
digest: weekly
schedule: {at: "07:30", days: [thu]}
postal_address: Musterweg 1, Zürich
site: https://lab.example/papers/
archive: https://lab.example/old/
secret: ${SECRET}
feedback: false
on_empty: send
on_error: send
max_age_days: 9
old_secrets: ["${OLD}"]
keep:
  {requests: 20, left: 400, addresses: 90, figures: 40, papers: 50, shown: 500, seen: 600, editions: 8, ledger: 33,
   answers: 44, outbox: 5, faults: 6, published: 77}
serve:
  proxies: [127.0.0.0/8]
  admin_password: ${HASH}
  admin_header: X-Forwarded-User
  hooks: {ses: "arn:aws:sns:eu-west-1:123456789012:mail", mailgun: "${KEY2}"}
per_author: 2
variety: 0.25
embeddings: models/small
min_chance: 0.15
explore: 4
sections: [liked, topics]
database: sqlite:///elsewhere.db
theme: {name: journal, density: compact, figures: true}
dkim: [{selector: one, key: "${KEY}"}, {selector: two, key: "${KEY}", domain: other.example}]
delivery:
  transport: lmtp
  host: mail.lab.example
  port: 2424
  security: tls
  username: ${NAME}
  password: ${WORD}
  auth: xoauth2
  connections: 7
  messages_per_connection: 33
  rate: 14/second
  per_domain: {Gmail.com: 5/second, "*": 100/hour}
  timeout: 12.5
  bounce: bounce@lab.example
  complaints: fbl@lab.example
  command: [/bin/send, -x]
"""
SOURCES = """
timeout: 11
silence: 3
max_megabytes: 2
private_networks: [10.0.0.0/8]
enrich_seconds: 17
enrich: [crossref, {service: github, api: "https://git.example/", headers: {Authorization: "${KEY2}"}}]
sources:
  - {name: A, url: "https://a.example/feed", headers: {x-key: "${KEY2}"}}
  - {name: B, kind: arxiv, categories: [cs.CL], announce: [new], api: "https://arxiv.example/"}
"""


def settings(folder: Path, root: Path, **more: str) -> Any:
    write_newsletter(folder, root, newsletter=EVERYTHING, sources=SOURCES, **more)
    environment = {
        "SECRET": SECRET, "KEY": make_key("ed25519").decode(), "NAME": "me", "WORD": "pass word é",
        "KEY2": "another key", "OLD": OLD, "HASH": HASH,
    }  # fmt: skip
    return load_config(folder / "config", environment)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("schedule: {at: '06:00'}", 4),
        ("schedule: {weekly: sun}", 6),
        ("schedule: {days: [sun, wed, mon]}", 2),
        ("schedule: {days: [sat, sun]}", 6),
        ("digest: weekly", 0),
        ("digest: weekly\nschedule: {days: [sat]}", 5),
    ],
)
def test_the_weekly_day_is_the_last_one_of_the_working_week(
    tmp_path: Path, root: Path, text: str, day: int
) -> None:
    """Unless the settings name another one, or all issues are due on the weekend."""
    write_newsletter(tmp_path, root, newsletter=f"name: x\nfrom: a@x.example\n{text}\n")

    assert load_config(tmp_path / "config", {}).schedule.weekly == day


def test_every_setting_arrives(tmp_path: Path, root: Path) -> None:
    """One by one, none taken for another, none forgotten."""
    config = settings(tmp_path, root)

    expected: dict[str, Any] = {
        "folder": tmp_path / "config",
        "root": tmp_path,
        "name": "Laborpost",
        "sender": "papers@lab.example",
        "reply_to": "team@lab.example",
        "bounce": "bounce@lab.example",
        "verp": True,
        "complaints": "fbl@lab.example",
        "language": "de",
        "postal_address": "Musterweg 1, Zürich",
        "subject": "{{ name }}: {{ lead }}",
        "figures": "all",
        "density": "compact",
        "feedback": False,
        "archive": "https://lab.example/old",
        "is_weekly": True,
        "site": "https://lab.example/papers",
        "secret": SECRET.encode(),
        "old_secrets": (OLD.encode(),),
        "requests": 20, "left": 400, "addresses": 90, "figure_days": 40, "papers": 50, "shown": 500,
        "seen": 600, "editions": 8, "ledger": 33, "answers": 44, "outbox": 5, "faults": 6, "published": 77,
        "proxies": (ipaddress.ip_network("127.0.0.0/8"),),
        "admin_password": HASH,
        "admin_header": "X-Forwarded-User",
        "hooks": Hooks(
            ses="arn:aws:sns:eu-west-1:123456789012:mail", mailgun="another key",
            named=("ses", "mailgun"),
        ),
        "schedule": Schedule(at=dt.time(7, 30), days=frozenset({3}), zone=ZoneInfo("Europe/Zurich"), weekly=3),
        "send_empty": True,
        "holds_errors": False,
        "max_age_days": 9,
        "per_author": 2,
        "variety": 0.25,
        "embeddings": "models/small",
        "min_chance": 0.15,
        "explore": 4,
        "sections": ("liked", "topics"),
        "database": "sqlite:///elsewhere.db",
        "timeout": 11.0,
        "silence": 3.0,
        "max_bytes": 2_000_000,
        "private_networks": (ipaddress.ip_network("10.0.0.0/8"),),
        "enrich_seconds": 17.0,
        "enrichments": (
            Enrichment(service="crossref"),
            Enrichment(
                service="github", api="https://git.example", headers=(("Authorization", "another key"),)
            ),
        ),
        "missing": (),
        "left_out": (),
        "libraries": (),
        "places": {"A": f"{tmp_path}/config/sources.yaml:9:20", "B": f"{tmp_path}/config/sources.yaml:10:5"},
    }  # fmt: skip
    slices = (
        config,
        config.letter,
        config.choice,
        config.collecting,
        config.serving,
        config.keeping,
    )
    told = {
        field.name: getattr(part, field.name)
        for part in slices
        for field in dataclasses.fields(part)
    }
    assert {name: told[name] for name in expected} == expected
    assert config.choice.embeddings_place.startswith(f"{config.folder}/newsletter.yaml:")
    compared_below = {
        "theme", "delivering", "sources", "topics", "secrets", "embeddings_place",
    }  # fmt: skip
    assert set(told) - set(expected) == compared_below | {
        "letter",
        "choice",
        "collecting",
        "serving",
        "keeping",
        "summaries",
    }


def test_how_mail_leaves_arrives(tmp_path: Path, root: Path) -> None:
    """Server, login, rates and keys."""
    config = settings(tmp_path, root)
    mail, pace = config.delivering, config.delivering.pace

    assert (mail.transport, mail.host, mail.port, mail.security) == (
        "lmtp",
        "mail.lab.example",
        2424,
        "tls",
    )
    assert (mail.username, mail.password, mail.auth) == ("me", "pass word é", "xoauth2")
    assert (mail.timeout, mail.per_connection, mail.command) == (12.5, 33, ("/bin/send", "-x"))
    assert (pace.connections, pace.rate) == (7, parse_rate("14/second"))
    assert pace.per_domain == (("gmail.com", parse_rate("5/second")), ("*", parse_rate("100/hour")))
    assert [(key.selector, key.domain) for key in config.delivering.keys] == [
        ("one", "lab.example"), ("two", "other.example"),
    ]  # fmt: skip
    first, second = config.collecting.sources
    assert (first.name, first.kind, first.location) == ("A", "feed", "https://a.example/feed")
    assert first.headers == (("x-key", "another key"),)
    assert (second.categories, second.announce, second.api) == (
        ("cs.CL",),
        ("new",),
        "https://arxiv.example",
    )


def test_a_key_within_an_address_is_a_secret_too(tmp_path: Path, root: Path) -> None:
    """`?key=${KEY}` and `https://${NAME}:${WORD}@…`; where a source lies is none."""
    text = (
        "sources:\n  - {name: A, url: '${PLACE}/feed?key=${TOKEN}'}\n"
        "  - {name: B, url: 'https://${LOGIN}:${TOKEN2}@b.example/'}\n"
    )
    write_newsletter(tmp_path, root, sources=text)
    environment = {
        "PLACE": "https://a.example", "TOKEN": "token-of-a", "LOGIN": "login-of-b", "TOKEN2": "token-é=b",
    }  # fmt: skip

    secrets = load_config(tmp_path / "config", environment).secrets

    assert {"token-of-a", "login-of-b", "token-é=b", "token-%C3%A9%3Db"} <= secrets
    assert not any("a.example" in secret for secret in secrets)


def test_what_must_not_be_shown_is_known_in_every_form(tmp_path: Path, root: Path) -> None:
    """As it is, as URLs encode it and as Python escapes it; short words would black out others."""
    secrets = settings(tmp_path, root).secrets

    assert {
        SECRET,
        "pass word é",
        "pass%20word%20%C3%A9",
        "pass word \\xe9",
        "another key",
    } <= secrets
    assert "me" not in secrets
    assert not any("lab.example" in secret for secret in secrets)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("", {0, 1, 2, 3, 4, 5, 6}),
        ("schedule: {days: [tue, sun]}\n", {1, 6}),
        ("digest: weekly\n", {0}),
        ("digest: weekly\nschedule: {at: '05:00'}\n", {0}),
        ("digest: weekly\nschedule: {days: [fri]}\n", {4}),
    ],
)
def test_the_days_of_issues(tmp_path: Path, root: Path, text: str, days: set[int]) -> None:
    """Every day unless said otherwise; a weekly digest on one day, Monday by default."""
    write_newsletter(tmp_path, root, newsletter=f"name: x\nfrom: a@lab.example\n{text}")

    assert load_config(tmp_path / "config", {}).schedule.days == days


def test_where_nothing_is_said_there_are_sensible_defaults(tmp_path: Path, root: Path) -> None:
    """Replies and bounces go to the sender, no reader has an envelope of their own."""
    write_newsletter(tmp_path, root, newsletter="name: x\nfrom: a@lab.example\n")

    config = load_config(tmp_path / "config", {})

    assert (config.letter.reply_to, config.letter.bounce, config.letter.verp) == (
        "a@lab.example",
        "a@lab.example",
        False,
    )
    assert (
        config.letter.complaints,
        config.letter.archive,
        config.letter.site,
        config.letter.secret,
    ) == ("", "", "", b"")
    assert (config.letter.postal_address, config.choice.send_empty, config.letter.holds_errors) == (
        "",
        False,
        True,
    )
    assert (
        config.delivering.pace.rate,
        config.delivering.pace.per_domain,
        config.delivering.keys,
    ) == (None, (), ())


def test_the_places_of_libraries(tmp_path: Path, root: Path) -> None:
    """Of topics, likes and dislikes: where each is named."""
    topics = "topics:\n  - {name: a, title: A, like: [words, Mine.BIB, x.ris]}\n"
    people = "subscribers:\n  - {email: a@r.example, likes: [y.json], dislikes: [z.bib]}\n"
    config = settings(tmp_path, root, topics=topics, subscribers=people)
    listed = read_list(config.folder, config.choice.topic_names, {})

    found = (*config.libraries, *listed.libraries)
    named = {name: place.rpartition("/")[2] for name, place in found}
    assert named == {
        "Mine.BIB": "topics.yaml:2:39",
        "x.ris": "topics.yaml:2:49",
        "y.json": "subscribers.yaml:2:34",
        "z.bib": "subscribers.yaml:2:54",
    }


@pytest.mark.parametrize("like", ["notes.csv", "library.xml", "Zotero.RDF", "my/list.txt"])
def test_files_that_are_no_libraries_are_no_words(tmp_path: Path, root: Path, like: str) -> None:
    """They would be taken for a sentence that nothing is like."""
    topics = f"topics:\n  - {{name: a, title: A, like: ['{like}']}}\n"

    with pytest.raises(
        ValueError, match=r"topics\.yaml:2:32: .* no library of a known kind.*\.ris"
    ):
        settings(tmp_path, root, topics=topics, subscribers="subscribers: []\n")


@pytest.mark.parametrize(
    "like", ["10.1145/abc.pdf", "https://x.example/paper.pdf", "a paper.pdf of mine"]
)
def test_what_only_ends_like_a_file_is_none(tmp_path: Path, root: Path, like: str) -> None:
    """DOIs, addresses and sentences."""
    topics = f"topics:\n  - {{name: a, title: A, like: ['{like}']}}\n"

    assert settings(tmp_path, root, topics=topics, subscribers="subscribers: []\n").choice.topics[
        0
    ].like == (like,)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("database: outbox/x.db", "3:11.*is not a URL"),
        ("database: mysql://u:pw@h/db", "3:11.*of kind `mysql`"),
        ("database: 'postgresql://u:se@same/open%sesame@h/db'", "3:11.*`@` as %40"),
        ("database: 'sqlite:///x.db?timeout=soon'", "3:11.*is not a URL"),
        ("database: 'sqlite://:memory:'", "3:11.*is not a URL"),
        ("database: 'sqlite:///'", "3:11.*would forget who has the issue"),
        ("database: 'sqlite:///:memory:'", "3:11.*would forget who has the issue"),
        ("delivery: {host: 'smtp.example.org:587'}", "3:18.*host: smtp.example.org, port: 587"),
        ("delivery: {host: 'https://smtp.example.org'}", "3:18.*the name of the server alone"),
        ("timezone: GMT+1", "3:11.*such as `Europe/Paris`"),
    ],
)
def test_what_a_run_could_not_use_is_a_mistake(
    tmp_path: Path, root: Path, line: str, told: str
) -> None:
    """A database in memory would send the issue again with each run."""
    write_newsletter(tmp_path, root, newsletter=f"name: x\nfrom: a@example.org\n{line}\n")

    with pytest.raises(ConfigError, match=rf"newsletter\.yaml:{told}") as raised:
        load_config(tmp_path / "config", {})
    assert "same" not in str(raised.value)


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ("ann@example.org", "2:5: this item takes `key: value` lines below it, of `email`"),
        ("", "2:4: this item is empty"),
    ],
)
def test_an_item_of_a_list_has_no_name(tmp_path: Path, root: Path, item: str, told: str) -> None:
    """`0` would say nothing to who wrote an address where `email: …` belongs."""
    write_newsletter(tmp_path, root, subscribers=f"subscribers:\n  - {item}\n")

    with pytest.raises(ConfigError, match=rf"subscribers\.yaml:{told}"):
        read_list(tmp_path / "config", (), {})


@pytest.mark.parametrize(
    ("language", "direction", "start", "end"),
    [("de", "ltr", "left", "right"), ("ar", "rtl", "right", "left")],
)
def test_what_templates_read_of_a_theme(
    tmp_path: Path, root: Path, language: str, direction: str, start: str, end: str
) -> None:
    """Directions by the language, the logo with its width, and nothing of a logo that is not there."""
    text = f"name: x\nfrom: a@lab.example\nlanguage: {language}\n"
    logo = "theme: {logo: {url: 'https://lab.example/l.png', width: 120}}\n"

    write_newsletter(tmp_path, root, newsletter=text + logo)
    values = dict(load_config(tmp_path / "config", {}).letter.theme.values)
    assert (values["direction"], values["start"], values["end"]) == (direction, start, end)
    assert (values["logo_url"], values["logo_width"]) == ("https://lab.example/l.png", "120")
    assert values["logo_alt"] == "x"

    write_newsletter(tmp_path, root, newsletter=text)
    values = dict(load_config(tmp_path / "config", {}).letter.theme.values)
    assert (values["logo_url"], values["logo_width"], values["logo_alt"]) == ("", "", "")


def test_every_setting_of_a_topic_arrives(tmp_path: Path, root: Path) -> None:
    """People, venues, limits and age; a topic that extends another keeps its own name and title."""
    topics = (
        "topics:\n  - {name: a, title: A, match: [x], authors: [Bo Li], venues: [ICML], limit: 3, "
        "min_score: 0.2, fresh: 4, rank: {recency: 2}}\n  - {name: b, title: B, extends: a}\n"
    )
    first, second = settings(
        tmp_path, root, topics=topics, subscribers="subscribers: []\n"
    ).choice.topics

    assert (first.authors, first.venues, first.limit) == (("Bo Li",), ("ICML",), 3)
    assert (first.min_score, first.fresh) == (0.2, dt.timedelta(days=4))
    assert first.weights == (("recency", 2.0),)
    assert (second.name, second.title) == ("b", "B")
    assert (second.authors, second.limit, second.fresh) == (first.authors, 3, first.fresh)


@pytest.mark.parametrize(
    "address", ["bücher@lab.example", '"a b"@lab.example', "a@lab", "a b@lab.example"]
)
def test_addresses_that_mail_servers_would_not_take(
    tmp_path: Path, root: Path, address: str
) -> None:
    """Letters beyond ASCII before the @, quotes, and what is no address."""
    write_newsletter(tmp_path, root, newsletter=f"name: x\nfrom: '{address}'\n")

    with pytest.raises(ValueError, match=r"newsletter\.yaml:2:7: `from`: .*not an email address"):
        load_config(tmp_path / "config", {})


@pytest.mark.parametrize("written", ["off", "false", "'off'"])
def test_embeddings_can_be_off(written: str, tmp_path: Path, root: Path) -> None:
    """However YAML is read: `off` is a text for us, and false for others."""
    head = "name: x\nfrom: p@news.example.org\n"
    folder = write_newsletter(tmp_path, root, newsletter=f"{head}embeddings: {written}\n")

    assert load_config(folder / "config", {}).choice.embeddings == ""
