#!/usr/bin/env python3
"""Through Fallback(Retry(Breaker(x))) a request costs little more than through x, and an event nothing more.

Counts instructions with callgrind: many requests against few for what one request costs, long streams against short ones for what an
event costs. A request was seen to run five to six instructions a nanosecond, so the bound stands for less than 2 microseconds;
bench/strategies.cpp takes the time.
"""
import os
import re
import subprocess
import sys
import tempfile

MOST_PER_REQUEST = 9_000


def instructions(program: str, what: str, requests: int, events: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, what, str(requests), str(events)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})
    if done.returncode != 0 or done.stdout.strip() != str(requests * events):
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def main() -> None:
    program = sys.argv[1]
    request, event = {}, {}
    for what in ("plain", "composed"):
        request[what] = (instructions(program, what, 1_200, 16) - instructions(program, what, 200, 16)) / 1_000
        event[what] = (instructions(program, what, 1, 22_000) - instructions(program, what, 1, 2_000)) / 20_000
        print(f"{what}: {request[what]:.1f} instructions per request, {event[what]:.3f} per event")
    more = request["composed"] - request["plain"]
    print(f"the strategies cost {more:.1f} instructions per request")
    if abs(event["composed"] - event["plain"]) > 0.05:
        sys.exit("the strategies cost something per event")
    if more > MOST_PER_REQUEST:
        sys.exit(f"the strategies cost more than {MOST_PER_REQUEST} instructions per request")


main()
