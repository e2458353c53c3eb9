"""Write RESULTS.md, its pictures and README's table from the files in results/.

    python benchmarks/write_results.py

Tables come from the rows in *.json, the words around them from about.md and tried.md.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context

from harness import tables
from harness.drawings import DRAWN, STYLE
from harness.rounds import Row
from harness.script import Parser
from harness.tables import Rows, heading, software, times, title
from jaxnn import cli, files
from jaxnn.mistake import Mistake

ROOT = Path(__file__).resolve().parents[1]
WORDS, IMAGES = ROOT / "benchmarks" / "results", "benchmarks/results"
MARK, END = "<!-- made by python benchmarks/write_results.py -->", "<!-- end -->"
PICTURED = 0.339  # of the training contests, the one with this target has a picture


def machines(folder: Path) -> dict[str, list[Row]]:
    """The rows of each file, by its name; Mistake if none is there or one damaged."""
    found: dict[str, list[Row]] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            if rows := json.loads(path.read_text(encoding="utf-8")):
                found[path.stem] = rows
                machine(path.stem, rows)
        except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise Mistake(f"{path} is damaged: {error!r}; restore it") from None
    if not found:
        raise Mistake(f"no results in {folder}: run a benchmark with --save first")
    return found


def contests(rows: Rows) -> list[list[Row]]:
    """A machine's rows by contest, ordered as tables.TITLES, then by width."""
    groups: dict[tuple, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.get("hidden", 0)):
        splits = row.get("target", 0), row.get("lam", 0)
        splits += row.get("method", ""), row.get("data", "")
        key = (
            list(tables.TITLES).index(row["what"]),
            row["on"],
            row["precision"],
            *splits,
        )
        groups.setdefault(key, []).append(row)
    return [groups[key] for key in sorted(groups)]


def picture(stem: str, row: Row) -> str | None:
    """The name of the contest's picture; it leaves out "cpu" and "float32"."""
    if row["what"] not in DRAWN or row.get("target", PICTURED) != PICTURED:
        return None
    words = [w for w in (row["on"], row["precision"]) if w not in ("cpu", "float32")]
    return re.sub(r"[^\w.]+", "-", "-".join([stem, row["what"], *words])) + ".png"


def machine(stem: str, rows: Rows) -> str:
    """A machine's part of RESULTS.md."""
    parts = [f"## {heading(rows)}", f"{software(rows)}."]
    for held in contests(rows):
        parts += [f"### {title(held[0])}", setting(held), tables.table(held)]
        lines = [f"- {row['name']}: {row['why']}." for row in held if row.get("why")]
        lines += dict.fromkeys(f"- {row['note']}" for row in held if row.get("note"))
        parts += ["\n".join(lines)] if lines else []
        if name := picture(stem, held[0]):
            parts.append(f"![{title(held[0])}](results/{name})")
    return "\n\n".join(parts)


def setting(rows: Rows) -> str:
    """What all rows of a contest share."""
    sizes, rounds = {row.get("m") for row in rows}, {len(times(row)) for row in rows}
    parts = [f"{m:,} examples" for m in sizes if m and len(sizes) == 1]
    parts += ["-".join(map(str, row["layers"])) for row in rows[:1] if "layers" in row]
    steps = rows[0].get("steps")
    parts += [f"{steps} steps"] if isinstance(steps, int) else []
    if most := max(rounds):  # 0: nothing is timed
        parts += [f"{most} round{'s' * (most > 1)}"]
    return "; ".join(parts) + "."


def document(found: dict[str, list[Row]]) -> str:
    """RESULTS.md."""
    about, tried = ((WORDS / f"{name}.md").read_text() for name in ("about", "tried"))
    listed = "\n".join(f"- {heading(rows)}" for rows in found.values())
    parts = [f"{about}\nMachines:\n\n{listed}"]
    if not any(row.get("gpu") for rows in found.values() for row in rows):
        parts.append("No GPU was available, so there are no GPU figures yet.")
    return "\n\n".join([*parts, *(machine(*pair) for pair in found.items()), tried])


def excerpt(found: dict[str, list[Row]]) -> str:
    """README.md's tables: whole processes, machine by machine."""
    chosen = [
        (f"{heading(rows)}; {software(held)}; medians.", tables.table(held))
        for rows in found.values()
        for held in contests(rows)
        if held[0]["what"] == "whole_command"
    ]
    return "\n\n".join(part for pair in chosen for part in pair)


def main(argv: Sequence[str], root: Path = ROOT) -> int:
    """Write the pictures, RESULTS.md, and README.md where it has the marks."""
    Parser(description=__doc__).parse_args(argv)
    folder, readme = root / "benchmarks" / "results", root / "README.md"
    found = machines(folder)
    for stem, rows in found.items():
        for held in contests(rows):
            if name := picture(stem, held[0]):
                with rc_context(STYLE):
                    DRAWN[held[0]["what"]](held).savefig(folder / name, dpi=150)
    files.write_text(folder.parent / "RESULTS.md", document(found))
    before, mark, rest = readme.read_text(encoding="utf-8").partition(MARK)
    inside, (_, end, after) = excerpt(found), rest.partition(END)
    if inside and end:
        files.write_text(readme, f"{before}{mark}\n{inside}\n{end}{after}")
    else:
        print(f"README.md: left as it is; it needs {MARK} ... {END} and a table")
    return 0


if __name__ == "__main__":
    cli.run(main)
