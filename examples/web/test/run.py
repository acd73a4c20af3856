"""Opens the page in Chromium, draws digits on it and reads what it makes of them.

    python3 run.py PAGE.html [--browser CHROMIUM] [--screenshots FOLDER]
    python3 run.py http://127.0.0.1:PORT/digits.html --compare

The exit code is 1 if the page complains, asks for anything beside itself, gives a sample of examples/digits other
scores than ONNX Runtime does, or does not read a seven.
"""

import argparse
import base64
import json
import sys
from pathlib import Path

from browser import Browser
from drawings import hands
from samples import TOLERANCE, samples

# Of 40 drawings, how many have to be read. All are; a browser that rounds positions otherwise may lose one.
READ = 38


def expect(condition, problem):
    """Ends the test unless something holds."""
    if not condition:
        raise SystemExit(f"error: {problem}")


def text(browser, name):
    """What an element says."""
    return browser.evaluate(f"document.getElementById({json.dumps(name)}).textContent")


def check_samples(browser):
    """The scores of the samples are those that examples/digits has, as near as there."""
    worst = 0
    all_samples = samples()
    expect(len(all_samples) == 20, f"{len(all_samples)} samples were found")
    for index, (pixels, label, expected) in enumerate(all_samples):
        image = [pixel / 16 for pixel in pixels]
        scores = browser.evaluate(f"started.then(({{ model }}) => [...model.run({image})])")
        difference = max(abs(a - b) for a, b in zip(scores, expected, strict=True))
        expect(difference <= TOLERANCE, f"sample {index}: scores {scores}, but ONNX Runtime says {expected}")
        expect(scores.index(max(scores)) == label, f"sample {index}, a {label}, has the scores {scores}")
        worst = max(worst, difference)
    print(f"{len(all_samples)} samples of 10 scores: the largest difference from ONNX Runtime is {worst:.1e}")


def draw(browser, strokes, pen):
    """Draws in the middle of the paper, and gives what the page says."""
    box = "document.getElementById('paper').getBoundingClientRect()"
    left, top, side = browser.evaluate(f"(({{ x, y, width }}) => [x, y, width])({box})")
    for stroke in strokes:
        pen([(left + side * (0.15 + 0.007 * x), top + side * (0.15 + 0.007 * y)) for x, y in stroke])
    browser.frame()
    return text(browser, "answer")


def clear_by_keyboard(browser):
    """Tab goes to the only thing that takes keys, and Enter presses it."""
    browser.key("Tab", 9)
    expect(browser.evaluate("document.activeElement.id") == "clear", "Tab does not reach the button")
    browser.key("Enter", 13, "\r")
    browser.frame()
    expect(text(browser, "answer") == "Draw a digit.", "the button does not clear the paper")
    expect(text(browser, "scores") == "0123456789", "scores are left when the paper is cleared")


def clear(browser):
    """Clears the paper by a click."""
    browser.evaluate("document.getElementById('clear').click()")
    browser.frame()


def check_drawings(browser):
    """Draws every digit by every hand. All sevens have to be read."""
    right = drawn = 0
    for hand, digits in hands().items():
        wrong = []
        for digit, strokes in digits.items():
            said = draw(browser, strokes, browser.mouse)
            drawn += 1
            if said == f"This is a {digit}.":
                right += 1
            else:
                wrong.append(f"{digit}: {said}")
                expect(digit != 7, f"a seven, {hand}: {said}")
            clear(browser)
        print(f"drawn by a hand that is {hand}: {10 - len(wrong)} of 10 read", *wrong, sep="\n  ")
    print(f"{right} of {drawn} drawings are read")
    expect(right >= READ, f"at least {READ} drawings should be read")


def check_finger(browser):
    """A seven drawn by a finger."""
    browser.call("Emulation.setTouchEmulationEnabled", enabled=True)
    said = draw(browser, hands()["plain"][7], browser.finger)
    expect(said == "This is a 7.", f"a seven drawn by a finger: {said}")
    browser.call("Emulation.setTouchEmulationEnabled", enabled=False)


def check_looks(browser, folder):
    """Light, dark and on a phone: colours change, and nothing is wider than the screen."""
    colours = set()
    for name, scheme, width in (("light", "light", 900), ("dark", "dark", 900), ("phone", "light", 360)):
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.screen(width)
        browser.frame()
        colours.add(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
        wide = browser.evaluate("document.documentElement.scrollWidth")
        expect(wide <= width, f"the page is {wide} wide on a screen of {width}")
        if folder:
            picture = browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
            Path(folder).mkdir(parents=True, exist_ok=True)
            (Path(folder) / f"{name}.png").write_bytes(base64.b64decode(picture))
    expect(len(colours) == 2, f"light and dark have the colours {colours}")


def check_page(browser, address, folder):
    """All of the above."""
    browser.open(address)
    check_samples(browser)
    said = draw(browser, hands()["plain"][7], browser.mouse)
    expect(said == "This is a 7.", f"a seven: {said}")
    clear_by_keyboard(browser)
    check_drawings(browser)
    check_finger(browser)
    micros = browser.evaluate("started.then(({ measure }) => measure())")
    expect(text(browser, "time").endswith(" µs"), f"the time is `{text(browser, 'time')}`")
    check_looks(browser, folder)
    asked = [request for request in browser.requests if request != address and not request.startswith("data:")]
    expect(not asked, f"the page asks for {asked}")
    expect(not browser.complaints, "the page complains:\n" + "\n".join(browser.complaints))
    print(f"no request, no complaint; an inference takes {micros:.1f} µs in {version(browser)}")


def check_comparison(browser, address):
    """Prints the times of both, whose scores have to agree."""
    browser.open(f"{address}?compare")
    both = browser.evaluate("compared")
    expect(not browser.complaints, "the page complains:\n" + "\n".join(browser.complaints))
    expect(both["difference"] <= TOLERANCE, f"the scores differ by {both['difference']}")
    print(f"{version(browser)}, an inference of the same picture, both with one thread:")
    print(f"  edgec                      {both['own']:8.1f} µs")
    print(f"  ONNX Runtime Web {both['version']:9} {both['ort']:8.1f} µs")
    print(f"  the scores differ by up to {both['difference']:.1e}")


def version(browser):
    """Name and version of the browser."""
    return browser.call("Browser.getVersion")["product"].replace("/", " ")


def main():
    """Reads the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page")
    parser.add_argument("--browser", default="chromium")
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--screenshots")
    options = parser.parse_args()
    address = options.page if "://" in options.page else Path(options.page).resolve().as_uri()
    with Browser(options.browser) as browser:
        if options.compare:
            check_comparison(browser, address)
        else:
            check_page(browser, address, options.screenshots)


if __name__ == "__main__":
    sys.exit(main())
