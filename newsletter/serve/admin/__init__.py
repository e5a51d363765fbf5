"""Pages for editors, below /admin: they do not exist unless newsletter.yaml has `serve: admin_…`.

routes.py      which page answers which address
door.py        nobody passes who has not logged in; every form is one of our own
sessions.py    who an editor is: a signed cookie, or a name that a proxy gives
entering.py    log-in and log-out
overview.py    how the newsletter does: readers, issues, sources, what is wrong
plots.py       numbers of days as bars
issues.py      one issue: how it stands, who got what, its emails
readers.py     one reader: what they chose, what came, what failed
sources.py     the health of the sources
returned.py    what came back, and the addresses that get no mail
testing.py     an edition as a test to any address
sheets.py      lists as CSV
"""

from newsletter.serve.admin.routes import admin_routes

__all__ = ["admin_routes"]
