"""What a person sees in a notebook. One notebook: a kernel takes seconds to start."""

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = {
    "start": "import jaxnn\ntrain, test = jaxnn.split(jaxnn.load_digits())",
    "digits": "train",
    "fit": "run = jaxnn.fit(train, test, steps=20, out='run')",
    "run": "run",
    "plot": "run.plot()",
    "again": "run = jaxnn.fit(train, test, steps=20, out='run')",
    "overwrite": "run = jaxnn.fit(train, test, steps=10, out='run', overwrite=True)",
    "steps": "run.steps",
    "picture": "jaxnn.showing.pictures.digit_grid(train.x[:10])",
}


@pytest.fixture(scope="module")
def outputs(environment, tmp_path_factory):
    """The outputs of each cell, by its name."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    folder = str(tmp_path_factory.mktemp("notebook"))
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        allow_errors=True,
        timeout=120,
        resources={"metadata": {"path": folder}},
    )
    client.execute(env=environment)
    return {
        name: cell.outputs for name, cell in zip(CELLS, notebook.cells, strict=True)
    }


def shown(outputs):
    """The display of a cell's last expression: {MIME type: content}."""
    (data,) = [one.data for one in outputs if one.output_type == "execute_result"]
    return data


@pytest.mark.parametrize("name", ["digits", "run"])
def test_a_value_is_a_table(outputs, name):
    data = shown(outputs[name])
    assert data["text/html"].startswith("<table>")
    assert len(data["text/plain"].splitlines()) < 10


@pytest.mark.parametrize("name", ["plot", "picture"])
def test_a_figure_is_a_picture(outputs, name):
    assert shown(outputs[name])["image/png"].startswith("iVBORw0KGgo")


def test_training_shows_its_progress_and_nothing_else(outputs):
    assert {(one.output_type, one.name) for one in outputs["fit"]} == {
        ("stream", "stderr")
    }
    text = "".join(one.text for one in outputs["fit"])
    assert "compiling for " in text and "step 20/20  cost " in text
    assert "Warning" not in text


def test_a_cell_run_twice_says_what_to_do_in_python(outputs):
    (error,) = outputs["again"]
    assert error.ename.endswith("FileError")
    assert "holds a run already; " in error.evalue
    assert "resume=True" in error.evalue and "overwrite=True" in error.evalue
    assert "--" not in error.evalue


def test_a_run_is_replaced_when_a_person_says_so(outputs):
    assert shown(outputs["steps"])["text/plain"] == "10"
