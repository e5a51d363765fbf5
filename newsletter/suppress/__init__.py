"""Suppress: what comes back, whose it is, and what it proves.

mailboxes.py   mail that came back, from files, folders and IMAP
imap.py        unread mail of an IMAP mailbox
returns.py     read_returned(): one such mail → what the store notes of it
bounces.py     what a report says: of which address, what of it, and what that proves
reports.py     the parts, words and fields of a report
transcripts.py what mail servers write for people: whose text is whose, the replies in it
answers.py     who speaks: a mail server, or somebody's answering machine
events.py      what a report says of one address, as plain data
"""
