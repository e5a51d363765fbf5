"""Distil which components MJML has into newsletter/render/components.json: `make clients`.

The lists are those of npm's package `mjml` (MIT), which checks templates by them; mjml-python
checks nothing. For each component we keep its attributes and the components that may stand in it.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE.parent / "benchmarks" / "peers"
TARGET = HERE.parent / "newsletter" / "render" / "components.json"

UNKNOWN = ("mj-html-attributes", "mj-html-attribute", "mj-selector")
"""Components that mjml-python does not render."""
ROOT = ["dir", "lang", "owa"]
"""Attributes of <mjml> itself, which is no component there."""

PROGRAM = """
const { components, dependencies } = require("mjml-preset-core")
const { version } = JSON.parse(require("fs").readFileSync("node_modules/mjml/package.json"))
const attributes = Object.fromEntries(
  components.map(one => [one.componentName, Object.keys(one.allowedAttributes || {})]))
console.log(JSON.stringify({ version, attributes, children: dependencies }))
"""


def main() -> None:
    """Write the table."""
    run = subprocess.run(  # noqa: S603  our own program
        ["node", "-e", PROGRAM],  # noqa: S607  wherever node is
        cwd=PEERS,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(run.stdout)
    names = sorted(
        {*found["attributes"], *found["children"]} - set(UNKNOWN) | {"mj-all", "mj-class"}
    )
    lines = [
        f"  {json.dumps(name)}: "
        + json.dumps(
            {
                "attributes": sorted(ROOT if name == "mjml" else found["attributes"].get(name, [])),
                "children": sorted(
                    child
                    for child in found["children"].get(name, [])
                    if isinstance(child, str) and child not in UNKNOWN
                ),
            }
        )
        for name in names
    ]
    source = json.dumps(f"npm mjml {found['version']}, MIT licence")
    TARGET.write_text(
        f'{{"source": {source}, "components": {{\n' + ",\n".join(lines) + "\n}}\n", "utf-8"
    )


if __name__ == "__main__":
    main()
