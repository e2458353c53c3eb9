"""python -m jaxnn.report, and the page it writes; test_browser.py opens it."""

import base64
import itertools
import json
import re

import numpy as np
import pytest

import jaxnn
from jaxnn import digit_network, images, pages, reading, report
from jaxnn.showing import page
from jaxnn.training import scores


def embedded(text):
    """The numbers in a page."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text)
    return json.loads(found[1])


def floats(words):
    """The array that page.floats encoded."""
    return np.frombuffer(base64.b64decode(words), "<f4")


@pytest.fixture(scope="module")
def shown(digits):
    """A Report of an untrained network; its texts are full of HTML."""
    params = jaxnn.init_params(0)
    some = jaxnn.Digits(digits.x[::100], digits.y[::100], "some")
    found = scores.evaluate(params, some)
    return page.Report(
        title="<b>title</b> & $data",
        summary="</script><script>alert(1)</script>",
        facts=[("<i>name</i>", "a & b")],
        params=params,
        examples=some,
        mistakes=2,
        mistakes_note="none",
        counts=scores.confusion(some.y, found),
        curves=None,
        standardize=False,
        doubt=0.2,
        version="1",
    )


def test_texts_are_escaped(shown):
    text = page.page(shown)
    assert "<b>" not in text and "alert(1)</" not in text
    assert "<title>&lt;b&gt;title&lt;/b&gt; &amp; $data</title>" in text
    assert '<th scope="row">&lt;i&gt;name&lt;/i&gt;</th><td>a &amp; b</td>' in text


def test_the_page_holds_the_networks_numbers(shown):
    numbers = embedded(page.page(shown))
    assert numbers["layers"] == [400, 25, 10]
    flat = np.concatenate([theta.ravel() for theta in shown.params])
    np.testing.assert_array_equal(floats(numbers["weights"]), flat)
    x = shown.examples.x.astype("f4").ravel()
    np.testing.assert_array_equal(floats(numbers["examples"]["x"]), x)
    assert numbers["examples"]["y"] == shown.examples.y.tolist()
    assert numbers["mistakes"] == 2 and numbers["doubt"] == 0.2
    shrink = floats(numbers["shrink"]).reshape(20, 28)
    np.testing.assert_allclose(shrink, images.resize_matrix(28, 20), atol=1e-7)


def rebuilt(refuser):
    """The weights of the network that refuses, from the numbers in a page."""
    pairs = np.frombuffer(base64.b64decode(refuser["weights"]), "u1")
    counts = np.stack([pairs % 16, pairs // 16], axis=1).ravel() - 8.0
    steps, biases, thetas = floats(refuser["steps"]), floats(refuser["biases"]), []
    for n, h in itertools.pairwise(refuser["layers"]):
        weights = steps[:h, None] * counts[: h * n].reshape(h, n)
        thetas.append(np.c_[biases[:h], weights])
        counts, steps, biases = counts[h * n :], steps[h:], biases[h:]
    assert len(counts) < 2 and not (len(steps) or len(biases))
    return tuple(thetas)


@pytest.mark.parametrize("hidden", [30, 31])  # an even number of weights, and an odd
def test_the_network_that_refuses_takes_half_a_byte_a_weight(shown, hidden):
    params = jaxnn.init_params(1, (400, hidden, 5, 11))
    params[0][2, 1:] = 0  # a unit without weights
    refuser = page.Refuser(params, temperature=1.5, doubt=0.4)
    numbers = embedded(page.page(shown._replace(refuser=refuser)))["refuser"]
    assert (numbers["temperature"], numbers["doubt"]) == (1.5, 0.4)
    for theta, found in zip(params, rebuilt(numbers), strict=True):
        np.testing.assert_array_equal(found[:, 0], theta[:, 0])
        largest = np.abs(theta[:, 1:]).max(axis=1, keepdims=True) + 1e-30
        assert (np.abs(found - theta)[:, 1:] / largest).max() < 0.501 / 7
    assert embedded(page.page(shown))["refuser"] is None


def test_half_bytes_refuse_what_the_reader_refuses(digits, originals):
    reader = digit_network.own_reader()
    given = page.refuser(pages.refuser())
    assert sum(len(text) for text in given.values() if isinstance(text, str)) < 110_000
    small = reader._replace(params=rebuilt(given))
    known = np.uint8(255 * originals[::5]), digits.y[::5]
    blocks = list(reading.made.blocks(1000, 0, known, 0.5))  # half of them no digits
    pictures = images.shrink(np.concatenate([block for block, _ in blocks]) / 255)
    is_digit = np.concatenate([labels for _, labels in blocks]) < 10
    found = [digit_network.judged(one, pictures) for one in (reader, small)]
    read = [(f.argmax(axis=1) < 10) & (f.max(axis=1) >= reader.doubt) for f in found]
    for one in read:
        assert one[is_digit].mean() > 0.9 and one[~is_digit].mean() < 0.1
    assert np.mean(read[0] != read[1]) < 0.025


def test_each_hidden_layer_has_its_place(shown):
    heads = []
    for layers in ((400, 10), (400, 25, 10), (400, 20, 15, 12, 10)):
        text = page.page(shown._replace(params=jaxnn.init_params(0, layers)))
        found = re.findall(r'<h3>(.*?)</h3>\n<p class="soft">(.*)</p>', text)
        assert text.count('<div class="layer"></div>') == len(found)
        assert ["Orange: ink turns it on" in note for _, note in found] == (
            [True] + [False] * (len(found) - 1)
        )
        heads.append([head for head, _ in found])
    assert heads[:2] == [["Output units"], ["Hidden units"]]
    assert heads[2] == ["Hidden layer 1", "Hidden layer 2", "Hidden layer 3"]


# What people see who lack one kind of cone, from linear red, green and blue. Source:
# G. Machado, M. Oliveira, L. Fernandes, A physiologically-based model for simulation
# of color vision deficiency, IEEE TVCG 15 (2009), severity 1.
SIGHTS = {
    "all cones": np.eye(3),
    "no long": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no middle": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no short": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


@pytest.mark.parametrize("sight", SIGHTS)
def test_the_signs_of_weights_have_colors_that_all_can_tell(sight):
    assert "--paper: #fff" in page.source("page.html")
    assert "--paper: #161616" in page.source("page.html")
    levels = np.array([page.ON, page.OFF, (255,) * 3, (0x16,) * 3]) / 255
    bent = ((levels + 0.055) / 1.055) ** 2.4  # how a screen turns levels into light
    linear = np.where(levels > 0.04045, bent, levels / 12.92)
    seen = np.clip(linear @ np.transpose(SIGHTS[sight]), 0, 1)
    luminance = seen @ [0.2126, 0.7152, 0.0722]
    contrasts = (np.maximum.outer(luminance, luminance) + 0.05) / (
        np.minimum.outer(luminance, luminance) + 0.05
    )
    assert contrasts[:2, 2:].min() > 2.5  # each on light and on dark paper
    assert np.abs(seen[0] - seen[1]).max() > 0.3  # and from each other


def test_confusion_rows_are_true_digits_and_columns_what_was_read(shown):
    counts = np.arange(9).reshape(3, 3)
    text = page.page(shown._replace(counts=counts))
    assert "12 of 36 are read right" in text
    (table,) = re.findall(r"Confusion matrix.*?</table>", text, re.DOTALL)
    rows = [re.findall(r"<td.*?>(.*?)</td>", line) for line in table.splitlines()]
    # the cell of a mistake never made is empty
    assert [row for row in rows if row] == [
        ["0", "1", "2"],
        ["3", "4", "5"],
        list("678"),
    ]


def test_a_network_too_large_for_a_page_is_refused(shown):
    large = shown._replace(params=jaxnn.init_params(0, (400, 1000, 10)))
    with pytest.raises(ValueError, match=r"411010 weights .* at most 400000; train a"):
        page.page(large)


def test_page_of_a_run(command, a_run, tmp_path):
    done = command("report", "run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("result   run/report.html, 0.")
    text = (a_run / "report.html").read_text()
    assert len(text) < 3e6
    # the page loads nothing: its only addresses are SVG's namespaces
    assert set(re.findall(r"https?://[\w./]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert not re.search(r"<link|<img|src=|@import|url\((?!#)", text)
    refuser = embedded(text)["refuser"]
    assert refuser["layers"][0] == 400 and refuser["layers"][-1] == 11
    accuracy = command("evaluate", "run").stdout.split()[0]
    summary = f"It reads {accuracy} of 1000 digits right: embedded digits (held out)."
    assert summary in text
    for fact in ("<td>1.0</td>", "<td>lbfgs</td>", "4000: embedded digits (train)"):
        assert fact in text
    assert "<h2>Training</h2>" in text and "currentColor" in text
    assert '<svg role="img" aria-label="Cost and accuracy by step" ' in text
    assert str(tmp_path) not in text  # the page does not say where it was made


def test_page_of_weights_alone(command, process, tmp_path):
    jaxnn.save_params(tmp_path / "start.mat", jaxnn.init_params(0, (400, 10)))
    done = process("report", "start.mat", "--out", "pages/mine.html", "--quiet")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    text = (tmp_path / "pages" / "mine.html").read_text()
    assert "<h2>Training</h2>" not in text and "<h3>Output units</h3>" in text
    assert "of 5000 digits right: embedded digits." in text
    (tmp_path / "start.html").write_text("a page of my own")
    done = command("report", "start.mat")
    assert done.returncode == 2 and "exists, not made by jaxnn" in done.stderr
    assert (tmp_path / "start.html").read_text() == "a page of my own"
    assert command("report", "start.mat", "--out", "pages/mine.html").returncode == 0


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["nowhere"], "nowhere: no such run or file; check the path"),
        (["folder"], "folder: not a run folder (no params.npz); check the path"),
        (
            ["start.npz", "--out", "start.npz"],
            "a page's name ends in .html; name it so",
        ),
        (["start.npz", "--out", "folder"], "a page's name ends in .html; name it so"),
        (["start.npz", "--data", "start.npz"], "start.npz: holds "),
        (["start.npz", "--data", "folder"], "folder: is a folder; name a file with"),
    ],
)
def test_mistakes_say_the_next_step(tmp_path, monkeypatch, flags, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    jaxnn.save_params(tmp_path / "start.npz", jaxnn.init_params(0))
    before = (tmp_path / "start.npz").read_bytes()
    monkeypatch.setattr(report.devices, "prepare_process", lambda kind: None)
    with pytest.raises(ValueError, match=re.escape(message)):
        report.main(flags)
    assert (tmp_path / "start.npz").read_bytes() == before


def test_history_that_is_damaged_or_missing(command, a_run):
    history = a_run / "history.csv"
    whole = history.read_text()
    damages = whole.replace(",", ",abc", 5), whole[:-20], ""
    without = "step,cost\n1,2\n", whole.replace("gradient_norm", "norm")
    for damaged in (*damages, *without):
        history.write_text(damaged)
        for reads in (pages.training_of, jaxnn.load_run):
            with pytest.raises(jaxnn.FileError, match="history.csv: damaged"):
                reads(a_run)
    done = command("report", "run")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    for nothing in (whole.splitlines(keepends=True)[0], None):
        history.write_text(nothing) if nothing else history.unlink()
        assert pages.training_of(a_run) == ([], None)
