"""Bounces: how often a report is understood, on labelled real mail.

    python benchmarks/bounces.py --data DIR [--json]

`false_hard` is the share of reports that are not about a dead address and are called so (which
would take a reader off the list for nothing), `hard_found` the share of those that are and are
found, `hard_at_once` the share of those whose reply proves it (the others have to repeat), and
`address_found` the share of all in which an address was found. DIR holds
`bounces/set-of-emails/` and its labels; without it there is nothing to measure.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

from newsletter.suppress.bounces import read_report
from newsletter.suppress.events import ReportKind


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="the same: it takes a second")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    parser.add_argument("--data", type=Path, default=os.environ.get("NEWSLETTER_TEST_DATA"))
    parser.add_argument("--misses", action="store_true", help="list what was not understood")
    options = parser.parse_args()
    folder = Path(options.data) / "bounces" if options.data else None
    if folder is None or not folder.is_dir():
        print("no labelled bounces: name a folder with --data, or NEWSLETTER_TEST_DATA")
        print(json.dumps({}))
        return
    labels = json.loads((folder / "set-of-emails.labels.json").read_text("utf-8"))
    counts = dict.fromkeys(
        ("hard", "hard_found", "at_once", "soft", "false_hard", "messages", "address"), 0
    )
    seconds = 0.0
    for name, events in sorted(labels.items()):
        raw = (folder / "set-of-emails" / name).read_bytes()
        start = time.perf_counter()
        found = read_report(raw)
        seconds += time.perf_counter() - start
        is_hard = any(label["hard"] for label in events)
        called = any(event.verdict.is_hard and event.kind is ReportKind.BOUNCE for event in found)
        at_once = any(event.verdict.is_hard and event.is_final for event in found)
        has_address = any(event.email for event in found)
        counts["messages"] += 1
        counts["address"] += has_address
        counts["at_once"] += is_hard and at_once
        counts["hard" if is_hard else "soft"] += 1
        counts["hard_found" if is_hard else "false_hard"] += called
        if options.misses and (is_hard != called or not has_address):
            told = ", ".join(f"{event.kind}:{event.verdict}:{event.email}" for event in found)
            reasons = {label["reason"] for label in events}
            print(f"{name}: {'hard' if is_hard else 'soft'} {reasons} -> {told}")
            print(f"    {found[0].evidence[:160]}")
    figures = {
        "false_hard": round(counts["false_hard"] / counts["soft"], 4),
        "hard_found": round(counts["hard_found"] / counts["hard"], 4),
        "hard_at_once": round(counts["at_once"] / counts["hard"], 4),
        "address_found": round(counts["address"] / counts["messages"], 4),
        "messages": counts["messages"],
        "milliseconds_each": round(1000 * seconds / counts["messages"], 2),
    }
    for name, value in figures.items():
        print(f"{name:24}{value:>12}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
