"""Store: what must survive a run, given and taken as plain data.

migrations/    changes that databases of older versions need
urls.py        URLs of databases
tables.py      the tables
database.py    the engine, and short transactions
identities.py  whose database this is: two newsletters must not share one
sources.py     the health of sources, and their validators
papers.py      papers, and the issue each was offered in
facts.py       answers of the services that enrich papers
vectors.py     sentence embeddings, each computed once
issues.py      issues and their frozen editions
ledger/        deliveries and their states (satisfies send.ledger.Ledger)
lists.py       lists of people beside the table of subscribers
subscribers.py who gets the newsletter, since when, and what they asked for
suppressions.py addresses that must not be mailed, and the bounces that prove it
faults.py      faults with their inputs, under outbox/faults/
outbox.py      an issue as files under outbox/<date>/
archive.py     the public part of an issue, under public/<date>/
"""

from newsletter.store.archive import Archive
from newsletter.store.database import Database, open_database
from newsletter.store.facts import FactStore
from newsletter.store.faults import FaultStore
from newsletter.store.identities import Identity, is_at, recognise
from newsletter.store.issues import IssueStore
from newsletter.store.ledger import SqlLedger
from newsletter.store.lists import Imported
from newsletter.store.outbox import Outbox
from newsletter.store.papers import PaperStore
from newsletter.store.sources import SourceStore
from newsletter.store.subscribers import SubscriberStore
from newsletter.store.suppressions import Bounce, Suppression, SuppressionStore
from newsletter.store.urls import database_exists

__all__ = [
    "Archive",
    "Bounce",
    "Database",
    "FactStore",
    "FaultStore",
    "Identity",
    "Imported",
    "IssueStore",
    "Outbox",
    "PaperStore",
    "SourceStore",
    "SqlLedger",
    "SubscriberStore",
    "Suppression",
    "SuppressionStore",
    "database_exists",
    "is_at",
    "open_database",
    "recognise",
]
