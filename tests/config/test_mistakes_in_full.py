"""What is said of each mistake in the four files, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from makers import write_newsletter

from newsletter.config.documents import parse_document
from newsletter.config.files import load_config, sender_domain
from newsletter.config.mistakes import checked, is_secret, suggest
from newsletter.config.schemas import SHAPES
from newsletter.config.subscribers import read_list
from newsletter.errors import ConfigError

LIST = "is a list: one line `- …` for each, below it, or [a, b]"
BELOW = "takes `key: value` lines below it"
WHOLE = "expected a whole number, such as 6"
NUMBER = "expected a number, such as 0.5"
TRUTH = "expected true or false"
TEXT = "expected text; does it need quotes?"
RATE = "a rate is written 14/second, 300/minute, 500/hour or 2000/day"
CLOCK = 'a time of day is written "06:00"'
ZONE = "not an IANA time zone"
BCP = "a language is written as its code (BCP 47)"
SLUG = "use lower-case letters, digits and single hyphens, 60 at most"
HTTPS = "must be an address that begins with https://"
NETWORK = "not an IP address or network such as 192.168.1.0/24"
ADDRESS = "not an email address: An email address must have an @-sign."
QUOTED = 'an id goes in quotes, such as "2410.01234"'
SECRET = (
    "is a secret: write ${NAME} alone, and give that environment variable the whole value"
)  # fmt: skip
EMPTY = "is empty: give it a value, or remove the line"
SUBSCRIBER = (
    ", of `email`, `name`, `topics`, `timezone`, `language`, `words`, `follow`, `mute`, "
    "`mute_authors`, `likes`, `dislikes`, `hour`, `cadence`, `length`, `paused`"
)

NEWSLETTER = [
    # keys
    ("timezon: UTC", "1: unknown key `timezon`; did you mean `timezone`?"),
    ("schedule: {hour: 6}", "12: unknown key `hour`; known are `at`, `days`, `weekly`"),
    ("Language: en", "1: unknown key `Language`; did you mean `language`?"),
    # kinds of values
    ("timezone: 5", "11: `timezone`: `5`: " + TEXT),
    ("timezone:", "1: `timezone` " + EMPTY),
    ("postal_address: [a]", "17: `postal_address`: " + TEXT),
    ("schedule: daily", "11: `schedule` " + BELOW + ", of `at`, `days`, `weekly`"),
    ("schedule: [1]", "11: `schedule` " + BELOW + ", of `at`, `days`, `weekly`"),
    ("schedule: {days: mon}", "18: `days` " + LIST),
    ("schedule: {days: [weekend]}", "19: `weekend` is not one of them; write `sat, sun`"),
    ("schedule: {days: [mn]}", "19: `mn` is not one of them; did you mean `mon`?"),
    ("delivery: {per_domain: fast}", "24: `per_domain` " + BELOW),
    ("theme: gazete", "8: `theme` " + BELOW + "; did you mean `theme: {name: gazete}`?"),
    ("dkim: {selector: a}", "7: `dkim` " + LIST),
    ("dkim: [a]", "8: this item " + BELOW + ", of `selector`, `key`, `domain`"),
    ("dkim: [{selector: a}]", "8: `key` is missing"),
    ("delivery: {port: 5.5}", "18: `port`: `5.5`: " + WHOLE),
    ("delivery: {port: many}", "18: `port`: `many`: " + WHOLE),
    ("delivery: {port: [1]}", "18: `port`: " + WHOLE),
    ("delivery: {port: 0}", "18: `port`: `0`: input should be greater than or equal to 1"),
    ("delivery: {timeout: soon}", "21: `timeout`: `soon`: " + NUMBER),
    ("delivery: {timeout: [1]}", "21: `timeout`: " + NUMBER),
    ("feedback: perhaps", "11: `feedback`: `perhaps`: " + TRUTH),
    ("feedback: [x]", "11: `feedback`: " + TRUTH),
    ("on_error: stop", "11: `on_error`: `stop` is not one of them; known are `hold`, `send`"),
    # values
    ("timezone: Mars/Phobos", "11: `timezone`: `Mars/Phobos`: " + ZONE + " such as `Europe/Paris`"),
    ("timezone: CEST", "11: `timezone`: `CEST`: " + ZONE + "; did you mean `Europe/Berlin`?"),
    ("timezone: PDT", "11: `timezone`: `PDT`: " + ZONE + "; did you mean `America/Los_Angeles`?"),
    ("timezone: Berlin", "11: `timezone`: `Berlin`: " + ZONE + "; did you mean `Europe/Berlin`?"),
    ("timezone: new york", "11: `timezone`: `new york`: " + ZONE + "; did you mean `America/New_York`?"),
    ("timezone: Europe/Berlim", "11: `timezone`: `Europe/Berlim`: " + ZONE + "; did you mean `Europe/Berlin`?"),
    ("timezone: GMT+1", "11: `timezone`: `GMT+1`: " + ZONE + " such as `Europe/Paris`"),
    ("language: german", "11: `language`: `german`: " + BCP + "; did you mean `de`?"),
    ("language: Deutsch", "11: `language`: `Deutsch`: " + BCP + "; did you mean `de`?"),
    ("language: e_n", "11: `language`: `e_n`: " + BCP + ', such as "en", "de" or "pt-BR"'),
    ("schedule: {at: 25:00}", "16: `at`: `25:00`: " + CLOCK),
    ("schedule: {at: '24:00'}", "16: `at`: `24:00`: " + CLOCK),
    ("schedule: {at: '6:00'}", "16: `at`: `6:00`: " + CLOCK),
    ("schedule: {at: '06:60'}", "16: `at`: `06:60`: " + CLOCK),
    ("delivery: {rate: fast}", "18: `rate`: `fast`: " + RATE),
    ("delivery: {per_domain: {x: y}}", "28: `x`: `y`: " + RATE),
    ("reply_to: me", "11: `reply_to`: `me`: " + ADDRESS),
    ("archive: x", "10: `archive`: `x`: " + HTTPS),
    ("archive: https://exa mple.org/", "10: `archive`: `https://exa mple.org/`: " + HTTPS),
    (
        "archive: https://bob:pw@x.example/",
        "10: `archive`: `https://bob:***@x.example/`: has a name or password in it, which every reader would see",
    ),
    ("delivery: {host: 'a:25'}", "18: `host`: `a:25`: a port has a line of its own: host: a, port: 25"),
    ("delivery: {host: '[::1]:25'}", "18: `host`: `[::1]:25`: a port has a line of its own: host: ::1, port: 25"),
    ("delivery: {host: 'smtp://a'}", "18: `host`: `smtp://a`: give the name of the server alone, such as smtp.example.org"),
    ("theme: {colours: {accent: blue}}", '27: `accent`: `blue`: a colour is six digits in quotes, such as "#3a3fc4"'),
    (
        "theme: {font: 'Comic;Sans'}",
        "15: `font`: `Comic;Sans`: a font is serif, sans, mono, or names with commas between them",
    ),
    (
        "theme: {logo: {url: 'http://x.example/l.png'}}",
        "21: `url`: `http://x.example/l.png`: must begin with https://: mail clients do not load other pictures",
    ),
    ('postal_address: "a\\nb"', "17: `postal_address`: `a b`: must be one line of text, without control characters"),
    ("subject: '{{ nam }}'", (
        "10: `subject`: `{{ nam }}`: the subject's template: subjects know no `nam`; they know name, day, date, "
        "number, lead, count, more, topics, highlights"
    )),
    ("dkim: [{selector: A B, key: '${WORD}'}]", "19: `selector`: `A B`: " + SLUG),
    ("keep: {ledger: two weeks}", "16: `ledger`: `two weeks`: expected a whole number of days, or `forever`"),
    ("keep: {papers: 7}", "16: `papers`: `7`: fewer than 40 days cannot be: what is younger is still in use"),
    ("keep: {outbox: -1}", "16: `outbox`: `-1`: input should be greater than or equal to 0"),
    ("keep: {requests: forever}", "18: `requests`: `forever`: " + WHOLE),
    ("keep: {paper: 90}", "8: unknown key `paper`; did you mean `papers`?"),
    ("keep: always", (
        "7: `keep` takes `key: value` lines below it, of `requests`, `left`, `addresses`, `figures`, `papers`, "
        "`shown`, `seen`, `editions`, `ledger`, `answers`, `outbox`, `faults`, `published`"
    )),
    ("database: outbox/x.db", "11: `database`: `outbox/x.db`: is not a URL such as sqlite:///outbox/newsletter.db"),
    # a password in a URL is not repeated
    ("database: 'mysql://ada:s3@cr/et@db/x'", (
        "11: `database`: `mysql://ada:***@db/x`: is of kind `mysql`; the ledger is kept in SQLite (sqlite:///…) or in "
        "PostgreSQL (postgresql://…)"
    )),
    ("database: 'postgresql://ada:sesame@db'", (
        "11: `database`: `postgresql://ada:***@db`: names no database: postgresql://user@host/name"
    )),
    ("database: 'sqlite:///'", (
        "11: `database`: `sqlite:///`: names no file, so each run would forget who has the issue: "
        "sqlite:///outbox/newsletter.db"
    )),
    ("database: 'sqlite:///:memory:'", (
        "11: `database`: `sqlite:///:memory:`: names no file, so each run would forget who has the issue: "
        "sqlite:///outbox/newsletter.db"
    )),
    # rules for several keys together: at the key that they speak of
    ("delivery: {username: '${WORD}'}", "12: `delivery`: `username` and `password` go together: give both or neither"),
    (
        "delivery: {security: none, username: '${WORD}', password: '${WORD}'}",
        "11: `delivery`: a password must not be sent unencrypted: use starttls or tls",
    ),
    ("site: https://x.example", "1: `site` needs a `secret` to sign its links: secret: ${NEWSLETTER_SECRET}"),
    # secrets
    ("secret: ${WORD}", (
        "9: `secret`: has 8 bytes, but links can be signed safely only with 32: `newsletter secret` makes one"
    )),
    ("dkim: [{selector: a, key: abc}]", "22: `dkim.0.key` " + SECRET),
    ("secret: ${WORD}${WORD}${WORD}${WORD}", "1: `secret` " + SECRET),
    # webhooks
    ("serve: {hook: {}}", "9: unknown key `hook`; did you mean `hooks`?"),
    ("serve: {hooks: {mailgunn: '${WORD}'}}", "17: unknown key `mailgunn`; did you mean `mailgun`?"),
    ("serve: {hooks: all}", "16: `hooks` " + BELOW + ", of `ses`, `sendgrid`, `mailgun`, `postmark`"),
    ("serve: {hooks: {ses: newsletter}}", (
        "22: `ses`: `newsletter`: is no topic of SNS, such as arn:aws:sns:eu-west-1:123456789012:newsletter"
    )),
    ("serve: {hooks: {sendgrid: SG.abc}}", (
        "27: `sendgrid`: `SG.abc`: is no public key of SendGrid: copy the whole verification key, which begins with MFkwEwYH"
    )),
    ("serve: {hooks: {mailgun: key-1}}", "17: `serve.hooks.mailgun` " + SECRET),
    ("serve: {hooks: {postmark: '${WORD}'}}", (
        "27: `postmark`: must have 16 characters at least, and no spaces: whoever guesses it can suppress your readers. "
        "`newsletter secret` makes one"
    )),
]  # fmt: skip
SOURCES = [
    ("kind: feed", "5: a source of kind `feed` needs `url`"),
    ("kind: arxiv", "5: a source of kind `arxiv` needs `url` or `categories`"),
    ("kind: huggingface, query: x", "34: `query` is not a setting of kind `huggingface`"),
    ("kind: feed, url: 'https://a.example', query: x, authors: ['1']", "63: `authors` is not a setting of kind `feed`"),
    ("kind: arxiv, categories: [computers!]", "5: arXiv's categories look like `cs.CL` or `hep-th`"),
    ("kind: arxiv, categories: [cs.CL, 'cs.CL x']", "5: arXiv's categories look like `cs.CL` or `hep-th`"),
    ("kind: hackernew", "21: `kind`: `hackernew` is not one of them; did you mean `hackernews`?"),
    ("url: 'ftp://x.example/'", "5: only http:// and https:// addresses can be fetched"),
    ("url: 'https://exa mple.org/'", "15: `url` is not an address that can be fetched: is it complete?"),
    ("url: 'https://'", "15: `url` is not an address that can be fetched: is it complete?"),
    ("url: 'https://x.example', headers: {x-key: hunter2}", "51: `sources.0.headers.x-key` " + SECRET),
    ("url: 'https://x.example', headers: {x-key: 'B ${WORD}'}", "51: `sources.0.headers.x-key` " + SECRET),
    ("url: 'https://x.example', headers: {'x key': '${WORD}'}", "51: unknown key `x key`"),
    ("kind: arxiv, categories: cs.CL", "40: `categories` " + LIST),
    ("kind: arxiv, categories: [cs.CL], announce: [nw]", "60: `nw` is not one of them; did you mean `new`?"),
    ("kind: semantic-scholar, authors: [7]", "49: `7`: " + TEXT),
]  # fmt: skip
TOPICS = [
    ("limit: 3", "5: a topic needs a `match`, or a `like` with what its papers should be like"),
    ("like: [2410.01230]", "32: `2410.0123`: " + QUOTED),
    ("like: [5]", "32: `5`: " + QUOTED),
    ("match: a, rank: {trendin: 1}", "42: unknown key `trendin`; did you mean `trending`?"),
    ("match: a, rank: {trending: much}", "52: `trending`: `much`: " + NUMBER),
    ("match: a, rank: {trending: 0}", "35: `rank` needs at least one weight above 0"),
    ("match: a, limit: many", "42: `limit`: `many`: " + WHOLE),
]
WHOLE_FILES = [
    ("newsletter", "- name: x\n", ["1:1: expected `key: value` lines, not a list"]),
    ("newsletter", "words\n", ["1:1: expected `key: value` lines"]),
    ("newsletter", "name: x\n", ["1:1: `from` is missing"]),
    ("newsletter", "name: x\nfrom: " + "y " * 50 + "\n", ["2:7: `from`: `" + "y " * 39 + "y…`: " + ADDRESS]),
    ("newsletter", "name: x\nfrom: " + "y" * 80 + "\n", ["2:7: `from`: `" + "y" * 80 + "`: " + ADDRESS]),
    ("newsletter", "name: x\nfrom: " + "x" * 65 + "@a.example\n", [
        "2:7: `from`: `" + "x" * 65 + "@a.example`: 65 characters before the @: mail servers take 64",
    ]),
    ("newsletter", "name: x\nfrom: a@x.example\ndigest: weekly\nschedule: {days: [mon, tue]}\n", [
        "1:1: a weekly digest is due on one day: schedule: {days: [mon]}",
    ]),
    ("newsletter", "name: x\nfrom: a@x.example\ndelivery: {username: me, password: hunter2}\n", [
        "3:12: `delivery.username` " + SECRET, "3:26: `delivery.password` " + SECRET,
    ]),
    ("newsletter", "nam: x\nfrom: a@x.example\nvariety: 0,2\n", [
        "1:1: `name` is missing", "3:10: `variety`: `0,2`: " + NUMBER, "1:1: unknown key `nam`; did you mean `name`?",
    ]),
    ("sources", "sources:\n", ["1:1: `sources` " + EMPTY]),
    ("sources", "source: []\n", ["1:1: `sources` is missing", "1:1: unknown key `source`; did you mean `sources`?"]),
    ("sources", "private_networks: [10.0.0.0/99, x]\nsources: [{name: A, kind: huggingface}]\n", [
        "1:20: `10.0.0.0/99`: " + NETWORK, "1:33: `x`: " + NETWORK,
    ]),
    ("topics", "topics:\n  - {name: Agents!, title: A, match: x}\n", ["2:12: `name`: `Agents!`: " + SLUG]),
    ("topics", "topics:\n  - {name: own-words, title: A, match: x}\n", [
        "2:5: `own-words` is the name of a section of readers' own: choose another",
    ]),
    ("subscribers", "subscribers:\n  - ann@example.org\n", ["2:5: this item " + BELOW + SUBSCRIBER]),
    ("subscribers", "subscribers:\n  -\n", ["2:4: this item " + EMPTY]),
    ("subscribers", "subscribers:\n  - {email: a@x.example, hour: 24}\n", ["2:32: `hour`: `24`: input should be less than or equal to 23"]),
    ("subscribers", "subscribers:\n  - {email: a@x.example, hour: '7:30'}\n", ["2:32: `hour`: `7:30`: " + WHOLE]),
    ("subscribers", "subscribers:\n  - {email: a@x.example, cadence: weekley}\n", ["2:35: `cadence`: `weekley` is not one of them; did you mean `weekly`?"]),
    ("subscribers", "subscribers:\n  - {email: a@x.example, length: shrt}\n", ["2:34: `length`: `shrt` is not one of them; did you mean `short`?"]),
    ("subscribers", "subscribers:\n  - {email: a@x.example, hours: 6}\n", ["2:26: unknown key `hours`; did you mean `hour`?"]),
    ("newsletter", "name: x\nfrom: a@x.example\nschedule: {weekly: sat, days: [mon, fri]}\n", [
        "3:12: `schedule.weekly`: no issue is due on sat; there are mon, fri",
    ]),
    ("newsletter", "name: x\nfrom: a@x.example\nschedule: {weekly: fry}\n", ["3:20: `weekly`: `fry` is not one of them; did you mean `fri`?"]),
    ("newsletter", "name: x\nfrom: a@x.example\ndigest: weekly\nschedule: {weekly: fri}\n", [
        "4:12: `schedule.weekly`: no issue is due on fri; there are mon",
    ]),
    ("subscribers", "subscribers: [{name: x}]\n", ["1:15: `email` is missing"]),
    ("subscribers", "subscribers:\n  - {email: a@x.example, name: [x]}\n", ["2:32: `name`: " + TEXT]),
]  # fmt: skip


def problems_of(name: str, text: str) -> list[str]:
    """Return what is said of a file, without its name."""
    path = Path(f"{name}.yaml")
    with pytest.raises(ConfigError) as caught:
        checked(SHAPES[name], parse_document(path, text, {"WORD": "password"}), name)
    assert all(problem.startswith(f"{path}:") for problem in caught.value.problems)
    return [problem.removeprefix(f"{path}:") for problem in caught.value.problems]


@pytest.mark.parametrize(("line", "said"), NEWSLETTER)
def test_a_line_of_newsletter_yaml(line: str, said: str) -> None:
    """Place, key, value, what is wrong, and what to write: each once."""
    text = f"name: x\nfrom: a@x.example\n{line}\n"

    assert problems_of("newsletter", text) == [f"3:{said}"]


@pytest.mark.parametrize(("item", "said"), SOURCES)
def test_a_source(item: str, said: str) -> None:
    """What is missing, means nothing or must not be written."""
    assert problems_of("sources", f"sources:\n  - {{name: A, {item}}}\n") == [f"2:{said}"]


@pytest.mark.parametrize(("item", "said"), TOPICS)
def test_a_topic(item: str, said: str) -> None:
    """What makes no topic of it."""
    assert problems_of("topics", f"topics:\n  - {{name: a, title: A, {item}}}\n") == [f"2:{said}"]


@pytest.mark.parametrize(("name", "text", "said"), WHOLE_FILES)
def test_a_whole_file(name: str, text: str, said: list[str]) -> None:
    """All of its mistakes, none of them twice."""
    assert problems_of(name, text) == said


@pytest.mark.parametrize(
    "line",
    [
        'postal_address: " a \\u200b b"',
        "schedule: {at: '23:59'}", "schedule: {at: '00:00'}", "schedule: {at: '19:30'}",
        "delivery: {host: /run/lmtp}", "delivery: {host: '::1'}", "delivery: {host: '/run/a:25'}",
        "language: pt-BR", "language: zh-Hant-TW",
        "theme: {colours: {accent: '#aBcDeF'}}", "theme: {font: \"Charter, 'Gill Sans'\"}",
        "archive: http://x.example/",
        "digest: weekly\nschedule: {days: [mon, mon]}", "digest: weekly\nschedule: {at: '05:00'}",
        "delivery: {username: '${WORD}', password: '${WORD}', security: tls}",
        "secret: ${LONG}", "secret: ${LONG}\nsite: https://x.example", "secret: ${NONE}",
        "variety: 0.9", "max_age_days: 366", "schedule: {weekly: sat}",
        "digest: weekly\nschedule: {weekly: mon}",
    ],
)  # fmt: skip
def test_what_is_no_mistake(line: str) -> None:
    """The other side of each rule."""
    text = f"name: x\nfrom: a@x.example\n{line}\n"
    environment = {"WORD": "password", "LONG": "x" * 32}
    document = parse_document(Path("newsletter.yaml"), text, environment)

    found = checked(SHAPES["newsletter"], document, "newsletter")

    assert found.model_dump(include={"name", "sender"}) == {"name": "x", "sender": "a@x.example"}


LOADED = [
    ("newsletter", "name: x\nfrom: a@x.example\ntheme: {name: gazete}\n", [
        "newsletter.yaml:3:15: no theme is called `gazete`; did you mean `gazette`?",
    ]),
    ("newsletter", "name: x\nfrom: a@x.example\ntheme: {name: other}\n", [
        "newsletter.yaml:3:15: no theme is called `other`; known are `gazette`, `journal`, `terminal`",
    ]),
    ("newsletter", "name: x\nfrom: a@x.example\ntheme: {templates: ../elsewhere}\n", [
        ("newsletter.yaml:3:20: ROOT/../elsewhere is outside of ROOT: templates must be inside the "
        "newsletter's folder; copy them there"),
    ]),
    ("newsletter", "name: x\nfrom: a@x.example\ntheme: {templates: own}\n", [
        "newsletter.yaml:3:20: ROOT/own: no such folder",
    ]),
    ("newsletter", "name: x\nfrom: a@x.example\ndkim: [{selector: a, key: '${WORD}'}, {selector: b, key: '${EC}'}]\n", [
        "newsletter.yaml:3:27: not a private key in PEM form without a password; `newsletter dkim-key` makes one",
        "newsletter.yaml:3:58: neither RSA nor Ed25519",
    ]),
    ("sources", "sources: [{name: A, kind: huggingface}, {name: A, kind: huggingface}]\n", [
        "sources.yaml:1:48: a second source is called `A`",
    ]),
    ("topics", "topics:\n  - {name: a, title: A, match: x}\n  - {name: a, title: A, match: x}\n", [
        "topics.yaml:3:6: a second topic is called `a`",
    ]),
    ("topics", "topics:\n  - {name: a, title: A, extends: b}\n  - {name: b, title: B, extends: longr}\n", [
        "topics.yaml:2:34: no topic is called `longr`; known are `a`, `b`",
        "topics.yaml:3:34: no topic is called `longr`; known are `a`, `b`",
    ]),
    ("topics", "topics:\n  - {name: a, title: A, extends: longr}\n  - {name: longer, title: B, match: x}\n", [
        "topics.yaml:2:34: no topic is called `longr`; did you mean `longer`?",
    ]),
    ("topics", "topics:\n  - {name: a, title: A, match: [x], like: [a.csv, x.bib, https://a.example/b.pdf, 10.1/a.pdf]}\n", [
        ("topics.yaml:2:44: `a.csv` is no library of a known kind: export it as BibTeX (.bib), CSL JSON (.json) or "
        "RIS (.ris)"),
    ]),
    ("topics", "topics:\n  - {name: a, title: A, match: ['titel: agent']}\n", [
        "topics.yaml:2:32: unknown field `titel:`; did you mean `title:`?",
    ]),
    ("subscribers", "subscribers:\n  - {email: a@x.example}\n  - {email: b@x.example}\n  - {email: A@x.example}\n", [
        "subscribers.yaml:4:13: A@x.example is on the list already (subscribers.yaml:2:13)",
    ]),
    ("subscribers", "subscribers:\n  - {email: a@x.example, topics: [a, agent, nobody]}\n", [
        "subscribers.yaml:2:35: no topic is called `a`; known are `language-models`, `agents`, `vision`, `alignment`",
        "subscribers.yaml:2:38: no topic is called `agent`; did you mean `agents`?",
        "subscribers.yaml:2:45: no topic is called `nobody`; known are `language-models`, `agents`, `vision`, `alignment`",
    ]),
    ("subscribers", "subscribers:\n  - {email: a@x.example, words: {anny: [x]}, mute: [''], likes: [x.pdf], dislikes: [y.html]}\n", [
        "subscribers.yaml:2:40: unknown key `anny`; did you mean `any:`?",
        ("subscribers.yaml:2:66: `x.pdf` is no library of a known kind: export it as BibTeX (.bib), CSL JSON (.json) "
        "or RIS (.ris)"),
        ("subscribers.yaml:2:85: `y.html` is no library of a known kind: export it as BibTeX (.bib), CSL JSON (.json) "
        "or RIS (.ris)"),
        "subscribers.yaml:2:52: `` has no word to look for",
    ]),
]  # fmt: skip


def load_all(folder: Path, environment: dict[str, str]) -> None:
    """Read the list as well, as a run does."""
    config = load_config(folder, environment)
    read_list(folder, config.choice.topic_names, environment)


@pytest.mark.parametrize(("name", "text", "said"), LOADED)
def test_what_only_the_files_together_tell(
    tmp_path: Path, root: Path, name: str, text: str, said: list[str]
) -> None:
    """Names that are twice there or nowhere, folders, keys: each in its place."""
    write_newsletter(tmp_path, root, subscribers="subscribers: []\n")
    write_newsletter(tmp_path, root, **({"subscribers": "subscribers: []\n"} | {name: text}))
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )

    with pytest.raises(ConfigError) as caught:
        load_all(tmp_path / "config", {"WORD": "password", "EC": key.decode()})

    folder = f"{tmp_path / 'config'}/"
    found = [
        problem.replace(folder, "").replace(str(tmp_path), "ROOT")
        for problem in caught.value.problems
    ]
    assert found == said


def test_a_missing_folder_is_told_with_both_ways_out(tmp_path: Path) -> None:
    """To make one, or to name another."""
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "config", {})

    assert caught.value.problems == (
        (
            f"{tmp_path / 'config'}: no such folder; `newsletter init` writes a working configuration, "
            "--config DIR names another"
        ),
    )


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("newsletter", ("secret",), True),
        ("newsletter", ("delivery", "username"), True),
        ("newsletter", ("delivery", "password"), True),
        ("newsletter", ("dkim", 3, "key"), True),
        ("sources", ("sources", 0, "headers", "x-key"), True),
        ("sources", ("enrich", 1, "headers", "x-key"), True),
        ("newsletter", ("dkim", 3, "selector"), False),
        ("newsletter", ("dkim", 3), False),
        ("newsletter", ("delivery", "password", 0), False),
        ("newsletter", ("delivery", "host"), False),
        ("sources", ("secret",), False),
        ("topics", ("secret",), False),
    ],
)
def test_which_values_are_secrets(
    name: str, path: tuple[str | int, ...], *, expected: bool
) -> None:
    """Passwords, keys and what is sent to sources; nothing above or below them."""
    assert is_secret(name, path) is expected


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("timezon", ["name", "timezone"], "; did you mean `timezone`?"),
        ("TIMEZONE", ["name", "timezone"], "; did you mean `timezone`?"),
        ("abcde", ["abcxx", "abxxx"], "; did you mean `abcxx`?"),
        ("abcde", ["abxxx", "axxxx"], "; known are `abxxx`, `axxxx`"),
        ("x", ["one"], "; known are `one`"),
        ("x", [], ""),
    ],
)
def test_what_is_suggested(word: str, known: list[str], said: str) -> None:
    """The one that is most alike, if six tenths are; else all there are."""
    assert suggest(word, known) == said


@pytest.mark.parametrize(
    ("line", "domain"),
    [
        ("from: a@News.Example", "news.example"),
        ("from: 'Daily <a@news.example> '", "news.example"),
        ("from: ${SENDER}@news.example\nsecret: ${NONE}\nunknown: 5", "news.example"),
    ],
)
def test_the_domain_of_the_sender_is_read_from_half_a_file(
    tmp_path: Path, line: str, domain: str
) -> None:
    """Who makes a key has neither it nor the other variables yet."""
    (tmp_path / "newsletter.yaml").write_text(f"{line}\n", "utf-8")

    assert sender_domain(tmp_path) == domain


@pytest.mark.parametrize(
    ("text", "place"), [("name: x\nfrom: me\n", "2:1"), ("name: x\n", "1:1"), ("from:\n", "1:1")]
)
def test_no_domain_of_the_sender(tmp_path: Path, text: str, place: str) -> None:
    """Is told where it should stand."""
    path = tmp_path / "newsletter.yaml"
    path.write_text(text, "utf-8")

    with pytest.raises(ConfigError) as caught:
        sender_domain(tmp_path)

    assert caught.value.problems == (f"{path}:{place}: `from` needs an address, or give --domain",)
