#!/usr/bin/env python3
"""What the gateway costs, against nginx as a plain streaming proxy, in the same run.

The peer has core 0, the upstream (gateway_upstream) and the load (gateway_load) share core 1. Peers take turns
(A B A B ...); a figure is the median of its runs. Every stream is read to its end and compared with what the
upstream said before its time counts. CPU is user and system time of the peer's whole process tree. What other
processes take meanwhile is measured too, and a run that was disturbed is made again.

    gateway_vs_nginx.py [--quick] [--json FILE]               everything
    gateway_vs_nginx.py --scenario b-16 --only gateway --hold  one peer under load, until Ctrl-C: for a profiler

docs/gateway-benchmark.md says what the figures mean, and has some."""

import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple, Optional

import peers

ROOT = pathlib.Path(__file__).resolve().parent.parent
QUIET = 0.10  # of one core, taken by others
TRIES = 4


class Scenario(NamedTuple):
    group: str  # those of one group take turns
    model: str
    connections: int
    unit: str = "request"  # what CPU is counted for
    failing: Optional[str] = None  # how the primary fails
    peers: tuple = ("direct", "nginx", "gateway")
    against: Optional[str] = None  # whose nginx it is compared with, when not its own
    meaning: str = ""


SCENARIOS = {
    "a-c64": Scenario("a", "bench-50-10", 64, meaning="50 tokens, 10 a write, 64 streams at once"),
    "a-c64-id": Scenario("a", "bench-50-10-dated", 64, peers=("gateway",), against="a-c64",
                         meaning="the same, and the model's id is rewritten in every chunk"),
    "a1w-c64": Scenario("a1w", "bench-50-1", 64, meaning="50 tokens, one a write, 64 at once"),
    "b-16": Scenario("b-16", "bench-5000-16", 8, "token", meaning="5,000 tokens, 16 a write, 8 at once"),
    "b-16-id": Scenario("b-16", "bench-5000-16-dated", 8, "token", peers=("gateway",), against="b-16",
                        meaning="the same, and the model's id is rewritten in every chunk"),
    "b-1": Scenario("b-1", "bench-5000-1", 8, "token", meaning="5,000 tokens, one a write, 8 at once"),
    "d-503": Scenario("d", "bench-50-10", 64, failing="503", meaning="as a-c64; the primary always answers 503"),
    "d-429": Scenario("d", "bench-50-10", 64, failing="429", meaning="as a-c64; the primary always answers 429"),
    "e": Scenario("d", "bench-50-10", 64, failing="error_first", peers=("gateway",), against="d-503",
                  meaning="as a-c64; the primary always answers 200 and an error as its first event"),
    "a-c1": Scenario("c1", "bench-50-10", 1, meaning="50 tokens, 10 a write, one stream at a time"),
}


def cpu_seconds(pids):
    """User and system time of all their threads so far."""
    total = 0
    for pid in pids:
        for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
            total += int(task.read_text().split()[0])
    return total * 1e-9


def busy_seconds():
    """Of all cores, time stolen by the host included."""
    fields = [int(field) for field in open("/proc/stat").readline().split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields[:8]
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def wait_for_quiet(patience):
    deadline = time.monotonic() + patience
    while True:
        began, busy = time.monotonic(), busy_seconds()
        time.sleep(0.25)
        if busy_seconds() - busy < QUIET * (time.monotonic() - began) or time.monotonic() > deadline:
            return


class Bench:
    def __init__(self, options, scratch):
        self.options = options
        self.scratch = scratch
        self.upstream = peers.spawn([options.programs / "gateway_upstream"], stdout=subprocess.PIPE, text=True)
        self.ports = json.loads(self.upstream.stdout.readline())
        self.results = {}

    def stop(self):
        self.upstream.kill()
        self.upstream.wait()

    def asked(self):
        from urllib.request import urlopen
        return json.load(urlopen(f"http://127.0.0.1:{self.ports['good']}/counters", timeout=5))

    def start(self, name, scenario, peer):
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-{peer}-", dir=self.scratch))
        failing = None if peer == "direct" else scenario.failing
        return peers.PEERS[peer](self.ports, failing, folder, self.options.gateway)

    def load(self, scenario, peer, seconds):
        command = [self.options.programs / "gateway_load", peer.port, scenario.model, scenario.connections, seconds,
                   *peer.pids]
        process = peers.spawn(command, stdout=subprocess.PIPE, text=True)
        printed, _ = process.communicate()
        if not printed:
            sys.exit(f"gateway_vs_nginx: {command[0]} ended with {process.returncode}")
        return json.loads(printed)

    def once(self, scenario, peer):
        """One run, and how much others took of a core meanwhile."""
        ours = [self.upstream.pid, os.getpid(), *peer.pids]
        children = os.times()
        began, busy, own, asked = time.monotonic(), busy_seconds(), cpu_seconds(ours), self.asked()
        run = self.load(scenario, peer, self.options.seconds)
        elapsed = time.monotonic() - began
        after = os.times()
        own = cpu_seconds(ours) - own + (after.children_user + after.children_system
                                         - children.children_user - children.children_system)
        run["foreign"] = max(0.0, (busy_seconds() - busy - own) / elapsed)
        if run["errors"]:
            sys.exit(f"gateway_vs_nginx: {run['errors']} answers were wrong, the first: {run['first_error']}")
        if scenario.failing and peer.pids:
            tries = self.asked()[scenario.failing] - asked[scenario.failing]
            if tries < run["all_requests"]:
                sys.exit(f"gateway_vs_nginx: the primary was asked {tries} times in {run['all_requests']} requests")
        return run

    def quiet_run(self, scenario, peer):
        best = None
        for _ in range(self.options.tries):
            wait_for_quiet(self.options.patience)
            run = self.once(scenario, peer)
            if best is None or run["foreign"] < best["foreign"]:
                best = run
            if best["foreign"] <= QUIET:
                break
        return best

    def group(self, names, wanted):
        turns = [(name, peer, self.start(name, SCENARIOS[name], peer))
                 for name in names for peer in SCENARIOS[name].peers + self.options.also if peer in wanted]
        try:
            for _ in range(self.options.runs):
                for name, peer, server in turns:
                    self.results.setdefault((name, peer), []).append(self.quiet_run(SCENARIOS[name], server))
        finally:
            for _, _, server in turns:
                server.stop()

    def hold(self, name, peer):
        scenario = SCENARIOS[name]
        server = self.start(name, scenario, peer)
        try:
            pids = ",".join(map(str, server.pids))
            print(f"{peer} listens on port {server.port}, process {pids or '-'}\n"
                  f"  perf record -g -p {pids} -- sleep 5\n  strace -c -f -p {pids}", flush=True)
            while True:
                run = self.once(scenario, server)
                print(line(name, peer, figures(scenario, [run]), None), flush=True)
        except KeyboardInterrupt:
            pass
        finally:
            server.stop()


def figures(scenario, runs):
    """Medians of what counts."""
    def median(value):
        return statistics.median(value(run) for run in runs)

    per = "requests" if scenario.unit == "request" else "tokens"
    return {
        "requests_per_second": median(lambda run: run["requests"] / run["seconds"]),
        "tokens_per_second": median(lambda run: run["tokens"] / run["seconds"]),
        "cpu_us": median(lambda run: run["cpu"] / run[per] * 1e6),
        "cpu_us_min": min(run["cpu"] / run[per] * 1e6 for run in runs),
        "cpu_us_max": max(run["cpu"] / run[per] * 1e6 for run in runs),
        "core_share": median(lambda run: run["cpu"] / run["seconds"]),
        "sleeps": median(lambda run: run["switches"] / run[per]),
        "ttft_us": {q: median(lambda run: run["ttft_us"][q]) for q in ("p50", "p99")},
        "whole_us": {q: median(lambda run: run["whole_us"][q]) for q in ("p50", "p99")},
        "foreign": median(lambda run: run["foreign"]),
        "runs": len(runs),
    }


HEAD = (f"{'scenario':9} {'peer':9} {'req/s':>8} {'tok/s':>10} {'CPU us':>9} {'per':7} {'vs nginx':>8} {'min..max':>17} "
        f"{'core':>5} {'sleeps':>6} {'TTFT p50/p99 us':>17} {'whole p50/p99 us':>18} {'others':>6}")


def line(name, peer, of, ratio):
    return (f"{name:9} {peer:9} {of['requests_per_second']:8,.0f} {of['tokens_per_second']:10,.0f} "
            f"{of['cpu_us']:9.3f} {SCENARIOS[name].unit:7} {f'{ratio:.2f}x' if ratio else '-':>8} "
            f"{of['cpu_us_min']:8.3f}{of['cpu_us_max']:9.3f} {of['core_share']:5.0%} {of['sleeps']:6.2f} "
            f"{of['ttft_us']['p50']:8,.0f} {of['ttft_us']['p99']:8,.0f} {of['whole_us']['p50']:9,.0f} "
            f"{of['whole_us']['p99']:8,.0f} {of['foreign']:6.0%}")


def goals(of):
    """(what, measured, at most) for everything whose figures there are."""
    def cpu(name, peer="gateway"):
        return of.get((name, peer), {}).get("cpu_us")

    def first_token(peer):
        return of.get(("a-c1", peer), {}).get("ttft_us", {}).get("p50")

    found = []
    for name, limit in (("a-c64", 1.25), ("b-16", 1.0), ("b-1", 1.0), ("d-503", 1.0), ("d-429", 1.0)):
        if cpu(name) and cpu(name, "nginx"):
            found.append((f"{name}: CPU a {SCENARIOS[name].unit}, against nginx", cpu(name) / cpu(name, "nginx"), limit))
    if cpu("e") and cpu("d-503"):
        found.append(("e: CPU a request, against its own d-503", cpu("e") / cpu("d-503"), 1.3))
    if first_token("gateway") and first_token("nginx") and first_token("direct"):
        direct = first_token("direct")
        found.append(("a-c1: time added to the first token, p50, against nginx",
                      (first_token("gateway") - direct) / max(first_token("nginx") - direct, 1e-9), 1.25))
    return found


def report(bench):
    of = {key: figures(SCENARIOS[key[0]], runs) for key, runs in bench.results.items()}
    print(HEAD)
    for (name, peer), row in of.items():
        base = of.get((SCENARIOS[name].against or name, "nginx"))
        print(line(name, peer, row, row["cpu_us"] / base["cpu_us"] if base and peer != "direct" else None))
    print()
    checked = goals(of)
    for what, measured, limit in checked:
        print(f"{'reached' if measured <= limit else 'MISSED ':7}  {measured:5.2f}  (at most {limit:.2f})  {what}")
    noisy = [f"{name} {peer}" for (name, peer), row in of.items() if row["foreign"] > QUIET]
    if noisy:
        print(f"\nother processes took more than {QUIET:.0%} of a core during: {', '.join(noisy)}")
    return of, checked


def as_json(of, checked, options):
    cpu = next((text.split(":")[1].strip() for text in open("/proc/cpuinfo") if text.startswith("model name")), "")
    nginx = subprocess.run(["nginx", "-v"], stderr=subprocess.PIPE, text=True).stderr.strip() if shutil.which("nginx") else ""
    return {"machine": {"cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release()}, "nginx": nginx,
            "seconds": options.seconds, "runs": options.runs,
            "results": [dict(scenario=name, peer=peer, **row) for (name, peer), row in of.items()],
            "goals": [dict(what=what, measured=measured, at_most=limit, reached=measured <= limit)
                      for what, measured, limit in checked]}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gateway", type=pathlib.Path, default=ROOT / "build/release/bin/sluice")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bench",
                        help="folder of gateway_load and gateway_upstream")
    parser.add_argument("--scenario", help="only these, separated by commas: " + ", ".join(SCENARIOS))
    parser.add_argument("--only", help="only these peers: " + ", ".join(peers.PEERS))
    parser.add_argument("--also", default="", help="further peers for every scenario: nginx-64k")
    parser.add_argument("--runs", type=int, help="of each peer and scenario (default 3; quick: 1)")
    parser.add_argument("--seconds", type=float, help="of one run (default 4; quick: 1)")
    parser.add_argument("--patience", type=float, help="seconds to wait for a quiet machine before each run (default 15; quick: 1)")
    parser.add_argument("--tries", type=int, help=f"of a run that others disturb (default {TRIES}; quick: 1)")
    parser.add_argument("--quick", action="store_true", help="one short run of each: a look, no measurement")
    parser.add_argument("--hold", action="store_true", help="one scenario and peer, again and again until Ctrl-C")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures to this file too")
    options = parser.parse_args()
    options.gateway = options.gateway.resolve()
    options.programs = options.programs.resolve()
    options.runs = options.runs or (1 if options.quick else 3)
    options.seconds = options.seconds or (1 if options.quick else 4)
    options.patience = options.patience if options.patience is not None else (1 if options.quick else 15)
    options.tries = options.tries or (1 if options.quick else TRIES)
    options.also = tuple(filter(None, options.also.split(",")))
    options.scenario = options.scenario.split(",") if options.scenario else list(SCENARIOS)
    unknown = [name for name in options.scenario if name not in SCENARIOS]
    wanted = [*(options.only.split(",") if options.only else ["direct", "nginx", "gateway"]), *options.also]
    unknown += [peer for peer in wanted if peer not in peers.PEERS]
    if unknown:
        parser.error("unknown: " + ", ".join(unknown))
    if options.hold and (len(options.scenario) != 1 or len(wanted) != 1):
        parser.error("--hold needs one --scenario and one peer with --only")
    return options, wanted


def main():
    options, wanted = parse()
    if os.cpu_count() < 2:
        print("gateway_vs_nginx: not run: it needs two cores")
        return
    if any(peer.startswith("nginx") for peer in wanted) and not (shutil.which("nginx") or os.path.exists("/usr/sbin/nginx")):
        print("gateway_vs_nginx: not run: nginx is not installed")
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as scratch:
        os.chmod(scratch, 0o755)
        bench = Bench(options, scratch)
        try:
            if options.hold:
                bench.hold(options.scenario[0], wanted[0])
                return
            print(f"{options.runs} run(s) of {options.seconds:g} s each, in turns; every stream checked", flush=True)
            for group in dict.fromkeys(SCENARIOS[name].group for name in options.scenario):
                bench.group([name for name in options.scenario if SCENARIOS[name].group == group], wanted)
            of, checked = report(bench)
        finally:
            bench.stop()
    if options.json:
        options.json.write_text(json.dumps(as_json(of, checked, options), indent=2) + "\n")


main()
