"""The four YAML files: every mistake has its place, its value and a way to mend it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import as_subscriber, make_paper, write_newsletter

from newsletter.config.documents import parse_document
from newsletter.config.files import load_config
from newsletter.config.schemas import schemas
from newsletter.config.subscribers import read_list
from newsletter.errors import ConfigError
from newsletter.pick.filters.folding import fold_paper
from newsletter.pick.filters.matching import matches


def read_all(folder: Path) -> None:
    config = load_config(folder, {})
    read_list(config.folder, config.choice.topic_names, {})


def mistake(folder: Path, root: Path, name: str, before: str, after: str) -> str:
    """Return what is said when `before` is replaced by `after` in one shipped file."""
    text = (root / "config" / f"{name}.yaml").read_text("utf-8")
    assert before in text
    write_newsletter(folder, root, **{name: text.replace(before, after, 1)})
    with pytest.raises(ConfigError) as caught:
        read_all(folder / "config")
    return str(caught.value).replace(str(folder / "config") + "/", "")


MISTAKES = [
    ("newsletter", "timezone: UTC", "timezon: UTC", "newsletter.yaml:5:1: unknown key `timezon`; did you mean `timezone`?"),
    ("newsletter", "timezone: UTC", "timezone: Mars/Phobos", "newsletter.yaml:5:11: `timezone`: `Mars/Phobos`: not an IANA time zone"),
    ("newsletter", '"06:00"', "25:00", 'newsletter.yaml:8:7: `at`: `25:00`: a time of day is written "06:00"'),
    ("newsletter", "mon,", "mn,", "newsletter.yaml:9:10: `mn` is not one of them; did you mean `mon`?"),
    ("newsletter", "transport: outbox", "transport: smpt", "newsletter.yaml:17:14: `transport`: `smpt` is not one of them; did you mean `smtp`?"),
    ("newsletter", "from: papers@example.org", "from: papers at example", "newsletter.yaml:4:7: `from`: `papers at example`: not an email address"),
    ("newsletter", "from: papers@example.org", "", "newsletter.yaml:1:1: `from` is missing"),
    ("newsletter", "timezone: UTC", "site: https://x.example", "`site` needs a `secret`"),
    ("newsletter", "name: Daily", 'name: "Daily\\nBcc: x"\nx: Daily', "must be one line of text"),
    ("sources", "categories: [", "category: [", "sources.yaml:6:5: unknown key `category`; did you mean `categories`?"),
    ("sources", "kind: arxiv", "kind: arXiv", "sources.yaml:5:11: `kind`: `arXiv` is not one of them; did you mean `arxiv`?"),
    ("sources", "kind: huggingface", "kind: huggingface\n    url: ftp://x.example/", "only http:// and https://"),
    ("sources", "name: Hugging Face Daily Papers", "name: arXiv", "sources.yaml:9:11: a second source is called `arXiv`"),
    ("topics", "limit: 6", "limit: many", "topics.yaml:12:12: `limit`: `many`: expected a whole number, such as 6"),
    ("topics", "match: [agent,", 'match: ["titel: agent",', "topics.yaml:16:12: unknown field `titel:`; did you mean `title:`?"),
    ("topics", "trending: 0.5", "trendin: 0.5", "unknown key `trendin`; did you mean `trending`?"),
    ("topics", "limit: 6", "limit: 6\n    limit: 7", "topics.yaml:13:5: `limit` is here a second time (first on line 12)"),
    ("topics", "limit: 6", "\tlimit: 6", "topics.yaml:12:5: a tab: YAML wants spaces"),
    ("topics", "name: agents", "name: Agents!", "use lower-case letters"),
    ("subscribers", "agents,", "agent,", "subscribers.yaml:6:31: no topic is called `agent`; did you mean `agents`?"),
    ("subscribers", "  - email: you@", "  - email: YOU@example.org\n  - email: you@", "subscribers.yaml:5:12: you@example.org is on the list already"),
    ("newsletter", "timezone: UTC", "timezone: Berlin", "newsletter.yaml:5:11: `timezone`: `Berlin`: not an IANA time zone; did you mean `Europe/Berlin`?"),
    ("newsletter", "timezone: UTC", "language: german", "newsletter.yaml:5:11: `language`: `german`: a language is written as its code (BCP 47); did you mean `de`?"),
    ("newsletter", "timezone: UTC", "language: e_n", 'such as "en", "de" or "pt-BR"'),
    ("newsletter", "timezone: UTC", "theme: gazete", "newsletter.yaml:5:8: `theme` takes `key: value` lines below it; did you mean `theme: {name: gazete}`?"),
    ("newsletter", "timezone: UTC", "theme: {name: gazete}", "no theme is called `gazete`; did you mean `gazette`?"),
    ("newsletter", "timezone: UTC", "delivery: smtp", "newsletter.yaml:16:1: `delivery` is here a second time (first on line 5)"),
    ("newsletter", "timezone: UTC", "theme: {templates: ../elsewhere}", "templates must be inside the newsletter"),
    ("newsletter", "from: papers@example.org", f"from: {'x' * 65}@example.org", "65 characters before the @: mail servers take 64"),
    ("topics", "match: [agent, ", "match: [title: planning, ", 'a term with a colon goes in quotes: "title: planning"'),
    ("newsletter", "timezone: UTC", "site: https://x.example", "newsletter.yaml:5:1: `site` needs a `secret`"),
    ("newsletter", "timezone: UTC", "archive: https://bob:pw@x.example/", "a name or password in it, which every reader would see"),
    ("newsletter", "timezone: UTC", "archive: https://exa mple.org/", "must be an address that begins with https://"),
    ("newsletter", "timezone: UTC", "variety: 0,2", "newsletter.yaml:5:10: `variety`: `0,2`: expected a number, such as 0.5"),
    ("newsletter", "timezone: UTC", "feedback: perhaps", "`perhaps`: expected true or false"),
    ("sources", "kind: huggingface", "kind: huggingface\n    url: https://exa mple.org/", "not an address that can be fetched"),
    ("subscribers", "  - email", "    email", "`subscribers` is a list: one line `- …` for each, below it, or [a, b]"),
    ("subscribers", "subscribers:", "- subscribers:", "expected `key: value` lines"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "after", "said"), MISTAKES)
def test_mistakes(
    tmp_path: Path, root: Path, name: str, before: str, after: str, said: str
) -> None:
    """File, line, column, the offending value, and what was meant."""
    assert said in mistake(tmp_path, root, name, before, after)


def test_the_shipped_configuration_works(root: Path) -> None:
    """What `init` writes loads without a change and sends nothing anywhere."""
    config = load_config(root / "config", {})

    assert config.delivering.transport == "outbox"
    assert [source.kind for source in config.collecting.sources] == ["arxiv", "huggingface"]
    assert config.collecting.sources[0].categories == ("cs.CL", "cs.LG", "cs.AI", "cs.CV")


def test_secrets_come_from_the_environment_only(tmp_path: Path, root: Path) -> None:
    """A password in the file is refused without being shown; a variable works and never prints."""
    smtp = "transport: smtp\n  username: ${ME}\n  password: "
    said = mistake(
        tmp_path, root, "newsletter", "transport: outbox", smtp.replace("${ME}", "me") + "hunter2"
    )
    assert "`delivery.password` is a secret: write ${NAME}" in said
    assert "hunter2" not in said

    text = (
        (root / "config" / "newsletter.yaml")
        .read_text("utf-8")
        .replace("transport: outbox", smtp + "${PASS}")
    )
    write_newsletter(tmp_path, root, newsletter=text)
    config = load_config(tmp_path / "config", {"ME": "me"})
    with pytest.raises(ConfigError, match="environment variable PASS is not set"):
        config.require_ready()
    config = load_config(tmp_path / "config", {"ME": "me", "PASS": " hunter2\n"})
    config.require_ready()
    assert config.delivering.password == "hunter2"
    assert "hunter2" not in repr(config) + str(config.delivering)


def test_mistakes_of_all_files_come_at_once(tmp_path: Path, root: Path) -> None:
    """Nobody wants to mend one mistake per run."""
    write_newsletter(
        tmp_path,
        root,
        newsletter="nam: x\n",
        sources="sources: []\n",
        topics="topics:\n",
        subscribers="subscriber: []\n",
    )

    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "config", {})

    files = {Path(line.partition(":")[0]).name for line in caught.value.problems}
    assert files == {"newsletter.yaml", "sources.yaml", "topics.yaml", "subscribers.yaml"}


def test_yaml_surprises_are_none(tmp_path: Path) -> None:
    """`no` is Norwegian, 10:30 is a time and a date is text."""
    document = parse_document(
        tmp_path / "x.yaml", "a: no\nb: 10:30\nc: 2026-11-24\nd: 1.5\ne: true\nf:\n", {}
    )

    assert document.data == {
        "a": "no",
        "b": "10:30",
        "c": "2026-11-24",
        "d": 1.5,
        "e": True,
        "f": None,
    }


def test_a_missing_folder_says_how_to_begin(tmp_path: Path) -> None:
    """The way out is in the message."""
    with pytest.raises(ConfigError, match="newsletter init"):
        load_config(tmp_path / "config", {})


@given(st.text(max_size=200))
def test_any_text_is_data_or_a_config_error(text: str) -> None:
    """No YAML file, however broken, gives a traceback."""
    try:
        parse_document(Path("x.yaml"), text, {})
    except ConfigError as error:
        assert str(error).startswith("x.yaml")


def test_schemas_know_every_key(root: Path) -> None:
    """The JSON Schemas in config/schema are those of the code (`make docs` writes them)."""
    for name, schema in schemas().items():
        written = json.loads((root / "config" / "schema" / f"{name}.json").read_text("utf-8"))
        assert written == schema
        first = (root / "config" / f"{name}.yaml").read_text("utf-8").split("\n")[0]
        assert first == f"# yaml-language-server: $schema=schema/{name}.json"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name: \xff\xfe", r"newsletter\.yaml:1:7: not UTF-8 text .*Latin-1"),
        (b"a: &x\n  b: *x\n", "alias that contains itself"),
        (b"name: [\n", r"newsletter\.yaml:1:7: the `\[` that opens here is never closed"),
        (b"name: ${lower}", "names no environment variable"),
        (b"? [a]\n: b\n", "not a plain value|must be a word|not valid YAML"),
        (b"", "`name` is missing"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, root: Path, content: bytes, said: str) -> None:
    """Encoding, aliases, half a file, an empty file: one line each, no traceback."""
    write_newsletter(tmp_path, root)
    (tmp_path / "config" / "newsletter.yaml").write_bytes(content)

    with pytest.raises(ConfigError, match=said):
        load_config(tmp_path / "config", {})


def test_a_missing_file_and_a_folder_in_its_place(tmp_path: Path, root: Path) -> None:
    """Both are said with their path."""
    write_newsletter(tmp_path, root)
    (tmp_path / "config" / "topics.yaml").unlink()
    (tmp_path / "config" / "sources.yaml").unlink()
    (tmp_path / "config" / "sources.yaml").mkdir()

    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "config", {})

    assert "topics.yaml: no such file" in str(caught.value)
    assert "sources.yaml: a folder, where a YAML file was expected" in str(caught.value)


def test_a_merged_mapping_counts_as_written(tmp_path: Path) -> None:
    """`<<: *defaults` saves repetition, as YAML users expect."""
    text = "base: &base {limit: 3}\ntopic:\n  <<: *base\n  name: x\n"

    assert parse_document(tmp_path / "x.yaml", text, {}).data["topic"] == {"limit": 3, "name": "x"}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("kind: feed", "a source of kind `feed` needs `url`"),
        ("kind: arxiv", "needs `url` or `categories`"),
        ("kind: semantic-scholar", "needs `query` or `authors`"),
        ("kind: huggingface, query: x", "`query` is not a setting of kind `huggingface`"),
        ("kind: arxiv, categories: [computers!]", "look like `cs.CL`"),
        ("kind: hackernew", "did you mean `hackernews`"),
        ("url: 'ftp://x.example/'", "only http:// and https://"),
        ("url: 'https://x.example', headers: {x-key: hunter2}", "is a secret: write ${NAME}"),
        ("url: 'https://x.example', headers: {'x key': '${KEY}'}", "x key"),
    ],
)
def test_a_source_that_does_not_fit_its_kind(
    tmp_path: Path, root: Path, source: str, said: str
) -> None:
    """What is missing, means nothing or must not be written is said at its place."""
    write_newsletter(tmp_path, root, sources=f"sources:\n  - {{name: A, {source}}}\n")

    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "config", {"KEY": "k"})

    assert said in str(caught.value)
    assert "sources.yaml:2:" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_services_and_their_keys(tmp_path: Path, root: Path) -> None:
    """A service needs no address; keys come from the environment and are shown nowhere."""
    write_newsletter(
        tmp_path,
        root,
        sources="""
sources:
  - {name: A, kind: semantic-scholar, query: agents, headers: {x-api-key: "${KEY}"}}
enrich:
  - crossref
  - {service: github, api: "https://git.example/api/", headers: {Authorization: "${KEY}"}}
""",
    )

    config = load_config(tmp_path / "config", {"KEY": "hunter2"})

    (source,) = config.collecting.sources
    assert (source.location, source.headers) == ("", (("x-api-key", "hunter2"),))
    first, second = config.collecting.enrichments
    assert (first.service, first.api) == ("crossref", "")
    assert (second.api, second.headers) == (
        "https://git.example/api",
        (("Authorization", "hunter2"),),
    )
    assert "hunter2" not in repr((source, second, config))


def topics_of(folder: Path, root: Path, topics: str) -> dict[str, Any]:
    write_newsletter(folder, root, topics=topics, subscribers="subscribers: []\n")
    return {topic.name: topic for topic in load_config(folder / "config", {}).choice.topics}


def test_a_topic_takes_over_what_it_does_not_say(tmp_path: Path, root: Path) -> None:
    """Settings of the topic that it extends, and of the one that that one extends."""
    topics = topics_of(
        tmp_path,
        root,
        """
topics:
  - {name: base, title: Base, match: agent, limit: 3, fresh: 2, like: [a sentence]}
  - {name: short, title: Short, extends: longer, limit: 1}
  - {name: longer, title: Longer, extends: base, min_score: 0.3}
  - {name: own, title: Own, extends: base, match: robot, rank: {recency: 1}}
""",
    )

    base, short, own = topics["base"], topics["short"], topics["own"]
    assert (short.match, short.limit, short.min_score) == (base.match, 1, 0.3)
    assert (short.fresh, short.like) == (dt.timedelta(days=2), ("a sentence",))
    assert (own.limit, own.weights) == (3, (("recency", 1.0),))
    assert own.match != base.match
    assert dict(base.weights) == {"relevance": 1.0, "trending": 0.8, "recency": 0.2, "taste": 1.0}


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("extends: nobody", "no topic is called `nobody`"),
        ("extends: a", "`a` extends itself"),
        ("limit: 3", "needs a `match`, or a `like` with what its papers should be like"),
        ("match: '(a OR'", "nothing follows `OR`"),
        ("match: a, fresh: 0", "greater than or equal to 1"),
        ("like: [2410.01230]", "an id goes in quotes"),
    ],
)
def test_topics_that_mean_nothing(tmp_path: Path, root: Path, topic: str, said: str) -> None:
    """Each mistake has its place."""
    with pytest.raises(ConfigError) as caught:
        topics_of(tmp_path, root, f"topics:\n  - {{name: a, title: A, {topic}}}\n")

    assert said in str(caught.value)
    assert "topics.yaml:2:" in str(caught.value)


def test_readers_may_say_much_of_themselves(tmp_path: Path, root: Path) -> None:
    """Words, authors, mutes and likes; a mistake in them has its place."""
    write_newsletter(
        tmp_path,
        root,
        subscribers="""
subscribers:
  - email: ada@readers.example
    words: [reward hacking]
    follow: [Bo Li]
    mute: {any: [protein]}
    mute_authors: [Cy Twombly]
    likes: ["2410.01234", mine.bib]
    dislikes: [a sentence]
  - {email: bo@readers.example}
""",
    )
    config = load_config(tmp_path / "config", {})
    listed = read_list(config.folder, config.choice.topic_names, {})
    ada, bo = map(as_subscriber, listed.sign_ups)

    ((library, place),) = listed.libraries
    assert library == "mine.bib"
    assert place.endswith("subscribers.yaml:8:27")

    assert ada.is_personal
    assert not bo.is_personal
    assert ada.words is not None
    assert ada.muted is not None
    assert matches(ada.words, fold_paper(make_paper(authors=("Li, Bo",))))
    assert matches(ada.muted, fold_paper(make_paper(title="A protein")))
    assert not matches(ada.muted, fold_paper(make_paper()))
    assert (ada.likes, ada.dislikes) == (("2410.01234", "mine.bib"), ("a sentence",))

    text = "subscribers:\n  - {email: a@readers.example, mute: {anny: [x]}}\n"
    write_newsletter(tmp_path, root, subscribers=text)
    with pytest.raises(ConfigError, match=r"subscribers.yaml:2:45: unknown key `anny`"):
        read_list(tmp_path / "config", (), {})
