"""Advice of the compiler, which names flags of its command, in the words of Python."""

from __future__ import annotations

import re

#: Keywords that are not called like their flag.
KEYWORDS = {"dim": "dims", "shape": "shapes"}
#: Flags whose value is a word of a few.
WORDS = "calibrate|favour|io|labels|loss-samples|max-loss|method|quantize|round|target|weights"

#: A word of a shell; what ends a sentence is not part of it.
_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"']*(?:,\.\.|[^\s"',.;:]))"""
_PAIRS = re.compile(rf"(?<![\w-])--(dim|shape|bake) {_VALUE}(?: --\1 {_VALUE})*")
_PAIR = re.compile(rf"--(?:dim|shape|bake) ({_VALUE})")
_WORD = re.compile(rf"(?<![\w-])--({WORDS}) ([\w.%]*\w%?)")
#: What is no flag, or more than one.
FIXED = {"`--target help`": "`edgec.targets()`", "`edgec inspect`": "`edgec.inspect`"}
_FIXED = re.compile("|".join(map(re.escape, FIXED)))
_SIZE = re.compile(r"(?<![\w-])--(ram|flash) (\d+\b)")
_FLAG = re.compile(r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)")


def keyword(flag: str) -> str:
    """The keyword of a flag."""
    return KEYWORDS.get(flag, flag.replace("-", "_"))


def in_python(text: str) -> str:
    """The text with keywords in place of flags."""
    text = _FIXED.sub(lambda found: FIXED[found[0]], text)
    text = _PAIRS.sub(_mapping, text)
    text = _WORD.sub(lambda found: f'{keyword(found[1])}="{found[2]}"', text)
    text = _SIZE.sub(r"\1=\2", text)
    return _FLAG.sub(lambda found: keyword(found[1]), text)


def _mapping(found: re.Match[str]) -> str:
    """`--dim N=1 --dim T=4` as `dims={"N": 1, "T": 4}`."""
    entries = []
    for value in _PAIR.findall(found[0]):
        name, equals, value = value.strip("\"'").rpartition("=")
        if not equals:
            return found[0]
        if found[1] == "shape":
            value = f"({', '.join(value.split(','))})"
        elif value == "FILE.npy":
            value = "array"
        entries.append(f'"{name}": {value}')
    return f"{keyword(found[1])}={{{', '.join(entries)}}}"
