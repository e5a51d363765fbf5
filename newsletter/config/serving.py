"""`serve:` of newsletter.yaml → Serving: proxies, editors, and providers of mail that tell."""

from __future__ import annotations

import base64
import ipaddress
import re

from pydantic import Field, SecretStr, field_validator

from newsletter.config.documents import YamlDocument
from newsletter.config.settings import Hooks, Serving
from newsletter.config.shape import Shape
from newsletter.config.values import TOPIC, Network, Secret

_HASH = re.compile(r"scrypt\$\d{1,9}\$\d{1,3}\$\d{1,3}\$[0-9A-Za-z+/=]+\$[0-9A-Za-z+/=]+")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
"""How a public key on the curve P-256 begins (RFC 5480, 2); 64 bytes follow."""
PASSWORD = 16
"""Least number of characters of Postmark's password: nothing else proves who calls."""


class HooksShape(Shape):
    """Who tells `POST /hooks/NAME` what became of mail, and what proves it."""

    ses: str | None = Field(
        None,
        description="Amazon SES: the ARN of the SNS topic that has bounces and complaints.",
        examples=["arn:aws:sns:eu-west-1:123456789012:newsletter"],
    )
    sendgrid: str | None = Field(
        None, description="SendGrid: the verification key of the signed event webhook."
    )
    mailgun: Secret | None = Field(
        None, description="Mailgun: `${NAME}` of the HTTP webhook signing key."
    )
    postmark: Secret | None = Field(
        None,
        description="Postmark: `${NAME}` of a password of your own, for the user `newsletter` "
        "(HTTP Basic). It is taken only over https.",
    )

    @field_validator("ses")
    @classmethod
    def _is_topic(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(TOPIC, value):
            raise ValueError(
                "is no topic of SNS, such as arn:aws:sns:eu-west-1:123456789012:newsletter"
            )
        return value

    @field_validator("sendgrid")
    @classmethod
    def _is_key(cls, value: str | None) -> str | None:
        try:
            key = base64.b64decode(value or "", validate=True)
        except ValueError:
            key = b""
        if value is not None and not (key.startswith(_P256) and len(key) == len(_P256) + 64):
            raise ValueError(
                "is no public key of SendGrid: copy the whole verification key, which begins with "
                "MFkwEwYH"
            )
        return value

    @field_validator("postmark")
    @classmethod
    def _is_hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else ""
        # If it is empty, its variable is not set; that is reported where it is read.
        if text and (len(text) < PASSWORD or not re.fullmatch("[!-~]+", text)):
            raise ValueError(
                f"must have {PASSWORD} characters at least, and no spaces: whoever guesses it can "
                "suppress your readers. `newsletter secret` makes one"
            )
        return value


class ServeShape(Shape):
    """How `newsletter serve` meets the world."""

    proxies: list[Network] = Field(
        [],
        description="Networks of the reverse proxies in front of the site. Only they are believed "
        "when they say who asks (X-Forwarded-For) and whether by https (X-Forwarded-Proto).",
    )
    admin_password: Secret | None = Field(
        None,
        description="`${NAME}` of what `newsletter admin-password` printed. With it, /admin asks "
        "for the password.",
    )
    admin_header: str | None = Field(
        None,
        description="Name of a header by which a trusted proxy says which editor has logged in, "
        "such as X-Forwarded-User. With it, /admin is open to whoever the proxy names.",
    )
    hooks: HooksShape = HooksShape()

    @field_validator("admin_password")
    @classmethod
    def _is_hash(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else ""
        # If it is empty, its variable is not set; that is reported where it is read.
        if text and not _HASH.fullmatch(text):
            raise ValueError("is no hash of a password: `newsletter admin-password` makes one")
        return value

    @field_validator("admin_header")
    @classmethod
    def _is_header(cls, value: str | None) -> str | None:
        if value is not None and not _HEADER.fullmatch(value):
            raise ValueError("is no name of a header, such as X-Forwarded-User")
        return value


def serving(shape: ServeShape, document: YamlDocument) -> Serving:
    """Return the settings of the site; `document` is newsletter.yaml."""
    password = shape.admin_password.get_secret_value() if shape.admin_password else ""
    return Serving(
        proxies=tuple(ipaddress.ip_network(network) for network in shape.proxies),
        admin_password=password,
        admin_header=shape.admin_header or "",
        hooks=_hooks(shape.hooks, document),
    )


def _hooks(shape: HooksShape, document: YamlDocument) -> Hooks:
    missing = {
        path: text for path, text in document.unset.items() if path[:2] == ("serve", "hooks")
    }
    return Hooks(
        ses=shape.ses or "",
        sendgrid=shape.sendgrid or "",
        mailgun=shape.mailgun.get_secret_value() if shape.mailgun else "",
        postmark=shape.postmark.get_secret_value() if shape.postmark else "",
        named=tuple(name for name, value in shape if value is not None),
        missing=tuple(
            f"{document.where(path, value=True)}: {text}" for path, text in missing.items()
        ),
    )
