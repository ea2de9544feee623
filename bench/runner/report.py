# SPDX-License-Identifier: MIT
"""From the figures of the single runs to tables, and to one object for machines."""
import statistics

OURS = "koru"


def number(value):
    """Three significant digits, or all digits before the point."""
    if value >= 1000:
        return f"{value:,.0f}"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f}"


def cell(result, metric, goal, ours):
    """One peer's text for one case and metric: median, spread, and how it compares."""
    runs = [run[metric] for run in result["runs"] if metric in run]
    if not runs:
        return result["why"]
    median = statistics.median(runs)
    text = f"{number(median)} ({number(min(runs))}-{number(max(runs))})"
    if result["peer"] == OURS:
        return text + ("" if goal is None else " met" if median <= goal else " MISSED")
    if ours:
        text += f" {number(median / ours)}x"
    return text


def median_of(result, metric):
    runs = [run[metric] for run in result["runs"] if metric in run]
    return statistics.median(runs) if runs else None


def rows(benchmark, results):
    """The table of one benchmark: a heading, the goals, then a row per peer."""
    columns = [(case, metric) for case in benchmark["cases"] for metric in benchmark["metrics"]]
    head, goals = [""], ["goal"]
    for case, metric in columns:
        head.append(", ".join(filter(None, (case["title"], metric["title"]))))
        goal = case.get("goals", {}).get(metric["name"])
        goals.append("" if goal is None else f"<= {number(goal)}")
    table = [head, goals]
    by_place = {(r["peer"], r["case"]): r for r in results}
    for peer in benchmark["peers"]:
        if (peer["name"], columns[0][0]["title"]) not in by_place:
            continue
        row = [peer["name"]]
        for case, metric in columns:
            ours = by_place.get((OURS, case["title"]))
            row.append(cell(by_place[peer["name"], case["title"]], metric["name"],
                            case.get("goals", {}).get(metric["name"]),
                            ours and median_of(ours, metric["name"])))
        table.append(row)
    return table


def text(benchmark, results, runs):
    table = rows(benchmark, results)
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = [f"{benchmark['name']}: {benchmark['title']}",
             f"  median (least-most) of {runs} runs; x: times {OURS}'s", ""]
    for row in table:
        lines.append("  " + "  ".join(t.ljust(w) for t, w in zip(row, widths)).rstrip())
    lines.append("")
    lines += [f"  {note}" for note in benchmark.get("notes", [])]
    failures = [r for r in results if r.get("failure")]
    lines += [f"  {r['peer']}, {r['case'] or 'all'}: {r['failure']}" for r in failures]
    return "\n".join(lines) + "\n"


def heading(machine):
    lines = [f"{machine['processor']}, {machine['cores']} cores, {machine['memory_mb']:,} MB, "
             f"Linux {machine['kernel']}",
             f"{machine['compiler']}, {machine['build_type']}, huge pages: "
             f"{machine['huge_pages']}"]
    if machine["load"] > 0.5:
        lines.append(f"load average {machine['load']:.1f}: something else is running here, "
                     "read ratios rather than figures")
    return "\n".join(lines) + "\n"


def as_json(benchmark, results):
    """For machines: every run of every figure, and what follows from them."""
    cases = {case["title"]: case for case in benchmark["cases"]}
    rows_out = []
    for result in results:
        goals = cases[result["case"]].get("goals", {})
        for metric in benchmark["metrics"]:
            name = metric["name"]
            runs = [run[name] for run in result["runs"] if name in run]
            row = {"peer": result["peer"], "case": result["case"], "metric": name, "runs": runs}
            if runs:
                row |= {"median": statistics.median(runs), "min": min(runs), "max": max(runs)}
            else:
                row["why"] = result.get("failure") or result["why"]
            if result["peer"] == OURS and name in goals:
                row["goal"] = goals[name]
                row["met"] = bool(runs) and row["median"] <= goals[name]
            rows_out.append(row)
    return {"name": benchmark["name"], "title": benchmark["title"], "rows": rows_out}
