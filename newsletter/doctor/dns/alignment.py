"""Diagnoses on alignment: whether DKIM or the return path is of the organisation in `From`."""

from __future__ import annotations

from newsletter.doctor.diagnoses import Diagnosis, excerpt
from newsletter.doctor.dns.mailing import DNS, Mailing
from newsletter.doctor.dns.policies import Policy, alignment_of
from newsletter.world.resolving import Lookup


async def check_alignment(lookup: Lookup, policy: Policy, mailing: Mailing) -> Diagnosis:
    """Return which of DKIM and the return path is aligned with `From` (RFC 9989, 4.4)."""
    signing = dict.fromkeys(key.domain.lower().rstrip(".") for key in mailing.keys)
    keys = [await alignment_of(lookup, policy, name, policy.mode("adkim")) for name in signing]
    path = await alignment_of(lookup, policy, mailing.bounce_domain, policy.mode("aspf"))
    by_key = next((found for found in keys if found.holds), None)
    if unknown := next((found for found in (*keys, path) if found.problem), None):
        return DNS.not_checked(
            "alignment", f"DNS gives no answer for {unknown.domain} ({excerpt(unknown.problem)})"
        )
    named = [f"DKIM (d={by_key.domain})"] if by_key else []
    named += [f"the return path ({path.domain})"] if path.holds else []
    if len(named) == 1 + bool(signing):
        told = " and ".join(named)
        return DNS.good("alignment", f"{told}: of the organisation of {policy.domain} in From")
    if named:
        other = f"the return path ({path.domain})" if by_key else f"DKIM ({', '.join(signing)})"
        return DNS.notice(
            "alignment",
            f"{named[0]} is aligned with {policy.domain} in From, {other} is not"
            f"{_strict(policy)}: one is enough, both are better",
            "use domains below one name that has a DMARC record",
            where=mailing.where("delivery.bounce" if by_key else "dkim"),
        )
    return _nothing(policy, mailing)


def _nothing(policy: Policy, mailing: Mailing) -> Diagnosis:
    """Return that nothing is aligned; if nobody signs here, the provider may."""
    told = f"nothing is aligned with {policy.domain} in From{_strict(policy)}"
    mend = "sign with a key of that domain (`dkim:`), or write a `bounce` address at that domain"
    where = mailing.where("from")
    if mailing.keys:
        told = f"{told}: DMARC fails, and bulk mail is refused"
        return DNS.error("alignment", told, mend, where=where)
    told = f"{told}, and nothing is signed here: DMARC fails unless your provider signs for it"
    return DNS.warning("alignment", told, mend, where=where)


def _strict(policy: Policy) -> str:
    named = [f"`{tag}=s`" for tag in ("adkim", "aspf") if policy.mode(tag) == "s"]
    return f" ({' and '.join(named)} wants the very same domain)" if named else ""
