"""A preprocessor of mdBook: puts the documents in docs behind the pages of the book, and makes links to them lead
there.

Pages link to files of the checkout, as they are read there too. What is no page of the book, such as sources, loses its
link in the built book.
"""

import json
import re
import sys
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

DOCS = Path(__file__).resolve().parents[2] / "docs"
SOURCES = "docs/book/src"
# A page that includes a document has the links of that.
INCLUDED = {"reference/operators.md": "docs/operators.md"}
LINK = re.compile(r"(?<![`!])\[([^\]]*)\]\((?![a-z]+:)([^)#\s]+)((?:#[^)\s]*)?)\)")


def place(file):
    """Where a file of the checkout is in the book, if it is there."""
    file = PurePosixPath(file)
    for page, document in INCLUDED.items():
        if str(file) == document:
            return page
    if file.is_relative_to(SOURCES):
        return str(file.relative_to(SOURCES))
    if file.suffix == ".md" and str(file.parent) == "docs":
        return f"documents/{file.name}"
    return None


def relink(text, page, origin):
    """A page whose links are relative to the page; they were to the file that it comes from."""

    def link(found):
        target = place(normpath(f"{PurePosixPath(origin).parent}/{found[2]}"))
        if target is None:
            return found[1]
        return f"[{found[1]}]({relpath(target, PurePosixPath(page).parent)}{found[3]})"

    # Every second part is a block of code.
    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if index % 2 else LINK.sub(link, part) for index, part in enumerate(parts))


def visit(items):
    for item in items:
        if isinstance(item, dict) and "Chapter" in item:
            chapter = item["Chapter"]
            origin = INCLUDED.get(chapter["path"], f"{SOURCES}/{chapter['path']}")
            chapter["content"] = relink(chapter["content"], chapter["path"], origin)
            visit(chapter["sub_items"])


def main():
    if sys.argv[1:2] == ["supports"]:
        return
    _, book = json.load(sys.stdin)
    visit(book["items"])
    book["items"].append({"PartTitle": "Documents"})
    for document in sorted(DOCS.glob("*.md")):
        origin = f"docs/{document.name}"
        if origin in INCLUDED.values():
            continue
        text, page = document.read_text(), f"documents/{document.name}"
        chapter = {
            "name": re.search(r"^# (.*)$", text, re.MULTILINE)[1],
            "content": relink(text, page, origin),
            "number": None,
            "sub_items": [],
            "path": page,
            "source_path": None,
            "parent_names": [],
        }
        book["items"].append({"Chapter": chapter})
    json.dump(book, sys.stdout)


main()
