"""`delivery:` and `dkim:` of newsletter.yaml → Delivering: how mail leaves the machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from newsletter.config.documents import YamlDocument
from newsletter.config.settings import Delivering
from newsletter.config.shape import Shape
from newsletter.config.values import Address, Host, Line, RateText, Secret, Slug
from newsletter.errors import SigningError
from newsletter.send.pace import Pace, parse_rate

if TYPE_CHECKING:
    from newsletter.send.signatures import SigningKey


class DkimShape(Shape):
    """One DKIM signature; `newsletter dkim-key` makes a key for it."""

    selector: Slug = Field(description="Name of the key in DNS: <selector>._domainkey.<domain>.")
    key: Secret = Field(description="`${NAME}` of the private key (PEM); never the key itself.")
    domain: Line | None = Field(None, description="Default: the domain of `from`.")


class DeliveryShape(Shape):
    """How mail leaves the machine."""

    transport: Literal["outbox", "smtp", "lmtp", "sendmail"] = Field(
        "outbox",
        description="`outbox` writes one .eml file per subscriber and sends nothing; `smtp` sends; "
        "`lmtp` hands mail to a mail store on this machine, `sendmail` to a command.",
    )
    host: Host = Field(
        "localhost", description="Name of the mail server; LMTP also takes a socket."
    )
    port: int = Field(
        587, ge=1, le=65535, description="587 for starttls, 465 for tls, 24 for LMTP."
    )
    command: list[Line] = Field(
        ["/usr/sbin/sendmail"],
        min_length=1,
        description="The command for `sendmail`, with its own arguments; -i -f and the addresses "
        "follow.",
    )
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="`none` does not encrypt: only for a server on this machine.",
    )
    username: Secret | None = Field(
        None, description="`${NAME}` of an environment variable; never the user name itself."
    )
    password: Secret | None = Field(
        None, description="`${NAME}` of an environment variable; never the password itself."
    )
    auth: Literal["password", "xoauth2"] = Field(
        "password", description="`xoauth2`: the password is an access token."
    )
    connections: int = Field(4, ge=1, le=200, description="SMTP connections at the same time.")
    messages_per_connection: int = Field(
        100, ge=1, le=100_000, description="Messages after which a connection is replaced."
    )
    rate: RateText | None = Field(
        None, description="Limit on messages, such as 14/second, 500/hour or 2000/day."
    )
    per_domain: dict[str, RateText] = Field(
        {}, description="The same for single domains of readers; `*` is every other domain."
    )
    patience: float = Field(
        60.0,
        ge=0,
        le=86_400,
        description="Longest wait, in seconds, until a rate allows more; what is not sent by then "
        "is left to the next run.",
    )
    timeout: float = Field(
        60.0, gt=0, le=600, description="Longest wait, in seconds, for an answer before DATA ends."
    )
    bounce: Address | None = Field(
        None,
        description="Envelope sender, to which bounces return. Default: the `from` address. With a "
        "`secret`, each delivery has its own (bounce+…@), which your mail server must accept.",
    )
    complaints: Address | None = Field(
        None,
        description="Where mailbox providers report complaints (CFBL-Address, RFC 9477); at the "
        "domain of `from`, or at a subdomain of it.",
    )

    returns: Line | None = Field(
        None,
        description="Where mail comes back, for `newsletter bounces` and `newsletter worker`: a "
        "file or folder, or imaps://user@host/Box with its password in NEWSLETTER_IMAP_PASSWORD.",
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> DeliveryShape:
        if (self.username is None) != (self.password is None):
            raise ValueError("`username` and `password` go together: give both or neither")
        # Without its variable a password is empty, and will not stay so.
        if self.password is not None and self.security == "none":
            raise ValueError("a password must not be sent unencrypted: use starttls or tls")
        return self


def delivering(mail: DeliveryShape, keys: tuple[SigningKey, ...]) -> Delivering:
    """Return the settings of sending; secrets have been read already."""
    return Delivering(
        transport=mail.transport,
        host=mail.host,
        port=mail.port,
        security=mail.security,
        username=mail.username.get_secret_value() if mail.username else None,
        password=mail.password.get_secret_value() if mail.password else None,
        timeout=mail.timeout,
        auth=mail.auth,
        per_connection=mail.messages_per_connection,
        command=tuple(mail.command),
        pace=Pace(
            connections=mail.connections,
            rate=parse_rate(mail.rate) if mail.rate else None,
            per_domain=tuple(
                (domain.lower(), parse_rate(text)) for domain, text in mail.per_domain.items()
            ),
            patience=mail.patience,
        ),
        keys=keys,
        returns=mail.returns or "",
    )


def read_keys(
    given: Sequence[DkimShape], sender: str, document: YamlDocument, problems: list[str]
) -> Iterator[SigningKey]:
    """Yield the keys that sign mail from `sender`.

    Mistakes go to `problems`, without any part of the key.
    """
    if not given:
        return
    from newsletter.send.signatures import load_key  # noqa: PLC0415  slow; only signing needs it

    for place, shape in enumerate(given):
        if ("dkim", place, "key") in document.unset:
            continue
        # In a .env file, a key may be on one line, with its line ends written as \\n.
        pem = shape.key.get_secret_value().replace("\\n", "\n").encode()
        domain = shape.domain or sender.rpartition("@")[2]
        where = document.where(("dkim", place, "key"), value=True)
        try:
            yield load_key(pem, domain, shape.selector, where)
        except SigningError as error:
            problems.append(str(error))
