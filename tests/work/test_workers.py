"""Workers make and send issues together, and outlive each other."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from crews import Crew
from faultserver import fault_server
from postgres import needs_postgresql

pytestmark = [needs_postgresql, pytest.mark.slow, pytest.mark.timeout(300)]


def test_two_workers_make_and_send_an_issue(crew: Crew, feed: str) -> None:
    """They collect, plan, send every shard once, close the issue, and end when they are told to."""
    with fault_server() as server:
        crew.write(port=server.port, readers=2_500, feed=feed)
        crew.start(2)
        crew.until(lambda counts: counts.get("accepted") == 2_500)
        statuses = crew.stop()

    assert statuses == [0, 0], crew.said()
    assert len({to for to, _ in server.messages}) == len(server.messages) == 2_500
    assert "planned" in crew.said()
    assert "shard 2: 500 accepted" in crew.said()


def test_workers_make_the_editions_of_single_readers(crew: Crew, feed: str) -> None:
    """Those beyond the first thousand, while they send; nobody gets another one's mail."""
    with fault_server() as server:
        crew.write(port=server.port, readers=2_200, feed=feed, wishes=", words: [wild]")
        crew.start(2)
        crew.until(lambda counts: counts.get("accepted") == 2_200, 280)
        statuses = crew.stop()

    assert statuses == [0, 0], crew.said()
    assert len({to for to, _ in server.messages}) == len(server.messages) == 2_200
    with crew.database.reading() as connection:
        made: dict[bool, int] = dict(
            connection.execute(
                sa.text("SELECT edition = '', count(*) FROM delivery GROUP BY edition = ''")
            ).all()
        )
        ids: dict[str, str] = dict(
            connection.execute(sa.text("SELECT email, id FROM subscriber")).all()
        )
    assert made == {False: 1_000, True: 1_200}
    for to, content in server.messages:
        assert b"Your own words" in content
        assert ids[to].encode() in content
