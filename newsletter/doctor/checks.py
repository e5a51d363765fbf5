"""check(): configuration and templates, and what they make of an invented day."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from newsletter.collect.http.files import read_files
from newsletter.collect.kinds.table import KINDS
from newsletter.collect.reader import SECONDS, DocumentReader
from newsletter.config.files import load_config
from newsletter.config.settings import MINILM, Config
from newsletter.config.subscribers import SubscriberList, read_list
from newsletter.day.drafts import make_draft
from newsletter.day.forms import render_forms
from newsletter.day.proofs import proofread
from newsletter.day.readers import curious
from newsletter.doctor.hooks import hook_notes
from newsletter.doctor.sample import sample_papers
from newsletter.doctor.summaries import unmarked_notes
from newsletter.doctor.terms import DAYS, idle_terms, unread_topics
from newsletter.errors import ConfigError, LibraryError, ModelError, SourceError, TemplateError
from newsletter.learn.embeddings import Embedder, find_folder
from newsletter.learn.hub import is_hub_name
from newsletter.learn.libraries import read_library
from newsletter.model import Cadence, Length, Origin, SubscriberState
from newsletter.render.checks.findings import Finding
from newsletter.render.given import Selection
from newsletter.store import PaperStore, SubscriberStore, database_exists, open_database
from newsletter.world import days, machine

Kind = tuple[Cadence, Length]
"""How often a reader gets mail, and how much of an issue."""
STAYS_AWAY = 5
"""People who are named of those that left and are still on the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What `check` found."""

    config: Config | None
    problems: tuple[str, ...]
    """Mistakes, each with its place."""
    warnings: tuple[str, ...]
    findings: tuple[Finding, ...]
    """Of the issue that configuration and templates give on the invented day."""
    listed: int = 0
    """People who get mail: those on the list, or those in the database when they are more."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; warnings are not."""
        return not self.problems and all(finding.level != "error" for finding in self.findings)


def check(
    folder: Path, environment: Mapping[str, str], now: dt.datetime, seconds: float = SECONDS
) -> Checked:
    """Validate config and templates, and lint what they make of an invented day.

    A local file of a source is read within the limits of a run: `seconds`, and of memory.
    """
    try:
        config = load_config(folder, environment)
        people = read_list(folder, config.choice.topic_names, environment)
    except ConfigError as error:
        return Checked(config=None, problems=error.problems, warnings=(), findings=())
    active, known, kinds = _known(config, people, folder, environment, now)
    listed = max(sum(not sign_up.is_paused for sign_up in people.sign_ups), active)
    warnings = tuple(_warnings(config, listed))
    try:
        findings = _lint(config, now, kinds)
    except TemplateError as error:
        return Checked(
            config=config, problems=(str(error),), warnings=warnings, findings=(), listed=listed
        )
    problems, notes = _unread(config, people)
    more, odd = _unread_model(config)
    problems, notes = (*problems, *more), (*notes, *odd)
    problems += asyncio.run(_unread_sources(config, now, seconds))
    return Checked(
        config=config,
        problems=problems,
        warnings=(*warnings, *notes, *known),
        findings=findings,
        listed=listed,
    )


def _unread(config: Config, people: SubscriberList) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read the libraries that a run would read; return what is wrong with them, and what is odd."""
    problems: list[str] = []
    notes: list[str] = []
    for name, place in (*config.libraries, *people.libraries):
        try:
            notes += read_library(config.root / name).notes
        except LibraryError as error:
            problems.append(f"{place}: {error}")
    return tuple(problems), tuple(notes)


def _unread_model(config: Config) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read the model for embeddings that newsletter.yaml names; return what is wrong, and odd.

    Nothing is fetched: that a model is not on this disk yet is odd, and no more.
    """
    name = config.choice.embeddings
    if name in ("", MINILM):
        return (), ()
    place = config.choice.embeddings_place
    try:
        folder = find_folder(name, config.root, may_fetch=False)
    except ModelError as error:
        told = (f"{place}: {error}",)
        return ((), told) if is_hub_name(name) else (told, ())
    try:
        Embedder(folder)
    except ModelError as error:
        return (f"{place}: {error}",), ()
    return (), ()


async def _unread_sources(config: Config, now: dt.datetime, seconds: float) -> tuple[str, ...]:
    """Read the local files of sources, as a run does; return what is wrong with them."""
    problems: list[str] = []
    settings = config.collecting
    async with DocumentReader(seconds=seconds) as reader:
        for source in settings.sources:
            if not source.location or "://" in source.location:
                continue
            try:
                for document in read_files(Path(source.location), settings.max_bytes):
                    parsed = await reader.read(KINDS[source.kind], document, source, now)
                    problems += [
                        f"{settings.places[source.name]}: {document.shown}: {fault.problem}"
                        for fault in parsed.faults
                    ]
            except SourceError as error:
                problems.append(f"{settings.places[source.name]}: {error}")
    return tuple(problems)


def _known(
    config: Config,
    people: SubscriberList,
    folder: Path,
    environment: Mapping[str, str],
    now: dt.datetime,
) -> tuple[int, tuple[str, ...], frozenset[Kind]]:
    """Hold the configuration against what earlier runs have left in the database, if there is one.

    Return how many people in it get mail, notes on terms of topics.yaml against papers, on topics
    and the list against people, and which kinds of mail people ask for.
    """
    listed = [sign_up.wishes.topics for sign_up in people.sign_ups]
    kinds = {(sign_up.wishes.cadence, sign_up.wishes.length) for sign_up in people.sign_ups}
    if config.letter.site:  # where people choose for themselves
        kinds = {(cadence, length) for cadence in Cadence for length in Length}
    if not database_exists(config.database, config.root):
        return 0, (), frozenset(kinds)
    with machine.open_ledger(config) as database:
        papers = PaperStore(database).since(now - DAYS)
        store = SubscriberStore(database, machine.new_id)
        active = store.counts()[SubscriberState.ACTIVE]
        away = (*_away(store, people), *_lost_topics(store, config.choice.topic_names))
        kinds |= {(audience.cadence, audience.length) for audience in store.audiences()}
        # The list may be newer than the database.
        shared = [audience.topics for audience in store.audiences()]
        personal = (person.wishes.topics for some in store.personal() for person in some)
        wanted = itertools.chain(listed, shared, personal)
        unread = tuple(unread_topics(folder, environment, wanted))
    idle = idle_terms(folder, environment, papers)
    return active, (*idle, *unread, *away), frozenset(kinds)


def _lost_topics(store: SubscriberStore, topics: tuple[str, ...]) -> Iterator[str]:
    """Yield a line for each topic that readers name and topics.yaml does not have."""
    lost: Counter[str] = Counter()
    for audience in store.audiences():
        lost.update({name: audience.count for name in audience.topics if name not in topics})
    for name, count in lost.items():
        yield (
            f"topics.yaml: no topic is called `{name}`, but readers in the database ask for it "
            f"({count}): they get less, or nothing"
        )


def _away(store: SubscriberStore, people: SubscriberList) -> Iterator[str]:
    """Yield a line for who gets nothing, by their own choice, though the list names them."""
    listed = {sign_up.email.lower() for sign_up in people.sign_ups}
    left = (
        person
        for person in store.all(states=[SubscriberState.LEFT, SubscriberState.PAUSED])
        if person.changed_by != Origin.YAML.value and person.email.lower() in listed
    )
    found = list(itertools.islice(left, STAYS_AWAY + 1))
    for person in found[:STAYS_AWAY]:
        yield (
            f"subscribers.yaml: {person.email} has {person.state.value} "
            f"({person.changed_at:%Y-%m-%d}, by {person.changed_by}), and gets nothing though the "
            f"list names them; `newsletter subscribers resume {person.email}` undoes it"
        )
    others = (
        person
        for person in store.all(origins=[origin for origin in Origin if origin is not Origin.YAML])
        if person.email.lower() in listed
    )
    for person in itertools.islice(others, STAYS_AWAY):
        yield (
            f"subscribers.yaml: {person.email} came by {person.origin.value}, and keeps what they "
            "chose there: what the list says of them has no effect"
        )
    if len(found) > STAYS_AWAY:
        yield "subscribers.yaml: … and more: `newsletter subscribers list --state left`"


def _lint(config: Config, now: dt.datetime, kinds: frozenset[Kind]) -> tuple[Finding, ...]:
    """Draft issues of the invented papers for somebody who wants every topic, and lint them.

    `kinds` are those of mail that readers ask for.
    """

    def is_weekly(cadence: Cadence) -> bool:
        # In a weekly digest, cadence changes nothing.
        return cadence is Cadence.WEEKLY and not config.letter.is_weekly

    found: list[Finding] = []
    for weekly in (False, True):
        lengths = [
            length
            for length in Length
            if (length is Length.FULL and not weekly)
            or any(length is wanted for cadence, wanted in kinds if is_weekly(cadence) is weekly)
        ]
        if lengths:
            found += _lint_of(config, now, Cadence.WEEKLY if weekly else Cadence.DAILY, lengths)
    return tuple(dict.fromkeys(found))


def _lint_of(
    config: Config, now: dt.datetime, cadence: Cadence, lengths: Sequence[Length]
) -> tuple[Finding, ...]:
    date = now.date()
    while cadence is Cadence.WEEKLY and date.weekday() != config.schedule.weekly:
        date += dt.timedelta(days=1)
    with open_database("sqlite://", config.root) as nothing:
        day = days.day_of(config, nothing, date=date, clock=lambda: now)
        draft = make_draft(day, sample_papers(now))
        reader = curious(day)
        wanted = [replace(reader.first, cadence=cadence, length=length) for length in lengths]
        readers = [replace(reader, first=first) for first in wanted]
        shown = draft.for_readers(readers, send_empty=True)
        chosen = [drafted.selection for drafted in shown]
        editions = [drafted.edition for drafted in shown]
        if config.choice.send_empty and cadence is Cadence.DAILY:
            # An email without papers is sent to nobody, unless configuration says so.
            none = Selection(topics=config.choice.topic_names[:1], picks=())
            chosen.append(none)
            editions += render_forms(config.letter, draft.issue, [none], draft.topics)
        return proofread(config.letter, draft.issue, chosen, editions, draft.topics, now)


def _warnings(config: Config, listed: int) -> Iterator[str]:
    for text in config.missing:
        yield f"{text}: no mail can leave without it"
    for text in config.collecting.left_out:
        yield f"{text}: it is left out"
    yield from hook_notes(config)
    yield from unmarked_notes(config)
    if not listed:
        sent = "its issues go to the site alone" if config.letter.site else "no issue will be sent"
        yield f"subscribers.yaml: nobody is on the list, so {sent}"
    letter, mail = config.letter, config.delivering
    if mail.transport == "smtp":
        if letter.sender.rpartition("@")[2] in ("example.org", "example.com", "example.net"):
            yield f"newsletter.yaml: mail from {letter.sender} will be refused: use your own"
        if mail.port == 465 and mail.security == "starttls":  # noqa: PLR2004  a port's number
            yield "newsletter.yaml: servers speak TLS from the start on port 465: security: tls"
        if not letter.postal_address:
            yield (
                "newsletter.yaml: no postal_address; the law of many countries asks one of public "
                "newsletters (CAN-SPAM, 15 USC 7704)"
            )
