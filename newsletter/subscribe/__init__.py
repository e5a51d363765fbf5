"""Subscribe: people who come, change and go.

audience.py who gets what: a subscription as stages see it (pure)
lists.py    subscribers.yaml, followed by the store
exports.py   subscribers → CSV
programs.py  what lists of other programs look like
archives.py  files as they are exported: a list, or a ZIP of several
tables.py    lists → rows: encodings, separators, one address a line
cells.py     what a cell says: mailboxes, moments, choices
tagging.py   which topics tags and merge fields mean
imports.py   rows → SignUp, and Suppression for who is gone
barring.py   lists of addresses that must not be mailed → Suppression
bringing.py  all files of one command
preferences.py what one may choose on the site: fields of a form → Wishes
"""
