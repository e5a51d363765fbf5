"""Procrastinate (https://procrastinate.readthedocs.io): tasks on PostgreSQL, apart from our tables.

The ledger is the truth, and the jobs of the engine follow from it: `supervision` makes them again
when they are lost. So its tables may be dropped, also while workers run, which is how they are
upgraded.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import re
from collections.abc import Mapping
from typing import Any, Final

import procrastinate
import psycopg
import sqlalchemy as sa
from procrastinate.jobs import DeleteJobCondition, Job, Status

from newsletter.errors import OutdatedError
from newsletter.store import Database
from newsletter.store.dialects import alone

SCHEMA: Final = "procrastinate"
"""The engine's tables are apart from ours, so that Alembic does not see them."""
HEARTBEAT: Final = 2.0
"""Seconds after which the engine's part of a worker says that it is there."""
STALLED: Final = 10.0
"""Seconds without a heartbeat after which what a worker was doing is given up."""
CONNECTIONS: Final = 4
"""The most connections that the engine opens: to listen, to fetch, and for heartbeats."""
LOST: Final = (procrastinate.exceptions.ConnectorException, psycopg.Error)
"""What the engine raises when the database cannot be reached."""


def make_app(url: sa.URL) -> procrastinate.App:
    """Return the engine on the database at `url`; it is opened by whoever uses it."""
    return procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=url.set(drivername="postgresql").render_as_string(hide_password=False),
            kwargs={"options": f"-c search_path={SCHEMA}"},
            min_size=1,
            max_size=CONNECTIONS,
            timeout=10,
        )
    )


def install(database: Database) -> None:
    """Make the engine's tables, or make them anew for a newer version of Procrastinate.

    Raises StoreError when the database cannot be used, and OutdatedError when the tables are those
    of a newer version: while machines are upgraded, two versions must not take turns in it.
    """
    version = importlib.metadata.version("procrastinate")
    with database.transaction() as connection:
        alone(connection, "engine")  # many workers start at once
        found = connection.scalar(
            sa.text("SELECT obj_description(to_regnamespace(:name), 'pg_namespace')"),
            {"name": SCHEMA},
        )
        if found == version:
            return
        if found and _numbers(found) > _numbers(version):
            raise OutdatedError(
                f"workers with Procrastinate {found} use this database, and here is {version}: "
                "upgrade this program as on the other machines (to go back to this version, stop "
                f"all workers and run `DROP SCHEMA {SCHEMA} CASCADE` in psql: nothing is lost)"
            )
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
        connection.exec_driver_sql(f"SET LOCAL search_path TO {SCHEMA}")
        # psycopg takes a `%` for a parameter where it is given any, as SQLAlchemy does.
        tables = procrastinate.schema.SchemaManager.get_schema().replace("%", "%%")
        connection.exec_driver_sql(tables)
        connection.exec_driver_sql(f"COMMENT ON SCHEMA {SCHEMA} IS '{version}'")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall("[0-9]+", version)))


def key_of(task: str, given: Mapping[str, Any]) -> str:
    """Return the lock by which a job waits in the queue once only."""
    return f"{task} {json.dumps(given, sort_keys=True)}"


async def jobs(app: procrastinate.App) -> tuple[Job, ...]:
    """Return the jobs that wait or are being done."""
    found: list[Job] = []
    for status in (Status.TODO, Status.DOING):
        found += await app.job_manager.list_jobs_async(status=status.value)
    return tuple(found)


async def defer(app: procrastinate.App, task: str, given: Mapping[str, Any], **when: Any) -> None:
    """Put a job of a task into the queue, unless it waits there already.

    `when` is given to Procrastinate, such as `schedule_in={"minutes": 5}`.
    """
    deferrer = app.configure_task(task, queueing_lock=key_of(task, given), **when)
    with contextlib.suppress(procrastinate.exceptions.AlreadyEnqueued):
        await deferrer.defer_async(**given)


async def give_up_stalled(app: procrastinate.App) -> None:
    """End the jobs of workers that are gone; Procrastinate itself never does."""
    stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED)
    for job in stalled:
        # Perhaps another worker has just ended it. A database that is away is noticed soon enough.
        with contextlib.suppress(procrastinate.exceptions.ConnectorException):
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)


DONE: Final = DeleteJobCondition.SUCCESSFUL
"""Jobs that are deleted at their end; those that failed stay for the operator to see."""
