"""Proves that the simulation catches what it says it catches: breaks one rule of the library at a time, and looks for a seed that tells.

Each mutation replaces one piece of one source by a wrong one. The mutated copy is compiled with the command that the build uses,
linked before the library's archives, and the simulation must find a violation of the named rule. A piece that is not found exactly once
is an error, so that a mutation cannot quietly stop mutating.
"""

import argparse
import json
import pathlib
import shlex
import subprocess
import sys
import time
from typing import NamedTuple

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds for one hunt


class Mutation(NamedTuple):
    name: str
    rule: str  # at the head of the violation
    file: str
    old: str
    new: str
    seeds: int = 400


MUTATIONS = [
    Mutation("the gate commits to a leg whose first event is its failure", "commit", "lib/model/leg.cpp",
             "(const Failure* failed = opened->peeked()->as<Failure>()) {",
             "(const Failure* failed = opened->peeked()->as<Failure>(); failed && failed->error().message.empty()) {"),
    Mutation("a failed leg is not closed before the next one starts", "runs_on", "lib/model/gate.cpp",
             "if (opened) co_await opened->close();", "if (opened) new TokenStream(std::move(*opened));"),
    Mutation("attempts do not count against max_total_attempts", "max_attempts", "lib/model/bound_model.cpp",
             "const std::uint32_t attempt = context.call->next_attempt();",
             "const std::uint32_t attempt = context.call->next_attempt(); --context.call->attempts;"),
    Mutation("an attempt that has ended is abandoned too", "closed_once", "lib/model/attempt_scope.cpp",
             "if (std::exchange(closed_, true)) return;\n    const TimePoint now = clock().now();\n    emit(AttemptAbandoned",
             "const TimePoint now = clock().now();\n    emit(AttemptAbandoned"),
    Mutation("each leg has the whole total deadline to itself", "deadline", "lib/model/call_state.cpp",
             "context.deadline = call_deadline(outer, defaults.total, clock);", "context.deadline = kNever;"),
    Mutation("a deadline that rings in the middle of an answer is told as a cut", "truth", "lib/model/http_source.cpp",
             "if (call_.in_grace()) {", "if (true) {"),
    Mutation("a stream that was cut ends with a Finish", "truth", "adapters/decoder_base.cpp",
             "if (state_ == DecoderState::finished) return finish(out);\n    truncated(out);",
             "return finish(out);"),
    Mutation("a request is sent again although its answer has begun", "sent_again", "lib/net/http_call.cpp",
             "!fresh && self->lease_->reused && !self->lease_->decoder.started()", "!fresh && self->lease_->reused",
             4000),
    Mutation("the losers of a hedge run on", "runs_on", "lib/model/hedge_race.cpp",
             "    over_ = true;\n    timer_->disarm();\n    if (running_ == 0) return done_.notify();",
             "    over_ = true;\n    timer_->disarm();\n    return done_.notify();", 1000),
    Mutation("a pause ignores Retry-After", "backoff", "lib/flow/retry.cpp",
             "if (error.retry_after) verdict.told", "if (false) verdict.told"),
    Mutation("residency is no reason to pass a model over", "residency", "lib/core/needs.cpp",
             "return SkipReason::residency;", "return std::nullopt;"),
    Mutation("an open breaker lets requests pass", "breaker", "lib/flow/breaker.cpp",
             "std::optional<Duration> CircuitBreaker::refusal(TimePoint now) const noexcept {\n"
             "    if (state_ == BreakerState::open && now < open_until_) return open_until_ - now;",
             "std::optional<Duration> CircuitBreaker::refusal(TimePoint now) const noexcept {"),
    Mutation("an answer that was held back loses its first event", "content", "lib/model/held_answer.cpp",
             "views_(events_.begin(), events_.end())", "views_(events_.begin() + (events_.size() > 2), events_.end())"),
    Mutation("what an attempt has used is forgotten", "usage", "lib/model/attempt_scope.cpp",
             "known.usage = usage;", "known.usage = std::nullopt;"),
]


def compile_command(build, source):
    """The build's own command for `source`."""
    database = build / "compile_commands.json"
    if not database.exists():
        sys.exit(f"{database} is missing: configure with CMAKE_EXPORT_COMPILE_COMMANDS=ON")
    for entry in json.loads(database.read_text()):
        if pathlib.Path(entry["file"]) == source:
            return entry["directory"], shlex.split(entry["command"])
    sys.exit(f"{source} is not in {database}")


def mutate(mutation, folder):
    text = (SOURCE / mutation.file).read_text()
    found = text.count(mutation.old)
    if found != 1:
        raise ValueError(f"its old text is {found} times in {mutation.file}; it must be there once")
    copy = folder / pathlib.Path(mutation.file).name
    copy.write_text(text.replace(mutation.old, mutation.new))
    return copy


def build_mutant(mutation, folder, build, link):
    copy = mutate(mutation, folder)
    directory, command = compile_command(build, SOURCE / mutation.file)
    obj = folder / "mutant.o"
    command[command.index("-o") + 1] = str(obj)
    command[command.index("-c") + 1] = str(copy)
    # Soon compiled counts for more here than fast; a mutant may leave something unused.
    subprocess.run([*command, "-O1", "-w"], cwd=directory, check=True)
    program = folder / "hunt"
    compiler = next(word for word in command if not word.endswith("ccache"))
    first, *rest = link
    subprocess.run([compiler, "-o", str(program), first, str(obj), *rest, "-pthread"], check=True)
    return program


def hunt(mutation, build, link):
    """(caught, what was found)"""
    folder = build / "tests" / "simulation" / "mutants" / mutation.name.replace(" ", "_")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        program = build_mutant(mutation, folder, build, link)
        done = subprocess.run([str(program), mutation.rule, str(mutation.seeds)], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
    except ValueError as error:
        return False, str(error)
    except subprocess.CalledProcessError as error:
        return False, f"it cannot be built: {error}"
    except subprocess.TimeoutExpired:
        return False, f"nothing was found within {PATIENCE} s"
    words = (done.stdout + done.stderr).strip().splitlines()
    return done.returncode == 0, words[0][:200] if words else f"the program ended with {done.returncode}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build folder")
    parser.add_argument("--only", help="a part of the name of the mutation to try")
    parser.add_argument("link", nargs="+", help="hunt's object, then the archives and libraries in link order")
    arguments = parser.parse_args()
    missed = 0
    for mutation in MUTATIONS:
        if arguments.only and arguments.only not in mutation.name:
            continue
        start = time.monotonic()
        caught, found = hunt(mutation, arguments.build, arguments.link)
        missed += not caught
        took = time.monotonic() - start
        print(f"{'caught' if caught else 'MISSED'}  {mutation.name} [{mutation.rule}, {took:.1f} s]\n        {found}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
