"""The ledger in SQL: one row for each edition to a subscriber, and what may become of it.

transactions.py  the ledger: each call is one transaction (satisfies send.ledger.Ledger)
statements.py    moves as statements; none breaks the law of model.moves
claims.py        the moves for each message: leased, begun, settled
barred.py        who gets no mail after all: suppressed, or left
moves.py         the moves of many: released, recovered, expired, opened again
halts.py         issues that are paused or cancelled
lists.py         what waits follows the subscribers
rates.py         what left lately, as mail servers count it
listing.py       where deliveries stand
"""

from newsletter.store.ledger.transactions import SqlLedger

__all__ = ["SqlLedger"]
