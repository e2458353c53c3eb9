// Is it a digit? jaxnn's own reader (jaxnn/digit_network.py) has an output more, the
// last: none of the ten. Here it only refuses.

// each weight is half a byte, 8 + so many of its unit's steps; low halves come first
function thetasOfHalfBytes({ layers, weights, steps, biases }) {
  const pairs = new Uint8Array(bytes(weights)), step = floats(steps), bias = floats(biases);
  let next = 0, unit = 0;
  return layers.slice(1).map((h, i) => {
    const w = 1 + layers[i], at = new Float64Array(h * w);
    for (let row = 0; row < h; row++, unit++) {
      at[row * w] = bias[unit];
      for (let j = 1; j < w; j++, next++) {
        const half = (pairs[next >> 1] >> (4 * (next & 1))) & 15;
        at[row * w + j] = step[unit] * (half - 8);
      }
    }
    return { h, w, at };
  });
}

const REFUSER = DATA.refuser && thetasOfHalfBytes(DATA.refuser);

// x (400,) -> the probabilities of the ten digits and of none of them, (11,)
function judged(x) {
  const hidden = forward(x, REFUSER.slice(0, -1)).at(-1) ?? x;
  const scores = affine(REFUSER.at(-1), hidden).map((z) => z / DATA.refuser.temperature);
  const most = Math.max(...scores), shares = scores.map((z) => Math.exp(z - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

// whether x (400,) is a digit to that reader, if it is in the page
function looksLikeDigit(x) {
  if (!REFUSER) return true;
  const shares = judged(x), largest = Math.max(...shares);
  return largest >= DATA.refuser.doubt && shares.at(-1) < largest;
}
