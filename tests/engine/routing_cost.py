#!/usr/bin/env python3
"""A decision of the dual-process router costs little for a question, and no more for a prompt of a mebibyte than for one of some kilobytes.

Counts instructions with callgrind. About ten of them were seen to take a nanosecond; bench/routing.cpp takes the time.
"""
import os
import re
import subprocess
import sys
import tempfile

# Half as much again as was counted when this was written.
MOST = {"question": 2_700, "riddle": 10_000, "long": 80_000, "huge": 80_000}


def instructions(program: str, what: str, decisions: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, what, str(decisions)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})
    if done.returncode != 0 or done.stdout.strip() != str(decisions):
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def main() -> None:
    cost = {}
    for what in MOST:
        cost[what] = (instructions(sys.argv[1], what, 220) - instructions(sys.argv[1], what, 20)) / 200
        print(f"{what}: {cost[what]:.0f} instructions a decision")
    too_much = [what for what, most in MOST.items() if cost[what] > most]
    if too_much:
        sys.exit(f"more than {', '.join(f'{MOST[what]} for a {what} prompt' for what in too_much)}")
    if abs(cost["huge"] - cost["long"]) > 0.1 * cost["long"]:
        sys.exit("the length of a long prompt counts")


main()
