"""Photographs of handwritten digits that nobody has taken: the digits of scikit-learn, written with a pen on paper that
lies under some light before a camera.

A digit of 8x8 pixels becomes a curve, so that it can be written at any size with a pen of any width. All else is drawn
at random: place, turn, perspective, wobble, colours, lines on the paper, its edges, things beside the digit, light,
shadows, blur and noise. Places are in units of half the shorter side of the picture, from its centre.
"""

import jax
import jax.numpy as jnp
import numpy as np
from scipy import ndimage
from sklearn.datasets import load_digits

HELD_OUT = 360
# Pixels of a field per pixel of a digit, and pixels of the digit around it.
FINE = 5
MARGIN = 2
# Of the digits that have any in every hand.
LOOPS = {0: 1, 6: 1, 8: 2, 9: 1}


def thinned(masks):
    """Curves one pixel wide in the middle of shapes [N, H, W], by the method of Zhang and Suen."""
    masks = np.pad(masks, ((0, 0), (1, 1), (1, 1))).astype(np.uint8)
    around = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
    while True:
        before = masks.sum()
        for first in (True, False):
            p = [np.roll(masks, (-dy, -dx), (1, 2)) for dy, dx in around]
            count = sum(p)
            changes = sum((p[i] == 0) & (p[(i + 1) % 8] == 1) for i in range(8))
            a, b = (p[0] * p[2] * p[4], p[2] * p[4] * p[6]) if first else (p[0] * p[2] * p[6], p[0] * p[4] * p[6])
            masks = masks * ~((count >= 2) & (count <= 6) & (changes == 1) & (a == 0) & (b == 0))
        if masks.sum() == before:
            return masks[:, 1:-1, 1:-1]


def digits():
    """Two fields [N, H, W, 2] of each digit, in parts of its height, and labels: how far a place is from the curve, and
    how far from the outline, less than zero inside."""
    data = load_digits()
    padded = np.pad(data.images / 16, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
    fine = np.stack([ndimage.zoom(image, FINE, order=3, grid_mode=True, mode="grid-constant") for image in padded])
    # Sharpened, so that small loops stay open.
    shapes = fine + 3 * (fine - ndimage.gaussian_filter(fine, (0, FINE, FINE))) > 0.45
    far = ndimage.distance_transform_edt
    outlines = np.stack([far(~shape) - far(shape) for shape in shapes]) / (8 * FINE)
    curves = np.stack([far(1 - curve) for curve in thinned(shapes)]) / (8 * FINE)
    # Where a loop is filled all the same, the curve would be another digit's: the outline stands for it.
    loops = np.array([ndimage.label(~shape)[1] - 1 for shape in shapes])
    filled = loops < np.array([LOOPS.get(label, 0) for label in data.target])
    curves[filled] = np.maximum(outlines[filled] + 0.055, 0)
    return np.stack([curves, outlines], -1).astype(np.float32), data.target


def uniform(key, low, high, shape):
    return jax.random.uniform(key, shape, minval=low, maxval=high)


def waves(key, count, points, height, width, channels=1):
    """Smooth noise [N, H, W, C] between points of a coarse grid, each of about -1 to 1."""
    coarse = jax.random.normal(key, (count, points, points, channels))
    return jax.image.resize(coarse, (count, height, width, channels), "cubic")


def look_up(fields, x, y):
    """The fields where the digits are at these places; those from -1 to 1 are the digit itself."""
    side = fields.shape[1]
    scale = side / (2 + 4 * MARGIN / 8)
    x, y = (jnp.clip(v * scale + side / 2 - 0.5, 0, side - 1.001) for v in (x, y))
    column, row = x.astype(int), y.astype(int)
    right, down = (x - column)[..., None], (y - row)[..., None]
    flat = fields.reshape(len(fields), side * side, 2)

    def at(dy, dx):
        index = ((row + dy) * side + column + dx).reshape(len(fields), -1, 1)
        return jnp.take_along_axis(flat, index, 1).reshape(*x.shape, 2)

    above = at(0, 0) * (1 - right) + at(0, 1) * right
    below = at(1, 0) * (1 - right) + at(1, 1) * right
    return above * (1 - down) + below * down


def written(keys, fields, x, y, pixel):
    """How much ink is at each place, the middles of the digits, and half their sizes."""
    n = len(fields)
    half = uniform(next(keys), 0.38, 0.88, (n, 1, 1))
    place = uniform(next(keys), -1, 1, (2, n, 1, 1)) * jnp.maximum(0.95 - half, 0.08)
    turn, slant = uniform(next(keys), -0.3, 0.3, (2, n, 1, 1))
    tilt = uniform(next(keys), -0.22, 0.22, (2, n, 1, 1))
    stretch = uniform(next(keys), 0.8, 1.2, (n, 1, 1))
    depth = 1 + tilt[0] * x + tilt[1] * y
    u, v = (x - place[0]) / depth / half, (y - place[1]) / depth / half
    u, v = jnp.cos(turn) * u - jnp.sin(turn) * v, jnp.sin(turn) * u + jnp.cos(turn) * v
    wobble = 0.06 * waves(next(keys), n, 4, *x.shape[1:], 2)
    far = look_up(fields, (u + slant * v) / stretch + wobble[..., 0], v + wobble[..., 1])
    pen = far[..., 0] - uniform(next(keys), 0.022, 0.085, (n, 1, 1))
    brush = far[..., 1] - uniform(next(keys), -0.02, 0.02, (n, 1, 1))
    edge = jnp.where(uniform(next(keys), 0, 1, (n, 1, 1)) < 0.7, pen, brush)
    # An edge is as soft as a pixel is wide.
    return jax.nn.sigmoid(-edge * 2 * half / (0.35 * pixel)), place, half


def beside(keys, n, x, y, place, half, least):
    """Signed distance to a line beside each digit, at least so many of its half sizes away, and the way along it."""
    angle = uniform(next(keys), 0, 2 * np.pi, (n, 1, 1))
    across, along = jnp.cos(angle), jnp.sin(angle)
    dx, dy = x - place[0], y - place[1]
    away = half * uniform(next(keys), least, least + 0.9, (n, 1, 1))
    return dx * across + dy * along - away, dy * across - dx * along


def paint(picture, colour, amount):
    return picture + (colour - picture) * amount[..., None]


def lines(keys, n, x, y, pixel):
    """How strong the lines of ruled or squared paper are; most paper has none."""
    angle = uniform(next(keys), -0.3, 0.3, (n, 1, 1))
    period = uniform(next(keys), 0.12, 0.6, (n, 1, 1))
    kind = uniform(next(keys), 0, 1, (n, 1, 1))
    across = jnp.cos(angle) * x + jnp.sin(angle) * y, jnp.cos(angle) * y - jnp.sin(angle) * x
    near = [jnp.abs((v / period) % 1 - 0.5) * period for v in across]
    rows = jax.nn.sigmoid((0.01 - near[1]) / (0.4 * pixel))
    columns = jax.nn.sigmoid((0.01 - near[0]) / (0.4 * pixel))
    drawn = jnp.where(kind < 0.25, rows, jnp.where(kind < 0.45, jnp.maximum(rows, columns), 0))
    return drawn * uniform(next(keys), 0.1, 0.55, (n, 1, 1))


def blurred(keys, picture, pixel):
    """Out of focus by up to a sixty-fourth of the picture's side."""
    n, height, width, _ = picture.shape
    sigma = uniform(next(keys), 0.15, 1.0, (n, 1)) * (2 / 64) / pixel
    reach = int(np.ceil(2.5 * (2 / 64) / pixel))
    taps = jnp.exp(-0.5 * (jnp.arange(-reach, reach + 1) / sigma) ** 2)
    taps = (taps / taps.sum(1, keepdims=True))[:, :, None, None, None]
    padded = jnp.pad(picture, ((0, 0), (reach, reach), (0, 0), (0, 0)), mode="edge")
    picture = sum(taps[:, i] * padded[:, i : i + height] for i in range(2 * reach + 1))
    padded = jnp.pad(picture, ((0, 0), (0, 0), (reach, reach), (0, 0)), mode="edge")
    return sum(taps[:, i] * padded[:, :, i : i + width] for i in range(2 * reach + 1))


def colours(keys, n):
    """Ink and paper, the one much darker than the other."""
    dark = uniform(next(keys), 0.02, 0.28, (n, 1, 1, 1)) + uniform(next(keys), 0, 0.3, (n, 1, 1, 3)) ** 1.5
    light = uniform(next(keys), 0.62, 0.98, (n, 1, 1, 1)) + uniform(next(keys), -0.12, 0.04, (n, 1, 1, 3))
    chalk = uniform(next(keys), 0, 1, (n, 1, 1, 1)) < 0.12
    return jnp.where(chalk, light, dark), jnp.where(chalk, dark, light)


def photographs(key, fields, height, width):
    """Pictures [N, H, W, 3] of digits with these fields, in steps of 8 bits from 0 to 1."""
    n, keys = len(fields), iter(jax.random.split(key, 64))
    pixel = 2 / min(height, width)
    y, x = jnp.meshgrid((jnp.arange(height) + 0.5) * pixel, (jnp.arange(width) + 0.5) * pixel, indexing="ij")
    x, y = (jnp.broadcast_to(v - v.mean(), (n, height, width)) for v in (x, y))
    ink, place, half = written(keys, fields, x, y, pixel)
    pen, paper = colours(keys, n)

    picture = paper * (1 + 0.03 * waves(next(keys), n, 9, height, width))
    picture = paint(picture, uniform(next(keys), 0.1, 0.8, (n, 1, 1, 3)), lines(keys, n, x, y, pixel))
    picture = paint(picture, pen, ink * uniform(next(keys), 0.75, 1, (n, 1, 1)))
    # More writing, such as a neighbour's stroke; a thing that lies there; what is under the paper.
    for least, wide, colour, share in ((1.2, 0.06, pen, 0.35), (1.35, 0.25, None, 0.25), (1.25, 9, None, 0.45)):
        across, along = beside(keys, n, x, y, place, half, least)
        thick = wide * uniform(next(keys), 0.3, 1, (n, 1, 1))
        start, length = uniform(next(keys), -1, 0.5, (n, 1, 1)), uniform(next(keys), 0.3, 1.5, (n, 1, 1))
        ends = jnp.maximum(start - along, along - start - length) if wide < 1 else -jnp.inf
        there = uniform(next(keys), 0, 1, (n, 1, 1)) < share
        amount = there * jax.nn.sigmoid(-jnp.maximum(jnp.maximum(-across, across - thick), ends) / (0.4 * pixel))
        other = uniform(next(keys), 0.02, 0.95, (n, 1, 1, 3)) * (1 + 0.25 * waves(next(keys), n, 6, height, width))
        picture = paint(picture, other if colour is None else colour, amount)

    # Light from one side, a shadow, and the colour of the light.
    lit = 1 + uniform(next(keys), -0.3, 0.3, (n, 1, 1)) * x + uniform(next(keys), -0.3, 0.3, (n, 1, 1)) * y
    across, _ = beside(keys, n, x, y, 0 * place, half, -0.9)
    dark = uniform(next(keys), 0, 1, (n, 1, 1)) * uniform(next(keys), 0, 0.6, (n, 1, 1))
    lit = lit * (1 - dark * jax.nn.sigmoid(across / uniform(next(keys), 0.02, 0.5, (n, 1, 1))))
    lit = lit * uniform(next(keys), 0.55, 1.15, (n, 1, 1))
    picture = picture * lit[..., None] * uniform(next(keys), 0.88, 1.1, (n, 1, 1, 3))

    picture = blurred(keys, picture, pixel)
    grain = jax.random.normal(next(keys), picture.shape) * uniform(next(keys), 0.003, 0.04, (n, 1, 1, 1))
    return jnp.round(jnp.clip(picture + grain, 0, 1) * 255) / 255
