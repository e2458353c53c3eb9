"""The page in a real browser: it shows what jaxnn computes."""

import base64
import io
import json

import numpy as np
import pytest
import strokes
from conftest import run_here
from PIL import Image
from sklearn.datasets import load_digits, load_wine
from test_page import rebuilt

import jaxnn
from jaxnn import data, digit_network, images, showing
from jaxnn.reading import mnist_form
from jaxnn.training import scores
from jaxnn.weights import load_params

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is missing")
import browser  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (browser.CHROMIUM and browser.DRIVER),
        reason="no Chromium here: chromium, chromium-driver",
    ),
]


@pytest.fixture(scope="module")
def run(environment, tmp_path_factory):
    """A run folder with its page."""
    folder = tmp_path_factory.mktemp("page")
    for words in (["train", "--out"], ["report"]):
        done = run_here(folder, environment, *words, "run")
        assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture(scope="module")
def chromium():
    """A headless browser."""
    with browser.chromium() as driver:
        yield driver


@pytest.fixture
def page(chromium, run):
    """The page, opened from disk; it must load nothing and log no error."""
    browser.show_as(chromium, 1000, 900)
    chromium.get((run / "report.html").as_uri())
    yield chromium
    loaded = chromium.execute_script("return performance.getEntriesByType('resource')")
    assert loaded == [] and chromium.get_log("browser") == []


def text(page, name):
    """The text of an element."""
    return page.find_element(By.ID, name).text


def test_outputs_equal_jaxnns(page, run):
    found = page.execute_script(
        "const layers = (i) => forward(featuresOf(i)).map((a) => [...a]);"
        "return EXAMPLES.y.map((_, i) => layers(i))"
    )
    params = load_params(run)
    test = scores.digits_of(run)
    judged = scores.evaluate(params, test)
    spread = np.random.default_rng(0).permutation(1000)[:200]  # as report chooses them
    expected = judged.outputs[spread]
    outputs = np.array([layers[1] for layers in found])
    np.testing.assert_allclose(outputs[:200], expected, rtol=0, atol=1e-5)
    hidden = np.array([layers[0] for layers in found])[:200]
    z = np.c_[np.ones(200), test.x[spread]] @ params[0].T  # (200, 25)
    np.testing.assert_allclose(hidden, 1 / (1 + np.exp(-z)), rtol=0, atol=1e-5)


def test_pixels_of_a_drawing_equal_jaxnns(page):
    random = np.random.default_rng(0)
    with np.load(data.embedded_file()) as arrays:
        some = random.choice(arrays["x"] / 255, 20)
    sides = random.integers(2, 9, 20)
    inks = [np.kron(p, np.ones((s, s))) for p, s in zip(some, sides, strict=True)]
    y, x = np.mgrid[-30:31, -30:31]
    dot, hair = y * y + x * x < 900, np.eye(90)  # far too thick, far too thin
    for ink in [*inks, dot.astype(float), hair]:
        words = {"h": len(ink), "w": len(ink), "at": ink.ravel().tolist()}
        found = page.execute_script("return [...pixelsOf(arguments[0])]", words)
        expected = images.unroll(images.shrink(mnist_form.picture(ink)[None]))[0]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_the_page_and_the_read_command_read_the_same(page, run, command, tmp_path):
    shown = []
    for seed in range(50):
        browser.draw(page, strokes.drawn(seed % 10, seed, 280))
        layers = page.execute_script("return [...readDrawing().at(-1)]")
        url = page.execute_script("return drawing.toDataURL()")
        png = base64.b64decode(url.partition(",")[2])
        (tmp_path / f"{seed:02}.png").write_bytes(png)
        shown.append((np.array(layers), text(page, "answer")))
    done = command("read", tmp_path, "--run", run, "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 50, done.stderr
    assert done.returncode == int(any(row["digit"] is None for row in rows))
    refused = 0  # by the page alone, which asks a second network
    for row, (outputs, answer) in zip(rows, shown, strict=True):
        if answer.startswith("This does not look like a digit; the nearest is "):
            refused += row["digit"] is not None
        else:
            assert answer.startswith(f"This is {row['digit']} ("), row
            assert outputs.max() == pytest.approx(row["probability"], abs=0.01)
    assert refused <= 2
    right = sum(row["digit"] == seed % 10 for seed, row in enumerate(rows))
    assert right >= 45  # nearly all are read as they were drawn


def test_a_short_stroke_is_no_more_work_than_a_long_one(page):
    made = []  # numbers that the reader writes, for strokes of so many pixels
    for length in (3, 30, 150):
        browser.draw(page, [np.array([[60, 60], [60 + length, 60 + length]])])
        made.append(
            page.execute_script(
                "const own = zeros; let count = 0;"
                "zeros = (h, w) => { count += h * w; return own(h, w); };"
                "readDrawing(); zeros = own; return count;"
            )
        )
    print(made)
    assert 0 < max(made) < 1.5 * min(made)


def widths(page, places):
    """How long the bars in these places are, in percent."""
    found = page.execute_script(
        "const bars = document.querySelectorAll(`${arguments[0]} .bar`);"
        "return [...bars].map((bar) => bar.style.width);",
        places,
    )
    return np.array([float(width.removesuffix("%")) for width in found])


def test_it_opens_with_an_example(page):
    assert text(page, "truth").startswith("Digit 1 of 200. True digit: ")
    assert text(page, "answer").startswith("This is ")
    assert widths(page, "#outputs").max() > 50 and widths(page, "#units").max() > 50
    ink = page.execute_script(
        "const alphas = (id) => { const { width, height } = $(id); return"
        "  [...$(id).getContext('2d').getImageData(0, 0, width, height).data]"
        "  .filter((_, i) => i % 4 === 3); };"
        "return [alphas('drawing'), alphas('seen')];"
    )
    assert all(max(some) == 255 and min(some) == 0 for some in ink)
    hint = page.find_element(By.ID, "hint")
    assert hint.is_displayed() and hint.text == "draw here"
    browser.draw(page, strokes.drawn(3, 0, 280))
    assert not hint.is_displayed() and text(page, "truth") == ""


def test_keys_and_buttons(page):
    keys = webdriver.ActionChains(page)
    assert page.execute_script("return COUNT") == 200
    keys.send_keys("cn").perform()
    assert text(page, "truth").startswith("Digit 1 of 200. True digit: ")
    keys.send_keys("N").perform()
    assert text(page, "truth").startswith("Digit 2 of 200. ")
    keys.send_keys("p").perform()
    page.find_element(By.ID, "previous").click()  # from the first to the last
    assert text(page, "truth").startswith("Digit 200 of 200. ")
    page.find_element(By.ID, "next").click()
    assert text(page, "truth").startswith("Digit 1 of 200. ")
    keys.send_keys("c").perform()
    assert text(page, "truth") == "" and text(page, "answer") == "Draw a digit."


def test_a_click_on_a_mistake_shows_it(page):
    mistake = page.find_elements(By.CLASS_NAME, "mistake")[0]
    y, read = mistake.text.split(" (")[0].split(" read as ")
    assert y != read
    mistake.click()
    assert text(page, "truth") == f"A mistake. True digit: {y}."
    assert text(page, "answer").startswith(f"This is {read} (")


def test_a_digit_shown_while_the_pen_is_down_is_the_one_read(page):
    canvas = page.find_element(By.ID, "drawing")
    hand = webdriver.ActionChains(page, duration=0)
    hand.move_to_element(canvas).click_and_hold().move_by_offset(20, 20).perform()
    webdriver.ActionChains(page).send_keys("n").perform()
    before = text(page, "answer")
    assert before.startswith("This is ")
    hand = webdriver.ActionChains(page, duration=0)
    hand.move_by_offset(20, 20).release().perform()
    page.execute_async_script("requestAnimationFrame(() => arguments[0]())")
    assert text(page, "truth").startswith("Digit 1 of ")
    assert text(page, "answer") == before
    y = text(page, "truth").removesuffix(".")[-1]
    assert before.startswith(f"This is {y} (")  # the network reads this one right


def test_a_tap_leaves_a_dot(page):
    browser.draw(page, [np.array([[140, 140]])])
    assert page.execute_script("return Math.max(...inkOfDrawing().at)") == 1


def test_a_second_finger_draws_nothing(page):
    page.execute_script(
        "const at = (type, id, x, y) => drawing.dispatchEvent(new PointerEvent("
        "  type, {pointerId: id, clientX: x, clientY: y, button: 0}));"
        "const box = drawing.getBoundingClientRect();"
        "drawing.setPointerCapture = () => {};"  # these pointers are not real
        "at('pointerdown', 5, box.left + 50, box.top + 50);"
        "at('pointerdown', 6, box.left + 200, box.top + 50);"
        "at('pointermove', 6, box.left + 200, box.top + 100);"
        "at('pointerup', 6, box.left + 200, box.top + 100);"
        "at('pointermove', 5, box.left + 50, box.top + 100);"
    )
    ink = page.execute_script("return [...inkOfDrawing().at]")
    places = np.argwhere(np.reshape(ink, (280, 280)) > 0.5)
    (top, left), (bottom, right) = places.min(axis=0), places.max(axis=0)
    assert left > 30 and right < 70 and top > 30 and 90 < bottom < 120


@pytest.mark.parametrize("drawn", ["example", "digit", "dot"])
def test_a_phone_shows_the_canvas_and_the_outputs_together(page, drawn):
    browser.show_as(page, 390, 844)
    lines = {"digit": strokes.drawn(3, 0, 280), "dot": [np.array([[140, 140]])]}
    if drawn in lines:
        browser.draw(page, lines[drawn])
    page.execute_script("scrollTo(0, 0)")
    for name in ("answer", "drawing", "clear", "truth", "outputs"):
        place = page.find_element(By.ID, name).rect
        assert 0 <= place["x"] <= place["x"] + place["width"] <= 390
        assert 0 <= place["y"] <= place["y"] + place["height"] <= 844, name


def test_weights_have_the_color_of_their_sign_and_zero_has_none(page, run):
    painted = page.execute_script(
        "return [...document.querySelectorAll('.weights')].map((canvas) =>"
        "  [...canvas.getContext('2d').getImageData(0, 0, W, H).data])"
    )
    painted = np.reshape(painted, (25, 20, 20, 4))  # red, green, blue, opacity
    weights = images.roll(load_params(run)[0][:, 1:])
    shares = weights / np.abs(weights).max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(painted[..., 3], 255 * np.abs(shares), rtol=0, atol=1)
    for is_shown, color in (
        (shares > 0.5, showing.page.ON),
        (shares < -0.5, showing.page.OFF),
    ):
        found = painted[is_shown][:, :3]
        np.testing.assert_allclose(found, [color] * len(found), rtol=0, atol=2)
    colors = page.execute_script(
        "return ['.on', '.off'].map((sign) =>"
        "  getComputedStyle(document.querySelector(sign)).backgroundColor)"
    )
    assert colors == [f"rgb{showing.page.ON}", f"rgb{showing.page.OFF}"]


def test_dark_mode_has_light_ink_on_a_dark_canvas_and_reads_the_same(page):
    found = {}
    for scheme in ("light", "dark"):
        browser.show_as(page, 1000, 900, scheme)
        browser.draw(page, strokes.drawn(3, 1, 280))
        levels = []
        for name in ("drawing", "seen"):
            png = page.find_element(By.ID, name).screenshot_as_png
            gray = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
            levels += [gray[5, 5], gray.min() if scheme == "light" else gray.max()]
        found[scheme] = levels, widths(page, "#outputs").tolist()
    assert found["light"][0] == [255, 0, 255, 0]
    assert np.abs(np.subtract(found["dark"][0], [20, 235, 20, 235])).max() <= 2
    assert found["light"][1] == found["dark"][1]


def test_every_hidden_layer_shows_its_activations(chromium, command, tmp_path):
    flags = ["--hidden", 20, 15, "--steps", 5, "--quiet", "--out", "run"]
    for done in (command("train", *flags), command("report", "run")):
        assert done.returncode == 0, done.stderr
    chromium.get((tmp_path / "run/report.html").as_uri())
    assert chromium.get_log("browser") == []
    heads = chromium.find_elements(By.CSS_SELECTOR, "#units h3")
    assert [head.text for head in heads] == ["Hidden layer 1", "Hidden layer 2"]
    assert len(chromium.find_elements(By.CLASS_NAME, "weights")) == 20
    x = chromium.execute_script("return [...featuresOf(0)]")
    active = np.array(x)
    for layer, theta in enumerate(load_params(tmp_path / "run")[:-1]):
        active = 1 / (1 + np.exp(-(theta[:, 0] + theta[:, 1:] @ active)))
        shown = widths(chromium, f".layer:nth-of-type({layer + 1})")
        np.testing.assert_allclose(shown, 100 * active, rtol=0, atol=0.06)


def test_what_is_no_digit_is_judged_as_jaxnn_judges_it(page, originals):
    random = np.random.default_rng(0)
    some, noise = random.choice(originals, 20), random.random((5, 28, 28))
    pictures = images.shrink(np.concatenate([some, noise]))
    script = "return arguments[0].map((x) => [...judged(x)])"
    found = page.execute_script(script, images.unroll(pictures).tolist())
    reader = digit_network.own_reader()
    params = rebuilt(page.execute_script("return DATA.refuser"))
    expected = digit_network.judged(reader._replace(params=params), pictures)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert page.execute_script("return DATA.refuser.doubt") == reader.doubt


def moved(digit, shift, side=280):
    """A digit's strokes, half as wide, and moved to the right."""
    return [
        np.round(line * [0.5, 0.8] + [shift * side, 0.1 * side]).astype(int)
        for line in strokes.drawn(digit, 2, side)
    ]


def scribble(seed, side=280):
    """One long stroke from anywhere to anywhere."""
    random = np.random.default_rng(seed)
    return [random.integers(0.2 * side, 0.8 * side, (25, 2))]


NO_DIGITS = {
    "dot": [np.array([[140, 140]])],
    "two digits": moved(4, 0.0) + moved(7, 0.5),
    "two others": moved(2, -0.05) + moved(5, 0.45),
    **{f"scribble {seed}": scribble(seed) for seed in range(3)},
}


@pytest.mark.parametrize("name", NO_DIGITS)
def test_what_is_no_digit_is_refused_and_the_outputs_stay(page, name):
    browser.draw(page, NO_DIGITS[name])
    outputs = page.execute_script("return [...readDrawing().at(-1)]")
    nearest = f"the nearest is {np.argmax(outputs)}."
    assert text(page, "answer") == f"This does not look like a digit; {nearest}"
    assert widths(page, ".output").max() == pytest.approx(100 * max(outputs), abs=0.06)
    assert page.find_elements(By.CSS_SELECTOR, ".output.read") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_the_page_fits_and_has_contrast(page, scheme, width):
    browser.show_as(page, width, 800, scheme)
    wide = page.execute_script(
        "return [document.documentElement.scrollWidth, innerWidth]"
    )
    colors = page.execute_script(
        "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]"
    )
    browser.show_as(page, 1000, 900)
    assert wide[0] <= wide[1] == width
    ink_, paper = (int(color.split("(")[1].split(",")[0]) for color in colors)
    assert (paper - ink_ if scheme == "light" else ink_ - paper) > 180


def test_drawings_of_a_standardized_run(chromium, command, process, tmp_path, digits):
    flags = ["--standardize", "--steps", 5, "--quiet", "--out", "run"]
    for done in (command("train", *flags), process("report", "run")):
        assert done.returncode == 0, done.stderr
    params = load_params(tmp_path / "run")
    chromium.get((tmp_path / "run/report.html").as_uri())
    some = jaxnn.Digits(digits.x[::500], digits.y[::500], "some")
    x = data.standardize(some).x
    found = chromium.execute_script(
        "return arguments[0].map((x) => [...forward(prepared(x)).at(-1)])",
        some.x.tolist(),
    )
    expected = np.asarray(jaxnn.forward(params, x))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


OTHERS = {"eight": load_digits(), "wine": load_wine()}


@pytest.mark.parametrize("name", OTHERS)
def test_pages_of_other_data_show_what_there_is(chromium, tmp_path, command, name):
    held = OTHERS[name]
    x = held.images if name == "eight" else held.data
    words = np.array(["one & two", "<b>", "three"])[held.target % 3]
    np.savez(tmp_path / "own.npz", x=x, y=words)
    flags = ["--data", "own.npz", "--steps", 20, "--quiet", "--out", "run"]
    for done in (command("train", *flags), command("report", "run")):
        assert done.returncode == 0, done.stderr
    browser.show_as(chromium, 1000, 900)
    chromium.get((tmp_path / "run/report.html").as_uri())
    assert chromium.get_log("browser") == []
    is_image = name == "eight"
    for part in ("drawing", "sight"):
        assert chromium.find_element(By.ID, part).is_displayed() == is_image
    assert not chromium.find_element(By.ID, "clear").is_displayed()
    rows = chromium.find_elements(By.CSS_SELECTOR, ".output b")
    assert [row.text for row in rows] == ["<b>", "one & two", "three"]
    heads = chromium.find_elements(By.CSS_SELECTOR, "table th[scope=col]")
    assert [head.text for head in heads] == ["", "<b>", "one & two", "three"]

    run = tmp_path / "run"
    params = load_params(run)
    digits = scores.digits_of(run)
    chromium.find_element(By.ID, "next").click()
    shown = np.random.default_rng(0).permutation(len(digits.y))[1]
    outputs = np.asarray(jaxnn.forward(params, digits.x[shown : shown + 1]))[0]
    names = np.array(digits.classes)
    assert text(chromium, "truth").endswith(f" True class: {names[digits.y[shown]]}.")
    assert text(chromium, "answer").startswith(f"This is {names[outputs.argmax()]} (")
