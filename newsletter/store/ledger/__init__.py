"""The ledger in SQL: one row for each edition to a subscriber, and the moves it may make.

transactions.py  the ledger: each call is one transaction (satisfies send.ledger.Ledger)
statements.py    moves as statements, all allowed by the law in model.moves
connections.py   the ledger's own connection, for what runs for every message
shards.py        ranges of deliveries, and when something in each is due
assignments.py   which worker is at which shard
texts.py         statements of claims as text for the drivers
claims.py        the moves of each message: leased, begun, settled
barred.py        claimed deliveries that must not be sent: suppressed, or the reader left
moves.py         the moves of many: released, recovered, expired, opened again
halts.py         issues that are paused or cancelled
senders.py       which senders on other machines are still at work
lists.py         waiting deliveries follow changes of the subscribers
rates.py         what left recently, as mail servers count it
listing.py       the states of deliveries
"""

from newsletter.store.ledger.transactions import SqlLedger

__all__ = ["SqlLedger"]
