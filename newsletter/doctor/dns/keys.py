"""Diagnoses on DKIM: whether the public half of each of our keys is published, as it should be."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Iterator
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from newsletter.doctor.diagnoses import Diagnosis, Record, excerpt
from newsletter.doctor.dns.mailing import DNS, Mailing
from newsletter.doctor.dns.tags import Tags, read_tags
from newsletter.send.signatures import RSA_BITS, SigningKey, dns_record
from newsletter.world.resolving import DnsAnswer, Lookup

PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey
RAW_ED25519: Final = 32
"""Bytes of an Ed25519 key as RFC 8463 publishes it."""


async def check_keys(lookup: Lookup, mailing: Mailing) -> AsyncIterator[Diagnosis]:
    """Yield diagnoses on the keys that sign mail."""
    if not mailing.keys:
        yield DNS.not_checked(
            "DKIM",
            "no `dkim` in newsletter.yaml: either your provider signs, which shows in a mail only, "
            "or nobody does",
            "`newsletter doctor --send ADDRESS` sends a test; `newsletter dkim-key` makes a key",
            where=mailing.where("dkim"),
        )
    elif all(key.algorithm == "ed25519-sha256" for key in mailing.keys):
        yield DNS.warning(
            "DKIM",
            "mail is signed with Ed25519 alone, which many receivers cannot verify (RFC 8463)",
            "add a key of RSA beside it: `newsletter dkim-key`",
            where=mailing.where("dkim"),
        )
    for place, key in enumerate(mailing.keys):
        where = mailing.where(f"dkim.{place}.selector")
        async for diagnosis in _key(lookup, key, where):
            yield diagnosis


async def _key(lookup: Lookup, key: SigningKey, where: str) -> AsyncIterator[Diagnosis]:
    name, text = dns_record(key)
    record, label = Record(name, "TXT", text), f"DKIM {key.selector}"
    answer = await lookup(name, "TXT")
    if answer.problem:
        yield DNS.error(
            label,
            f"{name}: DNS gives no answer ({excerpt(answer.problem)})",
            "look at the name servers of the domain",
            where=where,
        )
        return
    keys = [found for found in answer.records if _is_key(found)]
    if not keys:
        yield await _missing(lookup, answer, label, record, where)
        return
    if len(keys) > 1:
        yield DNS.error(
            label,
            f"{name} has {len(keys)} keys; which of them counts is left open (RFC 6376, 3.6.2.2)",
            "leave this one only",
            publish=record,
            where=where,
        )
        return
    wrong = list(_published(read_tags(keys[0]), key, label, record, where))
    for diagnosis in wrong:
        yield diagnosis
    if not wrong:
        bits = f", {key.key.key_size} bits" if isinstance(key.key, rsa.RSAPrivateKey) else ""
        alias = f", by way of {answer.alias}" if answer.alias else ""
        yield DNS.good(label, f"{name} is the key that signs ({key.algorithm}{bits}{alias})")


def _is_key(text: str) -> bool:
    """Tell whether a text is meant as a key; a wildcard may bring others to the same name."""
    tags = read_tags(text.replace("\\;", ";").strip("\"'"))
    return "p" in tags or tags.get("v").upper().startswith("DKIM")


async def _missing(
    lookup: Lookup, answer: DnsAnswer, label: str, record: Record, where: str
) -> Diagnosis:
    """Return that a key is not published, and what stands where it should be or near it."""
    domain = record.name.partition("._domainkey.")[2]
    doubled = f"{record.name}.{domain}"
    near = ""
    if any(map(_is_key, (await lookup(doubled, "TXT")).records)):
        near = f"; it stands at {doubled}: the panel added the domain by itself"
    elif answer.records:
        near = f"; what stands there is no key: {excerpt(answer.records[0])}"
    return DNS.error(
        label,
        f"{record.name}: no key is published{near}",
        "publish it; until then no signature counts",
        publish=record,
        where=where,
    )


def _published(
    tags: Tags, key: SigningKey, label: str, record: Record, where: str
) -> Iterator[Diagnosis]:
    """Yield what is wrong with a published key, the worst first."""
    name = record.name

    def broken(found: str, mend: str = "publish it as it should be") -> Diagnosis:
        return DNS.error(label, f"{name}: {found}", mend, publish=record, where=where)

    if tags.flaws:
        yield broken("; ".join(tags.flaws[:3]))
    elif "v" in tags and (tags.get("v") != "DKIM1" or tags.pairs[0][0] != "v"):
        yield broken(f"`v={tags.get('v')[:20]}`: it has to begin with `v=DKIM1` (RFC 6376, 3.6.1)")
    elif not "".join(tags.get("p").split()):
        yield broken("the key is revoked (`p=` is empty)", "publish it, or make another key")
    elif problem := _mismatch(tags, key):
        yield broken(problem)
    else:
        yield from _limits(tags, key, label, record, where)


def _mismatch(tags: Tags, key: SigningKey) -> str:
    """Return how the published key differs from ours, if it does."""
    kind = tags.get("k", "rsa").lower()
    wanted = key.algorithm.partition("-")[0]
    if kind != wanted:
        return f"a key of {kind[:20]} is published, and one of {wanted} signs"
    read = _read(tags.get("p"), kind)
    if isinstance(read, str):
        return read
    if _numbers(read) == _numbers(key.key.public_key()):
        return ""
    size = ""
    if isinstance(read, rsa.RSAPublicKey) and read.key_size < RSA_BITS:
        size = f" of {read.key_size} bits, which is too weak besides"
    return f"another key{size} is published than the one that signs"


def _read(text: str, kind: str) -> PublicKey | str:
    """Read a published key; return what is wrong with it, if anything."""
    try:
        raw = base64.b64decode("".join(text.replace("\\", "").split()), validate=True)
    except (binascii.Error, ValueError):
        return "the key is cut or garbled: `p=` is no Base64"
    try:
        if kind == "ed25519":
            if len(raw) != RAW_ED25519:
                return f"a key of Ed25519 has {RAW_ED25519} bytes, this one {len(raw)} (RFC 8463)"
            return ed25519.Ed25519PublicKey.from_public_bytes(raw)
        # SubjectPublicKeyInfo, or RSAPublicKey alone: both are out there (RFC 6376, 3.6.1).
        found = serialization.load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        return "the key is cut or garbled"
    return found if isinstance(found, rsa.RSAPublicKey) else "that is no key of RSA"


def _numbers(key: PublicKey) -> object:
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_numbers()
    return key.public_bytes_raw()


def _limits(
    tags: Tags, key: SigningKey, label: str, record: Record, where: str
) -> Iterator[Diagnosis]:
    """Yield what a matching key says of its own use."""
    name = record.name

    def listed(tag: str) -> list[str]:
        return [value.strip().lower() for value in tags.get(tag).split(":")]

    if "h" in tags and "sha256" not in listed("h"):
        yield DNS.error(
            label,
            f"{name}: `h={tags.get('h')[:40]}` forbids sha256, with which we sign",
            "take `h=` out",
            publish=record,
            where=where,
        )
    if "s" in tags and not {"*", "email"} & set(listed("s")):
        yield DNS.error(
            label,
            f"{name}: `s={tags.get('s')[:40]}` forbids its use for mail",
            "take `s=` out",
            publish=record,
            where=where,
        )
    if "y" in listed("t"):
        yield DNS.warning(
            label,
            f"{name}: `t=y` says that you only test; receivers may ignore the signature",
            "take `t=y` out",
            publish=record,
            where=where,
        )
    if isinstance(key.key, rsa.RSAPrivateKey) and key.key.key_size < RSA_BITS:
        yield DNS.warning(
            label,
            f"{key.key.key_size} bits of RSA; {RSA_BITS} are usual (RFC 8301)",
            "`newsletter dkim-key` makes one",
            where=where,
        )
