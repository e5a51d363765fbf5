"""Kinds of sources: one file each, and the table KINDS.

table.py           KINDS: how each kind is asked and read
places.py          addresses of services that have a kind → Source
feeds.py           entries of RSS and Atom feeds, and JSON Feed → Paper
xmlfeeds.py        RSS, Atom, RDF, CDF → entries
images.py          the picture that a feed shows with an entry
mending.py         the usual faults of XML feeds, mended before they are parsed
opml.py            a list of feeds → Source
arxiv.py           arXiv announcements and API → Paper
oaipmh.py          arXiv's records by date, when its API refuses → Paper
calendar.py        which batch arXiv announces when
huggingface.py     Daily Papers API → Paper
biorxiv.py         bioRxiv and medRxiv → Paper
openreview.py      submissions to a venue → Paper
semanticscholar.py a query or some authors → Paper; citations and venues of known papers
hackernews.py      stories about papers → Mention
reddit.py          posts about papers → Mention
"""
