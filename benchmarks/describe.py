"""Rows in words: the machine, the software, what a contest's rows share."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from values import Row


def span(values: Iterable[Any]) -> str:
    """The least and the most, or the one there is."""
    ends = sorted(set(values))
    return f"{ends[0]} to {ends[-1]}" if ends[1:] else "".join(map(str, ends))


def heading(rows: Sequence[Row]) -> str:
    """A machine: processor, cores, GPU."""
    gpus = {row["gpu"] for row in rows if row.get("gpu")}
    cpu = re.sub(r"\((R|TM)\)", "", rows[0]["cpu"])
    return ", ".join([cpu, f"{rows[0]['threads']['cores']} cores", *sorted(gpus)])


def software(rows: Sequence[Row]) -> str:
    """Versions and dates of a machine's rows."""
    names = dict.fromkeys(name for row in rows for name in row["versions"])
    had = {n: {r["versions"][n] for r in rows if n in r["versions"]} for n in names}
    listed = ", ".join(f"{name} {' and '.join(sorted(had[name]))}" for name in names)
    return f"{listed}; {span(row['date'] for row in rows if 'date' in row)}".rstrip(
        "; "
    )


def setting(rows: Sequence[Row]) -> str:
    """What all rows of a contest share."""
    same = {k: v for k, v in rows[0].items() if all(r.get(k) == v for r in rows)}
    told = [f"{same['m']:,} examples"] if isinstance(same.get("m"), int) else []
    told += ["-".join(map(str, same["layers"]))] if same.get("layers") else []
    told += [f"{same['steps']} steps"] if isinstance(same.get("steps"), int) else []
    rounds = span(len(row["seconds"]) for row in rows if row.get("seconds"))
    return "; ".join([*told, f"{rounds or 0} rounds"]) + "."


def remarks(rows: Sequence[Row]) -> list[str]:
    """Whose environment is another, who has no time and why; what rows note."""
    others: dict[str, list[str]] = {}
    for row in rows:
        words = " ".join(f"{k}={v}" for k, v in (row.get("environment") or {}).items())
        others.setdefault(words, []).append(row["name"])
    others.pop("", None)
    lines = [
        f"- With `{words}`: {'; '.join(names)}." for words, names in others.items()
    ]
    lines += [f"- {row['name']}: {row['why']}." for row in rows if row.get("why")]
    lines += dict.fromkeys(f"- {row['note']}" for row in rows if row.get("note"))
    return ["\n".join(lines)] if lines else []


def command(row: Row) -> str:
    """What measures the row's contest."""
    words = [f"python benchmarks/{row['what']}.py"]
    words += [f"--device {row['on']}"] if row["on"] != "cpu" else []
    is_typed = row["what"] == "gradient" and row["precision"] != "float32"
    words += [f"--dtype {row['precision']}"] if is_typed else []
    words += [f"--method {row['method']}"] if row.get("method", "gd") != "gd" else []
    words += [f"--target {row['target']}"] if "target" in row else []
    return " ".join([*words, "--save"])
