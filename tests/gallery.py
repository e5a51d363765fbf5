"""Five issues that differ in all that can differ: theme, density, period, direction, pictures.

Golden files, screenshots and browser tests are made of them.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pictures import chart, encoded

from newsletter.config.files import load_config
from newsletter.config.settings import Config, Letter
from newsletter.day import letters, selections
from newsletter.doctor.sample import MORNING, sample_papers
from newsletter.model import Edition, Figure, Issue, Paper, Subscriber
from newsletter.pick.papers import pick_papers
from newsletter.pick.variety import choose
from newsletter.render.editions import render_editions
from newsletter.render.given import Selection
from newsletter.render.locales import long_date
from newsletter.render.messages import Recipient, as_read
from newsletter.world.machine import STARTER

ISSUES = {
    "daily": "",
    "gazette": "theme:\n  name: gazette\n  figures: all\n  logo: {url: https://letters.example.org/logo.png, alt: Daily Papers}\n"
    "archive: https://letters.example.org/outbox\n",
    "terminal": "theme: {name: terminal, density: titles}\nfeedback: false\n",
    "weekly": "digest: weekly\nlanguage: de\n",
    "arabic": "language: ar\n",
}
"""What newsletter.yaml says beside the demo's, by the name of the issue."""

ARABIC = (
    (
        "نماذج لغوية تتعلم من الكتيبات",
        "نقترح وكيلاً يقرأ الوثائق ويكتب تمارينه بنفسه. يتعلم أربعمائة أداة في يوم واحد.",
    ),
    (
        "قياس الثقة في نماذج اللغة",
        "نقيس مدى معرفة النموذج بما لا يعرفه. الطريقة بسيطة ولا تحتاج إلى تدريب.",
    ),
    ("שפה ומספרים: language models that count", "אנו מציגים שיטה חדשה. היא עובדת על כל המשימות."),
)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One issue as a reader gets it."""

    edition: Edition
    html: str
    text: str
    message: bytes


NIGHT = (
    "theme:\n  logo: {url: https://letters.example.org/light.png,"
    " dark: https://letters.example.org/dark.png}\n"
)
"""Beside them: a logo with a variant for dark mode."""


def config_of(name: str) -> Config:
    """Return the demo's configuration with what the issue of that name says beside it."""
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "config"
        shutil.copytree(STARTER / "demo" / "config", copied)
        path = copied / "newsletter.yaml"
        beside = NIGHT if name == "night" else ISSUES[name]
        path.write_text(path.read_text("utf-8") + "\n" + beside, "utf-8")
        environment = {
            "DEMO_FEEDS": "feeds",
            "DEMO_SMTP_PORT": "25",
            "DEMO_SECRET": "signs links that lead nowhere at all",
        }
        return load_config(copied, environment)


def papers_of(name: str) -> tuple[Paper, ...]:
    """Return the invented papers; for some issues in other scripts, or with pictures."""
    papers = sample_papers(MORNING)
    if name == "arabic":
        written = [
            replace(paper, title=f"{title} (language model)", abstract=abstract, summary="")
            for paper, (title, abstract) in zip(papers, ARABIC, strict=False)
        ]
        return (*written, *papers[len(written) :])
    return papers


@functools.cache
def figure() -> tuple[Figure, bytes]:
    """Return a figure, and what is in its file."""
    content = encoded(chart(1152, 720))
    name = f"{hashlib.sha256(content).hexdigest()}.png"
    return Figure(name=name, width=1152, height=720, by="arXiv"), content


def pictures(_name: str) -> bytes:
    """Return what is in the file of the one figure."""
    return figure()[1]


@functools.cache
def shown(name: str) -> Shown:
    """Return one of ISSUES as Amélie gets it."""
    config = config_of(name)
    papers = papers_of(name)
    topics = config.choice.topics[:4]
    chosen = choose(pick_papers(papers, config.choice.topics, MORNING), topics)
    names = tuple(topic.name for topic in topics)
    selection = Selection(topics=names, picks=chosen, lead=selections.lead(chosen))
    issue = Issue(date=MORNING.date(), number=128, papers=len(papers))
    letter = config.letter
    head, templates = letters.masthead(letter), letters.templates(letter)
    top = [selection.lead.paper] if selection.lead else []
    illustrated = (*top, *(paper for paper in papers if paper.votes > 80))
    figures = {paper.id: figure()[0] for paper in illustrated}
    (edition,) = render_editions(issue, [selection], config.choice.topics, head, templates, figures)
    reader = Subscriber(
        id="11bb9fef006fefd530c7",
        email="amelie@readers.example",
        name="Amélie Dubois-Łęcka",
        topics=names,
        timezone="Europe/Paris",
        language=letter.language,
    )
    return Shown(
        edition=edition,
        html=as_read(edition.html, _recipient(letter, issue, edition, reader), "html"),
        text=as_read(edition.text, _recipient(letter, issue, edition, reader), "text"),
        message=letters.sample(letter, issue, edition, reader, MORNING, pictures),
    )


def _recipient(letter: Letter, issue: Issue, edition: Edition, reader: Subscriber) -> Recipient:
    found = letters.recipient(letter, letters.delivery(issue, edition, reader), MORNING)
    return replace(found, shown_date=long_date(issue.date, reader.language, letters.days(letter)))


def write_gallery(folder: Path, names: Sequence[str] = tuple(ISSUES)) -> list[Path]:
    """Write issues as pages; return their paths."""
    paths = []
    for name in names:
        path = folder / f"{name}.html"
        path.write_text(shown(name).html, "utf-8")
        paths.append(path)
    return paths
