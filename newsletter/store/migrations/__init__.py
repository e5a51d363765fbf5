"""Migrations: what brings a database of an older version to this one, with all that is in it.

runner.py  which revision a database has, and how it comes to the newest
env.py     what Alembic runs to get it there
versions/  one file a revision
"""

from newsletter.store.migrations.runner import HEAD, configure, prepare

__all__ = ["HEAD", "configure", "prepare"]
