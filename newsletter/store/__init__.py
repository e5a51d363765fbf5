"""Store: what must survive a run, behind plain data.

database.py    engine, tables, transactions
papers.py      papers, and the issue each was offered in
issues.py      issues and their frozen editions
deliveries.py  the ledger in SQL (satisfies send.ledger.Ledger)
outbox.py      an issue as files under outbox/<date>/
"""

from newsletter.store.database import Database, open_database
from newsletter.store.deliveries import SqlLedger
from newsletter.store.issues import IssueStore
from newsletter.store.outbox import Outbox, OutboxTransport
from newsletter.store.papers import PaperStore

__all__ = [
    "Database",
    "IssueStore",
    "Outbox",
    "OutboxTransport",
    "PaperStore",
    "SqlLedger",
    "open_database",
]
