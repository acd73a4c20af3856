"""Checks docs/book; scripts/book.sh says how."""

import argparse
import sys
import time
from pathlib import Path

import links
import pages
import reference

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "docs/book/src"


def main():
    options = argparse.ArgumentParser(prog="scripts/book.sh", description=__doc__)
    options.add_argument("pages", nargs="*", help="only pages whose paths end so")
    options.add_argument("--slow", action="store_true", help="run commands that take minutes as well")
    options.add_argument("--bless", action="store_true", help="write what commands print into the pages")
    options = options.parse_args()

    faults = reference.check(SOURCES / "reference/command.md", options.bless)
    faults += links.check(ROOT, SOURCES)
    for page in sorted(SOURCES.rglob("*.md")):
        if options.pages and not any(str(page).endswith(end) for end in options.pages):
            continue
        start = time.monotonic()
        blocks, found = pages.check(page, options.slow, options.bless)
        faults += [f"{page.relative_to(ROOT)}:{fault}" for fault in found]
        if blocks:
            print(f"{time.monotonic() - start:6.1f} s  {blocks:2} blocks  {page.relative_to(SOURCES)}", flush=True)
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    return 1 if faults else 0


sys.exit(main())
