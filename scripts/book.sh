#!/usr/bin/env bash
# Checks the book in docs/book: runs the commands of its pages, each page in an empty folder, and compares what they
# print with what the page shows; compares the reference with the help of `edgec`; follows the links. Builds the book
# where mdbook is installed.
#
#   scripts/book.sh [PAGE.md..]    all pages, or those whose paths end so
#   scripts/book.sh --slow         the commands that take minutes as well, such as builds of firmware
#   scripts/book.sh --bless        write the reference, and what the commands print, into the pages
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

# In the development profile, with the workspace's features, as for the tests: these have built it, and say so.
[ -n "${EDGEC_IS_BUILT:-}" ] || cargo build --quiet --workspace --bin edgec
# The pages train with the Python of scripts/setup.sh, and find the checkout by $CHECKOUT.
built=$(realpath "${CARGO_TARGET_DIR:-target}/debug")
export PATH=$built:$venv/bin:$PATH CHECKOUT=$root PYTHONDONTWRITEBYTECODE=1
# A folder of builds is the checkout's, not that of the projects that the pages make.
unset CARGO_TARGET_DIR
python3 scripts/book "$@"

if have mdbook; then
    say "Building the book"
    mdbook build docs/book
else
    say "skipped, as mdbook is missing: building the book"
fi
