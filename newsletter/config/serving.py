"""`serve:` of newsletter.yaml → Serving: the proxies in front of the site, and its editors."""

from __future__ import annotations

import ipaddress
import re

from pydantic import Field, SecretStr, field_validator

from newsletter.config.settings import Serving
from newsletter.config.shape import Shape
from newsletter.config.values import Network, Secret

_HASH = re.compile(r"scrypt\$\d{1,9}\$\d{1,3}\$\d{1,3}\$[0-9A-Za-z+/=]+\$[0-9A-Za-z+/=]+")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


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


def serving(shape: ServeShape) -> Serving:
    """Return the settings of the site."""
    password = shape.admin_password.get_secret_value() if shape.admin_password else ""
    return Serving(
        proxies=tuple(ipaddress.ip_network(network) for network in shape.proxies),
        admin_password=password,
        admin_header=shape.admin_header or "",
    )
