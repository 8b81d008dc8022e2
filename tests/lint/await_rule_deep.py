"""The await rule on clang's syntax tree: finds owning temporaries that no token shows, such as an aggregate made by a
default argument or an implicit conversion. R1 and R4 are a matter of tokens and stay with await_rule.py. Seconds per file,
so `./dev lint` runs it and the tests do not.

    await_rule_deep.py <build folder with compile_commands.json> [jobs]
"""

import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import sources
from await_rule import AWAITS, RULES
from cpp_tokens import code

MATCHERS = """
set traversal AsIs
set bind-root false
m cxxBindTemporaryExpr(has(initListExpr()),hasAncestor(exprWithCleanups(anyOf(hasDescendant(coawaitExpr()),hasDescendant(coyieldExpr()))))).bind("R2")
m initListExpr(hasDescendant(coawaitExpr())).bind("R2")
m cxxBindTemporaryExpr(has(lambdaExpr()),hasAncestor(exprWithCleanups(anyOf(hasDescendant(coawaitExpr()),hasDescendant(coyieldExpr()))))).bind("R3")
m ifStmt(unless(hasInitStatement(anything())),unless(hasConditionVariableStatement(anything())),hasCondition(anyOf(coawaitExpr(),hasDescendant(coawaitExpr())))).bind("R5")
m whileStmt(hasCondition(anyOf(coawaitExpr(),hasDescendant(coawaitExpr())))).bind("R5")
m forStmt(hasCondition(anyOf(coawaitExpr(),hasDescendant(coawaitExpr())))).bind("R5")
m switchStmt(hasCondition(anyOf(coawaitExpr(),hasDescendant(coawaitExpr())))).bind("R5")
"""

# Asio 1.22 does not see clang's coroutines with libstdc++ by itself.
CLANG = ["-DASIO_HAS_CO_AWAIT=1", "-DASIO_HAS_STD_COROUTINE=1"]


def query(script, path, options):
    """(absolute path, line, rule) of every match in this repository's files."""
    run = subprocess.run(["clang-query-14", "-f", script, str(path), *options], capture_output=True, text=True)
    if " error: " in run.stdout + run.stderr:
        raise SystemExit(f"clang-query cannot read {path}:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    matches = re.findall(r'^(/[^:\n]+):(\d+):\d+: note: "(R\d)" binds here', run.stdout, re.MULTILINE)
    return {(file, int(line), rule) for file, line, rule in matches if file.startswith(f"{sources.ROOT}/")}


def query_all(script, runs, jobs):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return set().union(*pool.map(lambda run: query(script, *run), runs))


def awaits(path):
    return any(token.text in AWAITS for token in code(path.read_text(encoding="utf-8", errors="replace")))


def main(build, jobs):
    listed = json.loads((pathlib.Path(build) / "compile_commands.json").read_text())
    units = sorted({pathlib.Path(entry["file"]) for entry in listed})
    units = [unit for unit in units if unit.is_relative_to(sources.ROOT) and unit.exists() and awaits(unit)]
    options = ["-p", str(build), *(f"--extra-arg={option}" for option in CLANG)]
    cases = sources.ROOT / "tests/lint/await_rule_cases"

    with tempfile.NamedTemporaryFile("w", suffix=".query") as script:
        script.write(MATCHERS)
        script.flush()
        # First that it can see at all.
        seen = query(script.name, cases / "bad.cpp", ["--", "-std=c++20", *CLANG])
        blind = {"R2", "R3", "R5"} - {rule for _, _, rule in seen}
        if blind:
            return [f"tests/lint/await_rule_cases/bad.cpp: the matchers find no {rule}" for rule in sorted(blind)]
        wrong = query(script.name, cases / "good.cpp", ["--", "-std=c++20", *CLANG])
        found = query_all(script.name, [(unit, options) for unit in units], jobs)
    return [f"{pathlib.Path(file).relative_to(sources.ROOT)}:{line}: {rule}: {RULES[rule]}"
            for file, line, rule in sorted(found | wrong)]


if __name__ == "__main__":
    problems = main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2)
    print("\n".join(problems) if problems else "ok")
    sys.exit(1 if problems else 0)
