"""Migrations: they bring a database of an older version to this one, with all its data.

runner.py  finds a database's revision, and upgrades it to the newest
env.py     what Alembic runs to upgrade
versions/  one file for each revision
"""

from newsletter.store.migrations.runner import HEAD, configure, prepare

__all__ = ["HEAD", "configure", "prepare"]
