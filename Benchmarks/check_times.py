#!/usr/bin/env python3
"""Measures the time from saving a task's file to the verdict of ./course check, and beside it swift test --filter.

    python Benchmarks/check_times.py 1.2 2.1 --edits 10 --swift-test

Each edit puts another line into the body of the task's first region; the file is restored afterwards. Prints the median
seconds on the clock, the median seconds of processor time, and the load of the machine as a Markdown table. Without tasks:
all of them. Needs nothing but Python.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = {
    "First-Principles": "Phase1-FeedForward/FirstPrinciples",
    "Phase1-FeedForward": "Phase1-FeedForward",
    "Phase2-CNN": "Phase2-CNN",
    "Phase3-RNN-Regularization": "Phase3-RNN-Regularization",
    "Generator": "Generator",
}


def tasks():
    """The tasks of the texts: number, file, filters."""
    for text, folder in FOLDERS.items():
        for line in (ROOT / "Protocols" / f"{text}.md").read_text(encoding="utf-8").splitlines():
            row = re.match(r"\| \[(\d\.\d+)\]", line)
            if row:
                cells = line.split("|")
                files = re.findall(r"`([^`]+)`", cells[3])
                words = re.findall(r"--filter (\S+)`", cells[4])
                yield row.group(1), ROOT / folder / files[0], words


def run(command):
    """Seconds on the clock, seconds of processor time with all child processes, and the status."""
    begin = time.monotonic()
    environment = dict(os.environ, SWIFT_BACKTRACE="enable=no")
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, status


def edited(source, number, edit):
    """The file with another line in the body of the task's first region: a comment where a statement would end an
    implicit return."""
    mark = "// BEGIN SOLUTION"
    place = source.index(mark, source.index(f"TODO({number})")) + len(mark)
    body = source[place:source.index("// END SOLUTION", place)]
    line = f"let edit = {edit}; _ = edit" if "return " in body else f"// edit {edit}"
    return f"{source[:place]}\n    {line}{source[place:]}"


def measure(command, number, file, edits):
    source = file.read_text(encoding="utf-8")
    run(command)  # the first time builds more
    results = []
    try:
        for edit in range(edits):
            file.write_text(edited(source, number, edit), encoding="utf-8")
            results.append(run(command))
    finally:
        file.write_text(source, encoding="utf-8")
    failed = sum(status != 0 for _, _, status in results)
    words = f"{statistics.median(r[0] for r in results):.1f} s | {statistics.median(r[1] for r in results):.1f} s"
    return words + (f" ({failed} failed)" if failed else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*")
    parser.add_argument("--edits", type=int, default=10)
    parser.add_argument("--swift-test", action="store_true", help="measure swift test --filter, too")
    options = parser.parse_args()
    print("| task | check | processor time | swift test | processor time | load |\n|---|---|---|---|---|---|")
    for number, file, filters in tasks():
        if options.tasks and number not in options.tasks:
            continue
        check = measure(["./course", "check", number], number, file, options.edits)
        test = " | "
        if options.swift_test:
            command = ["swift", "test", "--filter", filters[0]]
            test = measure(command, number, file, options.edits)
        print(f"| {number} | {check} | {test} | {os.getloadavg()[0]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
