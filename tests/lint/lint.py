"""Every check of the sources, one line each: `./dev lint`.

    lint.py                          what needs no compiler
    lint.py --build DIR [--jobs N]   also what reads the syntax tree, by the compile_commands.json of that build folder
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

import await_rule
import await_rule_deep
import format
import house_rules
import house_rules_test
import sources

CASES = sorted((sources.ROOT / "tests/lint/await_rule_cases").glob("*.cpp"))


def clang_tidy(build, jobs):
    listed = json.loads((pathlib.Path(build) / "compile_commands.json").read_text())
    units = {pathlib.Path(entry["file"]) for entry in listed}
    units = sorted(unit for unit in units if unit.is_relative_to(sources.ROOT) and
                   str(unit.relative_to(sources.ROOT)).startswith(("lib/", "adapters/", "tools/")))
    options = [f"--extra-arg={option}" for option in await_rule_deep.CLANG]

    def tidy(unit):
        run = subprocess.run(["clang-tidy-14", "--quiet", "-p", str(build), *options, str(unit)],
                             capture_output=True, text=True)
        return {f"{pathlib.Path(file).resolve()}:{rest}"  # headers are seen through the links of the floors
                for file, rest in re.findall(r"^(/[^:\n]+):(\d+:\d+: (?:warning|error): .*)$", run.stdout, re.MULTILINE)}

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        found = set().union(*pool.map(tidy, units))
    return sorted(line.replace(f"{sources.ROOT}/", "") for line in found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()

    checks = [
        ("clang-format", format.unformatted),
        ("await rule", await_rule.check_repository),
        ("await rule finds the bad shapes", lambda: await_rule.check_annotated(CASES)),
        ("house rules find the bad lines", house_rules_test.main),
        *((name, lambda problems=problems: problems) for name, problems in house_rules.check_repository().items()),
    ]
    if options.build:
        checks += [
            ("await rule by the syntax tree", lambda: await_rule_deep.main(options.build, options.jobs)),
            ("clang-tidy", lambda: clang_tidy(options.build, options.jobs)),
        ]

    failed = 0
    for name, check in checks:
        problems = check()
        failed += bool(problems)
        print("FAILED" if problems else "ok    ", name, flush=True)
        for problem in problems:
            print(f"       {problem}")
    print(f"\n{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
