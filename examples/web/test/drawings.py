"""Digits as a hand may draw them: strokes through points of a sheet of 100 by 100, with y downwards.

A point given twice in a row is a corner; everywhere else strokes are round.
"""

import math

# As children learn them.
PLAIN = {
    0: ["50,2 20,20 8,50 20,80 50,98 80,80 92,50 80,20 50,2"],
    1: ["30,22 55,0 55,0 55,100"],
    2: ["12,28 25,7 50,0 76,8 85,28 72,52 40,78 10,98 10,98 90,98"],
    3: ["14,14 45,0 80,12 80,34 48,46 48,46 84,58 88,82 50,100 12,86"],
    4: ["62,0 10,66 10,66 92,66", "64,34 64,100"],
    5: ["82,2 24,2 24,2 18,44 18,44 50,36 84,52 84,82 48,100 12,86"],
    6: ["76,4 40,20 16,60 26,92 56,98 82,80 72,56 44,52 20,72"],
    7: ["10,2 90,2 90,2 58,50 40,100"],
    8: ["80,14 50,0 22,14 30,36 72,58 84,82 50,100 18,82 30,58 72,36 80,14"],
    9: ["82,22 56,2 26,10 18,36 44,52 74,42 84,18 84,18 80,60 66,100"],
}

# With a bar through the seven, a one without a flag, an open four, and a five whose top is drawn last.
EUROPEAN = {
    0: ["56,0 24,12 10,46 18,84 46,100 78,84 90,44 76,10 50,2"],
    1: ["52,0 50,100"],
    2: ["16,20 46,0 78,16 70,48 40,74 14,92 14,92 36,84 64,96 90,90"],
    3: ["16,2 82,2 82,2 46,38 46,38 80,50 84,80 50,100 14,86"],
    4: ["22,0 14,54 14,54 88,54", "68,20 62,100"],
    5: ["26,2 18,46 18,46 56,38 84,60 74,90 40,100 10,88", "26,2 84,2"],
    6: ["62,0 30,30 14,68 30,96 64,96 80,74 58,54 26,66"],
    7: ["12,10 40,2 88,2 88,2 64,46 44,100", "26,50 82,46"],
    8: ["50,48 22,30 30,4 66,2 78,26 50,48 18,72 26,98 70,98 84,74 50,48"],
    9: ["80,28 60,2 28,8 18,34 42,52 72,40 80,20 80,20 82,66 64,94 26,96"],
}


def smooth(text, steps=4):
    """The points of a stroke, with more between them on a Catmull-Rom curve."""
    points = [tuple(map(float, pair.split(","))) for pair in text.split()]
    curve = [points[0]]
    for i in range(len(points) - 1):
        before, a, b, after = (points[min(max(j, 0), len(points) - 1)] for j in range(i - 1, i + 3))
        # Both sides of a corner go straight through it.
        if a == b:
            continue
        for step in range(1, steps + 1):
            t = step / steps
            curve.append(tuple(spline(t, *numbers) for numbers in zip(before, a, b, after)))
    return curve


def spline(t, before, a, b, after):
    """A number between `a` and `b`."""
    slopes = b - before, after - a
    return a + t / 2 * (slopes[0] + t * (2 * before - 5 * a + 4 * b - after + t * (3 * (a - b) + after - before)))


def hasty(strokes):
    """The same digit small, slanted and with an unsteady hand."""
    return [
        [
            (30 + 0.36 * x - 0.1 * (y - 50) + 1.2 * math.sin(7 * i + y), 40 + 0.45 * y + 1.2 * math.cos(5 * i + x))
            for i, (x, y) in enumerate(stroke)
        ]
        for stroke in strokes
    ]


def hands():
    """Name and digits of each hand: strokes of points."""
    plain, european = (
        {digit: [smooth(stroke) for stroke in strokes] for digit, strokes in hand.items()} for hand in (PLAIN, EUROPEAN)
    )
    return {
        "plain": plain,
        "European": european,
        "hasty": {digit: hasty(strokes) for digit, strokes in plain.items()},
        "hasty European": {digit: hasty(strokes) for digit, strokes in european.items()},
    }
