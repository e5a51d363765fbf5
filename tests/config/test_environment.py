"""Where `${NAME}` is read from: the environment, files that it names, and .env beside config/."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import write_newsletter

from newsletter.config.environment import read_environment
from newsletter.config.files import load_config
from newsletter.errors import ConfigError


def private(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / ".env"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def test_what_is_exported_counts_before_the_file(tmp_path: Path) -> None:
    """Quotes, `export`, comments and blank lines are what people write into such files."""
    private(
        tmp_path, "# mail\n\nA=file\nexport B='two words'\nC = \"x=y\" \nD=\nE=''\nF='\nG=X'X\n"
    )

    found = read_environment(tmp_path, {"A": "exported"})

    assert {name: found[name] for name in "ABCDEFG"} == {
        "A": "exported", "B": "two words", "C": "x=y", "D": "", "E": "", "F": "'", "G": "X'X",
    }  # fmt: skip
    assert "H" not in found
    with pytest.raises(KeyError, match="H"):
        found["H"]


def test_a_key_in_quotes_goes_over_several_lines(tmp_path: Path) -> None:
    """As it is in the file that `newsletter dkim-key` was written to."""
    pem = "-----BEGIN PRIVATE KEY-----\nabc=\ndef\n-----END PRIVATE KEY-----"
    private(tmp_path, f"A=1\nKEY=\"{pem}\"\nexport B='x\ny' \nC=3\n")

    found = read_environment(tmp_path, {})

    assert {name: found[name] for name in ("A", "KEY", "B", "C")} == {
        "A": "1", "KEY": pem, "B": "x\ny", "C": "3",
    }  # fmt: skip
    private(tmp_path, 'A=1\nKEY="never closed\nB=2\n')
    with pytest.raises(ConfigError, match=r"\.env:2:5: where the value ends is not clear"):
        read_environment(tmp_path, {})


def test_white_space_around_a_value_is_none_of_it(tmp_path: Path) -> None:
    """A line end that a file or a shell added would make a password wrong."""
    (tmp_path / "password").write_text("hunter2\n", "utf-8")

    found = read_environment(tmp_path, {"A": " hunter2\n", "B_FILE": f"{tmp_path}/password\n"})

    assert (found["A"], found["B"]) == ("hunter2", "hunter2")


def test_a_file_that_is_named_and_not_there(tmp_path: Path) -> None:
    """Said with the variable that names it."""
    found = read_environment(tmp_path, {"B_FILE": "/nowhere/b"})

    with pytest.raises(ConfigError, match="B_FILE: /nowhere/b: no such file"):
        found["B"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_secrets_that_others_can_read_are_refused(tmp_path: Path, root: Path, mode: int) -> None:
    """With the command that mends it, and without a word of the file."""
    write_newsletter(tmp_path, root)
    path = private(tmp_path, "PASSWORD=hunter2\n", mode)

    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "config", {})

    assert f"chmod 600 {path}" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_line_that_is_none_is_said_without_its_words(tmp_path: Path) -> None:
    """It may be a secret."""
    private(tmp_path, "A=1\nhunter2\n")

    with pytest.raises(ConfigError, match=r"\.env:2:1: a line must be NAME=value") as caught:
        read_environment(tmp_path, {})

    assert "hunter2" not in str(caught.value)


def test_the_file_serves_the_configuration(tmp_path: Path, root: Path) -> None:
    """A newsletter that cron runs has its secrets at hand."""
    text = (
        "name: x\nfrom: a@example.org\nsecret: ${S}\nsite: https://x.example\n"
        "delivery: {transport: smtp, username: '${U}', password: '${P}'}\n"
    )
    write_newsletter(tmp_path, root, newsletter=text)
    private(tmp_path, f"S={'s' * 32}\nU=me\nP=hunter2\n")

    config = load_config(tmp_path / "config", {})

    assert (config.missing, config.delivering.password) == ((), "hunter2")
    assert config.letter.secret == b"s" * 32


def test_what_is_missing_is_known_and_stops_nothing_yet(tmp_path: Path, root: Path) -> None:
    """Secrets of the mail server, of links and of keys: each is named with its place."""
    text = (
        "name: x\nfrom: a@example.org\nsecret: ${S}\nsite: https://x.example\n"
        "dkim: [{selector: a, key: '${K}'}]\n"
        "delivery: {transport: smtp, username: '${U}', password: '${P}'}\n"
    )
    write_newsletter(tmp_path, root, newsletter=text)

    config = load_config(tmp_path / "config", {})

    named = [
        "newsletter.yaml:3:9: the environment variable S ",
        "K is not set",
        "U is not set",
        "P ",
    ]
    assert all(part in told for part, told in zip(named, config.missing, strict=True))
    with pytest.raises(ConfigError, match=r"\.env beside config/"):
        config.require_ready()


def test_a_source_without_its_key_is_left_out(tmp_path: Path, root: Path) -> None:
    """The others are asked all the same."""
    sources = (
        "sources:\n  - {name: A, url: 'https://a.example/', headers: {x-key: '${KEY}'}}\n"
        "  - {name: B, url: 'https://b.example/'}\n"
    )
    write_newsletter(tmp_path, root, sources=sources)

    config = load_config(tmp_path / "config", {})

    assert [source.name for source in config.collecting.sources] == ["B"]
    assert "sources.yaml:2:" in config.collecting.left_out[0]
    assert "KEY is not set" in config.collecting.left_out[0]


@pytest.mark.parametrize("secret", ["", "short", "x" * 31])
def test_a_short_secret_is_refused_and_not_shown(tmp_path: Path, root: Path, secret: str) -> None:
    """With the command that makes a good one; an empty one is as good as none."""
    write_newsletter(tmp_path, root, newsletter="name: x\nfrom: a@example.org\nsecret: ${S}\n")

    try:
        load_config(tmp_path / "config", {"S": secret}).require_ready()
    except ConfigError as error:
        assert "newsletter.yaml:3:9" in str(error)
        assert ("newsletter secret" if secret else "S is not set, or is empty") in str(error)
        assert not secret or f"`{secret}`" not in str(error)
    else:
        pytest.fail("it was taken")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("K = 'a b'  # mine", "a b"),
        ('K="a # b" # mine', "a # b"),
        ("K='it's'", "it's"),
        ("K=a#b", "a#b"),
        ("K='' # none yet", ""),
    ],
)
def test_a_comment_after_quotes_is_none_of_the_value(tmp_path: Path, line: str, value: str) -> None:
    """As shells and containers read such a line."""
    private(tmp_path, line + "\n")

    assert read_environment(tmp_path, {})["K"] == value


@pytest.mark.parametrize(
    "line",
    ["K=s3cret # mine", "K=#s3cret", "K= # s3cret", "K='s3cret", 'K="s3cret";', "K='s3cret' mine"],
)
def test_a_value_whose_end_is_not_clear_is_refused(tmp_path: Path, line: str) -> None:
    """A password with quotes and a comment in it would only be told by the mail server."""
    private(tmp_path, f"A=1\n{line}\n")

    with pytest.raises(ConfigError, match=r"\.env:2:[34]: .*in quotes") as caught:
        read_environment(tmp_path, {})
    assert "s3cret" not in str(caught.value)


def test_an_empty_variable_hides_no_other(tmp_path: Path) -> None:
    """What is exported as nothing leaves the value to a file that is named, and to .env."""
    private(tmp_path, "A=one\nB=\n")
    (tmp_path / "b").write_text("two\n")

    found = read_environment(tmp_path, {"A": "", "B": " ", "B_FILE": str(tmp_path / "b"), "C": ""})

    assert (found["A"], found["B"], found["C"]) == ("one", "two", "")


@given(st.text(max_size=80))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """No text gives a traceback."""
    folder = tmp_path_factory.mktemp("environment")
    path = folder / ".env"
    path.write_text(text, "utf-8", errors="replace")
    path.chmod(0o600)
    try:
        found = read_environment(folder, {})
    except ConfigError as error:
        assert str(error).startswith(str(path))
    else:
        assert all(found[name].strip() == found[name] for name in found)


def test_a_secret_is_the_whole_of_its_variable(tmp_path: Path, root: Path) -> None:
    """A part that stands in the file would not be kept secret; the message says what to write."""
    sources = (
        "sources: [{name: A, url: 'https://a.example/', headers: {authorization: 'Bearer ${K}'}}]"
    )
    write_newsletter(tmp_path, root, sources=sources)

    with pytest.raises(ConfigError, match=r"write \$\{NAME\} alone, .* the whole value"):
        load_config(tmp_path / "config", {"K": "hunter2"})


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path, root: Path) -> None:
    """Nobody may ever write into it."""
    write_newsletter(tmp_path, root)
    (tmp_path / "config" / "topics.yaml").unlink()
    os.mkfifo(tmp_path / "config" / "topics.yaml")

    with pytest.raises(ConfigError, match=r"topics\.yaml: not a regular file"):
        load_config(tmp_path / "config", {})

    os.mkfifo(tmp_path / ".env", 0o600)
    with pytest.raises(ConfigError, match=r"\.env: not a regular file"):
        load_config(tmp_path / "config", {})


def test_which_place_counts_first(tmp_path: Path) -> None:
    """The variable, the file that it names, systemd's credential, then the same of .env."""
    given = {"A": "1", "A_FILE": f"{tmp_path}/a", "CREDENTIALS_DIRECTORY": f"{tmp_path}/handed"}
    (tmp_path / "handed").mkdir()
    for name, text in (("a", "2\n"), ("handed/A", "3\n"), ("mine", "5\r\n")):
        (tmp_path / name).write_text(text)
    private(tmp_path, "A=4\nA_FILE=mine\n")

    found = []
    for taken in ("A", "A_FILE", "CREDENTIALS_DIRECTORY"):
        found.append(read_environment(tmp_path, given)["A"])
        del given[taken]
    found.append(read_environment(tmp_path, given)["A"])
    private(tmp_path, "A=\nA_FILE=mine\n")
    found.append(read_environment(tmp_path, given)["A"])

    assert found == ["1", "2", "3", "4", "5"]


def test_a_credential_that_was_not_handed_over_is_looked_for_elsewhere(tmp_path: Path) -> None:
    """Systemd hands over what its unit names, and .env may have the rest."""
    private(tmp_path, "B=mine\n")

    found = read_environment(tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path / "handed")})

    assert found["B"] == "mine"
    with pytest.raises(KeyError):
        found["C"]


def test_a_file_that_is_not_there_stops_sending_only(tmp_path: Path, root: Path) -> None:
    """As a variable that is not set: everything else goes on."""
    text = (
        "name: x\nfrom: a@example.org\ndelivery: {transport: smtp, username: u, password: '${P}'}\n"
    ).replace("username: u", "username: '${U}'")
    write_newsletter(tmp_path, root, newsletter=text)

    config = load_config(tmp_path / "config", {"U": "me", "P_FILE": f"{tmp_path}/none"})

    (told,) = config.missing
    assert f"newsletter.yaml:3:57: P_FILE: {tmp_path}/none: no such file" in told


@pytest.mark.parametrize("value", [r'"a\"b"', r'"a\\b"', r'"-----BEGIN\nabc"', r'"pa\$s"'])
def test_a_backslash_in_double_quotes_is_refused(tmp_path: Path, value: str) -> None:
    """Shells, systemd and dotenv read it in different ways; only the server would tell."""
    private(tmp_path, f"A=1\nK={value}\n")

    with pytest.raises(ConfigError, match=r"\.env:2:3: a backslash .* single quotes") as caught:
        read_environment(tmp_path, {})
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"\xef\xbb\xbfK=a", "a"),
        (b"A=1\r\nK='a b'\r\n", "a b"),
        (b"A=1\rK=a\r", "a"),
        (rb"K='a\"b\\n'", r"a\"b\\n"),
        (rb'K="a\d"', r"a\d"),
        (b"export\tK=a=b==", "a=b=="),
        (b"K=pa$$w{o}rd%", "pa$$w{o}rd%"),
        (b"K=\xc3\xbc", "\u00fc"),
    ],
)
def test_files_of_other_editors_and_odd_passwords(tmp_path: Path, raw: bytes, value: str) -> None:
    """A mark at the beginning, other line ends, and signs that shells would replace."""
    path = private(tmp_path, "")
    path.write_bytes(raw)

    assert read_environment(tmp_path, {})["K"] == value
