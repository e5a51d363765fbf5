"""The newsletter that is examined: its settings with their places, its memory, one of its mails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from newsletter.config.documents import YamlDocument, read_document
from newsletter.config.environment import read_environment
from newsletter.config.settings import Config
from newsletter.day import letters
from newsletter.day.drafts import make_draft
from newsletter.day.readers import curious
from newsletter.doctor.sample import sample_papers
from newsletter.model import Health, Spending
from newsletter.render.press import html_bytes
from newsletter.store import SentenceStore, SourceStore, database_exists, open_database
from newsletter.store.urls import read_url
from newsletter.suppress.places import PASSWORD
from newsletter.world import days, machine

NOTHING: Final = Spending()
PATIENCE: Final = 60.0
"""Seconds to wait for a test mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What was asked for beyond the usual."""

    send: str = ""
    """The address that a test mail goes to; empty: none is sent."""
    mailbox: str = ""
    """Where it is read back; empty: the mailbox of the settings, if there is one."""
    patience: float = PATIENCE
    """Seconds to wait for it there."""
    resolver: str = ""
    """The resolver that is asked; empty: this machine's."""
    backups: tuple[Path, ...] = ()
    """Files, or folders of files, that are backups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examinee:
    """A newsletter whose settings can be read."""

    config: Config
    now: dt.datetime
    document: YamlDocument
    """newsletter.yaml."""
    password: str
    """Of the mailbox; empty when there is none."""

    def where(self, setting: str) -> str:
        """Return file:line:column of a setting such as `delivery.bounce`, or of what it is in."""
        path = tuple(int(step) if step.isdigit() else step for step in setting.split("."))
        known = self.document.at(path[:1]) is not None
        return self.document.where(path) if known else str(self.document.path)

    @property
    def database(self) -> Path | None:
        """The file of the database; None for PostgreSQL."""
        url = read_url(self.config.database)
        is_file = url.get_backend_name() == "sqlite" and bool(url.database)
        return self.config.root / str(url.database) if is_file else None

    @property
    def secrets(self) -> frozenset[str]:
        """What must not be shown, however short it is: servers may repeat a password."""
        mail = self.config.delivering
        return self.config.secrets | {word for word in (mail.password, self.password) if word}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the database remembers of earlier visits."""

    known: tuple[tuple[str, Health], ...]
    last: dt.datetime | None
    """When a source was last visited."""
    spent: Spending = NOTHING
    """What was spent on sentences by a machine today."""


def read_examinee(config: Config, environment: Mapping[str, str], now: dt.datetime) -> Examinee:
    """Return the newsletter of `config`, at `now`."""
    variables = read_environment(config.root, environment)
    return Examinee(
        config=config,
        now=now,
        document=read_document(config.folder / "newsletter.yaml", variables),
        password=variables.get(PASSWORD, ""),
    )


def remembered(config: Config, now: dt.datetime) -> Remembered:
    """Read what is known of the sources; raises StoreError when the database cannot be used.

    Where there is no database yet, none is made.
    """
    configured = config.collecting.sources
    if not database_exists(config.database, config.root):
        known = tuple((source.name, Health()) for source in configured)
        return Remembered(known=known, last=None)
    with machine.open_ledger(config) as database:
        store = SourceStore(database)
        return Remembered(
            known=store.known(configured, now),
            last=store.last_visit(),
            spent=SentenceStore(database).spent(now),
        )


def make_mail(config: Config, now: dt.datetime, reader: str) -> tuple[bytes, int]:
    """Return a mail with the papers of the invented day, and the bytes of its HTML.

    `reader` is an id that no subscriber has. Raises TemplateError when the templates fail.
    """
    with open_database("sqlite://", config.root) as nothing:
        day = days.day_of(config, nothing, date=now.date(), clock=lambda: now)
        draft = make_draft(day, sample_papers(now))
        (drafted,) = draft.for_readers([curious(day)], send_empty=True)
        edition = drafted.edition
        someone = replace(letters.NOBODY, id=reader)
        pictures = day.folders.figures.read
        message = letters.sample(config.letter, draft.issue, edition, someone, now, pictures)
    return message, html_bytes(edition.html)
