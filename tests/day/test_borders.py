"""One cannot stop the others: a library, a reader, a paper or a file that is wrong stays alone."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commands import newsletter, process
from makers import NOW, make_paper, write_newsletter

from newsletter.config.files import load_config
from newsletter.day import steps
from newsletter.day.borders import without_faulty
from newsletter.day.drafts import make_draft
from newsletter.day.readers import everybody
from newsletter.doctor.checks import check
from newsletter.learn.tastes import Tastes
from newsletter.model import Border, Fault, fault_of
from newsletter.pick.signals import Mark
from newsletter.store import FaultStore
from newsletter.world.days import open_day

TOPICS = "topics:\n  - {name: agents, title: Agents, match: [agent], limit: 20}\n"
SECRET = "a secret of tests, of 32 bytes at least"


def feed(*titles: str) -> str:
    items = "".join(
        f"<item><title>{title}</title><link>https://arxiv.org/abs/2603.9{n:04}</link>"
        f"<description>We propose {title}, and it works.</description></item>"
        for n, title in enumerate(titles, 1)
    )
    return f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>"


def letter(folder: Path, root: Path, **files: str) -> Path:
    """Write a newsletter with a local feed of two papers."""
    (folder / "feed.xml").write_text(
        feed("An agent that plans", "Proteins fold by another agent"), "utf-8"
    )
    given = {"sources": "sources: [{name: Feed, url: feed.xml}]\n", "topics": TOPICS, **files}
    return write_newsletter(folder, root, **given)


def readers(*lines: str) -> str:
    return "subscribers:\n" + "".join(f"  - {line}\n" for line in lines)


def mails(folder: Path) -> dict[str, Any]:
    return {
        path.name.removesuffix(".eml"): email.message_from_bytes(
            path.read_bytes(), policy=email.policy.default
        )
        for path in folder.glob("outbox/*/eml/*.eml")
    }


def test_a_broken_library_costs_its_owner_that_library(tmp_path: Path, root: Path) -> None:
    """Everybody gets the issue; the run says which library, where and why, and ends with 1."""
    folder = letter(
        tmp_path, root,
        topics=TOPICS + "  - {name: taste, title: Taste, like: [gone.json, 'agents that plan']}\n",
        subscribers=readers(
            "{email: ada@readers.example, likes: [broken.bib, 'agents']}", "{email: bo@readers.example}"
        ),
    )  # fmt: skip
    (folder / "broken.bib").write_text("@article{x,\n title = {No end", "utf-8")

    done = newsletter("run", "--quiet", cwd=folder)

    assert set(mails(folder)) == {"ada@readers.example", "bo@readers.example"}
    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(
        r"library broken\.bib: .*broken\.bib:1: this entry cannot be read", done.stderr
    )
    assert re.search(r"library gone\.json: .*gone\.json: no such file", done.stderr)
    assert "2 things were left out, all others went on; kept in outbox/faults" in done.stderr
    assert len(done.stderr.splitlines()) == 3
    kept = {path.read_text("utf-8") for path in folder.glob("outbox/faults/*.input")}
    assert kept == {"@article{x,\n title = {No end"}


def test_a_paper_that_the_templates_fail_on_is_left_out(tmp_path: Path, root: Path) -> None:
    """The issue goes out without it; the run names it, and where the template failed."""
    folder = letter(tmp_path, root, subscribers=readers("{email: ada@readers.example}"))
    part = folder / "templates" / "parts" / "paper.mjml"
    part.parent.mkdir(parents=True, exist_ok=True)
    shipped = (root / "templates" / "parts" / "paper.mjml").read_text("utf-8")
    fails = "{% if 'Proteins' in paper.title %}{{ nobody.knows }}{% endif %}"
    part.write_text(f"<mj-raw>{fails}</mj-raw>\n{shipped}", "utf-8")

    done = newsletter("run", "--json", cwd=folder)

    (mail,) = mails(folder).values()
    text = mail.get_body(("html",)).get_content()
    assert "An agent that plans" in text
    assert "Proteins" not in text
    assert done.returncode == 1
    (fault,) = json.loads(done.stdout)["faults"]
    assert fault.startswith("entry arxiv:2603.90002: ")
    assert "paper.mjml:1: 'nobody' is undefined" in fault


def test_templates_that_fail_on_every_paper_are_a_mistake(tmp_path: Path, root: Path) -> None:
    """Then nothing is sent, and the template's own line is named."""
    folder = letter(tmp_path, root, subscribers=readers("{email: ada@readers.example}"))
    (folder / "feed.xml").write_text(
        feed("An agent", "Agents of chaos", "No agent but me"), "utf-8"
    )
    part = folder / "templates" / "parts" / "paper.mjml"
    part.parent.mkdir(parents=True, exist_ok=True)
    shipped = (root / "templates" / "parts" / "paper.mjml").read_text("utf-8")
    part.write_text("<mj-raw>{{ nobody.knows }}</mj-raw>\n" + shipped, "utf-8")

    done = newsletter("run", cwd=folder)

    assert done.returncode == 1
    assert "paper.mjml:1: 'nobody' is undefined" in done.stderr
    assert mails(folder) == {}


def test_only_the_faulty_are_left_out() -> None:
    """Those that a step fails with and works without; when they are most, the error is everybody's."""
    papers = [make_paper(n) for n in range(1, 41)]
    bad = {papers[2].id, papers[3].id, papers[39].id}

    def step(some: Any) -> list[str]:
        assert bad.isdisjoint(paper.id for paper in some), "one of the three"
        return [paper.id for paper in some]

    found, faults = without_faulty(papers, step)

    assert found == [paper.id for paper in papers if paper.id not in bad]
    assert {(fault.border, fault.name) for fault in faults} == {
        (Border.ENTRY, paper_id) for paper_id in bad
    }
    assert "a fault of this program (AssertionError: one of the three" in faults[0].problem
    assert "in step" in faults[0].trace
    assert without_faulty(papers[:2], step) == ([papers[0].id, papers[1].id], ())
    with pytest.raises(AssertionError):
        without_faulty(papers[1:4], step)


def test_what_fails_only_beside_others_is_found() -> None:
    """A paper that is well as the lead of an issue, and breaks it anywhere below."""
    papers = [make_paper(n) for n in range(1, 6)]

    def step(some: Any) -> int:
        assert papers[0].id not in [paper.id for paper in some if len(some) > 1]
        return len(some)

    found, faults = without_faulty(papers, step)

    assert (found, [fault.name for fault in faults]) == (4, [papers[0].id])


def test_an_error_of_all_is_nobodys() -> None:
    """Where every paper, or nothing in particular, is to blame, the error is raised."""

    def fails(_some: Any) -> int:
        raise ZeroDivisionError

    for papers in ([], [make_paper(1)], [make_paper(n) for n in range(9)]):
        with pytest.raises(ZeroDivisionError):
            without_faulty(papers, fails)


def test_idn_readers_get_their_mail(tmp_path: Path, root: Path) -> None:
    """A domain goes out as DNS has it, in headers and envelope; both forms are one address."""
    folder = letter(
        tmp_path, root,
        newsletter="name: x\nfrom: post@bücher.example\nreply_to: team@bücher.example\n",
        subscribers=readers("{email: leser@bücher.example, name: Leser}", "{email: ok@readers.example}"),
    )  # fmt: skip

    assert newsletter("check", cwd=folder).returncode == 0
    assert newsletter("run", cwd=folder).returncode == 0

    mail = mails(folder)["leser@xn--bcher-kva.example"]
    assert mail["To"].addresses[0].addr_spec == "leser@xn--bcher-kva.example"
    assert mail["From"].addresses[0].addr_spec == "post@xn--bcher-kva.example"
    assert "xn--bcher-kva.example" in mail["Reply-To"]
    both = readers("{email: leser@bücher.example}", "{email: LESER@XN--BCHER-KVA.example}")
    (folder / "config" / "subscribers.yaml").write_text(both, "utf-8")
    said = newsletter("check", cwd=folder)
    assert said.returncode == 1
    assert "is on the list already" in said.stderr


def test_an_emptied_list_cancels_nobody(tmp_path: Path, root: Path) -> None:
    """Beside a planned issue an empty file is an error; the list put back, everybody gets it."""
    people = readers("{email: ada@readers.example}", "{email: bo@readers.example}")
    folder = letter(tmp_path, root, subscribers=people)
    newsletter("collect", cwd=folder)
    newsletter("send", "--to", "ada@readers.example", cwd=folder)
    assert set(mails(folder)) == {"ada@readers.example"}

    for empty in ("", "subscribers: []\n"):
        (folder / "config" / "subscribers.yaml").write_text(empty, "utf-8")
        done = newsletter("run", cwd=folder)
        assert done.returncode == 1
        assert "nobody is on the list" in done.stderr
        assert "nobody's delivery was cancelled" in done.stderr

    (folder / "config" / "subscribers.yaml").write_text(people, "utf-8")
    assert newsletter("run", cwd=folder).returncode == 0
    assert set(mails(folder)) == {"ada@readers.example", "bo@readers.example"}


def test_a_missing_secret_stops_sending_only(tmp_path: Path, root: Path) -> None:
    """`check` warns, everything else works, and the papers of the day are not lost."""
    text = (
        "name: x\nfrom: a@letters.example\npostal_address: x\nsecret: ${S}\nsite: https://x.example\n"
        "delivery: {transport: smtp, username: '${SMTP_USERNAME}', password: '${SMTP_PASSWORD}'}\n"
    )
    folder = letter(
        tmp_path, root, newsletter=text, subscribers=readers("{email: a@readers.example}")
    )

    checked = newsletter("check", cwd=folder)
    assert checked.returncode == 0
    assert checked.stderr.count("no mail can leave without it") == 3
    assert newsletter("preview", "--static", "proof", cwd=folder).returncode == 0
    assert newsletter("status", cwd=folder).returncode == 0
    for command in (["run"], ["send"], ["send-test", "me@readers.example"]):
        done = newsletter(*command, cwd=folder)
        assert done.returncode == 1
        assert (
            "newsletter.yaml:6:39: the environment variable SMTP_USERNAME is not set" in done.stderr
        )
        assert "SMTP_PASSWORD is not set" in done.stderr
    assert "2 papers" in newsletter("pick", cwd=folder).stdout.replace("2 picks out of ", "")
    assert "No issue was planned" in newsletter("status", cwd=folder).stdout


def test_check_reads_all_that_a_run_reads(tmp_path: Path, root: Path) -> None:
    """Libraries and local sources, each mistake with the place where the file is named."""
    folder = letter(
        tmp_path, root,
        sources="sources:\n  - {name: A, url: gone.xml}\n  - name: B\n    url: page.html\n  - {name: C, url: feed.xml}\n",
        subscribers=readers("{email: a@readers.example, likes: [bad.bib, gone.ris, latin.bib]}"),
    )  # fmt: skip
    (folder / "page.html").write_text("<html><body>Not a feed</body></html>")
    (folder / "bad.bib").write_text("<!DOCTYPE html><html>Sign in")
    (folder / "latin.bib").write_bytes("@misc{a, title={Café}}".encode("latin-1"))

    done = newsletter("check", cwd=folder)

    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(said) == 4
    assert re.search(r"sources\.yaml:2:20: .*gone\.xml: no such file", said[2])
    assert re.search(r"sources\.yaml:4:10: .*page\.html", said[3])
    assert re.search(r"subscribers\.yaml:2:\d+: .*bad\.bib:1: a web page", said[0])
    assert re.search(r"subscribers\.yaml:2:\d+: .*gone\.ris: no such file", said[1])


def test_files_with_addresses_are_their_owners_alone(tmp_path: Path, root: Path) -> None:
    """Whatever the umask; what may be published lies apart, and names no reader."""
    before = os.umask(0)
    try:
        (tmp_path / "outbox").mkdir()
        folder = letter(
            tmp_path, root,
            subscribers=readers("{email: ada@readers.example}", "{email: bo@readers.example, likes: [agent]}"),
        )  # fmt: skip
        assert process("run", cwd=folder).returncode == 0
    finally:
        os.umask(before)

    private = [folder / "outbox", *(folder / "outbox").rglob("*")]
    assert {
        path.relative_to(folder): oct(stat.S_IMODE(path.stat().st_mode))
        for path in private
        if path.stat().st_mode & 0o077 and path.name != ".gitignore"
    } == {}
    public = {path.name: path for path in (folder / "public").glob("*/*")}
    assert set(public) == {"issue.bib", "issue.html", "issue.ris", "papers.json"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o644 for path in public.values())
    assert all("readers.example" not in path.read_text("utf-8") for path in public.values())
    papers = json.loads(public["papers.json"].read_text("utf-8"))
    assert set(papers) == {"date", "number", "papers", "picks"}
    assert len(papers["picks"]) == 2


def test_a_fault_is_kept_once_and_without_secrets(tmp_path: Path) -> None:
    """With its input and its trace; the oldest make room when there are many."""
    store = FaultStore(tmp_path / "faults", lambda text: text.replace("hunter2", "***"))

    def fails() -> None:
        raise ValueError("https://me:hunter2@x.example\x1b[2J\nmore")

    with pytest.raises(ValueError, match="hunter2") as caught:
        fails()
    fault = fault_of(Border.SOURCE, "A hunter2 feed", caught.value, b"<rss>\xff hunter2")

    for _ in range(2):
        store.keep(fault)

    (seen,) = store.seen
    assert str(seen) == (
        "source A *** feed: a fault of this program (ValueError: https://me:***@x.example [2J more)"
    )
    (told,) = (tmp_path / "faults").glob("*.txt")
    assert "hunter2" not in told.read_text("utf-8")
    assert "test_borders.py" in told.read_text("utf-8")
    assert told.with_suffix(".input").read_bytes() == b"<rss>\xff ***"
    for number in range(250):
        store.keep(Fault(border=Border.REPORT, name=str(number), problem="x", content=b"x"))
    assert len(list((tmp_path / "faults").glob("*.txt"))) == 200
    assert len(list((tmp_path / "faults").glob("*.input"))) == 200


def test_a_disk_that_refuses_faults_stops_nothing(tmp_path: Path) -> None:
    """Faults are still told when they cannot be written to disk."""
    (tmp_path / "faults").write_text("a file where a folder should be")
    store = FaultStore(tmp_path / "faults")

    store.keep(Fault(border=Border.REPORT, name="a", problem="x", content=b"x"))

    assert [fault.name for fault in store.seen] == ["a"]


def test_readers_for_whom_choosing_fails_are_left_out(tmp_path: Path, root: Path) -> None:
    """A fault of ours that one reader's settings bring out costs nobody else the issue."""
    folder = letter(
        tmp_path, root,
        subscribers=readers("{email: ada@readers.example, likes: [x]}", "{email: bo@readers.example}"),
    )  # fmt: skip
    config = load_config(folder / "config", {})

    class Failing(Tastes):
        def marks(self, *_: object) -> dict[str, Mark]:
            raise ZeroDivisionError("of ours")

    with open_day(config, clock=lambda: NOW) as opened:
        steps.follow_list(opened)
        day = replace(opened, tastes=Failing(opened.stores.papers, folder))
        both = [reader for some in everybody(day) for reader in some]
        draft = make_draft(day, [make_paper()])
        found = draft.for_readers(both, send_empty=True)
        faults = day.folders.faults.seen

    assert [edition.readers.first.email for edition in found] == ["bo@readers.example"]
    assert [(fault.border, fault.name) for fault in faults] == [
        (Border.READER, "ada@readers.example")
    ]


def test_an_issue_with_errors_is_held(tmp_path: Path, root: Path) -> None:
    """Nobody gets it and nothing is planned until it is mended, or `on_error: send` says so."""
    folder = letter(
        tmp_path, root, newsletter="name: x\nfrom: a@letters.example\n",
        subscribers=readers("{email: ada@readers.example}"),
    )  # fmt: skip
    part = folder / "templates" / "parts" / "footer.mjml"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_text(
        "<mj-section><mj-column><mj-text>No way out</mj-text></mj-column></mj-section>\n"
    )

    held = newsletter("run", cwd=folder)

    assert held.returncode == 1
    assert "error: " in held.stderr
    assert "nothing was sent; mend it, or set `on_error: send`" in held.stderr
    assert mails(folder) == {}
    assert "No issue was planned" in newsletter("status", cwd=folder).stdout
    settings = folder / "config" / "newsletter.yaml"
    settings.write_text(settings.read_text("utf-8") + "on_error: send\n")
    assert newsletter("run", cwd=folder).returncode == 0
    assert set(mails(folder)) == {"ada@readers.example"}


def test_a_paper_on_templates_holds_no_issue(tmp_path: Path, root: Path) -> None:
    """Signs of template code in a title are the authors' words, not left-overs of ours."""
    folder = letter(tmp_path, root, subscribers=readers("{email: ada@readers.example}"))
    title = "An agent fills %%NAME%% and *|FNAME|* and qjx1xjq"
    (folder / "feed.xml").write_text(feed(title, "Another paper of agents"), "utf-8")

    done = newsletter("run", cwd=folder)

    assert (done.returncode, done.stderr) == (0, "")
    (mail,) = mails(folder).values()
    assert title in mail.get_body(("plain",)).get_content().replace("\n", " ").replace("   ", " ")


def test_a_model_that_cannot_be_read_is_told_at_its_line(tmp_path: Path, root: Path) -> None:
    """The file, line and column of `embeddings`."""
    letter(tmp_path, root, subscribers=readers("{email: ann@example.org, topics: [agents]}"))
    (tmp_path / "feed.xml").write_text(feed("A paper"), "utf-8")
    main = tmp_path / "config" / "newsletter.yaml"
    main.write_text(main.read_text("utf-8") + "\nembeddings: ./none\n", "utf-8")
    line = main.read_text("utf-8").count("\n")

    found = check(tmp_path / "config", {}, NOW)

    (problem,) = found.problems
    assert problem.startswith(f"{main}:{line}:13: ./none: no such folder")


def test_check_reads_the_files_of_sources_within_limits(tmp_path: Path, root: Path) -> None:
    """A document that takes for ever is told with its place, as a run tells it."""
    attributes = " ".join(f"a{n}='1'" for n in range(20_000))
    letter(tmp_path, root, subscribers=readers("{email: ann@example.org, topics: [agents]}"))
    (tmp_path / "feed.xml").write_text(
        f"<rss version='2.0'><channel><item {attributes}><title>An agent</title></item></channel></rss>"
    )

    found = check(tmp_path / "config", {}, NOW, seconds=0.1)

    assert any(
        "sources.yaml:1:" in problem and "s to read, and was left out" in problem
        for problem in found.problems
    ), found.problems
