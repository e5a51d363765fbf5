"""Models fetched by name, from a hub on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from small_models import write_static

SHA = "0123456789abcdef0123456789abcdef01234567"
FETCH = """
import sys
from newsletter.errors import ModelError
from newsletter.learn.hub import fetch_model
try:
    print(fetch_model(sys.argv[1], may_fetch=sys.argv[2] == "fetch"))
except ModelError as error:
    print("ModelError:", error)
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    """The address of a hub that has one model, `owner/small`."""
    folder = write_static(tmp_path / "small")
    (folder / "pytorch_model.bin").write_bytes(b"never fetched")

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer(whole=False)

        def do_GET(self) -> None:
            self.answer(whole=True)

        def answer(self, *, whole: bool) -> None:
            path = self.path.partition("?")[0]
            if path.startswith("/api/models/owner/small/tree/"):
                tree = [
                    {"type": "file", "path": found.name, "size": found.stat().st_size, "oid": SHA}
                    for found in folder.iterdir()
                ]
                self.give(json.dumps(tree).encode(), whole=whole)
            elif path.startswith("/api/models/owner/odd"):
                self.give(b"[]", whole=whole)
            elif path.startswith("/api/models/owner/small"):
                names = [{"rfilename": found.name} for found in folder.iterdir()]
                about = {"id": "owner/small", "sha": SHA, "siblings": names}
                self.give(json.dumps(about).encode(), whole=whole)
            elif path.startswith("/owner/small/resolve/"):
                self.give((folder / path.rpartition("/")[2]).read_bytes(), whole=whole)
            else:
                self.send_response(404)
                self.send_header("X-Error-Code", "RepoNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()

        def give(self, content: bytes, *, whole: bool) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", SHA)
            self.end_headers()
            if whole:
                self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def fetch(name: str, endpoint: str, cache: Path, how: str = "fetch") -> tuple[str, str]:
    """Return what fetching prints, to both streams; the hub's settings come from outside."""
    own = {"HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [sys.executable, "-c", FETCH, name, how],
        capture_output=True, text=True, env=os.environ | own, timeout=100, check=False,
    )  # fmt: skip
    return done.stdout.strip(), done.stderr.strip()


def test_a_model_is_fetched_once(hub: str, tmp_path: Path) -> None:
    """Only what is read of it, without bars in the mails of cron; later it is read from disk."""
    cache = tmp_path / "cache"

    before, _ = fetch("owner/small", hub, cache, "look")
    first, told = fetch("owner/small", hub, cache)
    again, _ = fetch("owner/small", "http://127.0.0.1:9", cache, "look")

    assert before == "ModelError: owner/small: not on this disk yet: the first run fetches it"
    assert {path.name for path in Path(first).iterdir()} == {
        "config.json", "model.safetensors", "tokenizer.json",
    }  # fmt: skip
    assert told == ""
    assert again == first


def test_what_cannot_be_fetched_is_told(hub: str, tmp_path: Path) -> None:
    """In one line, with the model's name."""
    missing, _ = fetch("owner/missing", hub, tmp_path / "cache")
    away, _ = fetch("owner/small", "http://127.0.0.1:9", tmp_path / "cache")

    assert missing == "ModelError: owner/missing: the hub has no model of this name, or not for you"
    odd, trace = fetch("owner/odd", hub, tmp_path / "cache")
    assert (odd[:42], trace) == ("ModelError: owner/odd: cannot be fetched: ", "")
    assert away == "ModelError: owner/small: not on this disk, and the hub cannot be reached"
