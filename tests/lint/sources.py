"""The files of this repository, as the checks see them."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Bad examples, there for the checks to find.
CASES = ("tests/lint/await_rule_cases/", "tests/lint/house_rules_test.py")


def files(*suffixes):
    """Paths relative to the root, of what git tracks or would track; without the suffixes: every file."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            check=True, capture_output=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        listed = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
        listed = [path for path in listed if not path.startswith(("build/", ".git/"))]
    return sorted(path for path in set(listed)
                  if path and (not suffixes or path.endswith(suffixes))
                  and not path.startswith(CASES) and (ROOT / path).is_file())


def cpp_files():
    return files(".cpp", ".hpp")


def read(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")
