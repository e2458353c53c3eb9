"""Figures of rows, and the columns in which each benchmark's rows are shown."""

import math
import re
from collections.abc import Sequence

import numpy as np

from .rounds import Row, is_limit

ABSENT = "–"
FEWEST = 3  # starts that two trainers must share, or their ratio is not shown
Rows = Sequence[Row]  # of one contest; the first is the one to compare with
TITLES = {  # of a script's contests, with {keys} of their rows
    "gradient": "One cost and gradient",
    "train_to_cost": "Training to cost {target} at lambda {lam:g}",
    "whole_command": "From typing to the trained network",
    "many_networks": "Many networks at once by {method}",
    "scaling": "More examples, wider networks",
    "estimators": "Estimators fitted to four fifths of {data}",
    "grid_search": "A grid search on {data}",
    "estimator_scripts": "A script that fits an estimator, from typing to its end",
    "kernels": "Kernels: compiled, not run",
    "streaming": "Examples on disk, {data}",
    "several_devices": "Spread over simulated devices, {data}",
}
COLUMNS = {  # of their tables: keys of figures()
    "gradient": "contender|device|median, ms|fastest, ms|spread|relative|"
    "relative to the limit|compiling, s|memory, MB|cost",
    "train_to_cost": "contender|median, s|fastest, s|spread|relative|"
    "the same with compiling|evaluations|starts|compiling, s|cost",
    "whole_command": "contender|median, s|fastest, s|spread|relative|"
    "peak memory, MB|cost|held out read right",
    "many_networks": "contender|networks|µs per network and step|relative|"
    "networks times steps per s|of the limit's speed",
    "scaling": "examples|hidden units|form|device|median, ms|ns per example|"
    "ns per example and weight|memory / data",
    "estimators": "contender|median, s|spread|relative|compiling, s|"
    "held out read right|deviation",
    "grid_search": "contender|median, s|spread|relative",
    "estimator_scripts": "contender|median, s|fastest, s|spread|relative",
    "streaming": "contender|examples|median, s|spread|relative|ns per example|"
    "peak memory, MB|cost",
    "several_devices": "contender|examples on each|median, ms|spread|relative|"
    "bytes added|cost",
    "kernels": "program|numbers|card|kernels per step|kernels per evaluation|"
    "loops in a step|waits per step|waits per evaluation|memory, MB|compiling, s",
}


def title(row: Row) -> str:
    """What the row's contest is called."""
    where = " and ".join(row["on"].upper().split())
    return f"{TITLES[row['what']].format_map(row)}, {row['precision']}, {where}"


def heading(rows: Rows) -> str:
    """A machine: processor, cores, GPU."""
    gpus = {row["gpu"] for row in rows if row.get("gpu")}
    cpu = re.sub(r"\((R|TM)\)", "", rows[0]["cpu"])
    return ", ".join([cpu, f"{rows[0]['threads']['cores']} cores", *sorted(gpus)])


def software(rows: Rows) -> str:
    """The versions and the dates of the rows."""
    pairs = [pair for row in rows for pair in row["versions"].items()]
    dates = sorted(row["date"] for row in rows)
    ends = " to ".join(dict.fromkeys([dates[0], dates[-1]]))
    return f"{', '.join(dict.fromkeys(map(' '.join, pairs)))}; {ends}"


def figures(row: Row, rows: Rows) -> dict[str, str]:
    """All that tables can show of a row, by the columns' titles."""
    limit, memory = of_limit(row, rows), value(row, "memory")
    least = FEWEST if "target" in row else 1
    fastest, low, seconds, high = (quantile(times(row), q / 4) for q in range(4))
    spread = (high - low) / seconds if times(row).size > 1 else math.nan
    return {
        "contender": row.get("name", ABSENT),
        "program": row.get("name", ABSENT),
        "numbers": str(row.get("dtype")),
        "card": str(row.get("device")),
        "form": str(row.get("form")),
        "device": str(row.get("device")),
        "median, s": short(seconds),
        "median, ms": short(1e3 * seconds),
        "fastest, s": short(fastest),
        "fastest, ms": short(1e3 * fastest),
        "spread": shown(spread, ".0%"),
        "relative": short(ratio(row, rows, least)),
        "the same with compiling": short(ratio(row, rows, least, "compile_seconds")),
        "relative to the limit": short(limit),
        "of the limit's speed": shown(1 / limit, ".0%"),
        "compiling, s": short(value(row, "compile_seconds")),
        "memory, MB": short(1e-6 * memory),
        "peak memory, MB": short(1e-6 * memory),
        "memory / data": short(memory / value(row, "data_bytes")),
        "cost": short(value(row, "cost"), 7),
        "held out read right": shown(value(row, "accuracy"), ".1%"),
        "deviation": shown(value(row, "deviation"), ".1%"),
        "evaluations": shown(value(row, "evaluations"), ",.0f"),
        "starts": f"{row['reached']} of {row['starts']}" if "starts" in row else ABSENT,
        "networks": shown(value(row, "networks"), ",.0f"),
        "µs per network and step": short(1e6 * seconds),
        "networks times steps per s": short(1 / seconds),
        "examples": shown(value(row, "m"), ",.0f"),
        "examples on each": shown(value(row, "each"), ",.0f"),
        "bytes added": shown(value(row, "added"), ",.0f"),
        "hidden units": shown(value(row, "hidden"), ",.0f"),
        "ns per example": short(1e9 * per_example(row)),
        "ns per example and weight": short(1e9 * per_weight(row)),
        "loops in a step": shown(value(row, "loops"), ",.0f"),
        "kernels per step": shown(value(row, "kernels per step"), ",.0f"),
        "kernels per evaluation": shown(value(row, "kernels per evaluation"), ",.0f"),
        "waits per step": shown(value(row, "waits per step"), ",.0f"),
        "waits per evaluation": shown(value(row, "waits per evaluation"), ",.0f"),
    }


def value(row: Row, key: str) -> float:
    """The number in a row, the median of a list; NaN where there is none."""
    found = row.get(key)
    return math.nan if found is None else float(np.median(found))


def times(row: Row) -> np.ndarray:
    """Seconds per evaluation in each round; NaN where there are none."""
    return np.array(row.get("seconds") or [], float)


def quantile(numbers: np.ndarray, q: float) -> float:
    """A quantile of the finite numbers; NaN where none is."""
    finite = numbers[np.isfinite(numbers)]
    return float(np.quantile(finite, q)) if finite.size else math.nan


def middle(row: Row) -> float:
    """The median of the row's times."""
    return quantile(times(row), 0.5)


def ratio(row: Row, rows: Rows, least: int, key: str = "") -> float:
    """The median of the ratios to the first row, round by round.

    least: how many rounds both must have. key: of seconds to add to every round.
    """
    mine, base = (times(r) + (value(r, key) if key else 0) for r in (row, rows[0]))
    shared = min(len(mine), len(base))
    ratios = mine[:shared] / base[:shared]
    return quantile(ratios, 0.5) if np.isfinite(ratios).sum() >= least else math.nan


def of_limit(row: Row, rows: Rows) -> float:
    """The median time over that of the arithmetic alone, on this device and dtype."""
    for other in rows:
        same = all(other.get(key) == row.get(key) for key in ("device", "dtype"))
        if is_limit(other["name"]) and "MFLOP" in other["name"] and same:
            return middle(row) / middle(other)
    return math.nan


def per_example(row: Row) -> float:
    """Seconds per example."""
    return middle(row) / value(row, "m")


def per_weight(row: Row) -> float:
    """Seconds per example and weight, biases included, of a 400-hidden-10 network."""
    hidden = value(row, "hidden")
    return per_example(row) / (hidden * 401 + 10 * (hidden + 1))


def short(number: float, digits: int = 3) -> str:
    """A number in so many digits, never as 1e+03; a dash for NaN."""
    if number == 0 or not math.isfinite(number):
        return "0" if number == 0 else ABSENT
    size = int(f"{number:.{digits - 1}e}".split("e")[1])  # of the rounded number
    places = digits - 1 - size
    return f"{round(number, places):,.{max(places, 0)}f}"


def shown(number: float, form: str) -> str:
    """A number in a form of Python's; a dash for NaN."""
    return f"{number:{form}}" if math.isfinite(number) else ABSENT


def table(rows: Rows) -> str:
    """The rows of a contest in Markdown."""
    columns, base = COLUMNS[rows[0]["what"]].split("|"), rows[0]["name"]
    titles = [t + f" to {base}" * (t == "relative") for t in columns]
    cells = [[figures(row, rows)[t] for t in columns] for row in rows]
    return markdown(titles, cells)


def markdown(titles: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """A table, cells row by row; columns of numbers to the right."""
    columns = []
    for head, *texts in zip(titles, *cells, strict=True):
        texts = [text.replace("|", r"\|") for text in texts]
        right = all(re.fullmatch(rf"-?[\d.,]+%?|{ABSENT}", text) for text in texts)
        width = max(map(len, [head, *texts]))
        rule, side = "-" * (width - 1) + "-:"[right], "<>"[right]
        columns.append([f"{head:{side}{width}}", rule])
        columns[-1] += [f"{text:{side}{width}}" for text in texts]
    return "\n".join(f"| {' | '.join(line)} |" for line in zip(*columns, strict=True))
