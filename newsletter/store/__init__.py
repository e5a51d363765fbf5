"""Store: what must survive a run, given and taken as plain data.

migrations/    changes that databases of older versions need
urls.py        URLs of databases
dialects.py    what SQLite and PostgreSQL say differently
columns.py     kinds of columns that keep the same in both
indexing.py    what each database makes in its own way
tables.py      the tables
partitions.py  the ledger in months, on PostgreSQL
explanations.py errors of databases in our words
database.py    the engine, and short transactions
identities.py  whose database this is: two newsletters must not share one
sources.py     the health of sources, and their validators
chunks.py      many values a few at a time
papers.py      papers, and the issue each was offered in
facts.py       answers of the services that enrich papers
vectors.py     sentence embeddings, each computed once
sentences.py   sentences that a machine wrote, and what they cost
words.py       words as the index of searches sees them
matching.py    what texts must have to be found
index.py       the index of papers' words
expansion.py   the words by which some papers differ from others
search.py      papers by words, authors and dates, and what says the same in other words
issues.py      issues and their frozen editions
drafts.py      what issues were made of, for editions that are made when they are sent
picks.py       what each issue showed everybody
hours.py       the hours of readers beside the table of subscribers
tallies.py     closed issues: their numbers outlive their deliveries
forgetting.py  what stays of papers whose texts were deleted
retention.py   deletes rows that are over
clearing.py    deletes files that are over
shrinking.py   gives the room of deleted rows back to the disk
ledger/        deliveries and their states (satisfies send.ledger.Ledger)
lists.py       lists of people beside the table of subscribers
bringing.py    lists of other programs, once they are beside it
wishes.py     wishes as they are kept
subscribers.py who gets the newsletter, since when, and what they asked for
requests.py    what people ask for on the site
notices.py     the mails that follow: a queue
feedback.py    what readers say about papers
once.py        requests that count once
suppressions.py addresses that must not be mailed, and the bounces that prove it
faults.py      faults with their inputs, under outbox/faults/
incidents.py   the same, as an editor reads them
measures.py    numbers for monitoring
accounts.py    lists for editors: issues, deliveries, readers, a page at a time
lines.py       the lines of these lists
trends.py      numbers of days: who came and left, what readers said
outbox.py      an issue as files under outbox/<date>/
figures.py     copies of papers' pictures, under public/figures/
archive.py     the public part of an issue, under public/<date>/
transfers.py   everything from one database into another, of either kind, with checksums
backups.py     a database in one file, and back
upgrades.py    a database is opened, at the newest revision, with a backup before
"""

from newsletter.store.accounts import AccountStore
from newsletter.store.archive import Archive
from newsletter.store.backups import Restored, back_up, restore
from newsletter.store.bringing import Imported
from newsletter.store.database import Database, connect
from newsletter.store.facts import FactStore
from newsletter.store.faults import FaultStore
from newsletter.store.feedback import FeedbackStore
from newsletter.store.figures import FigureStore
from newsletter.store.identities import Identity, is_at, recognise
from newsletter.store.issues import IssueStore
from newsletter.store.ledger import SqlLedger
from newsletter.store.notices import NoticeStore
from newsletter.store.once import Once
from newsletter.store.outbox import Outbox
from newsletter.store.papers import PaperStore
from newsletter.store.picks import PickStore
from newsletter.store.requests import Confirmed, Departure, RequestStore
from newsletter.store.retention import Retention
from newsletter.store.search import Found, Query, SearchStore
from newsletter.store.sentences import SentenceStore
from newsletter.store.sources import SourceStore
from newsletter.store.subscribers import SubscriberStore
from newsletter.store.suppressions import Bounce, Suppression, SuppressionStore
from newsletter.store.tallies import TallyStore
from newsletter.store.transfers import Told, Transferred, replace, require_newest
from newsletter.store.upgrades import Foreseen, Upgraded, foresee, open_database, upgrade
from newsletter.store.urls import database_exists, secrets_of

__all__ = [
    "AccountStore",
    "Archive",
    "Bounce",
    "Confirmed",
    "Database",
    "Departure",
    "FactStore",
    "FaultStore",
    "FeedbackStore",
    "FigureStore",
    "Foreseen",
    "Found",
    "Identity",
    "Imported",
    "IssueStore",
    "NoticeStore",
    "Once",
    "Outbox",
    "PaperStore",
    "PickStore",
    "Query",
    "RequestStore",
    "Restored",
    "Retention",
    "SearchStore",
    "SentenceStore",
    "SourceStore",
    "SqlLedger",
    "SubscriberStore",
    "Suppression",
    "SuppressionStore",
    "TallyStore",
    "Told",
    "Transferred",
    "Upgraded",
    "back_up",
    "connect",
    "database_exists",
    "foresee",
    "is_at",
    "open_database",
    "recognise",
    "replace",
    "require_newest",
    "restore",
    "secrets_of",
    "upgrade",
]
