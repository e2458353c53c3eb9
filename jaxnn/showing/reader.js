"use strict";
// What jaxnn computes, in plain JavaScript: a drawing becomes MNIST's picture of it
// (jaxnn/reading/mnist_form.py), then the course's 20x20 pixels (jaxnn/images.py), then
// the ten outputs (jaxnn/model.py). A matrix is {h, w, at}: `at` has h * w numbers, by row.

const DATA = JSON.parse(document.getElementById("data").textContent);
const { side: SIDE, field: FIELD, pen: PEN, widths: PEN_WIDTHS, edge: EDGE } = DATA.mnist;
const { soft: SOFT, full: FULL } = DATA.ink;

// ---- matrices

function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;
}

// base64 of little-endian float32
function floats(base64) {
  return new Float32Array(bytes(base64));
}

function zeros(h, w) {
  return { h, w, at: new Float64Array(h * w) };
}

// a (h, n) @ b.T, b (w, n) -> (h, w); rows of b may begin and end with many zeros
function timesTransposed(a, b) {
  const out = zeros(a.h, b.h);
  for (let j = 0; j < b.h; j++) {
    const row = b.at.subarray(j * b.w, (j + 1) * b.w);
    const first = Math.max(0, row.findIndex((value) => value !== 0));
    const last = row.findLastIndex((value) => value !== 0);
    for (let i = 0; i < a.h; i++) {
      let sum = 0;
      for (let k = first; k <= last; k++) sum += a.at[i * a.w + k] * row[k];
      out.at[i * out.w + j] = sum;
    }
  }
  return out;
}

function transposed(a) {
  const out = zeros(a.w, a.h);
  for (let i = 0; i < a.h; i++) {
    for (let j = 0; j < a.w; j++) out.at[j * a.h + i] = a.at[i * a.w + j];
  }
  return out;
}

// down (h', h) @ picture (h, w) @ across.T, across (w', w) -> (h', w')
function resized(down, picture, across) {
  const narrow = transposed(timesTransposed(picture, across)); // (w', h)
  return transposed(timesTransposed(narrow, down));
}

// ---- a network: theta (units_out, 1 + units_in) for each layer, column 0 the bias

// all weights, layer after layer, as one matrix for each
function thetasOf(layers, weights) {
  let first = 0;
  return layers.slice(1).map((h, i) => {
    const w = 1 + layers[i], at = weights.subarray(first, first + h * w);
    first += h * w;
    return { h, w, at };
  });
}

const THETAS = thetasOf(DATA.layers, floats(DATA.weights));

// theta's units before their sigmoid, a (units_in,) -> (units_out,)
function affine({ h, w, at }, a) {
  const z = new Float64Array(h);
  for (let i = 0; i < h; i++) {
    let sum = at[i * w];
    for (let j = 1; j < w; j++) sum += at[i * w + j] * a[j - 1];
    z[i] = sum;
  }
  return z;
}

// x (n,) -> the activations of each layer, the outputs last
function forward(x, thetas = THETAS) {
  const layers = [];
  for (const theta of thetas) {
    const z = affine(theta, layers.at(-1) ?? x);
    layers.push(z.map((value) => 1 / (1 + Math.exp(-value))));
  }
  return layers;
}

// x (400,) with mean 0 and deviation 1, if the network was trained on such digits
function prepared(x) {
  if (!DATA.standardize) return x;
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const centered = Float64Array.from(x, (value) => value - mean);
  const squares = centered.reduce((sum, value) => sum + value * value, 0);
  const deviation = Math.sqrt(squares / x.length);
  return centered.map((value) => (deviation > 1e-12 ? value / deviation : 0));
}

// ---- a drawing in the form of MNIST's digits, as in jaxnn/reading/mnist_form.py

// ink (h, w) without its empty margins; null if there is no ink
function trimmed(ink) {
  let top = ink.h, bottom = -1, left = ink.w, right = -1;
  for (let i = 0; i < ink.h; i++) {
    for (let j = 0; j < ink.w; j++) {
      if (ink.at[i * ink.w + j] > EDGE) {
        top = Math.min(top, i);
        bottom = Math.max(bottom, i);
        left = Math.min(left, j);
        right = Math.max(right, j);
      }
    }
  }
  if (bottom < 0) return null;
  const out = zeros(bottom - top + 1, right - left + 1);
  for (let i = 0; i < out.h; i++) {
    for (let j = 0; j < out.w; j++) {
      out.at[i * out.w + j] = ink.at[(top + i) * ink.w + left + j];
    }
  }
  return out;
}

// (sizeOut, sizeIn): each row averages over an equal length, parts of pixels included
function meanMatrix(sizeIn, sizeOut) {
  const out = zeros(sizeOut, sizeIn), length = sizeIn / sizeOut;
  for (let i = 0; i < sizeOut; i++) {
    for (let j = 0; j < sizeIn; j++) {
      const overlap = Math.min((i + 1) * length, j + 1) - Math.max(i * length, j);
      out.at[i * sizeIn + j] = Math.max(overlap, 0) / length;
    }
  }
  return out;
}

// to the nearest whole number; halves to the even one, as in Python
function rounded(value) {
  const low = Math.floor(value);
  if (value - low === 0.5) return low + (low % 2);
  return Math.round(value);
}

// ink resized so that its longer side has `longest` pixels
function fitted(ink, longest) {
  const scale = longest / Math.max(ink.h, ink.w);
  const [h, w] = [ink.h, ink.w].map((side) => Math.max(1, rounded(scale * side)));
  return resized(meanMatrix(ink.h, h), ink, meanMatrix(ink.w, w));
}

// in pixels: twice the inked area over the length of its outline
function strokeWidth(ink) {
  const isInk = (i, j) => i >= 0 && j >= 0 && i < ink.h && j < ink.w && ink.at[i * ink.w + j] > 0.5;
  let area = 0, sides = 0;
  for (let i = 0; i <= ink.h; i++) {
    for (let j = 0; j <= ink.w; j++) {
      const here = isInk(i, j);
      area += here;
      sides += (here !== isInk(i - 1, j)) + (here !== isInk(i, j - 1));
    }
  }
  return (2 * area) / Math.max(1, (sides * Math.PI) / 4);
}

// out gets the larger (or smaller) of itself and `other`, moved up by y and left by x
function merge(out, other, y, x, isLarger) {
  const { h, w } = out;
  for (let i = Math.max(0, -y); i < Math.min(h, h - y); i++) {
    for (let j = Math.max(0, -x); j < Math.min(w, w - x); j++) {
      const k = i * w + j, value = other.at[k + y * w + x];
      if (isLarger ? value > out.at[k] : value < out.at[k]) out.at[k] = value;
    }
  }
}

// the most (or least) ink within `reach` of each pixel; the result has a margin of `reach`
function spread(ink, reach, isThicker) {
  const out = zeros(ink.h + 2 * reach, ink.w + 2 * reach);
  for (let i = 0; i < ink.h; i++) {
    out.at.set(ink.at.subarray(i * ink.w, (i + 1) * ink.w), (i + reach) * out.w + reach);
  }
  const alone = { ...out, at: out.at.slice() }, row = { ...out, at: out.at.slice() };
  // a disc's rows are ever wider from its ends to its middle
  for (let y = reach, half = 0; y >= 0; y--) {
    for (; (half + 1) ** 2 + y * y <= reach * reach; half++) {
      for (const x of [-half - 1, half + 1]) merge(row, alone, 0, x, isThicker);
    }
    for (const side of [-y, y]) merge(out, row, side, 0, isThicker);
  }
  return out;
}

// thin strokes become thicker and thick ones thinner, as wide as those of MNIST's digits
function withMnistPen(ink) {
  const large = fitted(ink, PEN), width = strokeWidth(large) / PEN;
  const wanted = Math.min(Math.max(width, PEN_WIDTHS[0]), PEN_WIDTHS[1]);
  const reach = rounded((PEN * Math.abs(wanted - width)) / 2);
  const changed = spread(large, reach, wanted > width);
  return trimmed(changed.at.some((value) => value > 0.5) ? changed : large);
}

// MNIST's own steps: fit into 20x20, then move the center of mass to the middle of 28x28
function centered(ink) {
  const box = fitted(ink, SIDE), field = zeros(FIELD, FIELD);
  let mass = 0, down = 0, across = 0;
  for (let i = 0; i < box.h; i++) {
    for (let j = 0; j < box.w; j++) {
      const value = box.at[i * box.w + j];
      mass += value;
      down += value * (i + 0.5);
      across += value * (j + 0.5);
    }
  }
  const [top, left] = [[down, box.h], [across, box.w]].map(([sum, side]) =>
    Math.min(Math.max(Math.ceil(FIELD / 2 - sum / mass), 0), FIELD - side));
  for (let i = 0; i < box.h; i++) {
    for (let j = 0; j < box.w; j++) {
      field.at[(top + i) * FIELD + left + j] = box.at[i * box.w + j];
    }
  }
  return field;
}

// rows (h, w) smoothed along their length, by a normal curve of deviation sigma
function blurredRows(rows, sigma) {
  const out = zeros(rows.h, rows.w), reach = Math.floor(4 * sigma + 0.5), curve = [];
  for (let d = -reach; d <= reach; d++) curve.push(Math.exp((-d * d) / (2 * sigma * sigma)));
  const area = curve.reduce((sum, value) => sum + value, 0);
  for (let i = 0; i < rows.h; i++) {
    for (let j = 0; j < rows.w; j++) {
      let sum = 0;
      for (let d = -reach; d <= reach; d++) {
        if (j + d >= 0 && j + d < rows.w) sum += curve[d + reach] * rows.at[i * rows.w + j + d];
      }
      out.at[i * rows.w + j] = sum / area;
    }
  }
  return out;
}

// ink as jaxnn/reading/ink.py finds it: smooth, and nearly full ink counts as full. A page
// has no uneven paper, and all of its ink is the digit's.
function found(ink) {
  const sigma = SOFT * Math.max(ink.h, ink.w);
  const smooth = blurredRows(transposed(blurredRows(ink, sigma)), sigma); // (w, h)
  smooth.at.forEach((value, i) => { smooth.at[i] = Math.min(1, value / FULL); });
  return transposed(smooth);
}

const SHRINK = { h: SIDE, w: FIELD, at: floats(DATA.shrink) };

// ink (h, w), 0 none to 1 full -> x (400,), column after column; null if there is none
function pixelsOf(ink) {
  const some = trimmed(ink);
  if (some === null) return null;
  return transposed(resized(SHRINK, centered(withMnistPen(some)), SHRINK)).at;
}
