#!/usr/bin/env python3
"""The commands of the README's section on the gateway are those that tutorial.sh runs, word for word; only the port is
another.

    readme.py <source folder>"""

import pathlib
import re
import sys

RUN = re.compile(r'^ *(sluice gateway run --policy-config) "\$config" (--port) "\$PORT"', re.M)


def commands(text):
    """Its lines without indentation at their ends, and without empty ones."""
    return "\n".join(line.rstrip() for line in text.replace("$PORT", "41002").splitlines() if line.strip())


def main():
    root = pathlib.Path(sys.argv[1])
    folder = root / "tests/gateway/acceptance"
    script = (folder / "tutorial.sh").read_text()
    known = {commands(block) for block in re.findall(r"^# README\n(.*?)^# end$", script, re.S | re.M)}
    run = RUN.search((folder / "support.sh").read_text())
    known.add(f"{run[1]} policy-config.yaml {run[2]} 41002")

    readme = (root / "README.md").read_text()
    section = re.search(r"^## The gateway\n(.*?)^## ", readme, re.S | re.M)
    if not section:
        sys.exit("README.md has no section \"The gateway\"")
    blocks = [commands(block) for block in re.findall(r"```sh\n(.*?)```", section[1], re.S)]
    strange = [block for block in blocks if block not in known]
    print(f"{len(blocks)} blocks of commands compared with {len(known)}")
    if strange or len(blocks) < len(known):
        unsaid = [block for block in known if block not in blocks]
        sys.exit("\n\n".join(["not in tutorial.sh:", *strange, "not in README.md:", *unsaid]))


main()
