"""What identifies a paper: arXiv id without version, DOI, OpenReview id, canonical URL."""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from newsletter.model.gate import MAX_LINK, identity, link

# https://info.arxiv.org/help/arxiv_identifier.html: YYMM.number; before 2007-04 archive/number.
_NEW = r"\d{4}\.\d{4,5}"
_OLD = r"[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{7}"
_ARXIV_ID = re.compile(rf"(?P<id>{_NEW}|{_OLD})(?:v(?P<version>\d{{1,3}}))?(?!\d)")
_ARXIV_PLACES = re.compile(
    r"(?:arxiv\.org/(?:abs|pdf|html|format|ps|src|e-print)/|oai:arXiv\.org:|\barxiv:\s*|"
    r"10\.48550(?:/|%2f)arxiv\.|(?:huggingface|\bhf)\.co/papers/|semanticscholar\.org/arxiv/|emergentmind\.com/papers/|alphaxiv\.org/(?:abs|pdf|overview)/|"
    r"ar5iv\.org/(?:abs|pdf|html)/|scirate\.com/arxiv/|papers\.cool/arxiv/)"
    rf"(?P<id>{_NEW}|{_OLD})(?:v(?P<version>\d{{1,3}}))?(?!\d)",
    re.IGNORECASE,
)
_DOI = re.compile(r"(?:doi\.org/|\bdoi:\s*|^)(10\.\d{4,9}(?:/|%2f)[^\s\"<>?#]+)", re.IGNORECASE)
# Publishers' pages name the DOI in their address, before a version or a part of the page.
_DOI_PAGE = re.compile(
    r"https?://[^\s?#]{4,200}?/(?:doi|content|articles?|chapter|book|abstract|abs|full|pdf)/"
    # Oxford puts a number of its own after the DOI.
    r"(?P<doi>(?P<oxford>10\.1093/[^\s/?#]+/[^\s/?#]+(?=/\d{5,}))|10\.\d{4,9}/[^\s\"<>?#&]+?)"
    r"(?(oxford)/\d{5,}|(?:(?<=\d)v\d{1,2}(?=$|[./?#]))?)"
    r"(?:\.(?:full|abstract|short|pdf|html?|xml)"
    r"|/(?:full|pdf|html?|meta|abstract|summary|epub|tables|figures))*/?(?:[?#&]|$)",
    re.IGNORECASE,
)
_DOI_LINK = re.compile(r"doi\.org/(10\.\d{4,9}(?:/|%2f)[^\s\"<>?#)\]]+)", re.IGNORECASE)
_OPENREVIEW = re.compile(r"openreview\.net/(?:forum|pdf|attachment)\?(?:[^#\s]*&)?id=([\w-]{6,20})")
# Parameters that say where a reader came from. What is not known to do so may tell pages apart.
_TRACKING = re.compile(
    r"(?:utm_\w+|pk_\w+|mtm_\w+|piwik_\w+|matomo_\w+|hsa_\w+|at_(?:medium|campaign|custom\d|format)|"
    r"fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|igsh|"
    r"mc_[ce]id|mkt_tok|_hs(?:enc|mi)|hsctatracking|vero_id|vero_conv|oly_(?:anon|enc)_id|_ga|_gl|"
    r"ref_(?:src|url)|spm|scm|cmpid|cmp|ncid|xtor|wt_mc|wt\.mc_id|s_cid|s_kwcid|dgcid|trk|trkcampaign|"
    r"ftag|sr_share|srsltid|gad_(?:source|campaignid)|wickedid|_openstat|mibextid|epik|hss_channel|itm_\w+|"
    r"utm-\w+|ck_subscriber_id|ml_subscriber(?:_hash)?|_branch_match_id|_branch_referrer|irclickid|"
    r"elq(?:track\w*|campaignid|aid|at)?|dm_i|_k[ex]|rb_clickid|ef_id|nr_email_referer|guccounter|guce_referrer\w*|__twitter_impression|fromrss|partnerid|"
    # These name a visit.
    r"phpsessid|jsessionid|aspsessionid\w*|cfid|cftoken)",
    re.IGNORECASE,
)
# These also name things: `?ref=10` is a page, `?ref=rss` says where the reader came from.
_PERHAPS = re.compile(
    r"(?:ref|referrer|source|src|from|via|mod|af|rss|partner|share)", re.IGNORECASE
)
_CAME_FROM = re.compile(
    r"(?:rss|feed|atom|r$|twitter|facebook|linkedin|reddit|hackernews|hn$|producthunt|newsletter|"
    r"email|mail$|social|share|yes$|x$)[\w.-]*",
    re.IGNORECASE,
)
_VISIT = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
# Fragments that lead to a place that every page may have.
_PLACE = re.compile(
    r"(?:top|main|content|comments?(?:-\d+)?|respond|disqus_thread|more(?:-\d+)?|(?:rss|atom|feed)(?:-[\w-]+)?|"
    r"ref=\w*|xtor=.*|utm_.*|:~:text=.*|!|/)?",
    re.IGNORECASE,
)


def arxiv_id(text: str) -> tuple[str, int] | None:
    """Return the arXiv id and version named in a URL, OAI id or `arXiv:` reference.

    >>> arxiv_id("https://arxiv.org/abs/2410.01234v2")
    ('2410.01234', 2)
    """
    text = text[:MAX_LINK]
    found = _ARXIV_PLACES.search(text) or _ARXIV_ID.fullmatch(text.strip())
    return (found["id"], int(found["version"] or 1)) if found else None


def doi(text: str) -> str | None:
    """Return the DOI named in a URL or `doi:` reference, in lower case (DOIs ignore case)."""
    text = text[:MAX_LINK].strip()
    if found := _DOI.search(text):
        name = found[1]
    elif page := _DOI_PAGE.match(text):
        name = page["doi"]
    else:
        return None
    return unquote(name).rstrip(".,;)").lower()


def canonical_url(url: str) -> str:
    """Return `url` without what does not change the page: scheme, www, tracking, `#top`.

    >>> canonical_url("http://www.Example.org/a/?utm_source=x&b=1#top")
    'example.org/a?b=1'
    """
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:
        return url.strip()
    host = (parts.hostname or "").removeprefix("www.") + port
    asked = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([pair for pair in asked if not _is_tracking(*pair)], errors="replace")
    place = "" if _PLACE.fullmatch(parts.fragment) else f"#{parts.fragment}"
    path = _VISIT.sub("", parts.path)
    return host + path.rstrip("/") + (f"?{query}" if query else "") + place


def _is_tracking(name: str, value: str) -> bool:
    if name.lower() == "rss" and value in ("", "1"):
        return True
    if _PERHAPS.fullmatch(name):
        return _CAME_FROM.fullmatch(value) is not None
    return _TRACKING.fullmatch(name) is not None


def id_key(scope: str, given: str) -> str:
    """Return the identity of an entry by its id (`guid`), which is one in its `scope` only."""
    return identity(f"guid:{scope}/{given[:MAX_LINK]}")


def web_url(url: str) -> str:
    """Return `url` if it is a link that may be shown to readers, else nothing."""
    return link(url)


def strength(key: str) -> int:
    """Return the rank of a key in SCHEMES: 0 is the strongest identity."""
    return SCHEMES.index(key.partition(":")[0])


def reference_keys(text: str) -> tuple[str, ...]:
    """Return the identities of all papers that a link or a text names.

    A text that is itself a web address gives that address as an identity, too.
    """
    keys = [f"arxiv:{found['id']}" for found in _ARXIV_PLACES.finditer(text)]
    names = [unquote(found[1]).rstrip(".,;)").lower() for found in _DOI_LINK.finditer(text)]
    if not names and not any(map(str.isspace, text)) and (page := _DOI_PAGE.match(text)):
        names = [unquote(page["doi"]).lower()]
    # arXiv's own DOIs only repeat the arXiv id.
    keys += [f"doi:{name}" for name in names if not name.startswith("10.48550/arxiv.")]
    keys += [f"openreview:{found[1]}" for found in _OPENREVIEW.finditer(text)]
    if not keys and not any(map(str.isspace, text)) and (url := web_url(text)):
        # A link to a part of a page talks of the page.
        keys += [f"url:{canonical_url(url)}", f"url:{canonical_url(url.partition('#')[0])}"]
    return tuple(dict.fromkeys(map(identity, keys)))


SCHEMES = ("arxiv", "doi", "openreview", "url", "title", "guid", "work")
"""The prefixes of keys, strongest first; `work` occurs in older databases only."""


_JUNIOR = re.compile(r"(?<=\w)[\s,]+(?:[js]r\.?|i{2,3}|iv)(?=\s*(?:,|$))", re.IGNORECASE)
"""What follows a family name, or ends the whole name."""


@functools.lru_cache(maxsize=20_000)  # titles and first authors are compared again and again
def letters(text: str) -> str:
    """Return the letters and digits of `text`, without case, accents, spaces and punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if char.isalnum())


def surname(name: str) -> str:
    """Return the last word of the family name in `Ada Byron`, `Byron, Ada` or `A. Byron Jr.`.

    It is as `letters` gives it. Of `van der Berg` only that word is known in all spellings.
    """
    family = _JUNIOR.sub("", name)
    words = family.partition(",")[0].split()
    return letters(words[-1]) if words else ""


def paper_keys(*, references: tuple[str, ...], url: str, title: str) -> tuple[str, ...]:
    """Return a paper's identities, strongest first.

    `references` are ids, links and DOIs as the source gave them. A paper without arXiv id, DOI and
    URL is identified by a digest of its title.
    """
    keys: list[str] = []
    for reference in (given[:MAX_LINK] for given in references):
        if found := arxiv_id(reference):
            keys.append(f"arxiv:{found[0]}")
        elif name := doi(reference):
            keys.append(f"doi:{name}")
        elif forum := _OPENREVIEW.search(reference):
            keys.append(f"openreview:{forum[1]}")
    keys.sort(key=strength)
    # The address of an arXiv or OpenReview page would only repeat the id.
    if url and not arxiv_id(url) and not _OPENREVIEW.search(url):
        keys.append(f"url:{canonical_url(url)}")
    if not keys:
        digest = hashlib.sha256(" ".join(title.casefold().split()).encode()).hexdigest()
        keys.append(f"title:{digest[:20]}")
    return tuple(dict.fromkeys(map(identity, keys)))
