"use strict";

// The digits that the model has learned from are bitmaps of 32 by 32 in which the pixels of 4 by 4 blocks were counted.
// NIST's programs had made them alike before: upright, as high as the bitmap, most of them about 20 wide, and with
// lines so thick that 30 % of the bitmap are ink, whichever digit it is.
const SIDE = 32;
const BLOCK = 4;
const WIDTH = 20;
const INK = 0.3 * SIDE * SIDE;
// How much more a drawing may be stretched one way than the other: a one stays narrow.
const STRETCH = 1.75;
// The part of a drawing's height that is its top, and its bottom.
const ENDS = 0.06;
const THINNEST = 1;
const THICKEST = 14;

/** The 64 counts, 0 to 16, of a drawing: strokes, which are lists of points `[x, y]` in any unit. */
function pictureOf(drawing) {
  const strokes = upright(drawing);
  let [thin, thick] = [THINNEST, THICKEST];
  let bitmap = bitmapOf(strokes, thin);
  while (thick - thin > 0.1) {
    const pen = (thin + thick) / 2;
    const tried = bitmapOf(strokes, pen);
    if (inkOf(tried) > INK) {
      thick = pen;
    } else {
      thin = pen;
      bitmap = tried;
    }
  }
  return blocksOf(bitmap);
}

/** The drawing sheared so that its top and its bottom begin in the same column. */
function upright(strokes) {
  const points = strokes.flat();
  const [top, bottom] = rangeOf(points, 1);
  const height = bottom - top;
  if (height === 0) return strokes;
  const leftmost = (from, to) => rangeOf(points.filter(([, y]) => from <= y && y <= to), 0)[0];
  const slant = (leftmost(bottom - ENDS * height, bottom) - leftmost(top, top + ENDS * height)) / height;
  return strokes.map((stroke) => stroke.map(([x, y]) => [x - slant * (y - top), y]));
}

/** The least and the greatest coordinate along an axis. */
function rangeOf(points, axis) {
  return points.reduce(([low, high], { [axis]: at }) => [Math.min(low, at), Math.max(high, at)], [Infinity, -Infinity]);
}

/** The bitmap of a drawing with a pen of this width, which fills it from top to bottom. */
function bitmapOf(strokes, pen) {
  const fit = fitOf(strokes.flat(), pen);
  const bitmap = new Uint8Array(SIDE * SIDE);
  for (const stroke of strokes) {
    const points = stroke.map(fit);
    // A stroke of one point is a dot.
    for (let i = 0; i < Math.max(1, points.length - 1); i++) {
      paint(bitmap, points[i], points[i + 1] ?? points[i], pen / 2);
    }
  }
  return bitmap;
}

/** What takes points of the drawing into the bitmap, with half of the pen's width left on all sides. */
function fitOf(points, pen) {
  const [[left, right], [top, bottom]] = [rangeOf(points, 0), rangeOf(points, 1)];
  const across = (WIDTH - pen) / Math.max(right - left, 1e-6);
  const down = (SIDE - pen) / Math.max(bottom - top, 1e-6);
  const [sx, sy] = [Math.min(across, STRETCH * down), Math.min(down, STRETCH * across)];
  return ([x, y]) => [SIDE / 2 + (x - (left + right) / 2) * sx, SIDE / 2 + (y - (top + bottom) / 2) * sy];
}

/** Sets the pixels whose middle is within `radius` of the line from `a` to `b`. */
function paint(bitmap, a, b, radius) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const first = (axis) => Math.max(0, Math.floor(Math.min(a[axis], b[axis]) - radius));
  const last = (axis) => Math.min(SIDE - 1, Math.ceil(Math.max(a[axis], b[axis]) + radius));
  for (let row = first(1); row <= last(1); row++) {
    for (let column = first(0); column <= last(0); column++) {
      const [x, y] = [column + 0.5 - a[0], row + 0.5 - a[1]];
      const along = length === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy) / length));
      const [ox, oy] = [x - along * dx, y - along * dy];
      if (ox * ox + oy * oy <= radius * radius) bitmap[row * SIDE + column] = 1;
    }
  }
}

function inkOf(bitmap) {
  return bitmap.reduce((sum, pixel) => sum + pixel, 0);
}

/** How many pixels of each block are set. */
function blocksOf(bitmap) {
  const side = SIDE / BLOCK;
  const counts = new Uint8Array(side * side);
  bitmap.forEach((pixel, index) => {
    const [row, column] = [Math.floor(index / SIDE), index % SIDE];
    counts[Math.floor(row / BLOCK) * side + Math.floor(column / BLOCK)] += pixel;
  });
  return counts;
}
