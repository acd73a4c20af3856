"""Runs the commands of a page, and compares what they print with what the page shows.

A block ```sh is run by bash, in a folder that is empty when the page begins; the block ```text that follows it, before
any other block, is what it prints. There `..` stands for anything: a line of it for any lines, within a line for any
characters. Words behind the language, with commas, say what is different:

    ```sh,fails     its last command is to fail
    ```sh,slow      it takes minutes, and runs with --slow only
    ```sh,never     it needs a board or the network, and is not run

Before the last two stands the reason: <!-- not in CI: .. -->.
"""

import re
import subprocess
import tempfile

FENCE = re.compile(r"^```(.*)$")
REASON = re.compile(r"^<!-- not in CI: .+ -->$")
KINDS = {"fails", "slow", "never"}


def blocks(lines):
    """The fenced blocks of a page: language, first line and the line behind the last, from 0."""
    start = None
    for number, line in enumerate(lines):
        fence = FENCE.match(line)
        if fence and start is None:
            language, start = fence[1], number + 1
        elif fence:
            yield language, start, number
            start = None


def matches(shown, printed):
    """Whether these lines are those that the page shows."""
    pattern = ""
    for line in shown:
        if line.strip() == "..":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += re.escape(line.rstrip()).replace(r"\.\.", ".*") + r"[ ]*\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def lasting(line):
    """A line without what differs from run to run, seconds, and from machine to machine, where runtime-core is."""
    return re.sub(r'path = "[^"]*"', 'path = ".."', re.sub(r" \.\. \d+\.\d s$", " ..", line))


def run(script, folder):
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    printed = [line.rstrip() for line in done.stdout.rstrip().split("\n")]
    return done.returncode, printed if printed != [""] else []


def check(page, slow, bless):
    """Runs a page: how many blocks, and what is wrong with it."""
    lines = page.read_text().split("\n")
    found = list(blocks(lines))
    faults, changes, count = [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        for index, (language, start, end) in enumerate(found):
            language, *kinds = language.split(",")
            if language != "sh":
                continue
            faults += [f"{start}: no such kind of block: {kind}" for kind in kinds if kind not in KINDS]
            left_out = "slow" in kinds or "never" in kinds
            if left_out and not REASON.match(lines[start - 2]):
                faults.append(f"{start}: a line before the block must say why: <!-- not in CI: .. -->")
            if "never" in kinds or ("slow" in kinds and not slow):
                continue
            count += 1
            code, printed = run("\n".join(lines[start:end]), folder)
            if (code != 0) != ("fails" in kinds):
                # What follows builds on it.
                faults.append(f"{start}: exit code {code}\n" + "\n".join(printed))
                break
            shown = found[index + 1] if index + 1 < len(found) else ("", 0, 0)
            if shown[0] != "text" or matches(lines[shown[1] : shown[2]], printed):
                continue
            if bless:
                changes.append((shown[1], shown[2], [lasting(line) for line in printed]))
            else:
                faults.append(f"{shown[1]}: the commands print something else:\n" + "\n".join(printed))
    for start, end, printed in reversed(changes):
        lines[start:end] = printed
    if changes:
        page.write_text("\n".join(lines))
    return count, faults
