"""Distil what mail clients support into newsletter/render/checks/clients.json: `make clients`.

The data is that of Can I Email (https://www.caniemail.com, MIT), as npm's package `caniemail`
carries it. Of its some 300 features and 40 clients we keep the clients that our readers have, each
with its newest answer, and name a feature by how it is found in a document: `property gap`,
`unit vh`, `selector attribute`, `element video`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SOURCE = HERE.parent / "benchmarks" / "peers" / "node_modules" / "caniemail"
TARGET = HERE.parent / "newsletter" / "render" / "checks" / "clients.json"

CLIENTS = {
    "Gmail": [("gmail", "desktop-webmail")],
    "Gmail app": [("gmail", "ios"), ("gmail", "android")],
    "Outlook (classic)": [("outlook", "windows")],
    "Outlook (new, web)": [("outlook", "outlook-com")],
    "Outlook app": [("outlook", "ios"), ("outlook", "android")],
    "Apple Mail": [("apple-mail", "macos"), ("apple-mail", "ios")],
    "Yahoo": [("yahoo", "desktop-webmail"), ("yahoo", "ios"), ("yahoo", "android")],
    "Samsung": [("samsung-email", "android")],
    "Thunderbird": [("thunderbird", "macos"), ("thunderbird", "windows")],
}
"""What we name, and the platforms that it stands for; of several the weakest answer counts."""

WORST = "nauy"
"""No, partly, unknown, yes."""

SPECIAL = {
    "css-sytem-ui": [f"value font-family {name}" for name in ("system-ui", "ui-monospace")],
    "css-at-media-device-pixel-ratio": ["media -webkit-device-pixel-ratio"],
    "css-at-media-hover": ["media hover", "media any-hover"],
    "css-variables": ["property --", "function var"],
    "css-unit-percent": ["unit %"],
    "css-unit-calc": ["function calc"],
    "css-unit-initial": ["value * initial"],
    "css-flex-direction": ["value flex-direction column"],
    "css-flex-wrap": ["value flex-wrap wrap"],
    "css-display-flex": ["value display flex"],
    "css-display-grid": ["value display grid"],
    "css-display-none": ["value display none"],
    "css-font": ["property font"],
    "css-gap": ["property gap", "property column-gap", "property row-gap"],
    "css-left-right-top-bottom": [f"property {one}" for one in ("left", "right", "top", "bottom")],
    "css-intrinsic-size": [f"value * {n}" for n in ("fit-content", "min-content", "max-content")],
    "css-modern-color": [f"function {name}" for name in ("lch", "oklch", "lab", "oklab")],
    "css-color-scheme": ["property color-scheme"],
    "css-grid-template": ["property grid-template", "property grid-template-columns"],
    "css-pseudo-class-lang": ["pseudo lang"],
    "html-anchor-links": ["link anchor"],
    "html-mailto-links": ["link mailto"],
    "html-h1-h6": [f"element h{n}" for n in range(1, 7)],
    "html-lists": ["element ul", "element ol", "element dl"],
    "html-semantics": [
        f"element {name}"
        for name in ("article", "aside", "details", "figure", "footer", "header", "main", "nav",
                     "section", "summary", "time", "mark")
    ],
    "html-image-maps": ["element map", "attribute usemap"],
    "html-srcset": ["attribute srcset", "attribute sizes"],
    "html-loading-attribute": ["attribute loading"],
    "html-address": ["element address"],
    "html-base": ["element base"],
    "html-svg": ["element svg"],
    "image-base64": ["image data"],
    "image-apng": [], "image-hdr": [], "image-mp4": ["image mp4"],
    "image-jpg": ["image jpg", "image jpeg"],
    "css-comments": [], "css-nesting": [], "css-inert-attribute": ["attribute inert"],
    "html-comments": [], "html-doctype": [], "html-meta-color-scheme": [], "html-style": [],
}  # fmt: skip


FAMILY = re.compile(
    r"css-(function|unit|pseudo-class|pseudo|selector|at-media|at)-(?:element-)?(.*)"
)
"""Slugs that say themselves what they are."""


def keys_of(slug: str, title: str) -> Iterator[str]:
    """Yield how a feature is found in a document; nothing when it is not."""
    if slug in SPECIAL:
        yield from SPECIAL[slug]
    elif found := FAMILY.match(slug):
        yield f"{found[1].split('-')[-1].replace('class', 'pseudo')} {found[2]}"
    elif found := re.fullmatch(r"([a-z]+)(?:-gradient)?\(\)", title):
        yield f"function {title[:-2]}"
    elif title.startswith("<input"):
        yield f"input {slug.rpartition('-')[2]}"
    elif slug.startswith("html-button"):
        yield "element button"
    elif found := re.match(r"<([a-z0-9]+)", title):
        yield f"element {found[1]}"
    elif title.endswith(" attribute"):
        yield f"attribute {title.removesuffix(' attribute')}"
    elif slug.startswith("image-"):
        yield f"image {slug.removeprefix('image-')}"
    elif slug.startswith("css-"):
        names = re.findall(r"[a-z]+(?:-[a-z]+)+|^[a-z]+$", title.removesuffix(" property"))
        for name in names or [slug.removeprefix("css-")]:
            yield f"property {name}"


def answer(stats: dict[str, Any], platforms: list[tuple[str, str]]) -> str:
    """Return the weakest of the newest answers."""
    newest = [
        str(list(stats[family][platform].values())[-1])[0]
        for family, platform in platforms
        if stats.get(family, {}).get(platform)
    ]
    return min(newest, key=WORST.index, default="u")


def main() -> None:
    """Write the table."""
    if not SOURCE.is_dir():
        sys.exit(f"{SOURCE}: not there; `make clients` installs npm's package `caniemail`")
    data = json.loads((SOURCE / "data" / "caniemail.json").read_text("utf-8"))
    version = json.loads((SOURCE / "package.json").read_text("utf-8"))["version"]
    features = {}
    for one in data["data"]:
        support = "".join(answer(one["stats"], platforms) for platforms in CLIENTS.values())
        for key in keys_of(one["slug"], one["title"]):
            features[key] = [one["slug"], support]
    table = {
        "source": f"Can I Email (https://www.caniemail.com), npm caniemail {version}, MIT licence",
        "updated": data["last_update_date"][:10],
        "clients": list(CLIENTS),
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(features[key])}" for key in sorted(features)]
    head = json.dumps(table, indent=1)[:-2]
    TARGET.write_text(f'{head},\n "features": {{\n' + ",\n".join(lines) + "\n }\n}\n", "utf-8")
    print(f"{len(features)} ways to find {len(data['data'])} features, of {table['updated']}")  # noqa: T201


if __name__ == "__main__":
    main()
