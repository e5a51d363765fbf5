"""Collect: the day's papers, from the sources.

papers.py      collect_papers(): every source at once; keep what worked, report what did not
connections.py no private addresses, checked when connecting
fetcher.py     HTTP and files within limits of time and size
feeds.py       RSS, Atom, RDF, JSON Feed → Paper
arxiv.py       arXiv announcements → Paper
huggingface.py Daily Papers API → Paper
identity.py    what makes two papers one: arXiv id, DOI, canonical URL
text.py        HTML and entities → plain Unicode
latex.py       LaTeX → plain Unicode
duplicates.py  one paper seen by several sources → one Paper
"""

from newsletter.collect.duplicates import merge_papers
from newsletter.collect.fetcher import Fetcher
from newsletter.collect.papers import KINDS, collect_papers, with_news

__all__ = ["KINDS", "Fetcher", "collect_papers", "merge_papers", "with_news"]
