"""What a machine knows by itself: sources, settings, disk, backups, schedule, and merged diagnoses."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from makers import run
from patients import at, only

from newsletter.doctor.checks import Checked
from newsletter.doctor.diagnoses import Group, Level, excerpt, merged
from newsletter.doctor.settings import check_settings, check_size, check_spam
from newsletter.doctor.sources import check_sources
from newsletter.doctor.upkeep import check_backups, check_disk, check_private, check_schedule
from newsletter.model import Health, Schedule
from newsletter.render.checks.findings import Finding

NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
SCHEDULE = Schedule(at=dt.time(6), days=frozenset(range(5)), zone=ZoneInfo("Europe/Zurich"))


@pytest.mark.parametrize(
    ("free", "database", "level"),
    [
        (5_000_000_000, 0, Level.GOOD),
        (999_999_999, 0, Level.WARNING),
        (5_000_000_000, 2_500_000_001, Level.WARNING),
        (99_999_999, 0, Level.ERROR),
    ],
)
def test_room_on_the_disk(tmp_path: Path, free: int, database: int, level: Level) -> None:
    """A database that is upgraded is copied first."""
    assert check_disk(lambda _path: (10**12, 0, free), tmp_path, database).level is level


def test_a_disk_that_cannot_be_asked(tmp_path: Path) -> None:
    """A folder on a share that is away, for example."""

    def broken(path: Path) -> tuple[int, int, int]:
        raise FileNotFoundError(2, "No such file or directory", path)

    assert "No such file" in check_disk(broken, tmp_path, 0).found


def test_the_newest_backup_counts() -> None:
    """Older than a week, nobody makes them any more."""
    old, new = (Path("newsletter-1.db"), NOW - 9 * DAY), (Path("2.db"), NOW - 7 * DAY)

    assert check_backups([old, new], NOW, has_file=True).level is Level.GOOD
    assert "2026-11-20: 2.db" in check_backups([old, new], NOW, has_file=True).found
    assert check_backups([old], NOW, has_file=True).level is Level.WARNING
    assert check_backups([], NOW, has_file=True).level is Level.NOTICE
    assert check_backups([], NOW, has_file=False).level is Level.NOT_CHECKED


@pytest.mark.parametrize(
    ("last", "now", "level"),
    [
        (None, NOW, Level.NOTICE),
        (NOW - dt.timedelta(hours=1), NOW, Level.GOOD),
        (NOW - DAY, NOW, Level.ERROR),
        (NOW - DAY, dt.datetime(2026, 11, 27, 7, 30, tzinfo=dt.UTC), Level.GOOD),
        (NOW, NOW + 2 * DAY, Level.GOOD),
        (NOW, NOW + 3 * DAY, Level.ERROR),
    ],
)
def test_whether_somebody_runs_it(last: dt.datetime | None, now: dt.datetime, level: Level) -> None:
    """A weekend without issues is no reason; three hours after an issue was due, one is."""
    assert check_schedule(SCHEDULE, last, now).level is level


def test_files_that_others_can_read(tmp_path: Path) -> None:
    """Only those; what is not there does not matter."""
    private, public = tmp_path / "a.db", tmp_path / "b.db"
    for path, mode in ((private, 0o600), (public, 0o644)):
        path.touch()
        path.chmod(mode)
    found = list(check_private([private, public, tmp_path / "c.db", tmp_path]))

    assert [diagnosis.mend for diagnosis in found] == [f"chmod 600 {public}"]


def test_sources_that_need_a_look_are_told_one_by_one() -> None:
    """All others are one line."""
    days = tuple((NOW.date() - n * DAY, 1) for n in (40, 39, 38))
    known = [
        ("good", Health(last_good=NOW)),
        ("bad", Health(last_good=NOW - 3 * DAY, failures=3, last_error="HTTP 404")),
        ("never", Health(failures=1, last_error="no such host")),
        ("gone", Health(retired=True, failures=1)),
        ("moved", Health(last_good=NOW, moved_to="https://new.example/f")),
        ("silent", Health(last_good=NOW, last_new=NOW - 38 * DAY, days=days)),
    ]
    found = list(check_sources(known, {"bad": "sources.yaml:3:5"}, NOW))

    assert at(found, Level.GOOD) == ["sources: 1 of 6 are well"]
    assert at(found, Level.ERROR) == [
        "bad: HTTP 404 (3 visits in a row; last worked on 2026-11-24)",
        "never: no such host (1 visit in a row; never worked so far)",
        "gone: gone for good, says its server",
    ]
    assert at(found, Level.NOTICE) == [
        "moved: moved for good to https://new.example/f",
        "silent: silent since 2026-10-20",
    ]
    assert only(found, "bad", Level.ERROR).where == "sources.yaml:3:5"
    assert at(list(check_sources([("new", Health())], {}, NOW)), Level.GOOD) == [
        "sources: 1, not visited yet"
    ]


def test_what_check_found_keeps_its_place() -> None:
    """Mistakes are errors, warnings are notices."""
    checked = Checked(
        config=None,
        problems=("config/topics.yaml:3:5: no such thing",),
        warnings=("newsletter.yaml: no postal_address: think of it",),
        findings=(
            Finding(level="error", edition="a", message="no text", where="issue.mjml:3"),
            Finding(level="warning", edition="a", message="odd"),
            Finding(level="warning", edition="a", message="a link: x", where="issue.mjml:4"),
            Finding(level="warning", edition="a", message="a link: y", where="issue.mjml:4"),
        ),
    )
    found = list(check_settings(checked))

    assert [(diagnosis.level, diagnosis.where, diagnosis.found) for diagnosis in found] == [
        (Level.ERROR, "config/topics.yaml:3:5", "no such thing"),
        (Level.NOTICE, "newsletter.yaml", "no postal_address: think of it"),
        (Level.ERROR, "issue.mjml:3", "no text"),
        (Level.NOTICE, "", "odd"),
        (Level.NOTICE, "issue.mjml:4", "a link: x (and 1 more like it)"),
    ]


@pytest.mark.parametrize(("size", "level"), [(102_000, Level.GOOD), (102_001, Level.WARNING)])
def test_what_gmail_cuts_off(size: int, level: Level) -> None:
    """By the bytes of HTML."""
    assert check_size(size, 2 * size).level is level


@pytest.mark.parametrize(
    ("report", "level", "told"),
    [
        ("", Level.NOT_CHECKED, "not installed"),
        ("X-Spam-Status: No, score=-0.1 required=5.0 tests=HTML_MESSAGE,\n\tNO_RELAYS\n\tautolearn=no", Level.GOOD, "(HTML_MESSAGE, NO_RELAYS)"),
        ("X-Spam-Status: No, score=2.0 required=5.0", Level.NOTICE, "2 of 5 points"),
        ("X-Spam-Status: Yes, score=5.1 required=5.0 tests=A\nX: y", Level.WARNING, "(A)"),
    ],
)  # fmt: skip
def test_the_score_of_spam(report: str, level: Level, told: str) -> None:
    """As SpamAssassin writes it."""

    async def score(_message: bytes) -> str:
        return report

    diagnosis = run(check_spam(score, b""))

    assert diagnosis.level is level
    assert told in diagnosis.found


def test_one_cause_is_one_line() -> None:
    """Without network, DNS, mail server and site have the same to say."""
    dns, mail = Group("DNS"), Group("mail server")
    away = [
        dns.offline("resolver", "no answer", "is it up?"),
        mail.offline("connection", "no name"),
    ]
    rest = [dns.good("x", "y")]
    found = merged([*rest, *away])

    assert [(diagnosis.group, diagnosis.level) for diagnosis in found] == [
        ("network", Level.ERROR),
        ("DNS", Level.GOOD),
    ]
    assert "not checked: DNS, mail server (no answer)" in found[0].found
    assert merged(away[:1])[0].group == "DNS"


def test_what_others_say_is_cut() -> None:
    """A record may have sixty thousand characters."""
    assert len(excerpt("x" * 60_000)) == 300
