"""What arrives of the files where nothing is wrong: readers, themes, topics, values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import as_kept, write_newsletter

from newsletter.config.environment import read_environment
from newsletter.config.files import load_config
from newsletter.config.settings import Keeping
from newsletter.config.subscribers import read_list
from newsletter.config.themes import SHIPPED
from newsletter.config.values import _read_address, read_address
from newsletter.errors import ConfigError
from newsletter.model import Cadence, Length, SignUp, Wishes
from newsletter.pick.filters.language import parse_match
from newsletter.subscribe.audience import subscriber_of

HEAD = "name: The Daily\nfrom: a@lab.example\n"


def load(folder: Path, root: Path, environment: dict[str, str] | None = None, **files: str) -> Any:
    write_newsletter(folder, root, **({"newsletter": HEAD} | files))
    return load_config(folder / "config", environment or {})


def people_of(folder: Path, config: Any) -> tuple[SignUp, ...]:
    return read_list(folder / "config", config.choice.topic_names, {}).sign_ups


def test_every_setting_of_a_reader_arrives(tmp_path: Path, root: Path) -> None:
    """As they wrote it; whoever is paused is listed."""
    topics = "topics:\n" + "".join(f"  - {{name: {n}, title: {n}, match: {n}}}\n" for n in "abc")
    people = """
subscribers:
  - {email: Ada@R.example, name: " Ada  B. ", topics: [c, a, c], timezone: Asia/Tokyo, language: ja}
  - {email: cy@r.example, paused: true}
  - email: bo@r.example
    words: [x]
    follow: [Bo Li, Cy]
    mute: y
    mute_authors: [Di]
    likes: [one]
    dislikes: [two, three]
  - {email: di@r.example, follow: [Bo Li], mute_authors: [Cy]}
  - {email: ed@r.example, hour: 0, cadence: weekly, length: short}
  - {email: flo@r.example, hour: 23, cadence: weekdays, length: full}
"""
    text = HEAD + "timezone: Europe/Zurich\nlanguage: de\n"
    config = load(tmp_path, root, newsletter=text, topics=topics, subscribers=people)

    assert people_of(tmp_path, config) == (
        SignUp(
            email="Ada@r.example",
            name="Ada B.",
            wishes=Wishes(topics=("c", "a"), timezone="Asia/Tokyo", language="ja"),
        ),
        SignUp(email="cy@r.example", is_paused=True),
        SignUp(
            email="bo@r.example",
            wishes=Wishes(
                words=["x"],
                follow=("Bo Li", "Cy"),
                mute="y",
                mute_authors=("Di",),
                likes=("one",),
                dislikes=("two", "three"),
            ),
        ),
        SignUp(email="di@r.example", wishes=Wishes(follow=("Bo Li",), mute_authors=("Cy",))),
        SignUp(
            email="ed@r.example",
            wishes=Wishes(hour=0, cadence=Cadence.WEEKLY, length=Length.SHORT),
        ),
        SignUp(email="flo@r.example", wishes=Wishes(hour=23, cadence=Cadence.WEEKDAYS)),
    )


def test_what_a_reader_did_not_choose_is_the_newsletters(tmp_path: Path, root: Path) -> None:
    """Topics, zone, language; filters and authors come together."""
    people = "subscribers:\n  - {email: bo@r.example, words: [x], follow: [Bo Li], mute: y, mute_authors: [Di]}\n"
    (found,) = people_of(tmp_path, load(tmp_path, root, subscribers=people))
    kept = replace(as_kept(found), wishes=found.wishes)

    reader = subscriber_of(kept, ("a", "b"), timezone="Europe/Zurich", language="de")

    assert (reader.topics, reader.timezone, reader.language) == (("a", "b"), "Europe/Zurich", "de")
    assert reader.words == parse_match({"any": [{"any": ["x"]}, "author: Bo Li"]})
    assert reader.muted == parse_match({"any": [{"any": ["y"]}, "author: Di"]})
    alone = replace(kept, wishes=Wishes(follow=("Bo Li",), topics=("b", "gone")))
    reader = subscriber_of(alone, ("a", "b"), timezone="UTC", language="en")
    assert (reader.words, reader.muted) == (parse_match(["author: Bo Li"]), None)
    assert reader.topics == ("b",)


def test_readers_of_a_newsletter_that_says_nothing(tmp_path: Path, root: Path) -> None:
    """UTC and English."""
    config = load(tmp_path, root, subscribers="subscribers: [{email: a@r.example}]\n")
    (found,) = people_of(tmp_path, config)

    assert found.wishes == Wishes()
    assert (str(config.zone), config.letter.language) == ("UTC", "en")


def test_a_reader_who_is_twice_there_hides_no_other_mistake(tmp_path: Path, root: Path) -> None:
    """The list is read to its end."""
    people = "subscribers:\n" + "".join(
        f"  - {{email: {email}@r.example}}\n" for email in ("a", "A", "b", "B")
    )

    config = load(tmp_path, root, subscribers=people)
    with pytest.raises(ConfigError) as caught:
        people_of(tmp_path, config)

    folder = tmp_path / "config" / "subscribers.yaml"
    assert caught.value.problems == (
        f"{folder}:3:13: A@r.example is on the list already ({folder}:2:13)",
        f"{folder}:5:13: B@r.example is on the list already ({folder}:4:13)",
    )


def test_all_that_templates_read_of_a_theme(tmp_path: Path, root: Path) -> None:
    """Of the shipped theme, what newsletter.yaml changes of it, and where its templates are."""
    text = HEAD + (
        "theme:\n  name: journal\n  colours: {accent: '#ABCDEF'}\n  dark: {card: '#123456'}\n  font: mono\n"
        "  density: titles\n  figures: true\n  logo: {url: 'https://x.example/l.png', width: 99, alt: Our logo}\n"
    )
    usual = dict(load(tmp_path / "usual", root).letter.theme.values)
    theme = load(tmp_path / "own", root, newsletter=text).letter.theme
    changed = dict(theme.values)

    assert list(changed) == list(usual) == NAMES
    assert {name: value for name, value in changed.items() if usual[name] != value} == {
        "accent": "#abcdef", "dark_card": "#123456", "gap": "10px", "density": "titles", "figures": "all",
        "font": "ui-monospace, Menlo, Consolas, 'Courier New', monospace",
        "logo_url": "https://x.example/l.png", "logo_alt": "Our logo", "logo_width": "99",
    }  # fmt: skip
    assert (usual["density"], usual["gap"], usual["figures"]) == ("comfortable", "19px", "")
    own = tmp_path / "own" / "templates"
    assert theme.folders == (
        own / "themes" / "journal",
        SHIPPED / "themes" / "journal",
        own,
        SHIPPED,
    )


NAMES = [
    *(prefix + name for prefix in ("", "dark_") for name in (
        "ground", "card", "ink", "quiet", "accent", "line",
    )),
    "font", "headings", "density", "gap", "figures", "logo_url", "logo_dark", "logo_alt", "logo_width",
    "direction", "start", "end",
]  # fmt: skip


def test_templates_of_ones_own_go_before_all_others(tmp_path: Path, root: Path) -> None:
    """A folder within the newsletter's."""
    (tmp_path / "mine").mkdir()
    theme = load(
        tmp_path, root, newsletter=HEAD + "theme: {templates: mine, density: compact}\n"
    ).letter.theme

    assert theme.folders[0] == tmp_path / "mine"
    assert dict(theme.values)["gap"] == "14px"


def test_a_mistake_in_a_theme_has_its_place(tmp_path: Path, root: Path) -> None:
    """In the theme's own file, which may not read the environment."""
    write_newsletter(tmp_path, root, newsletter=HEAD + "theme: {name: mine}\n")
    path = tmp_path / "templates" / "themes" / "mine" / "theme.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("colours: {accent: blue}\nfont: ${FONT}\n", "utf-8")

    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "config", {"FONT": "serif"})

    assert (
        f'{path}:1:19: `accent`: `blue`: a colour is six digits in quotes, such as "#3a3fc4"'
        in (caught.value.problems)
    )
    assert f"{path}:2:7: the environment variable FONT is not set" in str(caught.value)


def test_what_a_topic_weighs(tmp_path: Path, root: Path) -> None:
    """Three signals, and one more for each kind of thing that it likes; or what it says itself."""
    topics = """
topics:
  - {name: a, title: A, match: x}
  - {name: b, title: B, match: x, like: [y], authors: [Bo], venues: [ICML]}
  - {name: c, title: C, match: x, rank: {trending: 2, venue: 0.5}}
"""
    found = load(tmp_path, root, topics=topics, subscribers="subscribers: []\n").choice.topics

    usual = (("relevance", 1.0), ("trending", 0.8), ("recency", 0.2))
    assert [topic.weights for topic in found] == [
        usual,
        (*usual, ("taste", 1.0), ("author", 1.0), ("venue", 1.0)),
        (("trending", 2.0), ("venue", 0.5)),
    ]


def test_a_topic_keeps_its_own_name_and_title(tmp_path: Path, root: Path) -> None:
    """All else comes from what it extends, as far as it says nothing itself."""
    topics = """
topics:
  - {name: base, title: Base, match: x, limit: 2, min_score: 0.5, fresh: 3, like: [y], venues: [V], authors: [A]}
  - {name: more, title: More, extends: base, limit: 9}
  - {name: most, title: Most, extends: more, fresh: 4}
"""
    base, more, most = load(
        tmp_path, root, topics=topics, subscribers="subscribers: []\n"
    ).choice.topics

    assert (more.name, more.title, more.limit, more.fresh) == ("more", "More", 9, base.fresh)
    assert (most.name, most.title, most.limit) == ("most", "Most", 9)
    assert most.fresh != base.fresh
    for topic in (more, most):
        assert (topic.match, topic.min_score, topic.like, topic.venues, topic.authors) == (
            base.match, 0.5, ("y",), ("V",), ("A",),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("'  Two   words '", "Two words"),
        ('"a\\u200bb\\u200d c"', "ab c"),
        ('"ب\\u200cب"', "ب\u200cب"),
        ('"\\u202ea"', "a"),
        ("Zoë 日本", "Zoë 日本"),
    ],
)
def test_a_line_of_text_as_it_is_kept(tmp_path: Path, root: Path, written: str, name: str) -> None:
    """Single spaces, and nothing that nobody sees; joiners stay where letters need them."""
    config = load(tmp_path, root, newsletter=f"name: {written}\nfrom: a@lab.example\n")

    assert config.letter.name == name


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Ada@LAB.Example ", "Ada@lab.example"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a+b@lab.example", "a+b@lab.example"),
        (f"{'x' * 64}@lab.example", f"{'x' * 64}@lab.example"),
        ("a@localhost.test", "a@localhost.test"),
    ],
)
def test_an_address_as_mail_is_sent_to_it(
    tmp_path: Path, root: Path, written: str, kept: str
) -> None:
    """Its domain as DNS has it, the rest as it is."""
    config = load(tmp_path, root, newsletter=f"name: x\nfrom: '{written}'\n")

    assert config.letter.sender == kept


def test_more_settings_of_delivery_arrive(tmp_path: Path, root: Path) -> None:
    """How long a rate is waited for, and the usual ways without a word."""
    text = HEAD + "delivery: {patience: 5, host: '::1'}\n"
    config = load(tmp_path, root, newsletter=text)

    assert (config.delivering.pace.patience, config.delivering.host) == (5.0, "::1")
    usual = load(tmp_path / "usual", root)
    mail = usual.delivering
    assert (mail.pace.patience, mail.pace.connections) == (60.0, 4)
    assert (mail.transport, mail.host, mail.port, mail.security, mail.auth) == (
        "outbox", "localhost", 587, "starttls", "password",
    )  # fmt: skip
    assert (mail.username, mail.password, mail.timeout, mail.per_connection) == (
        None,
        None,
        60.0,
        100,
    )
    assert (
        usual.collecting.enrichments,
        usual.missing,
        usual.collecting.left_out,
        usual.secrets,
    ) == (
        (),
        (),
        (),
        frozenset(),
    )


def test_a_name_of_the_program_is_no_key(tmp_path: Path, root: Path) -> None:
    """`from` is called `sender` within, which is nobody's business."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, root, newsletter="name: x\nsender: a@lab.example\n")

    path = tmp_path / "config" / "newsletter.yaml"
    assert caught.value.problems[0] == f"{path}:1:1: `from` is missing"
    assert caught.value.problems[1].startswith(f"{path}:2:1: unknown key `sender`")


def test_sources_that_lack_a_secret_are_told_in_full(tmp_path: Path, root: Path) -> None:
    """And services; what is left is asked. What is short is no secret to look for."""
    sources = """
sources:
  - {name: A, url: 'https://a.example/', headers: {x-key: '${ONE}'}}
  - {name: B, url: 'feeds/b.xml', headers: {}}
  - {name: C, url: 'https://c.example/?k=${SHORT}&l=${LONG}'}
enrich:
  - {service: github, headers: {authorization: '${TWO}'}}
  - crossref
"""
    config = load(tmp_path, root, {"SHORT": "1234567", "LONG": "12345678"}, sources=sources)

    path = tmp_path / "config" / "sources.yaml"
    told = (
        "the environment variable {} is not set, or is empty: export it, write it into the file .env "
        "beside config/, or name a file that holds it in {}_FILE"
    )
    assert config.collecting.left_out == (
        f"{path}:3:59: {told.format('ONE', 'ONE')}", f"{path}:7:48: {told.format('TWO', 'TWO')}",
    )  # fmt: skip
    assert [(source.name, source.location) for source in config.collecting.sources] == [
        ("B", str(tmp_path / "feeds" / "b.xml")), ("C", "https://c.example/?k=1234567&l=12345678"),
    ]  # fmt: skip
    assert [enrichment.service for enrichment in config.collecting.enrichments] == ["crossref"]
    assert config.secrets == {"12345678"}
    assert config.collecting.places == {
        "A": f"{path}:3:20", "B": f"{path}:4:20", "C": f"{path}:5:20",
    }  # fmt: skip
    config.require_ready()


def test_what_mail_cannot_leave_without_is_told_in_full(tmp_path: Path, root: Path) -> None:
    """Each with its place; nothing else stops."""
    config = load(tmp_path, root, newsletter=HEAD + "secret: ${SECRET}\n")

    path = tmp_path / "config" / "newsletter.yaml"
    (told,) = config.missing
    assert told == (
        f"{path}:3:9: the environment variable SECRET is not set, or is empty: export it, write it into "
        "the file .env beside config/, or name a file that holds it in SECRET_FILE"
    )
    with pytest.raises(ConfigError) as caught:
        config.require_ready()
    assert caught.value.problems == (told,)
    assert repr(config) == f"Config('The Daily' at {tmp_path})"


# --- The environment ----------------------------------------------------------------------------


def private(folder: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path = folder / ".env"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


CLEAR = (
    "where the value ends is not clear: put all of it in quotes, and a comment on a line of its own"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A=1\nhunter2\n", ":2:1: a line must be NAME=value, or begin with #"),
        ("\n\n 1A=x\n", ":3:1: a line must be NAME=value, or begin with #"),
        ("A=1\nexport  B = x # y\n", f":2:13: {CLEAR}"),
        ("A='x\n", f":1:3: {CLEAR}"),
        ("A='x' y\n", f":1:3: {CLEAR}"),
        (b"A=\xff\n", ": not UTF-8 text"),
    ],
)
def test_a_line_of_secrets_that_is_none(tmp_path: Path, text: str | bytes, said: str) -> None:
    """With its place, and not a word of it."""
    path = private(tmp_path, text)

    with pytest.raises(ConfigError) as caught:
        read_environment(tmp_path, {})

    assert caught.value.problems == (f"{path}{said}",)


def test_a_file_of_secrets_that_others_may_read(tmp_path: Path) -> None:
    """Is refused with the command that mends it."""
    for mode in (0o640, 0o620, 0o610, 0o604, 0o602, 0o601):
        path = private(tmp_path, "A=1\n", mode)
        with pytest.raises(ConfigError) as caught:
            read_environment(tmp_path, {})
        assert caught.value.problems == (
            f"{path}: others on this machine may read it, and it holds secrets: chmod 600 {path}",
        )


def test_files_that_variables_name(tmp_path: Path) -> None:
    """As container engines mount secrets; the variable is told where a file is none."""
    (tmp_path / "good").write_bytes(b"\xef\xbb\xbf word \n")
    (tmp_path / "bad").write_bytes(b"\xff")
    private(tmp_path, f"E_FILE={tmp_path}/good\nF=own\nB_FILE={tmp_path}/bad\n")
    found = read_environment(
        tmp_path,
        {
            "A_FILE": f" {tmp_path}/good\n",
            "C_FILE": "/nowhere/c",
            "D_FILE": str(tmp_path),
            "F_FILE": "",
        },
    )

    assert (found["A"], found["E"], found["F"]) == ("word", "word", "own")
    for name, said in (
        ("B", f"B_FILE: {tmp_path}/bad: not UTF-8 text"),
        ("C", "C_FILE: /nowhere/c: no such file or directory"),
        ("D", f"D_FILE: {tmp_path}: is a directory"),
    ):
        with pytest.raises(ConfigError) as caught:
            found[name]
        assert caught.value.problems == (said,)


def test_variables_are_counted_once(tmp_path: Path) -> None:
    """Those of the process, and those of the file."""
    private(tmp_path, "A=1\n\n# B=2\n  export C = 3\n")
    found = read_environment(tmp_path, {"A": "x", "D": "4"})

    assert (sorted(found), len(found)) == (["A", "C", "D"], 3)
    assert (found["A"], found["C"], found["D"]) == ("x", "3", "4")
    assert dict(read_environment(tmp_path / "none", {"Z": " z "})) == {"Z": "z"}


DOMAINS = st.one_of(
    st.sampled_from(["lab.example", "LAB.Example", "bücher.example", "x.invalid", "localhost", "a..b", ""]),
    st.text("ab.-@", max_size=8),
)  # fmt: skip


@given(st.text("abAB09._+-@ü", max_size=70), DOMAINS)
def test_the_short_way_for_usual_addresses_says_the_same(local: str, domain: str) -> None:
    """Domains are remembered, since the library takes its time; what it says does not change."""

    def said(read: Callable[[str], str]) -> str:
        try:
            return read(f"{local}@{domain}")
        except ValueError as error:
            return f"wrong: {error}"

    assert said(read_address) == said(_read_address)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("true", "all"),
        ("false", "none"),
        ("none", "none"),
        ("lead", "lead"),
        ("all", "all"),
    ],
)
def test_figures_by_name_and_as_in_earlier_versions(
    given: str, meant: str, tmp_path: Path, root: Path
) -> None:
    """What was a yes or no still is."""
    text = HEAD + f"theme: {{figures: {given}}}\n"

    assert load(tmp_path, root, newsletter=text).letter.figures == meant


def test_no_figures_of_some_other_kind(tmp_path: Path, root: Path) -> None:
    """A word that is not known is a mistake, at its place."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, root, newsletter=HEAD + "theme: {figures: some}\n")

    assert ":3:18: `figures`: `some` is not one of them; known are `none`, `lead`, `all`" in str(
        caught.value
    )


def test_what_is_kept_for_ever_is_kept(tmp_path: Path, root: Path) -> None:
    """Key by key, or all of it; requests that nobody confirmed go all the same."""
    some = load(
        tmp_path / "a", root, newsletter=HEAD + "keep: {papers: forever, ledger: 400}\n"
    ).keeping
    every = load(tmp_path / "b", root, newsletter=HEAD + "keep: forever\n").keeping

    assert (some.papers, some.ledger, some.editions) == (0, 400, Keeping().editions)
    named = {field.name: getattr(every, field.name) for field in fields(every)}
    assert named.pop("requests") == 30
    assert set(named.values()) == {0}
