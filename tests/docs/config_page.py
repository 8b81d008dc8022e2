#!/usr/bin/env python3
"""docs/gateway-config.md has every code that loading and lint can find, and every key of the schema.

That the schema has the keys of the loader is tests/gateway/config_keys_test.cpp's business.
"""
import json
import pathlib
import re
import sys


def main() -> None:
    root = pathlib.Path(sys.argv[1])
    page = (root / "docs/gateway-config.md").read_text()
    found = set()
    for source in (root / "lib/gateway").glob("*.cpp"):
        found.update(re.findall(r'"([EWN]\d{3})"', source.read_text()))
    listed = set(re.findall(r"^\| ([EWN]\d{3}) \|", page, re.M))
    schema = json.loads((root / "docs/policy-config.schema.json").read_text())
    keys = {key for kind in schema["$defs"].values() for key in kind.get("properties", {})}
    # A word in backquotes, alone or as part of a path or an object.
    words = {word for code in re.findall(r"`([^`\n]+)`", page) for word in re.findall(r"\w+", code)}
    words.update(re.findall(r"^ *-? *(\w+):", page, re.M))

    problems = [f"{code} is found by the code and not listed on the page" for code in sorted(found - listed)]
    problems += [f"{code} is listed on the page and found by nothing" for code in sorted(listed - found)]
    problems += [f"the key {key} is not on the page" for key in sorted(keys - words)]
    print(f"{len(found)} codes and {len(keys)} keys looked for")
    if problems or not found or not keys:
        sys.exit("\n".join(problems) or "nothing found")


main()
