"""`newsletter preview` as a process, and what asks it over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import select
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from commands import PROGRAM


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A preview that runs."""

    folder: Path
    address: str
    """As it is printed, with the token behind the `#`."""
    pid: int

    @property
    def base(self) -> str:
        """The address without the token."""
        return self.address.partition("#")[0]

    @property
    def token(self) -> str:
        """What whoever writes must know."""
        return self.address.partition("#")[2]

    @property
    def host(self) -> str:
        """Name and port."""
        return urlsplit(self.base).netloc

    def config(self, name: str = "topics.yaml") -> Path:
        """Return the path of a config file."""
        return self.folder / "config" / name

    def ask(
        self, path: str, sent: object = None, *, method: str = "", **headers: str
    ) -> tuple[int, Any]:
        """Return status and JSON of an answer; what is sent is a POST; all have the page's headers.

        Headers are named with `_` for `-`; an empty one is left out.
        """
        usual = {"Host": self.host, "X-Preview": self.token}
        if sent is not None:
            usual |= {"Content-Type": "application/json"}
        given = usual | {name.replace("_", "-"): value for name, value in headers.items()}
        body = sent if isinstance(sent, bytes) else None if sent is None else json.dumps(sent)
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.putrequest(
                method or ("GET" if sent is None else "POST"), f"/{path}", skip_host=True
            )
            for name, value in given.items():
                if value:
                    connection.putheader(name, value)
            raw = body.encode() if isinstance(body, str) else body
            if raw is not None:
                connection.putheader("Content-Length", str(len(raw)))
            connection.endheaders(raw)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text.decode()

    def save(self, name: str, text: str, version: str, **more: object) -> tuple[int, Any]:
        """Save a text as the page does."""
        return self.ask(f"texts/{name}", {"text": text, "version": version, **more})


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[Running]:
    """Run `newsletter preview` in `folder` on a free port."""
    program = [*PROGRAM, "preview", "--port", "0", *options]
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "120"}
    with subprocess.Popen(
        program, cwd=folder, stdout=subprocess.PIPE, text=True, env=env
    ) as process:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], 30)
        assert ready
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        try:
            yield Running(folder=folder, address=found[0], pid=process.pid)
        finally:
            process.terminate()
            process.wait(10)
