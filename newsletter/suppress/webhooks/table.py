"""PROVIDERS, and read_call(): one request of a provider → what it proves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from newsletter.config.settings import Hooks
from newsletter.model import Border, Fault, fault_of
from newsletter.suppress.webhooks import mailgun, postmark, sendgrid, ses
from newsletter.suppress.webhooks.calls import Answer, Call, Proved, Refusal

Read = Callable[[Call, Hooks, dt.datetime, Mapping[str, bytes]], Answer]
"""(request, settings, now, certificates by their addresses) → what it proves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider of mail that tells over HTTP what became of it."""

    title: str
    read: Read
    key: Callable[[Hooks], str]
    """What proves its requests, of the settings; empty when that is missing."""
    most: int
    """Bytes of a request, at most; fewer where it has to be parsed before it can be proved."""


MAX_BODY = 1_000_000
"""Bytes of a request: SendGrid sends about 768 KB at most, Amazon SNS 256 KB."""

PROVIDERS: Mapping[str, Provider] = {
    "ses": Provider(title="Amazon SES", read=ses.read, key=lambda hooks: hooks.ses, most=300_000),
    "sendgrid": Provider(
        title="SendGrid",
        read=lambda call, hooks, now, _: sendgrid.read(call, hooks, now),
        key=lambda hooks: hooks.sendgrid,
        most=MAX_BODY,
    ),
    "mailgun": Provider(
        title="Mailgun",
        read=lambda call, hooks, now, _: mailgun.read(call, hooks, now),
        key=lambda hooks: hooks.mailgun,
        most=300_000,
    ),
    "postmark": Provider(
        title="Postmark",
        read=lambda call, hooks, now, _: postmark.read(call, hooks, now),
        key=lambda hooks: hooks.postmark,
        most=MAX_BODY,
    ),
}
"""By the names that they have in newsletter.yaml and in addresses."""


def read_call(
    name: str, call: Call, hooks: Hooks, now: dt.datetime, certificates: Mapping[str, bytes]
) -> Answer | Fault:
    """Return what a request of the provider called `name` proves, or why it is refused.

    Without a key nothing is proved. A fault of ours is returned, not raised.
    """
    provider = PROVIDERS[name]
    if not provider.key(hooks):
        return Refusal(f"there is no key: `serve: hooks: {name}` is empty")
    try:
        return provider.read(call, hooks, now, certificates)
    except Exception as error:  # noqa: BLE001  border: whatever comes must not break the site
        return fault_of(Border.REPORT, f"a webhook of {provider.title}", error, call.body)


def fault_in(name: str, call: Call, proved: Proved) -> Fault | None:
    """Return why some of what is proved was not understood; None if all was."""
    if not proved.problem:
        return None
    return Fault(
        border=Border.REPORT,
        name=f"a webhook of {PROVIDERS[name].title}",
        problem=f"{proved.problem}; it counts against no address",
        content=call.body,
    )
