#!/usr/bin/env python3
"""Every C++ snippet of these pages stands word for word in code that the tests compile and run.

A snippet's lines, without indentation and blank lines, must follow each other in one file of examples/ or tests/.
"""
import pathlib
import re
import sys

# The page whose code is wrong on purpose, and the two about the test kit, which quote other tests.
NOT_FROM_EXAMPLES = {"await-rule.md", "simulator.md", "testing.md"}


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def contains(code: list[str], snippet: list[str]) -> bool:
    return any(code[at : at + len(snippet)] == snippet for at in range(len(code) - len(snippet) + 1))


def main() -> None:
    root = pathlib.Path(sys.argv[1])
    files = sorted([*root.glob("examples/*.cpp"), *root.glob("tests/docs/*.cpp")])
    sources = {path: lines(path.read_text()) for path in files}
    checked = 0
    missing = []
    pages = [page for page in sorted(root.glob("docs/*.md")) if page.name not in NOT_FROM_EXAMPLES]
    for page in [root / "README.md", *pages]:
        for snippet in re.findall(r"```cpp\n(.*?)```", page.read_text(), re.S):
            checked += 1
            if not any(contains(code, lines(snippet)) for code in sources.values()):
                missing.append(f"{page.relative_to(root)}: stands in no example:\n{snippet}")
    print(f"{checked} snippets looked for in {len(files)} files")
    if missing or checked == 0:
        sys.exit("\n".join(missing) or "no snippets found")


main()
