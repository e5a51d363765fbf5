r"""Papers for reference managers: BibTeX, and RIS.

Both are read by Zotero and its kind as they are. Text is Unicode (UTF-8). In BibTeX, characters
that mean something to TeX are written as commands. BibTeX counts braces, also those with a
backslash before them, and an odd one would spoil all entries after it: so one of text stands beside
its partner, which TeX does not print (https://tex.stackexchange.com/questions/230750).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from newsletter.model import Paper
from newsletter.render.people import name_of

BIBTEX: Final = "application/x-bibtex"
RIS: Final = "application/x-research-info-systems"
_SPECIAL: Final = str.maketrans(
    {
        "\\": r"{\textbackslash}",
        "{": r"\{\vphantom{\}}",
        "}": r"\vphantom{\{}\}",
        "%": r"\%",
        "&": r"\&",
        "#": r"\#",
        "_": r"\_",
        "$": r"\$",
        "~": r"{\textasciitilde}",
        "^": r"{\textasciicircum}",
    }
)
_IN_LINK: Final = str.maketrans({"\\": "%5C", "{": "%7B", "}": "%7D"})
"""Links are not TeX: only what would end the field early is written as URLs write it."""
_MEETING: Final = re.compile(
    r"\b(?:(?i:conference|workshop|symposium|annual meeting)|"
    r"AAAI|ACL|AISTATS|COLING|COLM|COLT|CoRL|CVPR|EACL|ECCV|EMNLP|FAccT|ICASSP|ICCV|ICLR|ICML|"
    r"ICRA|IJCAI|Interspeech|IROS|ISMIR|KDD|NAACL|NeurIPS|NIPS|RSS|SIGGRAPH|SIGIR|UAI|WACV|WWW)\b"
)
"""Names of venues that are conferences: the usual words, and names by which fields know them.
`Proceedings` is not among them: journals are called so, too."""
_CLASS: Final = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?")
"""A subject class of arXiv, such as cs.CL or hep-th."""
_SHORT_WORD: Final = 3
"""Letters of words such as `the`, which say little in a key."""


def bibtex(papers: Iterable[Paper]) -> str:
    """Return papers as BibTeX; a paper's key is the same in every file, and unique."""
    return "\n".join(map(_entry, _once(papers)))


def ris(papers: Iterable[Paper]) -> str:
    """Return papers as RIS (Research Information Systems' tagged format), CRLF line ends."""
    return "".join("\r\n".join((*_tags(paper), "ER  - ", "", "")) for paper in _once(papers))


def _once(papers: Iterable[Paper]) -> Iterable[Paper]:
    return {paper.id: paper for paper in papers}.values()


def _entry(paper: Paper) -> str:
    arxiv, doi = _identity(paper, "arxiv"), _identity(paper, "doi")
    venue = _escaped(paper.venue)
    kind = "misc" if not venue else "inproceedings" if _is_meeting(paper) else "article"
    own_class = next(filter(_CLASS.fullmatch, paper.categories), "") if arxiv else ""
    fields = [
        # Braces keep capitals as they are.
        ("title", f"{{{_escaped(paper.title)}}}" if _line(paper.title) else ""),
        ("author", " and ".join(filter(None, map(_author, paper.authors)))),
        ("year", f"{paper.published:%Y}" if paper.published else ""),
        ("month", str(paper.published.month) if paper.published else ""),
        ("booktitle" if kind == "inproceedings" else "journal", venue),
        ("doi", doi.translate(_IN_LINK)),
        ("eprint", arxiv.translate(_IN_LINK)),
        ("archivePrefix", "arXiv" if arxiv else ""),
        ("primaryClass", own_class),
        ("url", _line(paper.url).translate(_IN_LINK)),
        ("keywords", _escaped(", ".join(paper.keywords))),
        ("abstract", _escaped(paper.abstract)),
    ]
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields if value)
    return f"@{kind}{{{_key(paper)},\n{lines}}}\n"


def _author(written: str) -> str:
    """Return a name as BibTeX takes it apart: `Family, Suffix, Given`; in braces, not at all."""
    name = name_of(written)
    parts = [_escaped(part) for part in (name.family, name.suffix, name.given) if part]
    return ", ".join(parts) if name.given else f"{{{parts[0]}}}" if parts else ""


def _key(paper: Paper) -> str:
    """Return a key such as byron2026engines-3f2a: the digest of the paper's id makes it unique."""
    first = paper.authors[0] if paper.authors else ""
    family = _ascii(name_of(first).family).replace(" ", "")[:30]
    year = f"{paper.published:%Y}" if paper.published else ""
    words = _ascii(paper.title).split()
    word = next((word for word in words if len(word) > _SHORT_WORD), "")[:30]
    digest = hashlib.sha256(paper.id.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{family}{year}{word or 'paper'}-{digest}"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def _tags(paper: Paper) -> Iterator[str]:
    date = f"{paper.published:%Y/%m/%d}/" if paper.published else ""
    arxiv = _identity(paper, "arxiv")
    kind = "UNPB" if not paper.venue else "CPAPER" if _is_meeting(paper) else "JOUR"
    tags = [
        ("TY", kind),
        ("TI", paper.title),
        *(("AU", _ris_name(name)) for name in paper.authors),
        ("DA", date),
        ("PY", date[:4]),
        ("T2", paper.venue),
        ("DO", _identity(paper, "doi")),
        ("AN", f"arXiv:{arxiv}" if arxiv else ""),
        ("UR", paper.url),
        ("L1", paper.pdf_url),
        *(("KW", word) for word in paper.keywords),
        ("AB", paper.abstract),
    ]
    for tag, value in tags:
        if line := _line(value):
            yield f"{tag}  - {line}"


def _ris_name(written: str) -> str:
    """Return a name as RIS wants it: `Family, Given, Suffix`; without a comma it stays whole."""
    name = name_of(written)
    return ", ".join(filter(None, (name.family, name.given, name.suffix)))


def _is_meeting(paper: Paper) -> bool:
    return _MEETING.search(paper.venue) is not None


def _escaped(text: str) -> str:
    return _line(text).translate(_SPECIAL)


def _line(text: str) -> str:
    """Return text on one line."""
    return " ".join(text.split())


def _identity(paper: Paper, kind: str) -> str:
    """Return a paper's identity of a kind, such as its DOI; empty when it has none."""
    found = (key.partition(":")[2] for key in paper.keys if key.startswith(f"{kind}:"))
    return _line(next(found, ""))
