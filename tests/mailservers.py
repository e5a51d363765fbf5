"""Postfix and Dovecot from Debian as private instances on loopback, for tests of the whole program.

Each has configuration, queue, mail and log in a folder of its own, and ends with its test. The
folder is not pytest's: that one is root's alone, and the servers drop to users of their own.
"""

from __future__ import annotations

import contextlib
import email
import os
import pwd
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

DAEMONS = Path("/usr/lib/postfix/sbin")
DOVECOT = Path("/usr/sbin/dovecot")
PASSWORD = "right-horse"
READERS, OURS = "readers.example", "news.example.org"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def wait_for_port(port: int, log: Path) -> None:
    """Wait until something greets at a port; fails with the server's log when nothing does."""
    for _ in range(200):
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), 2) as probe,
        ):
            if probe.recv(1):
                return
        time.sleep(0.05)
    pytest.fail(f"no server at {port}: {log.read_text('utf-8') if log.exists() else 'no log'}")


@dataclass
class MailServers:
    """Where they are, and what arrived."""

    folder: Path
    smtp: int = field(default_factory=free_port)
    lmtp: int = field(default_factory=free_port)
    imaps: int = field(default_factory=free_port)
    auth: int = field(default_factory=free_port)

    @property
    def authority(self) -> Path:
        """The certificate authority, in PEM: what SSL_CERT_FILE has to name."""
        return self.folder / "ca.pem"

    @property
    def log(self) -> str:
        """What Postfix has logged."""
        path = self.folder / "postfix.log"
        return path.read_text("utf-8") if path.exists() else ""

    def mailbox(self, user: str) -> Path:
        """Return the Maildir of a user."""
        return self.folder / "mail" / user

    def messages(self) -> Counter[str]:
        """Return how many messages each reader has in the mailbox, by name."""
        found: Counter[str] = Counter()
        for path in (self.folder / "mail").glob("r*/new/*"):
            to = email.message_from_bytes(path.read_bytes())["To"]
            assert to.strip("<>").partition("@")[0] == path.parent.parent.name
            found[path.parent.parent.name] += 1
        return found

    def wait_until_empty(self) -> None:
        """Wait until Postfix has delivered or returned what it took."""
        for _ in range(200):
            waiting = [
                path
                for queue in ("maildrop", "incoming", "active", "deferred")
                for path in (self.folder / "queue" / queue).rglob("*")
                if path.is_file()
            ]
            if not waiting:
                return
            time.sleep(0.1)
        pytest.fail(f"mail is left in the queue: {self.log}")


MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = mx.example.org
mydestination =
mynetworks =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
recipient_delimiter = +
virtual_mailbox_domains = readers.example, news.example.org
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
lmtp_destination_recipient_limit = 1
smtpd_reject_unlisted_recipient = no
smtpd_tls_security_level = {tls}
smtpd_tls_auth_only = yes
smtpd_tls_chain_files = {folder}/server.pem
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth}
smtpd_relay_restrictions = permit_sasl_authenticated, {others}
smtpd_client_event_limit_exceptions =
smtp_dns_support_level = disabled
default_transport = error:this server sends nothing out
{more}
"""
MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""

DOVECOT_CONF = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.pem
mail_location = maildir:{folder}/mail/%n
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
first_valid_gid = 1
auth_mechanisms = plain login
auth_username_format = %Ln
lmtp_save_to_detail_mailbox = no
recipient_delimiter = +
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = passwd-file
  args = username_format=%n {folder}/users
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {auth}
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""


def need(path: Path, package: str) -> None:
    """Skip, and say so, where a server cannot be had."""
    if os.getuid() != 0:
        pytest.skip(f"{package} runs as users of its own, which only root may start")
    if not path.exists():
        pytest.skip(f"{package} is not installed: `make test` installs it as root on Debian")


@contextlib.contextmanager
def mail_folder(users: int) -> Iterator[MailServers]:
    """Yield where servers may be started, with a certificate and some users: r0, r1 and bounce."""
    folder = Path(tempfile.mkdtemp(prefix="newsletter-mail-"))
    folder.chmod(0o755)
    try:
        servers = MailServers(folder)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(servers.authority))
        issued = authority.issue_cert("localhost", "127.0.0.1")
        issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
        names = [*(f"r{n}" for n in range(users)), "bounce"]
        (folder / "users").write_text("".join(f"{name}::::::\n" for name in names))
        (folder / "mail").mkdir()
        nobody = pwd.getpwnam("nobody")
        os.chown(folder / "mail", nobody.pw_uid, nobody.pw_gid)
        yield servers
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server and whatever it started: all of one session."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


@contextlib.contextmanager
def dovecot(servers: MailServers) -> Iterator[None]:
    """Run Dovecot: LMTP, IMAP over TLS, and logins for Postfix."""
    need(DOVECOT, "dovecot")
    folder = servers.folder
    path = folder / "dovecot.conf"
    path.write_text(
        DOVECOT_CONF.format(
            folder=folder,
            password=PASSWORD,
            auth=servers.auth,
            imaps=servers.imaps,
            lmtp=servers.lmtp,
        )
    )
    running = subprocess.Popen(
        [DOVECOT, "-F", "-c", path],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(servers.lmtp, folder / "dovecot.log")
        yield
    finally:
        end(running)


@contextlib.contextmanager
def postfix(
    servers: MailServers,
    tls: str = "may",
    others: str = "permit_auth_destination,reject",
    **settings: str,
) -> Iterator[None]:
    """Run Postfix in front of Dovecot; `settings` are parameters of main.cf."""
    need(DAEMONS / "master", "postfix")
    folder = servers.folder
    config = folder / "config"
    config.mkdir()
    for name, mode in (("queue", 0o755), ("data", 0o700)):
        (folder / name).mkdir(mode=mode)
    owner = pwd.getpwnam("postfix")
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    more = "\n".join(f"{name} = {value}" for name, value in settings.items())
    (config / "main.cf").write_text(
        MAIN.format(
            folder=folder, lmtp=servers.lmtp, auth=servers.auth, tls=tls, others=others, more=more
        )
    )
    (config / "master.cf").write_text(MASTER.format(smtp=servers.smtp))
    running = subprocess.Popen(
        ["postfix", "-c", str(config), "start-fg"],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(servers.smtp, folder / "postfix.log")
        yield
    finally:
        subprocess.run(
            ["postfix", "-c", str(config), "stop"], capture_output=True, check=False, timeout=30
        )
        end(running)


class _Policy(socketserver.StreamRequestHandler):
    """Answers Postfix's questions (SMTPD_POLICY_README): the first try of a recipient is too soon."""

    def handle(self) -> None:
        asked: dict[str, str] = {}
        for raw in self.rfile:
            line = raw.decode().rstrip("\n")
            if line:
                name, _, value = line.partition("=")
                asked[name] = value
                continue
            seen: set[str] = self.server.seen  # type: ignore[attr-defined]
            is_new = asked.get("recipient") not in seen
            seen.add(asked.get("recipient", ""))
            action = "450 4.2.0 Greylisted, come back later" if is_new else "dunno"
            self.wfile.write(f"action={action}\n\n".encode())
            asked = {}


@contextlib.contextmanager
def greylisting() -> Iterator[str]:
    """Run a policy server that greylists; yield what `smtpd_recipient_restrictions` should be."""
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Policy) as server:
        server.seen = set()  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"check_policy_service inet:127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
