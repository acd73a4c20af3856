"""Follows the links of the book that lead to files, and those to headings."""

import os
import re

from pages import blocks

LINK = re.compile(r"(?<!`)\[[^\]\n]*\]\(([^)\s]+)\)")
INCLUDE = re.compile(r"\{\{#include ([^}\s:]+)[^}]*\}\}")


def anchors(text):
    """What headings are called in links."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", heading).replace(" ", "-"))
    return found


def prose(text):
    """A page without its blocks of code."""
    lines = text.split("\n")
    for _, start, end in blocks(lines):
        lines[start:end] = [""] * (end - start)
    return "\n".join(lines)


def check(root, sources):
    """What is wrong with the links of all pages, and pages that the summary does not list."""
    faults = []
    listed = {sources / link for link in LINK.findall((sources / "SUMMARY.md").read_text())}
    for page in sorted(sources.rglob("*.md")):
        name = page.relative_to(root)
        if page.name != "SUMMARY.md" and page not in listed:
            faults.append(f"{name} is not in SUMMARY.md")
        text = page.read_text()
        targets = [(link, link.partition("#")) for link in LINK.findall(prose(text)) if "://" not in link]
        targets += [(link, (link, "", "")) for link in INCLUDE.findall(text)]
        for link, (path, _, anchor) in targets:
            target = page.parent / path if path else page
            if not target.exists():
                faults.append(f"{name}: no such file: {link}")
            elif not os.path.realpath(target).startswith(f"{root}{os.sep}"):
                faults.append(f"{name}: outside of the repository: {link}")
            elif anchor and anchor not in anchors(prose(target.read_text())):
                faults.append(f"{name}: no such heading: {link}")
    return faults
