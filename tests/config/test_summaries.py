"""`summaries:` of newsletter.yaml: a machine that may write sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
from makers import write_newsletter

from newsletter.config.files import load_config
from newsletter.config.settings import Config
from newsletter.config.summaries import is_near
from newsletter.errors import ConfigError
from newsletter.model import Ration

LETTER = "name: Daily\nfrom: p@news.example.org\n"


def read(folder: Path, root: Path, text: str, **variables: str) -> Config:
    write_newsletter(folder, root, newsletter=f"{LETTER}{text}\n")
    return load_config(folder / "config", variables)


def test_it_is_off_by_default(tmp_path: Path, root: Path) -> None:
    """Without the section no machine is named."""
    assert read(tmp_path, root, "").summaries is None


def test_all_settings(tmp_path: Path, root: Path) -> None:
    """Two are enough; the key comes from the environment, and is blacked out of what is shown."""
    short = read(tmp_path, root, "summaries: {endpoint: 'http://localhost:11434/v1/', model: tiny}")
    assert short.summaries is not None
    assert short.summaries.endpoint == "http://localhost:11434/v1"
    assert (short.summaries.languages, short.summaries.writes) == (("en",), True)
    assert short.summaries.allowance == Ration(requests=200, tokens=500_000)

    text = (
        "language: de\nsummaries: {endpoint: 'https://api.example.org/v1', model: big, key: '${KEY}',"
        " languages: [own, fr], write: false, thinks: true, per_day: 5, tokens_per_day: 9000,"
        " timeout: 3, seconds: 9, connections: 4}"
    )
    some = read(tmp_path, root, text, KEY="sk-of-tests").summaries
    assert some is not None
    assert some.languages == ("de", "fr")
    found = read(tmp_path, root, text.replace("[own, fr]", "all"), KEY="sk-of-tests")
    assert found.summaries is not None
    assert found.summaries.languages is None
    assert found.summaries.key == "sk-of-tests"
    assert "sk-of-tests" in found.secrets
    assert "sk-of-tests" not in repr(found.summaries)
    assert found.summaries.allowance == Ration(requests=5, tokens=9_000)


def test_a_key_may_be_in_a_file(tmp_path: Path, root: Path) -> None:
    """As every secret: `NAME_FILE` names it."""
    (tmp_path / "key").write_text("sk-in-a-file\n")
    text = "summaries: {endpoint: 'https://api.example.org/v1', model: big, key: '${KEY}'}"

    found = read(tmp_path, root, text, KEY_FILE=str(tmp_path / "key"))

    assert found.summaries is not None
    assert found.summaries.key == "sk-in-a-file"


def test_a_missing_key_stops_neither_mail_nor_check(tmp_path: Path, root: Path) -> None:
    """It is told with its place, as that of a source is."""
    text = "summaries: {endpoint: 'https://api.example.org/v1', model: big, key: '${NO_KEY}'}"

    found = read(tmp_path, root, text)

    assert found.missing == ()
    (told,) = found.collecting.left_out
    assert told.startswith(f"{tmp_path / 'config' / 'newsletter.yaml'}:3:")
    assert "NO_KEY" in told


ENDPOINT = "summaries: {endpoint: 'https://api.example.org/v1', "


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("summaries: {model: tiny}", "needs an `endpoint` and a `model`"),
        ("summaries: {endpoint: 'http://localhost/v1'}", "needs an `endpoint` and a `model`"),
        ("summaries: {endpoint: 'ftp://localhost/v1', model: tiny}", "must be an address"),
        ("summaries: {endpoint: 'http://me:pw@localhost/v1', model: tiny}", "has a name or password"),
        ("summaries: {endpoint: 'http://api.example.org/v1', model: tiny}", "unencrypted: use https://"),
        ("summaries: {endpoint: 'http://8.8.8.8/v1', model: tiny}", "unencrypted: use https://"),
        ("summaries: {endpoint: 'https://a.example/v1?key=7', model: tiny}", "a key goes into `key`"),
        ("summaries: {endpoint: 'https://a.example/v1/chat/completions', model: tiny}", "leave out /chat/completions"),
        (ENDPOINT + "model: tiny, key: sk-abc}", "is a secret: write ${NAME} alone"),
        (ENDPOINT + "model: tiny, per_day: 0}", "greater than or equal to 1"),
        (ENDPOINT + "model: tiny, per_day: many}", "expected a whole number"),
        (ENDPOINT + "model: tiny, timeout: 20s}", "expected a number"),
        (ENDPOINT + "model: tiny, languages: de}", "did you mean `[de]`?"),
        (ENDPOINT + "model: tiny, languages: [German]}", "did you mean `de`?"),
        (ENDPOINT + "model: tiny, languages: []}", "from 1 to 20 languages"),
        (ENDPOINT + "modell: tiny}", "did you mean `model`?"),
        (ENDPOINT + f"model: {'x' * 101}}}", "more than 100 characters"),
    ],
)  # fmt: skip
def test_mistakes_have_their_place(tmp_path: Path, root: Path, text: str, told: str) -> None:
    """Each is one sentence with file, line and column, and shows no key."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, root, text)

    assert any(told in problem for problem in caught.value.problems), caught.value.problems
    for problem in caught.value.problems:
        assert f"{tmp_path / 'config' / 'newsletter.yaml'}:3:" in problem
        assert "sk-abc" not in problem
        assert "pw@" not in problem


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("localhost", True), ("127.0.0.1", True), ("::1", True), ("192.168.1.5", True),
        ("ollama", True), ("gpu.local", True), ("x.internal", True), ("8.8.8.8", False),
        ("api.example.org", False), ("localhost.example.org", False),
    ],
)  # fmt: skip
def test_a_host_is_near_by_its_address_or_its_name(host: str, *, near: bool) -> None:
    """Only there may http:// be without saying so."""
    assert is_near(host) is near


def test_unencrypted_can_be_said(tmp_path: Path, root: Path) -> None:
    """Whoever has a tunnel may know better."""
    text = "summaries: {endpoint: 'http://a.example.org/v1', model: tiny, unencrypted: true}"

    assert read(tmp_path, root, text).summaries is not None
