"""Collect: the day's papers, from the sources.

papers.py          collect_papers(): every source at once; keep what worked, report what did not
visits.py          visit_source(): one source, page by page, and how it went
connections.py     no private addresses, checked when connecting
fetcher.py         HTTP, politely and within limits
responses.py       what a response says beside its document
files.py           documents from disk
answers.py         what a source is asked and answers: the types of all kinds
reader.py          parsing in processes, within limits of time and memory
confinement.py     what runs there: a guard, and the limit of memory
addresses.py       addresses of sources, shown without what is secret in them
entries.py         the entries of a document, one by one, through the gate
xmlfeeds.py        RSS, Atom, RDF, CDF → entries
feeds.py           entries and JSON Feed → Paper
opml.py            a list of feeds → Source
calendar.py        when arXiv announces what
arxiv.py           arXiv announcements and API → Paper
huggingface.py     Daily Papers API → Paper
biorxiv.py         bioRxiv and medRxiv → Paper
openreview.py      a venue's submissions → Paper
semanticscholar.py a query, or some authors → Paper; citations and venue of others
hackernews.py      stories about papers → Mention
reddit.py          posts about papers → Mention
repositories.py    code links in a text
identity.py        what makes two papers one: arXiv id, DOI, OpenReview id, canonical URL
likeness.py        almost the same title by the same people
text.py            HTML and entities → plain Unicode
latex.py           LaTeX → plain Unicode
symbols.py         names of LaTeX and the characters they print
duplicates.py      one paper seen by several sources → one Paper
lookup.py          look_up(): papers that somebody names by id
enrichment.py      enrich_papers(): what other services know, within a time limit
crossref.py        venue and citations of a DOI
github.py          stars of a repository
"""

from newsletter.collect.duplicates import attach_mentions, merge_papers
from newsletter.collect.enrichment import ENRICHERS, enrich_papers
from newsletter.collect.fetcher import Fetcher
from newsletter.collect.likeness import near_keys
from newsletter.collect.lookup import look_up
from newsletter.collect.papers import KINDS, collect_papers
from newsletter.collect.reader import Reader

__all__ = [
    "ENRICHERS",
    "KINDS",
    "Fetcher",
    "Reader",
    "attach_mentions",
    "collect_papers",
    "enrich_papers",
    "look_up",
    "merge_papers",
    "near_keys",
]
