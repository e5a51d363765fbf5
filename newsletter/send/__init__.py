"""Send: editions to mailboxes, never lost, never twice.

ledger.py     what sending needs from a ledger; states and moves are in `model.moves`
pace.py       rates, back-off, slowing down, and when to stop altogether
verdicts.py   what a refusal is about: the address, the message, or us
streams.py    an SMTP server's replies as they arrive
diagnoses.py  why there is no connection, and how to fix that
connecting.py open connections: TLS, login, greeting
envelopes.py  what a server is told about one message
outcomes.py   what its answer means for a delivery
smtp.py       sessions with an SMTP or LMTP server, one round trip for each message
signatures.py DKIM: RSA and Ed25519
sendmail.py   sends by a command on this machine
outbox.py     writes messages into files instead
processes.py  senders as processes: their names, and whether they are still there
batches.py    starts and outcomes, written to the ledger in batches
budgets.py    what may leave now: rates, counted in the ledger
turns.py      whose turn it is: sessions that work, and those that got no connection
queues.py     the queue of deliveries between ledger and sessions: what may be sent now
tallies.py    counts of what one call of send_editions() did
guards.py     one session's view of the queue; the guard at each reader's border
editions.py   send_editions(): claim, send, settle, until no delivery is open
notices.py    send_notices(): mails to one person, from a queue of their own
"""
