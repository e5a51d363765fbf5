"""One file a revision, in their order; frozen: a revision never imports living code.

0001_first.py            the schema of version 0.1
0002_source_health.py    the health of sources as a document, and what services said
0003_blocks.py           editions in blocks that others have too; languages; vectors
0004_refusals.py         what refusals say, when messages left, pauses, suppressions
0005_gate.py             identities that pass the gate
0006_issue_state.py      issues that are paused or cancelled; whose database this is
0007_subscribers.py      subscribers, and which edition each audience gets

Revisions up to 0005 may be in SQLite's words: there was no other database then.
"""
