"""Tables and pictures of the rows in results/, and of nothing else.

    python benchmarks/report.py [--check]

Writes RESULTS.md, results/*.png and the table in README.md. With --check nothing is
written: the exit code is 1 where RESULTS.md or README.md is not what it would write.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pictures
from describe import command, heading, remarks, setting, software
from tables import OTHER, SECTIONS, Section, side_by_side, table
from values import Row

ROOT = Path(__file__).resolve().parents[1]
MARK, END = "<!-- made by python benchmarks/report.py -->", "<!-- end -->"
DRAWN = {  # what is drawn of a "what"; of training, one target's
    "gradient": pictures.bars,
    "training": pictures.descents,
    "ensemble": pictures.throughput,
    "scaling": pictures.growth,
}
NEEDED = ("what", "on", "precision", "cpu", "threads", "versions", "name")
NO_GPU = "No GPU was at hand: there are no GPU figures yet."
ABOUT = """# What was measured

Made by `python benchmarks/report.py` from the rows in [results](results), a file per
machine, which hold every measured time.

- Contenders run in turn, each once a round, in an order drawn for each round, each in a
  process of its own (the forms of "What was tried" share one), with a rest after each.
  Times are medians; the spread is the distance between the quartiles over the median.
- "times X's" is the median of the ratios to X round by round: what else the machine
  does hits both more or less alike. It need not be the quotient of the medians.
- Costs have to agree, or the benchmark refuses the contenders; in training each has to
  reach the target.
- Starts: from which a contender reaches the target in 4096 evaluations or 12 s (jaxnn:
  in 4096 steps, or fewer where trying them takes a minute). Its times are of those, a
  ratio of those that both reach, if there are three.
- A limit is no contender. "MFLOP": the arithmetic alone, at the rate of a product of
  square matrices on the same device; "times the limit" is the quotient of the medians.
  "Reading": the data, at the rate of its product with a vector.
- A picture's curves are of the first start that got there, from a run that was not
  timed, drawn as long as the one that was; of a contender with and without BLAS
  threads, the faster. jaxnn trains in one call: its steps are drawn at even distances.
- Networks "in one call" on a CPU: eight of them step together, the eights one after
  another.
- Five million examples take 20 GB; a machine with less than 34 is spared them.
- Compiling is in no time unless a column says so, but in the whole command's. MB: what
  the compiled program needs on the device for arguments, results and what lies between.
"""


class ReportError(Exception):
    """Nothing can be reported; one line that says why."""


class Contest(NamedTuple):
    """Rows timed in turn; the first is the others' measure."""

    rows: list[Row]
    title: str
    section: Section
    picture: str | None  # the name of its file


def read(path: Path) -> list[Row]:
    """The rows of a file; ReportError if it is damaged."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        for row in rows:
            section = SECTIONS.get(row["what"], OTHER)
            for key in (*NEEDED, *section.splits):
                _ = row[key]
            _ = section.title.format_map(row), heading([row]), software([row])
    except KeyError as missing:
        raise ReportError(f"{path} is damaged: a row has no {missing}") from None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ReportError(f"{path} is damaged: {error}") from None
    return rows


def machines(folder: Path) -> dict[str, list[Row]]:
    """The rows of each file, by its name; ReportError if there are none."""
    found = {path.stem: read(path) for path in sorted(folder.glob("*.json"))}
    if not any(found.values()):
        raise ReportError(f"no results in {folder}: run a benchmark with --save first")
    return {stem: rows for stem, rows in found.items() if rows}


def contests(stem: str, rows: Iterable[Row]) -> list[Contest]:
    """A machine's rows apart, in the order of SECTIONS, the rest behind."""
    order, groups = list(SECTIONS), {}
    for row in rows:
        splits = SECTIONS.get(row["what"], OTHER).splits
        key = tuple(row[name] for name in ("what", "on", "precision", *splits))
        groups.setdefault(key, []).append(row)
        order += [row["what"]] * (row["what"] not in order)
    keys = sorted(groups, key=lambda key: (order.index(key[0]), *map(str, key[1:])))
    trained = [key for key in keys if key[0] == "training"]
    favourite = [key for key in trained if key[3:] == (0.339, 1)] + trained
    drawn = [key for key in keys if key not in trained] + favourite[:1]
    return [contest(stem, key, groups[key], key in drawn) for key in keys]


def contest(stem: str, key: tuple[Any, ...], rows: list[Row], drawn: bool) -> Contest:
    """With its title and its picture's name, in which CPU and float32 go unsaid."""
    what, on, precision, *apart = key
    section = SECTIONS.get(what, OTHER)
    where = " and ".join(on.upper().split())
    title = ", ".join([section.title.format_map(rows[0]), precision, where])
    said = [word for word in (on, precision) if word not in ("cpu", "float32")]
    said += apart if what == "ensemble" else []
    name = re.sub(r"[^\w.]+", "-", "-".join([stem, what, *map(str, said)])) + ".png"
    return Contest(rows, title, section, name if drawn and what in DRAWN else None)


def machine(stem: str, rows: Sequence[Row]) -> str:
    """A machine's part of RESULTS.md."""
    parts = [f"## {heading(rows)}", software(rows) + "."]
    for one in contests(stem, rows):
        parts += [f"### {one.title}", setting(one.rows)]
        parts += [table(one.rows, one.section.columns), *remarks(one.rows)]
        if one.picture:
            parts.append(f"![{one.title}](results/{one.picture})")
    return "\n\n".join(parts)


def document(found: dict[str, list[Row]]) -> str:
    """RESULTS.md."""
    rows = [row for rows in found.values() for row in rows]
    timed = [
        one.rows[0] for stem, rows in found.items() for one in contests(stem, rows)
    ]
    again = dict.fromkeys(command(row) for row in timed if row["what"] in SECTIONS)
    lines = "\n".join([*again, "python benchmarks/report.py"])
    listed = "\n".join(f"- {heading(rows)}" for rows in found.values())
    parts = [f"{ABOUT}\nTo repeat it:\n\n```sh\n{lines}\n```", f"Machines:\n\n{listed}"]
    parts += [] if any(row.get("gpu") for row in rows) else [NO_GPU]
    parts += [machine(stem, rows) for stem, rows in found.items()]
    return "\n\n".join(parts) + "\n"


def excerpt(found: dict[str, list[Row]]) -> str | None:
    """README.md's table: each machine's cost and gradient in float32; a picture."""
    title = f"{SECTIONS['gradient'].title}, float32"
    held = [
        (heading(rows), one)
        for stem, rows in found.items()
        for one in contests(stem, rows)
        if one.title.startswith(title)
    ]
    if not held:
        return None
    told = [f"{machine}; {software(one.rows)}; medians." for machine, one in held]
    alike: dict[str, dict[str, list[Row]]] = {}  # of one leader, machine by machine
    for machine, one in held:
        alike.setdefault(one.rows[0]["name"], {})[machine] = one.rows
    first = held[0][1]
    image = f"![{first.title}](benchmarks/results/{first.picture})"
    return "\n\n".join([*told, *map(side_by_side, alike.values()), image])


def replaced(readme: str, inside: str) -> str | None:
    """readme with another text between the marks; None where it has no marks."""
    before, mark, rest = readme.partition(MARK)
    _, end, after = rest.partition(END)
    return f"{before}{mark}\n{inside}\n{end}{after}" if mark and end else None


def texts(found: dict[str, list[Row]], root: Path) -> dict[Path, str]:
    """What RESULTS.md and, where it has the marks, README.md should be."""
    readme = root / "README.md"
    wanted = {root / "benchmarks" / "RESULTS.md": document(found)}
    inside, old = (
        excerpt(found),
        readme.read_text(encoding="utf-8") if readme.exists() else "",
    )
    if inside is None:
        print("README.md: left as it is, there is no gradient in float32")
    elif (new := replaced(old, inside)) is None:
        print(f"README.md: left as it is, it has no {MARK} ... {END}")
    else:
        wanted[readme] = new
    return wanted


def write(found: dict[str, list[Row]], wanted: dict[Path, str], folder: Path) -> None:
    """Write texts and pictures, and say so."""
    for stem, rows in found.items():
        for one in contests(stem, rows):
            if one.picture:
                figure = DRAWN[one.rows[0]["what"]](one.rows)
                figure.savefig(folder / one.picture, dpi=150)
                print(folder / one.picture)
    for path, text in wanted.items():
        partial = path.with_suffix(".partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
        print(path)


def main(words: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    is_check, folder = parser.parse_args(words).check, root / "benchmarks" / "results"
    try:
        found = machines(folder)
        wanted = texts(found, root)
    except ReportError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not is_check:
        write(found, wanted, folder)
        return 0
    stale = [
        p
        for p, t in wanted.items()
        if not p.exists() or p.read_text(encoding="utf-8") != t
    ]
    for path in stale:
        print(f"{path} is not what the rows say: run python benchmarks/report.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
