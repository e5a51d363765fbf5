"""What lists look like that other programs export: their columns, and their words for states."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from newsletter.errors import ImportListError
from newsletter.store.suppressions import BLOCKED, BOUNCED, COMPLAINT, UNSUBSCRIBED

ACTIVE: Final = "active"
PAUSED: Final = "paused"
NEVER: Final = "never confirmed"
"""Where somebody stands who is not suppressed; a verdict of a suppression says the rest."""

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("email", "e-mail", "email address", "email_address", "emailaddress", "address",
              "mail", "subscriber email", "e-mail address"),
    "name": ("name", "full name", "display name", "full_name"),
    "first": ("first name", "first_name", "fname", "firstname", "given name", "vorname",
              "prénom", "prenom", "nombre", "nome"),
    "last": ("last name", "last_name", "lname", "lastname", "surname", "family name",
             "nachname", "nom", "nom de famille", "apellido", "apellidos", "sobrenome"),
    "topics": ("topics",),
    "tags": ("tags", "labels", "interests", "groups", "lists"),
    "attributes": ("attributes", "metadata"),
    "timezone": ("timezone", "time zone"),
    "language": ("language",),
    "hour": ("hour",),
    "cadence": ("cadence", "frequency"),
    "length": ("length",),
    "consent": ("consent",),
    "source": ("source", "signup source", "referrer_url", "referrer"),
    # The best proof first: when they confirmed, and not when a row was made.
    "consent_at": ("consent_at", "confirm_time", "confirmed_at", "optin_time", "subscribed at",
                   "subscribed_at", "creation_date", "created_at", "subscription date"),
    "gone_at": ("unsub_time", "clean_time", "unsubscription_date", "unsubscribed_at",
                "deleted_at"),
    "changed_at": ("last_changed", "updated_at"),
    "reason": ("unsub_reason", "unsub_reason_other", "unsubscription_reason"),
}  # fmt: skip
"""What is read of a row, by the names that columns have for it, in lower case."""
SILENT: Final = frozenset(
    "id uuid origin leid euid member_rating email_type optin_ip confirm_ip latitude longitude "
    "gmtoff dstoff cc region notes unsub_campaign_title unsub_campaign_id clean_campaign_title "
    "clean_campaign_id secondary_id active_subscription expiry plan first_payment_at "
    "prefer_digests stripe_customer_id complimentary_plan tiers note".split()
)
"""Columns that have no place here, and are nobody's wish."""

STATES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("active", "enabled", "subscribed", "confirmed", "yes"), ACTIVE),
    **dict.fromkeys(("paused", "disabled", "on hold"), PAUSED),
    **dict.fromkeys(("pending", "unconfirmed", "unactivated", "nonsubscribed",
                     "non-subscribed", "never subscribed", "transactional", "inactive"), NEVER),
    **dict.fromkeys(("left", "unsubscribed", "opted out", "opted-out", "removed", "no",
                     "cancelled", "canceled"), UNSUBSCRIBED),
    **dict.fromkeys(("cleaned", "bounced", "undeliverable", "invalid"), BOUNCED),
    **dict.fromkeys(("complained", "complaint", "spam", "abuse"), COMPLAINT),
    **dict.fromkeys(("blocklisted", "blacklisted", "blocked", "banned", "suppressed"), BLOCKED),
}  # fmt: skip
"""Words for where somebody stands, in lower case."""
TRUE: Final = frozenset({"true", "t", "1", "yes", "y", "x", "on"})
FALSE: Final = frozenset({"false", "f", "0", "no", "n", "off", "-", "never"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program whose lists are known."""

    title: str
    """Its name, for people."""
    marks: tuple[frozenset[str], ...] = ()
    """Columns by which its lists are known: all of any of these."""
    state: tuple[str, ...] = ()
    """The columns that say where somebody stands."""
    states: Mapping[str, str] = field(default_factory=dict)
    """Its words for states that others use otherwise."""
    flags: Mapping[str, tuple[bool, str]] = field(default_factory=dict)
    """Columns of yes and no: which of them bars, and the verdict then. What is neither bars."""
    nobody: frozenset[str] = frozenset()
    """Domains of addresses that it writes for people who had themselves deleted."""
    is_ours: bool = False
    """Whether people write such a list for us: a value that is wrong is then a mistake to mend."""


PROGRAMS: Final[Mapping[str, Program]] = {
    "mailchimp": Program(
        title="Mailchimp",
        # The column with the addresses has the name that the owner of the list gave it.
        marks=(frozenset({"leid", "euid"}), frozenset({"email address", "leid"}),
               frozenset({"email address", "optin_time"}),
               frozenset({"member_rating", "optin_time"})),
    ),
    "substack": Program(
        title="Substack",
        # The last is what its page of subscribers exports.
        marks=(frozenset({"email", "active_subscription"}), frozenset({"email", "email_disabled"}),
               frozenset({"email", "subscription type", "subscription date"})),
        flags={"email_disabled": (True, UNSUBSCRIBED)},
        nobody=frozenset({"deletion-request.substack.com"}),
    ),
    "buttondown": Program(
        title="Buttondown",
        marks=(frozenset({"email_address", "creation_date"}), frozenset({"email_address", "type"}),
               frozenset({"email", "creation_date"})),
        state=("type",),
        # Whose payment is paused or late gets mail all the same.
        states={
            **dict.fromkeys(("regular", "premium", "trialed", "unpaid", "gifted", "churning",
                             "churned", "paused", "past_due"), ACTIVE),
            "spammy": BLOCKED, "malicious": BLOCKED, "upcoming": NEVER,
        },
    ),
    "listmonk": Program(
        title="listmonk",
        marks=(frozenset({"email", "attributes"}), frozenset({"email", "uuid", "status"})),
        state=("status", "subscription_status"),
    ),
    "ghost": Program(
        title="Ghost",
        marks=(frozenset({"email", "subscribed_to_emails"}),),
        flags={"subscribed_to_emails": (False, UNSUBSCRIBED)},
    ),
    "mailman": Program(title="Mailman"),
    "csv": Program(
        title="a CSV file",
        state=("state", "status", "subscription_status", "subscription status"),
        flags={
            **dict.fromkeys(("unsubscribed", "opted_out", "opted out", "opt_out", "optout",
                             "unsubscribed from all email"), (True, UNSUBSCRIBED)),
            **dict.fromkeys(("subscribed", "opted_in", "opted in", "opt_in"),
                            (False, UNSUBSCRIBED)),
            **dict.fromkeys(("blacklisted", "blocklisted"), (True, BLOCKED)),
            **dict.fromkeys(("bounced", "cleaned"), (True, BOUNCED)),
            **dict.fromkeys(("complained", "complaint"), (True, COMPLAINT)),
        },
        is_ours=True,
    ),
}  # fmt: skip
"""In the order in which they are tried; the last reads any list."""

_KNOWN = frozenset(name for names in COLUMNS.values() for name in names).union(
    SILENT, *(program.state for program in PROGRAMS.values()),
    *(program.flags for program in PROGRAMS.values()),
)  # fmt: skip


_ADDRESSES = re.compile(r"\be-?mail|\bmail\b|correo|メール|邮件|邮箱|почт")


def is_known(column: str) -> bool:
    """Return whether a column, by its name in lower case, means something in some list."""
    return column in _KNOWN


def recognise(columns: Collection[str], headed: bool, wanted: str = "") -> str:  # noqa: FBT001
    """Return which of PROGRAMS a list comes from, by its columns; `wanted` forces one.

    `headed` says whether the list names its columns. Raises ImportListError for a wanted one that
    is not known, or whose columns the list does not have.
    """
    if wanted and wanted not in PROGRAMS:
        raise ImportListError(f"no lists of `{wanted}` are known; known are {', '.join(PROGRAMS)}")
    if not headed:
        return "mailman" if wanted in ("", "mailman") else wanted
    given = frozenset(columns)
    if wanted:
        return wanted
    return next(
        (
            name
            for name, program in PROGRAMS.items()
            if any(marks <= given for marks in program.marks)
        ),
        "csv",
    )


def address_column(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the column with addresses by a name in another language, such as `E-Mail-Adresse`."""
    likely = [name for name in columns if not is_known(name) and _ADDRESSES.search(name)]
    return (likely[0],) if len(set(likely)) == 1 else ()


def states_of(name: str) -> str:
    """Return where everybody in a file of Mailchimp stands, by the file's name; empty: unknown.

    Its ZIP has `subscribed_…`, `unsubscribed_…`, `cleaned_…` and `nonsubscribed_…` lists.
    """
    word = name.lower().partition("_")[0]
    return word if word in ("unsubscribed", "cleaned", "nonsubscribed", "transactional") else ""
