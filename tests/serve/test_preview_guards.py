"""The preview over HTTP: who may write, what is written, and what is not lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from makers import write_newsletter
from rehearsals import Running, running

from newsletter.day.letters import NOBODY
from newsletter.links import verify
from newsletter.serve.preview.guards import MAX_BODY

SUBSCRIBERS = """subscribers:
  - {email: ada@readers.example, name: Ada Lovelace, topics: [agents]}
  - {email: bo@readers.example, name: Bo, topics: [agents]}
  - {email: cy@readers.example, topics: [vision, alignment], words: [quantum]}
  - {email: di@readers.example}
"""


@pytest.fixture
def shown(tmp_path: Path, root: Path) -> Iterator[Running]:
    """Return a newsletter whose preview runs."""
    write_newsletter(tmp_path, root, subscribers=SUBSCRIBERS)
    with running(tmp_path) as preview:
        yield preview


def opened(shown: Running, name: str = "topics.yaml") -> dict[str, Any]:
    status, found = shown.ask(f"texts/{name}")
    assert status == 200, found
    return dict(found)


def test_only_the_page_that_was_opened_may_write(shown: Running) -> None:
    """Not a page of another site, not another name for this machine, not who has no token."""
    found = opened(shown)
    sent = {"text": found["text"] + "# more\n", "version": found["version"]}
    port = shown.host.partition(":")[2]
    for path, body in (
        ("texts/topics.yaml", sent), ("trial", {"texts": {}}), ("edition/test?to=x@y.example", {}),
    ):  # fmt: skip
        for status, headers in (
            (403, {"X_Preview": ""}),
            (403, {"X_Preview": "yes"}),
            (403, {"X_Preview": shown.token[:-1]}),
            (403, {"Origin": "http://evil.example"}),
            (403, {"Origin": "null"}),
            (403, {"Origin": f"http://localhost:{port}"}),
            (403, {"Origin": f"https://{shown.host}"}),
            (403, {"Sec_Fetch_Site": "cross-site"}),
            (403, {"Sec_Fetch_Site": "same-site"}),
            (400, {"Host": f"evil.example:{port}"}),
            (400, {"Host": f"127.0.0.1.evil.example:{port}"}),
        ):
            assert shown.ask(path, body, **headers)[0] == status, (path, headers)
    assert shown.ask("texts/topics.yaml", sent, Content_Type="text/plain")[0] == 415
    assert shown.ask("texts/topics.yaml", sent, method="PUT")[0] == 405
    assert shown.token not in shown.ask("")[1]
    for path in ("texts", "texts/subscribers.yaml", "find?words=ada"):  # the list is private
        assert shown.ask(path)[0] == 200
        for headers in ({"X_Preview": ""}, {"X_Preview": "yes"}, {"Sec_Fetch_Site": "cross-site"}):
            status, told = shown.ask(path, **headers)
            assert status == 403
            assert "readers.example" not in json.dumps(told)
    assert shown.config().read_text("utf-8") == found["text"]

    ours = {"Origin": f"http://{shown.host}", "Sec_Fetch_Site": "same-origin"}
    assert shown.ask("texts/topics.yaml", sent, **ours)[0] == 200
    assert shown.config().read_text("utf-8") == sent["text"]


def test_what_is_too_long_or_no_json_is_refused(shown: Running) -> None:
    """Nothing is written, and the preview goes on."""
    before = shown.config().read_bytes()
    for body, status in (
        (b"x" * (MAX_BODY + 1), 413),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b"[]", 400),
        (b"\xff", 400),
        (json.dumps({"text": 1, "version": ""}).encode(), 400),
        (json.dumps({"text": "a", "version": None}).encode(), 400),
    ):
        try:
            assert shown.ask("texts/topics.yaml", body)[0] == status, body[:40]
        except (BrokenPipeError, ConnectionResetError):
            assert status == 413  # it hung up before all was sent
    version = opened(shown)["version"]
    assert shown.save("topics.yaml", "a: \ud800", version, anyway=True)[0] == 422
    for text in ("a\0b", "\0\0\0\0"):  # would be read as UTF-16, and not be mended here
        assert shown.save("topics.yaml", text, version, anyway=True)[0] == 422
    assert shown.ask("trial", {"texts": {"topics.yaml": "a: \ud800"}})[0] == 200
    assert shown.ask("trial", {"texts": {"topics.yaml": 1}})[0] == 400
    assert shown.config().read_bytes() == before
    assert shown.ask("state")[0] == 200


@pytest.mark.parametrize(
    "name",
    [
        "..%2f.env", "%2e%2e%2f.env", ".env", "..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd",
        "topics.yaml%00", "schema", "key.pem", "out.yaml", "config%2ftopics.yaml", "..%5c.env",
    ],
)  # fmt: skip
def test_no_other_file_is_read_or_written(shown: Running, name: str) -> None:
    """No path, no secret, no link that leads out of the folder."""
    (shown.folder / ".env").write_text("SECRET=hush-hush\n")
    (shown.folder / ".env").chmod(0o600)
    (shown.folder / "config" / "key.pem").write_text("hush-hush\n")
    if not shown.config("out.yaml").is_symlink():
        shown.config("out.yaml").symlink_to(shown.folder / ".env")
    status, found = shown.ask(f"texts/{name}")
    assert status in (404, 422)
    assert "hush-hush" not in json.dumps(found)
    assert shown.save(name, "a: 1\n", "", anyway=True)[0] in (404, 405, 422)
    assert (shown.folder / ".env").read_text() == "SECRET=hush-hush\n"


def test_a_file_that_has_changed_is_not_written_over(shown: Running) -> None:
    """Both texts are there: the answer has the one on the disk."""
    found = opened(shown)
    theirs = found["text"].replace("limit: 6", "limit: 5")
    shown.config().write_text(theirs, "utf-8")
    mine = found["text"].replace("limit: 6", "limit: 3")

    status, told = shown.save("topics.yaml", mine, found["version"])

    assert status == 409
    assert "changed by another program" in told["error"]
    assert told["found"]["text"] == theirs == shown.config().read_text("utf-8")
    assert shown.save("topics.yaml", mine, told["found"]["version"])[0] == 200
    assert shown.config().read_text("utf-8") == mine

    shown.config().unlink()
    status, told = shown.save("topics.yaml", mine, "0" * 64)
    assert (status, told["found"]) == (409, None)
    assert shown.ask("texts/topics.yaml")[0] == 422
    assert "no such file" in shown.ask("state")[1]["problem"]
    assert shown.save("topics.yaml", mine, "")[0] == 200
    assert shown.config().read_text("utf-8") == mine


def test_a_text_with_mistakes_is_written_only_when_one_insists(shown: Running) -> None:
    """It is told where they are; mistakes in other files do not hold it up, but are told."""
    assert shown.ask("state")[1]["editions"]
    found = opened(shown)
    wrong = found["text"].replace("limit: 6", "limits: 6")
    status, told = shown.save("topics.yaml", wrong, found["version"])
    assert status == 422
    (mistake,) = told["mistakes"]
    line = wrong[: wrong.index("limits")].count("\n") + 1
    assert (mistake["file"], mistake["line"], mistake["column"]) == ("topics.yaml", line, 5)
    assert "did you mean `limit`" in mistake["said"]
    assert shown.config().read_text("utf-8") == found["text"]
    for broken in ("topics: [\n", "topics: []\n  a: 1\n", "\t\n", "topics: *x\n", "{{{{"):
        assert shown.save("topics.yaml", broken, found["version"])[0] == 422, broken
        assert shown.ask("trial", {"texts": {"topics.yaml": broken}})[1]["trial"] == ""

    renamed = found["text"].replace("name: vision", "name: seeing")
    status, told = shown.save("topics.yaml", renamed, found["version"])
    assert status == 200
    assert [one["file"] for one in told["mistakes"]] == ["subscribers.yaml"]
    assert shown.save("topics.yaml", "topics: [\n", told["version"], anyway=True)[0] == 200
    state = shown.ask("state")[1]
    assert state["mistakes"][0]["file"] == "topics.yaml"
    assert state["editions"]  # as they were


@pytest.mark.parametrize("raw", ["é: [\n".encode("latin-1"), "a: 1\n".encode("utf-16")])
def test_a_file_that_is_no_utf8_stays(shown: Running, raw: bytes) -> None:
    """It is told where it is not; and it is not written over."""
    shown.config("notes.yaml").write_bytes(raw)
    status, told = shown.ask("texts/notes.yaml")
    assert status == 422
    assert "save it as UTF-8" in told["error"]
    assert shown.save("notes.yaml", "a: 2\n", "", anyway=True)[0] in (409, 422)
    assert shown.config("notes.yaml").read_bytes() == raw


def test_line_ends_and_marks_stay(shown: Running) -> None:
    """A text from a page has neither; the file has them still."""
    path = shown.config()
    raw = b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(raw)
    found = opened(shown)
    text = found["text"].replace("limit: 6", "limit: 5")
    assert shown.save("topics.yaml", text, found["version"])[0] == 200
    assert path.read_bytes() == raw.replace(b"limit: 6", b"limit: 5")


def test_a_trial_writes_nothing_and_follows_no_list(shown: Running) -> None:
    """The draft is of the text that is tried; the difference from what is saved is told."""
    shown.ask("state")
    before = {path: path.read_bytes() for path in (shown.folder / "config").glob("*.yaml")}
    found = opened(shown)
    assert shown.ask("edition?audience=agents")[1]["picks"]
    text = found["text"].replace("limit: 4", "limit: 1")
    trial = shown.ask("trial", {"texts": {"topics.yaml": text}})[1]
    tried = shown.ask(f"edition?audience=agents&trial={trial['trial']}")[1]
    saved = shown.ask("edition?audience=agents")[1]
    assert (len(tried["picks"]), len(saved["picks"])) == (1, 4)
    assert [one["motion"] for one in tried["unsaved"]] == ["out"] * 3
    against = f"edition?audience=agents&trial={trial['trial']}&against={saved['version']}"
    assert shown.ask(against)[1]["since"] == tried["unsaved"]
    people = "subscribers:\n  - {email: eve@readers.example}\n"
    shown.ask("trial", {"texts": {"subscribers.yaml": people}})
    assert shown.ask("find?words=ada")[1]["found"][0]["label"] == "ada@readers.example"
    assert {path: path.read_bytes() for path in before} == before
    assert shown.ask("edition?trial=unknown")[0] == 410

    elsewhere = opened(shown, "newsletter.yaml")["text"] + "\ndatabase: sqlite:///other.db\n"
    trial = shown.ask("trial", {"texts": {"newsletter.yaml": elsewhere}})[1]
    if trial["trial"]:
        assert shown.ask(f"edition?trial={trial['trial']}")[0] == 200
    assert not (shown.folder / "other.db").exists()


def test_readers_and_topics_are_found_and_nobody_is_listed(shown: Running) -> None:
    """By address, name or topics; a reader's edition is theirs, with their own words."""
    shown.ask("state")

    def labels(words: str) -> list[str]:
        return [one["label"] for one in shown.ask(f"find?words={words}")[1]["found"]]

    assert labels("") == []
    assert labels("lovelace") == labels("ADA@") == ["ada@readers.example"]
    assert labels("nobody@") == labels("%25") == labels("_") == []
    assert "Agents and tools" in labels("tools")
    (cy,) = shown.ask("find?words=cy@")[1]["found"]
    edition = shown.ask(f"edition?audience={cy['audience']}")[1]
    assert edition["label"] == "cy@readers.example"
    (ada,) = shown.ask("find?words=ada")[1]["found"]
    hers = shown.ask(f"edition?audience={ada['audience']}")[1]
    assert {pick["section"] for pick in hers["picks"]} == {"agents"}
    assert "To: " in hers["message"]
    assert "ada@readers.example" in hers["message"]
    assert shown.ask("edition?audience=~nobody")[0] == 404


def test_links_in_a_preview_are_nobodys(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who sees it, or gets it as a test mail, cannot unsubscribe the reader whose mail it shows."""
    secret = "a secret of tests, of 32 bytes at least"
    monkeypatch.setenv("SECRET", secret)
    letter = "name: X\nfrom: a@b.example\nsite: https://n.example\nsecret: ${SECRET}\n"
    write_newsletter(tmp_path, root, newsletter=letter, subscribers=SUBSCRIBERS)
    with running(tmp_path) as preview:
        audiences = [one["audience"] for one in preview.ask("state")[1]["editions"]]
        for audience in audiences:
            found = preview.ask(f"edition?audience={audience.replace('+', '%2B')}")[1]
            for part in (found["html"], found["text"], found["message"]):
                tags = re.findall(r"https://n\.example/u/([\w-]+)", part)
                whose = {verify([secret.encode()], "unsubscribe", tag) for tag in tags}
                assert whose == {NOBODY.id}
        assert "~" in "".join(audiences)


def test_somebody_is_invented_in_the_language_of_an_edition(shown: Running) -> None:
    """When nobody on the list has chosen it: as it would be, with the date of the dialect."""
    for audience, language, words in (
        ("agents|in-de-AT", "de", "Abbestellen"),
        ("agents|short|in-ja", "ja", "購読を解除"),
        ("agents|in-it", "en", "Unsubscribe"),
    ):
        status, found = shown.ask(f"edition?audience={audience.replace('|', '%7C')}")

        assert status == 200
        assert f"Content-Language: {language}\n" in found["message"]
        assert words in found["html"]


def test_why_a_paper_is_not_in_an_edition(shown: Running) -> None:
    """By id, address or title, for the edition shown and for the text that is tried."""
    edition = shown.ask("edition?audience=agents")[1]
    missed = edition["misses"][0]
    for wanted in (missed["paper"], missed["url"], missed["title"].upper(), "2603.99"):
        status, told = shown.ask(f"why?audience=agents&paper={wanted.replace(' ', '%20')}")
        assert status == 200
        if wanted == "2603.99":
            assert "No collected paper" in told["unknown"]
            continue
        assert told["paper"] == missed["paper"]
        (verdict,) = told["topics"]
        assert "not picked" in verdict["verdict"]
        assert verdict["parts"]
    text = opened(shown)["text"].replace("limit: 4", "limit: 50")
    trial = shown.ask("trial", {"texts": {"topics.yaml": text}})[1]["trial"]
    told = shown.ask(f"why?audience=agents&trial={trial}&paper={missed['paper']}")[1]
    assert told["topics"][0]["verdict"] == "picked"


def test_terms_are_counted(shown: Running) -> None:
    """Each with its place; for the text that is tried, too."""
    text = opened(shown)["text"].replace("tool use", "zeppelin")
    trial = shown.ask("trial", {"texts": {"topics.yaml": text}})[1]["trial"]
    found = shown.ask(f"terms?trial={trial}")[1]
    terms = {term["text"]: term for topic in found["topics"] for term in topic["terms"]}
    assert terms["zeppelin"]["is_idle"]
    line = text[: text.index("zeppelin")].count("\n") + 1
    assert terms["zeppelin"]["line"] == line
    assert terms["protein language model"]["excludes"]
    assert not terms["protein language model"]["is_idle"]
    assert terms["agent"]["papers"] > 0
    assert "tool use" not in terms
    assert found["known"] >= max(topic["papers"] for topic in found["topics"])
