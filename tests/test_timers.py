"""What starts a run each morning: read as its own program reads it, and really run."""

from __future__ import annotations

import datetime as dt
import json
import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from commands import Done, newsletter
from hypothesis import given
from hypothesis import strategies as st
from makers import write_newsletter

from newsletter.config.files import load_config
from newsletter.errors import ConfigError
from newsletter.world.timers import actions, cron, launchd, systemd
from newsletter.world.timers.jobs import Job, job_of

ODD = """it's 100% "mine" $HOME ${x} %h & Söhne"""
"""A folder's name with all that shells, cron and systemd have a meaning for."""
NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)
FEED = """<rss version="2.0"><channel><title>x</title><item><title>An agent for tests</title>
<link>https://a.example/1</link><guid>1</guid><description>A tool use agent.</description>
</item></channel></rss>"""


@pytest.fixture
def job(tmp_path: Path, root: Path) -> Job:
    """Return the run of a newsletter in an odd folder, by a program in an odd folder."""
    letter = write_letter(tmp_path / ODD / "letter", root)
    program = tmp_path / ODD / "bin" / "newsletter"
    program.parent.mkdir()
    program.symlink_to(Path(sys.executable).with_name("newsletter"))
    return job_of(load_config(letter / "config", {}), str(program), NOW)


def write_letter(folder: Path, root: Path, more: str = "") -> Path:
    (folder / "outbox").mkdir(parents=True)
    (folder / "feed.xml").write_text(FEED)
    (folder / ".env").write_text("SMTP_USER=me\nSMTP_PASSWORD='pass # word'\n")
    (folder / ".env").chmod(0o600)
    return write_newsletter(
        folder, root,
        newsletter=f"name: 100% Ours\nfrom: a@example.org\ntimezone: Asia/Kolkata\n{more}"
        "delivery: {transport: outbox, password: '${SMTP_PASSWORD}', username: '${SMTP_USER}'}\n",
        sources="sources: [{name: F, url: feed.xml}]\n",
        subscribers="subscribers: [{email: ada@example.org}]\n",
    )  # fmt: skip


def has_run(job: Job) -> bool:
    """Return whether the newsletter's run was logged, and went well, in its own folder."""
    text = (job.folder / "outbox" / "run.log").read_text("utf-8")
    events = [json.loads(line) for line in text.splitlines()]
    last = events[-1]
    return (last["event"], last["level"]) == ("run", "info")


def as_cron_runs(line: str) -> str:
    """Return the command of a crontab's line, up to a `%` that is not escaped (crontab(5))."""
    command = line.split(maxsplit=5)[5]
    return re.split(r"(?<!\\)%", command)[0].replace(r"\%", "%")


def start(words: list[str] | str, **more: object) -> Done:
    """Run a command with no environment but what cron gives, from another folder."""
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        words, **{"cwd": "/", **more}, env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_cron_runs_its_line(job: Job) -> None:
    """In silence when all is well."""
    done = start(["/bin/sh", "-c", as_cron_runs(cron.line(job))])

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert has_run(job)


def test_cron_is_told_of_a_run_that_went_wrong(job: Job) -> None:
    """One line, which cron mails; mail that only waits is not worth one."""
    (job.folder / "config" / "topics.yaml").write_text("topics: {")

    done = start(["/bin/sh", "-c", as_cron_runs(cron.line(job))])

    assert done.stdout.count("\n") == 1
    assert str(job.folder / "outbox" / "run.log") in done.stdout
    waiting = as_cron_runs(cron.line(job)).replace(shlex.join(job.words), "sh -c 'exit 3'")
    assert start(["/bin/sh", "-c", waiting]).stdout == ""


@pytest.mark.skipif(not shutil.which("crontab"), reason="no cron here")
def test_cron_takes_the_block(job: Job, tmp_path: Path) -> None:
    """By its own word, without installing it."""
    file = tmp_path / "crontab"
    file.write_text(cron.block(job))

    checked = start(["crontab", "-n", str(file)])
    if "invalid option" in checked.stderr:
        checked = start(["crontab", "-T", str(file)])

    assert checked.returncode == 0, checked.stderr


def as_systemd_splits(line: str) -> list[str]:
    """Return the words of a command as systemd.service(5) reads them: no variable is set here."""

    def replaced(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else ""

    first, *others = (word.replace("%%", "%") for word in shlex.split(line))
    return [first, *(re.sub(r"\$\$|\$\{\w*\}|\$\w+", replaced, word) for word in others)]


def test_systemd_runs_its_service(job: Job) -> None:
    """In the newsletter's folder; with what a person reads in the journal."""
    service, timer = systemd.units(job).values()
    settings = dict(re.findall(r"^(\w+)=(.*)$", service, re.MULTILINE))

    done = start(
        as_systemd_splits(settings["ExecStart"]),
        cwd=settings["WorkingDirectory"].replace("%%", "%"),
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr.splitlines()[-1])["event"] == "run"
    assert {"Persistent=true", "OnCalendar=*-*-* *:35:00"} < set(timer.splitlines())


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
@pytest.mark.parametrize("name", ["plain", "100% $HOME %h two  words", ODD])
def test_systemd_takes_the_units(tmp_path: Path, root: Path, name: str) -> None:
    """`verify` looks for the program, too, so the path arrives there as it is."""
    folder = tmp_path / name
    program = folder / "bin" / "newsletter"
    letter = write_letter(folder / "letter", root)
    program.parent.mkdir()
    program.symlink_to(Path(sys.executable).with_name("newsletter"))
    job = job_of(load_config(letter / "config", {}), str(program), NOW)
    units = tmp_path / "units"
    units.mkdir()
    for unit, text in systemd.units(job, folder / "secrets").items():
        (units / unit).write_text(text)

    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", *map(str, sorted(units.iterdir()))],
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    mine = [line for line in done.stderr.splitlines() if job.key in line]
    assert (mine, done.returncode) == ([], 0), done.stderr


def test_systemd_hands_over_what_the_configuration_asks_for(job: Job) -> None:
    """A file for each variable, whether it is set now or not."""
    service, _ = systemd.units(job, Path("/etc/100% mine")).values()

    passed = re.findall("^LoadCredential=(.*)$", service, re.MULTILINE)
    assert passed == [f"{name}:/etc/100%% mine/{name}" for name in ("SMTP_PASSWORD", "SMTP_USER")]


def test_the_units_agree_with_those_of_a_whole_machine(job: Job, root: Path) -> None:
    """deploy/systemd/ says the same wherever both say something."""
    mine = "\n".join(systemd.units(job).values())
    said = {
        name: (root / "deploy" / "systemd" / f"newsletter-run.{name}").read_text("utf-8")
        for name in ("service", "timer")
    }
    for name in ("Type", "SuccessExitStatus", "TimeoutStopSec", "NoNewPrivileges", "UMask"):
        found = re.findall(f"^{name}=(.*)$", said["service"], re.MULTILINE)
        assert re.findall(f"^{name}=(.*)$", mine, re.MULTILINE) == found, name
    assert "/newsletter run --log json\n" in said["service"]
    assert "Persistent=yes" in said["timer"]
    assert "RandomizedDelaySec=30" in said["timer"]


def test_launchd_runs_its_agent(job: Job) -> None:
    """Its property list has the words as they are; no shell reads them."""
    agent = plistlib.loads(launchd.agent(job).encode())

    with Path(agent["StandardErrorPath"]).open("w") as log:
        done = subprocess.run(
            agent["ProgramArguments"], cwd=agent["WorkingDirectory"], env={},
            stdout=subprocess.DEVNULL, stderr=log, check=False, timeout=60,
        )  # fmt: skip

    assert done.returncode == 0
    assert has_run(job)
    assert (agent["Label"], agent["StartCalendarInterval"]) == (launchd.label(job), {"Minute": 35})


def test_the_minute_is_after_the_hour_of_the_issue(tmp_path: Path, root: Path) -> None:
    """By the clock of this machine, whose zone may be half an hour off the newsletter's."""
    for at, minute in (("06:00", 35), ("06:30", 5), ("23:58", 33)):
        letter = write_letter(tmp_path / at, root, f"schedule: {{at: '{at}'}}\n")
        program = (
            "import datetime as d;from pathlib import Path;"
            "from newsletter.config.files import load_config;"
            "from newsletter.world.timers.jobs import job_of;"
            f"print(job_of(load_config(Path({str(letter / 'config')!r}),{{}}),'/x',"
            "d.datetime(2026,7,1,tzinfo=d.UTC)).minute)"
        )
        said = {
            zone: subprocess.run(
                [sys.executable, "-c", program], env={"TZ": zone}, check=True,
                capture_output=True, text=True, timeout=60,
            ).stdout
            for zone in ("UTC", "Europe/Paris", "Asia/Kolkata")
        }  # fmt: skip
        assert {int(text) for zone, text in said.items() if zone != "Asia/Kolkata"} == {minute}
        assert int(said["Asia/Kolkata"]) == (minute + 30) % 60


@pytest.mark.parametrize("name", ["a\\b", "a\nb", "a\x1bb"])
def test_a_path_that_cannot_be_told_is_refused(tmp_path: Path, root: Path, name: str) -> None:
    """Rather than a timer that fails each night."""
    letter = write_letter(tmp_path / name / "x", root)

    with pytest.raises(ConfigError, match="rename the folder"):
        job_of(load_config(letter / "config", {}), "/bin/newsletter", NOW)


def test_two_newsletters_have_two_timers(tmp_path: Path, root: Path) -> None:
    """Also when their folders have the same name."""
    jobs = [
        job_of(load_config(write_letter(tmp_path / one / "letter", root) / "config", {}), "/x", NOW)
        for one in "ab"
    ]

    assert len({job.key for job in jobs}) == 2
    both = cron.with_job(cron.with_job("", jobs[0]), jobs[1])
    assert cron.without_job(both, jobs[0]) == cron.block(jobs[1])


# --- GitHub Actions ------------------------------------------------------------------------------


def steps(job: Job) -> list[dict[str, object]]:
    found = yaml.safe_load(actions.workflow(job, job.folder.parent))["jobs"]["run"]["steps"]
    assert isinstance(found, list)
    return found


def as_github_runs(step: dict[str, object], job: Job, **environment: str) -> Done:
    """Run a step's script as GitHub does: bash that stops at the first thing that fails."""
    bin_ = str(Path(sys.executable).parent)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", str(step["run"])],
        cwd=job.folder, capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": f"{bin_}:/usr/bin:/bin", "GITHUB_WORKSPACE": str(job.folder.parent),
             "GITHUB_REPOSITORY": "me/papers", "GITHUB_REPOSITORY_OWNER": "me", **environment},
    )  # fmt: skip


def test_the_workflow_is_what_github_reads(job: Job) -> None:
    """It knows when, in the newsletter's zone, and hands over exactly the secrets asked for."""
    found = yaml.safe_load(actions.workflow(job, job.folder.parent))

    (when,) = found[True]["schedule"]  # YAML 1.1 reads `on` as true
    assert when == {"cron": "5 6,7,9 * * *", "timezone": "Asia/Kolkata"}
    assert found["concurrency"] == {"group": "newsletter", "cancel-in-progress": False}
    assert found["defaults"]["run"]["working-directory"] == "letter"
    names = [set(step["env"]) for step in found["jobs"]["run"]["steps"] if "SMTP_USER" in str(step)]
    assert names == [{"SMTP_PASSWORD", "SMTP_USER", "SUBSCRIBERS_YAML"}]
    (site,) = [one["with"] for one in steps(job) if "pages" in str(one.get("uses"))]
    assert site == {"path": "letter/public-site"}


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl here")
def test_the_steps_of_the_workflow_keep_the_database(job: Job) -> None:
    """The second day knows what the first has sent; without the database nothing is sent."""
    by_name = {str(step.get("name")): step for step in steps(job)}
    unpack, run, pack = (
        by_name[name]
        for name in ("Unpack the database", "Make and send the issue", "Pack the database")
    )
    key = {"STATE_KEY": "k" * 32}

    assert as_github_runs(unpack, job, FIRST="true").returncode == 1  # without a key
    lost = as_github_runs(unpack, job, FOUND="", FIRST="", **key)
    assert (lost.returncode, "nothing was sent" in lost.stdout) == (1, True)
    assert as_github_runs(unpack, job, FOUND="", FIRST="true", **key).returncode == 0
    done = as_github_runs(run, job, SUBSCRIBERS_YAML="subscribers: [{email: bob@example.org}]")
    assert done.returncode == 0, done.stderr
    assert "bob@" in (job.folder / "config" / "subscribers.yaml").read_text()
    assert "1 sent now" in done.stdout or done.stdout.startswith("Wrote")
    assert (job.folder / "public-site" / "index.html").exists()
    assert as_github_runs(pack, job, **key).returncode == 0
    sealed = (job.folder.parent / "newsletter-state.enc").read_bytes()
    assert b"bob@" not in sealed

    shutil.rmtree(job.folder / "outbox")
    assert as_github_runs(unpack, job, FOUND="x", STATE_KEY="wrong").returncode != 0
    shutil.rmtree(job.folder / "outbox", ignore_errors=True)
    assert as_github_runs(unpack, job, FOUND="x", **key).returncode == 0
    again = newsletter("run", cwd=job.folder)
    assert "everything was already sent (1 of 1 accepted)" in again.stdout


# --- Putting it in place -------------------------------------------------------------------------

CRONTAB = """#!/bin/sh
# Keeps a crontab in a file, as crontab(1) does.
if [ "$1" = -l ]; then
  [ -f "$HOME/broken" ] && { echo "crontab: user is not allowed" >&2; exit 1; }
  [ -f "$HOME/crontab" ] || { echo "no crontab for me" >&2; exit 1; }
  cat "$HOME/crontab"
else
  cat > "$HOME/crontab"
fi
"""
RECORDER = """#!/bin/sh
echo "$(basename "$0") $*" >> "$HOME/calls"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with programs of its own: no test writes the crontab of who runs it."""
    home = tmp_path / "home"
    for name, text in (("crontab", CRONTAB), ("systemctl", RECORDER), ("launchctl", RECORDER)):
        path = home / "bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    return home


@pytest.fixture
def letter(tmp_path: Path, root: Path) -> Path:
    """Return a newsletter in an odd folder."""
    return write_letter(tmp_path / ODD, root)


def schedule(home: Path, letter: Path, *words: str) -> Done:
    path = f"{home / 'bin'}:/usr/bin:/bin"
    return newsletter("schedule", *words, cwd=letter, HOME=str(home), PATH=path)


def test_cron_is_written_once_and_taken_out(home: Path, letter: Path) -> None:
    """What else is in the crontab stays, to the letter."""
    other = "MAILTO=me@example.org\n# mine\n0 1 * * * true 100\\% %in\n"
    (home / "crontab").write_text(other)

    shown = schedule(home, letter, "cron", "--install", "--dry-run")
    assert "would run crontab -" in shown.stdout
    assert (home / "crontab").read_text() == other
    assert schedule(home, letter, "cron", "--install").returncode == 0
    written = (home / "crontab").read_text()
    assert written == other + schedule(home, letter, "cron").stdout
    assert "it is there already" in schedule(home, letter, "cron", "--install").stdout
    assert (home / "crontab").read_text() == written
    assert schedule(home, letter, "cron", "--remove").returncode == 0
    assert (home / "crontab").read_text() == other
    assert "it is not there" in schedule(home, letter, "cron", "--remove").stdout


def test_the_lines_of_others_stay_byte_for_byte(home: Path, letter: Path) -> None:
    """In whatever encoding they are, and however their lines end."""
    other = b"# caf\xe9\r\n5 4 * * * /bin/true\x0b x\n# \xe2\x80\xa8\n"
    (home / "crontab").write_bytes(other)

    assert schedule(home, letter, "cron", "--install").returncode == 0
    written = (home / "crontab").read_bytes()
    assert written.startswith(other)
    assert "it is there already" in schedule(home, letter, "cron", "--install").stdout
    assert schedule(home, letter, "cron", "--remove").returncode == 0
    assert (home / "crontab").read_bytes() == other


@pytest.mark.parametrize("name", [b"caf\xe9", b"space "])
def test_a_folder_that_not_all_timers_can_be_told_is_refused(
    home: Path, tmp_path: Path, root: Path, name: bytes
) -> None:
    """Systemd and launchd read UTF-8; the space would be lost."""
    letter = write_letter(tmp_path / os.fsdecode(name), root)
    done = schedule(home, letter, "systemd", "--install")
    assert done.returncode == 1
    assert "rename the folder" in done.stderr


def test_a_crontab_that_cannot_be_read_is_not_written(home: Path, letter: Path) -> None:
    """Else all that is in it would be lost; an older line by hand is pointed at."""
    (home / "broken").touch()
    refused = schedule(home, letter, "cron", "--install")
    assert (refused.returncode, (home / "crontab").exists()) == (1, False)
    assert "user is not allowed; the crontab was left as it is" in refused.stderr
    (home / "broken").unlink()

    assert schedule(home, letter, "cron", "--install").returncode == 0
    assert "#" not in schedule(home, letter, "cron", "--install").stderr


def test_a_line_by_hand_is_pointed_at(home: Path, tmp_path: Path, root: Path) -> None:
    """It would run the newsletter a second time; its line has no end, and stays whole."""
    letter = write_letter(tmp_path / "100% mine", root)
    line = f"5 * * * * cd '{letter}' && newsletter run".replace("%", "\\%")
    (home / "crontab").write_text(line)

    done = schedule(home, letter, "cron", "--install")

    assert (home / "crontab").read_text().splitlines()[0] == line
    assert "line 1 of your crontab seems to run this newsletter too" in done.stderr


def test_a_block_that_was_cut_is_not_guessed_at(home: Path, letter: Path) -> None:
    """Somebody has deleted one of its marks."""
    schedule(home, letter, "cron", "--install")
    lines = (home / "crontab").read_text().splitlines(keepends=True)
    (home / "crontab").write_text("".join(lines[:-1]))

    done = schedule(home, letter, "cron", "--remove")

    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert (home / "crontab").read_text() == "".join(lines[:-1])


def test_without_cron_it_says_what_else_there_is(home: Path, letter: Path) -> None:
    """No traceback for a program that is not there."""
    (home / "bin" / "crontab").unlink()
    done = newsletter("schedule", "cron", "--install", cwd=letter, PATH=str(home / "bin"))

    assert done.returncode == 1
    assert "newsletter schedule systemd" in done.stderr


def test_systemd_is_set_up_and_taken_down(home: Path, letter: Path) -> None:
    """Two files, and the timer started."""
    assert schedule(home, letter, "systemd", "--install").returncode == 0
    units = sorted((home / ".config" / "systemd" / "user").iterdir())
    assert [unit.suffix for unit in units] == [".service", ".timer"]
    assert all(unit.read_text() in schedule(home, letter, "systemd").stdout for unit in units)
    calls = (home / "calls").read_text().splitlines()
    name = units[1].name
    assert calls == [f"systemctl --user {do}" for do in ("daemon-reload", f"enable --now {name}")]
    assert schedule(home, letter, "systemd", "--install").returncode == 0
    assert schedule(home, letter, "systemd", "--remove").returncode == 0
    assert not any(unit.exists() for unit in units)
    assert f"systemctl --user disable --now {name}" in (home / "calls").read_text()
    assert "it is not there" in schedule(home, letter, "systemd", "--remove").stdout


def test_systemd_is_given_the_secrets_that_have_a_file(home: Path, letter: Path) -> None:
    """It would start nothing for want of the others; each of those is told."""
    secrets = home / "my secrets"
    secrets.mkdir()
    (secrets / "SMTP_PASSWORD").write_text("x\n")

    done = schedule(home, letter, "systemd", "--credentials", str(secrets))

    assert f"\nLoadCredential=SMTP_PASSWORD:{secrets}/SMTP_PASSWORD\n" in done.stdout
    assert "LoadCredential=SMTP_USER" not in done.stdout
    assert f"{secrets}/SMTP_USER is not there" in done.stderr


def test_launchd_is_set_up_and_taken_down(home: Path, letter: Path) -> None:
    """An agent that is loaded already is unloaded first."""
    assert schedule(home, letter, "launchd", "--install").returncode == 0
    (agent,) = (home / "Library" / "LaunchAgents").iterdir()
    assert agent.read_text() == schedule(home, letter, "launchd").stdout
    calls = (home / "calls").read_text().splitlines()
    assert [call.split()[1] for call in calls] == ["bootout", "bootstrap"]
    assert schedule(home, letter, "launchd", "--remove").returncode == 0
    assert not agent.exists()


def test_the_workflow_is_written_into_the_repository(home: Path, letter: Path) -> None:
    """Not over one that somebody has changed."""
    (letter.parent / ".git").mkdir()
    file = letter.parent / ".github" / "workflows" / "newsletter.yml"
    assert schedule(home, letter, "actions", "--install").returncode == 0
    assert yaml.safe_load(file.read_text())["defaults"]["run"]["working-directory"] == ODD
    assert "it is there already" not in schedule(home, letter, "actions").stdout
    file.write_text(file.read_text() + "# mine\n")
    refused = schedule(home, letter, "actions", "--install")
    assert (refused.returncode, "stays as it is" in refused.stderr) == (1, True)


def test_wrong_usage(home: Path, letter: Path) -> None:
    """Told in a line, with status 2."""
    assert schedule(home, letter, "cron", "--install", "--remove").returncode == 2
    assert schedule(home, letter, "cron", "--credentials", "x").returncode == 2
    assert schedule(home, letter, "at").returncode == 2


JOB = Job(
    program="/opt/newsletter/.venv/bin/newsletter", folder=Path("/srv/100% letter"),
    config="config", letter="x", key="x", minute=5, at=dt.time(6), zone="UTC", variables=(),
)  # fmt: skip


@given(st.binary())
def test_any_crontab_is_kept(content: bytes) -> None:
    """With the block and without it again, it is what it was, whatever its bytes mean."""
    crontab = os.fsdecode(content)
    written = cron.with_job(crontab, JOB)

    assert cron.with_job(written, JOB) == written
    assert cron.without_job(written, JOB).rstrip("\n") == crontab.rstrip("\n")


def test_the_folder_of_units_follows_the_environment(home: Path, letter: Path) -> None:
    """XDG_CONFIG_HOME counts when it is absolute."""
    path = f"{home / 'bin'}:/usr/bin:/bin"
    words = ("schedule", "systemd", "--install", "--dry-run")
    done = newsletter(*words, cwd=letter, HOME=str(home), PATH=path, XDG_CONFIG_HOME="/conf")
    assert "write /conf/systemd/user/newsletter-" in done.stdout
    assert not os.path.exists("/conf")  # noqa: PTH110  a plain question
