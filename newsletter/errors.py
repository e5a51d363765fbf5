"""The errors that are worth telling a person, as one tree.

NewsletterError
├── ConfigError (ValueError)       a mistake in config/, at file:line:column
├── TemplateError (ValueError)     a mistake in templates/, at file:line
├── HeaderError (ValueError)       a value that must not enter a mail header
├── ProofError (ValueError)        the checks found errors in an issue
├── SigningError (ValueError)      a key that cannot sign mail
├── LinkError (ValueError)         a signed link that is forged, cut or for another purpose
│   └── ExpiredLinkError           one that was ours, and good for some time only
├── StoreError (OSError)           the database or the outbox cannot be used
│   └── ConflictError              a file that somebody else has changed since it was read
├── StaleDraftError (RuntimeError) the list changed while an issue was made
├── LedgerError (RuntimeError)     a delivery was asked to make a move that is not allowed
├── SourceError (OSError)          one source failed; collect turns it into a line of its report
├── LibraryError (ValueError)      a reader's library of likes that cannot be read
├── ModelError (OSError)           a model for embeddings that cannot be read or fetched
├── ImportListError (ValueError)   a list of people that cannot be read
├── MailboxError (OSError)         a mailbox of bounces cannot be read
└── SendError (ConnectionError)    the mail server cannot be used at all; deliveries stay planned

Every message says what is wrong, where, and how to mend it. If a source or a recipient fails, that
is a value in a report, never an exception that reaches the command line.
"""

from __future__ import annotations


class NewsletterError(Exception):
    """The root: catch it to catch every error that this package raises on purpose."""


class ConfigError(NewsletterError, ValueError):
    """One or more mistakes in the configuration, each with its place."""

    def __init__(self, *problems: str) -> None:
        """Keep the `problems`, one printable line each."""
        self.problems = problems
        super().__init__("\n".join(problems))


class TemplateError(NewsletterError, ValueError):
    """A template that cannot be compiled or rendered."""


class ProofError(NewsletterError, ValueError):
    """An issue in which the checks found errors; it is held until they are mended."""

    def __init__(self, *problems: str) -> None:
        """Keep the `problems`, one printable line each."""
        self.problems = problems
        advice = "nothing was sent; mend it, or set `on_error: send` in newsletter.yaml"
        super().__init__("\n".join((*problems, advice)))


class ImportListError(NewsletterError, ValueError):
    """Another program's list of people that cannot be read."""


class HeaderError(NewsletterError, ValueError):
    """A value with a control character, which could add another header (RFC 5322, 2.2)."""


class SigningError(NewsletterError, ValueError):
    """A key that cannot sign mail: missing, too weak, or of another kind."""


class LinkError(NewsletterError, ValueError):
    """A signed link that this newsletter did not make, or made for another purpose."""


class ExpiredLinkError(LinkError):
    """A signed link of ours that was good for some time only."""


class StoreError(NewsletterError, OSError):
    """The database or the outbox folder cannot be opened, read or written."""


class ConflictError(StoreError):
    """A file that somebody else has changed since it was read: it is not written over."""


class OutdatedError(StoreError):
    """A newer version of this program is at work on the database."""


class StaleDraftError(NewsletterError, RuntimeError):
    """The list of subscribers changed while an issue was made: it has to be made again."""


class LedgerError(NewsletterError, RuntimeError):
    """A move of a delivery that the ledger's rules forbid, or that came too late."""


class SourceError(NewsletterError, OSError):
    """A source that could not be fetched or understood; the message is one line."""


class LibraryError(NewsletterError, ValueError):
    """A library of likes that cannot be read; only this library is lost to its owner."""

    def __init__(self, *problems: str) -> None:
        """Keep the `problems`: one text each, with file and line."""
        self.problems = problems
        super().__init__("\n".join(problems))


class ModelError(NewsletterError, OSError):
    """A model for sentence embeddings that cannot be read or fetched."""


class MailboxError(NewsletterError, OSError):
    """A mailbox that cannot be read."""


class SendError(NewsletterError, ConnectionError):
    """The mail server cannot be used at all: connection refused, no TLS, wrong password."""
