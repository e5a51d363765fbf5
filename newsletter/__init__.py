"""A self-hosted daily-papers newsletter: collect, pick, render, send.

errors.py    the error tree
model/       the facts: Source Paper Topic Score Pick Issue Edition Subscriber Delivery
gate.py      what a text, link, number or date from outside may be
regular.py   regular files only: no pipe is waited for
links.py     signed links: unsubscribe, preferences, bounce addresses
processes.py senders as processes: their names, and whether they are there
imap.py      unread mail over IMAP, from a server that may answer anything
mailboxes.py where reports come back: files, folders, IMAP
collect/     1. the day's papers, from the sources
pick/        2. the highlights among them
render/      3. editions from picks
send/        4. editions to mailboxes
store/       SQLite behind plain data, and the outbox folder
config/      config/*.yaml → Config
schedule.py  which issue is due
intake.py    what becomes of the papers that sources show
libraries.py libraries of likes: BibTeX, JSON, RIS
embeddings.py sentence embeddings, where they are installed
tastes.py    what topics and readers like
selections.py what each reader gets of the picks
borders.py   going on without the one thing that a step fails on
letters.py   what editions and messages say about the newsletter and its reader
proofs.py    the checks on an issue before anybody gets it
mailroom.py  messages for deliveries, composed and signed
returns.py   mail that came back: whose it is, and what it means for that reader
results.py   what the steps of a day have done
day.py       one day's run on one page
serve/       pages: the preview of an issue
cli/         the commands
"""
