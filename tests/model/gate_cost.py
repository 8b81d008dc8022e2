#!/usr/bin/env python3
"""After commit the gate costs nothing: instructions per event behind 0, 1 and 3 gates are equal (docs/gate.md, point 6).

Counts instructions with callgrind for a short and a long stream; the difference, over the events between, is what one event costs.
"""
import os
import re
import subprocess
import sys
import tempfile

SHORT, LONG = 2_000, 22_000


def instructions(program: str, gates: int, events: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, str(gates), str(events)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})
    if done.returncode != 0 or done.stdout.strip() != str(events):
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def main() -> None:
    program = sys.argv[1]
    cost = {}
    for gates in (0, 1, 3):
        cost[gates] = (instructions(program, gates, LONG) - instructions(program, gates, SHORT)) / (LONG - SHORT)
        print(f"{gates} gates: {cost[gates]:.3f} instructions per event")
    # The allocator's and the hash tables' work in setting up differs by a few instructions with addresses: far below one an event.
    if max(cost.values()) - min(cost.values()) > 0.05:
        sys.exit("a gate costs something after its commit")


main()
