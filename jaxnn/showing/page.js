// What the page shows, and what a person does with it.

const $ = (id) => document.getElementById(id);
const drawing = $("drawing"), pen = drawing.getContext("2d", { willReadFrequently: true });
const EXAMPLES = DATA.examples, FEATURES = floats(EXAMPLES.x); // x (m, n)
const CLASSES = DATA.classes, [H, W] = DATA.shape ?? [0, 0]; // of an image, if these are
const N = DATA.layers[0], K = CLASSES.length;
const BLACK = [0, 0, 0];
const COUNT = EXAMPLES.y.length - DATA.mistakes; // to step through; mistakes come after them
let example = -1; // which example is shown; -1 for a drawing
let stroke = null; // {pointer, place} while the pen is down
let isStale = false; // whether the drawing has ink that was not read yet

function element(name, className, inside = []) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...inside);
  return made;
}

// amount(i, j) of ink on a canvas of (h, w) pixels; less than none is in the other color
function paint(canvas, h, w, amount, ink = BLACK, other = ink) {
  canvas.width = w;
  canvas.height = h;
  const context = canvas.getContext("2d"), image = context.createImageData(w, h);
  for (let i = 0; i < h; i++) {
    for (let j = 0; j < w; j++) {
      const value = amount(i, j), color = value > 0 ? ink : other;
      image.data.set([...color, 255 * Math.abs(value)], 4 * (i * w + j));
    }
  }
  context.putImageData(image, 0, 0);
}

// x (n,) column after column; the corner is paper, the most ink black
function paintDigit(canvas, x) {
  const paper = x[0], range = Math.max(1e-6, Math.max(...x) - paper);
  paint(canvas, H, W, (i, j) => Math.max(0, x[j * H + i] - paper) / range);
}

function featuresOf(i) {
  return FEATURES.subarray(N * i, N * (i + 1));
}

function percent(share) {
  return `${(100 * share).toFixed(1)}%`;
}

// ---- the panel: what the network sees, its units, its outputs

function bar() {
  return element("span", "track", [element("span", "bar")]);
}

function setBar(inside, share) {
  inside.querySelector(".bar").style.width = percent(share);
}

// a unit's weights as a picture, on their own scale
function pictureOf({ w, at }, unit) {
  const row = at.subarray(unit * w + 1, (unit + 1) * w), picture = element("canvas", "weights");
  const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
  paint(picture, H, W, (i, j) => row[j * H + i] / largest, DATA.signs.on, DATA.signs.off);
  return picture;
}

// of each layer that is shown, the units' bars; in the first one their pictures, too
const LAYERS = [...document.querySelectorAll(".layer")].map((place, layer) => {
  const units = Array.from({ length: THETAS[layer].h }, (_, unit) =>
    element("div", "unit", H && layer === 0 ? [bar(), pictureOf(THETAS[0], unit)] : [bar()]));
  for (const unit of units) unit.setAttribute("role", "img");
  place.append(...units);
  return units;
});
const OUTPUTS = CLASSES.map((name) =>
  element("div", "output", [element("b", "", [name]), bar(), element("span", "share")]));

// show x (n,) and what the network reads in it; null for an empty drawing
function show(x, isDigit = true) {
  if (H) paintDigit($("seen"), x ?? new Float64Array(N));
  const layers = x && forward(x);
  LAYERS.forEach((units, layer) => units.forEach((unit, i) => {
    const activation = layers ? layers[layer][i] : 0;
    setBar(unit, activation);
    unit.setAttribute("aria-label", `unit ${i + 1}: ${activation.toFixed(2)}`);
  }));
  const outputs = layers ? layers.at(-1) : new Float64Array(K);
  const order = [...outputs.keys()].sort((i, j) => outputs[j] - outputs[i]);
  const isRead = layers !== null && isDigit && outputs[order[0]] >= DATA.doubt;
  OUTPUTS.forEach((row, digit) => {
    setBar(row, outputs[digit]);
    row.querySelector(".share").textContent = layers ? percent(outputs[digit]) : "";
    row.classList.toggle("read", isRead && digit === order[0]);
  });
  $("answer").textContent = answer(layers && outputs, order, isRead);
  return layers;
}

function answer(outputs, [first, second], isRead) {
  if (outputs === null) return DATA.draws ? "Draw a digit." : "";
  const best = CLASSES[first], share = percent(outputs[first]);
  if (!isRead) return `This does not look like a digit; the nearest is ${best}.`;
  return `This is ${best} (${share}); second guess: ${CLASSES[second]}.`;
}

// ---- drawing; a pixel's ink is the share of it that the pen covered

function inkOfDrawing() {
  const { width: w, height: h } = drawing, ink = zeros(h, w);
  const { data } = pen.getImageData(0, 0, w, h);
  for (let i = 0; i < h * w; i++) ink.at[i] = data[4 * i + 3] / 255;
  return ink;
}

function readDrawing() {
  isStale = false;
  const pixels = pixelsOf(found(inkOfDrawing()));
  return show(pixels && prepared(pixels), pixels && looksLikeDigit(pixels));
}

function place(event) {
  const box = drawing.getBoundingClientRect(), scale = drawing.width / box.width;
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
}

function drawTo(next) {
  pen.lineWidth = drawing.width / 14;
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  pen.moveTo(...stroke.place);
  pen.lineTo(...next);
  pen.stroke();
  stroke.place = next;
  if (!isStale) requestAnimationFrame(() => isStale && readDrawing()); // once a frame
  isStale = true;
}

function liftPen() {
  stroke = null;
  $("answer").setAttribute("aria-busy", "false");
}

function clear() {
  liftPen();
  isStale = false;
  pen.clearRect(0, 0, drawing.width, drawing.height);
  example = -1;
  $("hint").hidden = true;
  $("truth").textContent = "";
  return show(null);
}

// only the first finger draws; other fingers and the palm are ignored
const isMine = (event) => stroke !== null && event.pointerId === stroke.pointer;

drawing.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || stroke !== null || !DATA.draws) return;
  if (example >= 0) clear();
  drawing.setPointerCapture(event.pointerId);
  $("answer").setAttribute("aria-busy", "true"); // announced when the stroke ends
  const [x, y] = place(event);
  stroke = { pointer: event.pointerId, place: [x, y] };
  drawTo([x + 0.01, y]); // a line of no length would not be drawn
});
drawing.addEventListener("pointermove", (event) => {
  if (isMine(event)) drawTo(place(event));
});
for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
  drawing.addEventListener(name, (event) => {
    if (isMine(event)) liftPen();
  });
}

// ---- the digits in the page

// show example i, one to step through or a mistake
function showExample(i) {
  const large = element("canvas", "");
  clear();
  example = i;
  $("hint").hidden = !DATA.draws;
  const x = featuresOf(example);
  if (H) {
    paintDigit(large, x);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(large, 0, 0, drawing.width, drawing.height);
  }
  const [one, kind] = DATA.draws ? ["Digit", "digit"] : ["Example", "class"];
  const name = i < COUNT ? `${one} ${i + 1} of ${COUNT}` : "A mistake";
  $("truth").textContent = `${name}. True ${kind}: ${CLASSES[EXAMPLES.y[i]]}.`;
  return show(x);
}

function step(by) {
  const from = example < COUNT ? example : -1;
  return showExample(from < 0 && by < 0 ? COUNT - 1 : (from + by + COUNT) % COUNT);
}

function showMistakes() {
  for (let i = COUNT; i < EXAMPLES.y.length; i++) {
    const picture = element("canvas", ""), x = featuresOf(i), y = CLASSES[EXAMPLES.y[i]];
    if (H) paintDigit(picture, x);
    const outputs = forward(x).at(-1), read = outputs.indexOf(Math.max(...outputs));
    const share = percent(outputs[read]), isRead = outputs[read] >= DATA.doubt;
    const name = CLASSES[read];
    const label = isRead ? `${y} read as ${name} (${share})` : `${y} not read (${name} at ${share})`;
    const button = element("button", "mistake", H ? [picture, label] : [label]);
    button.addEventListener("click", () => {
      showExample(i);
      $("panel").scrollIntoView();
    });
    $("mistakes").append(button);
  }
}

const actions = {
  c: () => DATA.draws && clear(),
  n: () => step(1),
  p: () => step(-1),
};
$("clear").addEventListener("click", actions.c);
$("next").addEventListener("click", actions.n);
$("previous").addEventListener("click", actions.p);
document.addEventListener("keydown", (event) => {
  const isPlain = !(event.ctrlKey || event.metaKey || event.altKey);
  const action = actions[event.key.toLowerCase()];
  if (isPlain && action) action();
});

const longest = Math.max(...CLASSES.map((name) => name.length));
$("outputs").style.setProperty("--name", `${1.15 * Math.min(longest, 20)}ch`); // bold letters are wide
$("clear").hidden = !DATA.draws;
$("sight").hidden = $("paper").hidden = !H;
if (!DATA.draws) {
  drawing.setAttribute("aria-label", "The example");
  drawing.style.cursor = "default";
}
$("outputs").append(...OUTPUTS);
showMistakes();
showExample(0);
