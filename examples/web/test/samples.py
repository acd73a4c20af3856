"""The samples of examples/digits with the scores that ONNX Runtime gives them."""

import re
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "digits" / "samples.rs"
SAMPLE = r"pixels: \[([^\]]*)\],\s*label: (\d+),\s*scores: \[([^\]]*)\]"
# As far from those scores as examples/digits allows.
TOLERANCE = 1e-4


def samples():
    """Pixels, label and scores of each."""
    found = re.findall(SAMPLE, FILE.read_text(encoding="utf-8"))
    return [(numbers(pixels, int), int(label), numbers(scores, float)) for pixels, label, scores in found]


def numbers(text, kind):
    """What a Rust array holds."""
    return [kind(number) for number in text.split(",") if number.strip()]
