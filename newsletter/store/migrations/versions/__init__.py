"""One file for each revision, in order. They are frozen: a revision imports no current code.

0001_first.py            the schema of version 0.1
0002_source_health.py    the health of sources as a document; answers of services
0003_blocks.py           editions made of shared blocks; languages; vectors
0004_refusals.py         meanings of refusals, departures of messages, pauses, suppressions
0005_gate.py             identities that pass the gate
0006_issue_state.py      issues that are paused or cancelled; whose database this is
0007_subscribers.py      subscribers, and which edition each audience gets
0008_site.py             the picks of issues, search, hours of readers, feedback, notices
0009_search.py           search by date, and of scripts without spaces
0010_last_seen.py        papers by when they were first seen
0011_shards.py           deliveries are claimed by shards
0012_growth.py           closed issues and their numbers; keys of papers that were deleted
0013_drafts.py           drafts of issues; how often subscribers want mail
0014_program.py          which version of the program used the database last
0015_languages.py        audiences by language
0016_sentences.py        sentences that a machine wrote, and what they cost

Revisions up to 0010 may use SQLite's own SQL: no other database was supported then. PostgreSQL
begins with 0011; later ones run on both.
"""
