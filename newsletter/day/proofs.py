"""Proof-reading: the checks on an issue's editions and messages, before anybody gets one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from newsletter.config.settings import Letter
from newsletter.day import letters
from newsletter.day.forms import render_forms
from newsletter.errors import ProofError
from newsletter.model import Edition, Figure, Issue, Topic
from newsletter.render.checks.findings import Finding
from newsletter.render.checks.lint import lint, lint_message
from newsletter.render.editions import NO_FIGURES
from newsletter.render.given import Selection
from newsletter.render.pictures import Pictures, no_pictures

MOST = 20
"""How many editions are checked. That is enough: all have the same templates and papers."""


def proofread(
    letter: Letter,
    issue: Issue,
    chosen: Sequence[Selection],
    editions: Sequence[Edition],
    topics: Sequence[Topic],
    now: dt.datetime,
    figures: Mapping[str, Figure] = NO_FIGURES,
    pictures: Pictures = no_pictures,
) -> tuple[Finding, ...]:
    """Return what is wrong with the first editions: each finding once, with its template line.

    `editions` are those of `chosen`, in the same order; `figures` and `pictures` are those that
    they were made with.
    """
    found: dict[tuple[str, str, str], Finding] = {}
    for selection, edition in zip(chosen[:MOST], editions[:MOST], strict=True):
        for finding in _findings(letter, issue, selection, edition, topics, now, figures, pictures):
            found.setdefault((finding.level, finding.message, finding.where), finding)
    return tuple(sorted(found.values(), key=lambda finding: finding.level))


def _findings(
    letter: Letter,
    issue: Issue,
    selection: Selection,
    edition: Edition,
    topics: Sequence[Topic],
    now: dt.datetime,
    figures: Mapping[str, Figure],
    pictures: Pictures,
) -> Iterator[Finding]:
    findings = lint(edition)
    if findings:
        # Render again with template line numbers in the output. Readers never get this version.
        (located,) = render_forms(letter, issue, [selection], topics, figures, located=True)
        templates = letters.templates(letter, selection.form, located=True)
        findings = lint(edition, located, templates.html.source)
    yield from findings
    message = letters.sample(letter, issue, edition, letters.NOBODY, now, pictures)
    yield from lint_message(message, edition.key)


def hold_if_wrong(letter: Letter, findings: Sequence[Finding]) -> None:
    """Raise ProofError when there are errors, unless the configuration says to send anyway."""
    wrong = [finding for finding in findings if finding.level == "error"]
    if wrong and letter.holds_errors:
        raise ProofError(
            *(
                f"{finding.where}: {finding.message}" if finding.where else finding.message
                for finding in wrong
            )
        )
