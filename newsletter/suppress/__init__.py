"""Suppress: mail that comes back, which reader it is about, and what it proves.

mailboxes.py   mail that came back, from files, folders and IMAP
places.py      the address of an IMAP mailbox
imap.py        unread mail of an IMAP mailbox
returns.py     read_returned(): one message that came back → what the store notes of it
bounces.py     what a report says: about which address, and what that proves
reports.py     the parts, words and fields of a report
transcripts.py mail servers' texts for people: which address a text is about, and its replies
answers.py     who wrote a message: a mail server, or a person or their answering machine
events.py      what a report says about one address, as plain data
webhooks/      the same events, as providers of mail tell them over HTTP
"""
