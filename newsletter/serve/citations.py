"""Papers for reference managers: BibTeX, and RIS."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from newsletter.model import Paper

_SPECIAL: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "%": r"\%",
        "&": r"\&",
        "#": r"\#",
        "_": r"\_",
        "$": r"\$",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)


def bibtex(papers: Iterable[Paper]) -> str:
    """Return papers as BibTeX, which Zotero and others import; keys are unique."""
    used: set[str] = set()
    return "\n".join(_entry(paper, _key(paper, used)) for paper in papers)


def _entry(paper: Paper, key: str) -> str:
    arxiv, doi = _identity(paper, "arxiv"), _identity(paper, "doi")
    fields = [
        # Braces keep capitals as they are.
        ("title", f"{{{paper.title.translate(_SPECIAL)}}}"),
        ("author", " and ".join(_name(name) for name in paper.authors)),
        ("year", str(paper.published.year) if paper.published else ""),
        ("month", str(paper.published.month) if paper.published else ""),
        ("journal", paper.venue.translate(_SPECIAL)),
        ("doi", doi),
        ("eprint", arxiv),
        ("archiveprefix", "arXiv" if arxiv else ""),
        ("primaryclass", paper.categories[0] if arxiv and paper.categories else ""),
        ("url", paper.url),
        ("abstract", paper.abstract.translate(_SPECIAL)),
    ]
    kind = "article" if paper.venue else "misc"
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields if value)
    return f"@{kind}{{{key},\n{lines}}}\n"


def _name(name: str) -> str:
    """Return a name that BibTeX does not take apart: `and` and commas mean something to it."""
    plain = name.translate(_SPECIAL)
    return f"{{{plain}}}" if "," in plain or re.search(r"\band\b", plain) else plain


def _key(paper: Paper, used: set[str]) -> str:
    family = _ascii(paper.authors[0].split()[-1]) if paper.authors else ""
    year = str(paper.published.year) if paper.published else ""
    word = next((word for word in _ascii(paper.title).split() if len(word) > 3), "")  # noqa: PLR2004  skips `the`
    wanted = "".join((family.replace(" ", ""), year, word)) or "paper"
    key, number = wanted, 1
    while key in used:
        number += 1
        key = f"{wanted}-{number}"
    used.add(key)
    return key


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def ris(papers: Iterable[Paper]) -> str:
    """Return papers as RIS (Research Information Systems' tagged format), CRLF line ends."""
    return "".join("\r\n".join((*_tags(paper), "ER  - ", "", "")) for paper in papers)


def _tags(paper: Paper) -> Sequence[str]:
    date = f"{paper.published:%Y/%m/%d}/" if paper.published else ""
    tags = [
        ("TY", "JOUR" if paper.venue else "UNPB"),
        ("TI", paper.title),
        *(("AU", name) for name in paper.authors),
        ("DA", date),
        ("PY", date[:4]),
        ("JO", paper.venue),
        ("DO", _identity(paper, "doi")),
        ("AN", f"arXiv:{_identity(paper, 'arxiv')}" if _identity(paper, "arxiv") else ""),
        ("UR", paper.url),
        ("L1", paper.pdf_url),
        *(("KW", word) for word in paper.keywords),
        ("AB", paper.abstract),
    ]
    return [f"{tag}  - {' '.join(value.split())}" for tag, value in tags if value]


def _identity(paper: Paper, kind: str) -> str:
    """Return a paper's identity of a kind, such as its DOI; empty when it has none."""
    found = (key.partition(":")[2] for key in paper.keys if key.startswith(f"{kind}:"))
    return next(found, "")
