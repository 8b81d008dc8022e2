#!/usr/bin/env python3
"""An outage of the primary under load: no client sees it, and the primary is used again by itself.

    outage.py [seconds of the outage]      SLUICE_CLI is the program; the default is short, for the tests

A dozen clients ask for streams without a pause. The primary goes down while they do and comes back while they do;
every answer must be whole, and its end must say who gave it."""

import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

PROGRAM = os.environ["SLUICE_CLI"]
ANSWER = "The capital of Mongolia is Ulaanbaatar."
CLIENTS = 12
PATIENCE = 30  # seconds for whatever takes one or two

CONFIG = """\
version: '1'
health_check:
  interval: 250ms
  unhealthy_threshold: 2
retry:
  base: 10ms
breaker:
  open_for: 500ms
providers:
  targets:
    - id: primary
      provider: openai
      base_url: {primary}/v1
      models: [m]
    - id: fallback
      provider: anthropic
      base_url: {fallback}/v1
      models: [{{id: m, upstream: claude}}]
"""


class Tally:
    """What all clients together have seen."""

    def __init__(self):
        self.lock = threading.Lock()
        self.by_target = {"primary": 0, "fallback": 0}
        self.wrong = []
        self.over = threading.Event()

    def count(self, target):
        with self.lock:
            return self.by_target[target]

    def wait_for(self, target, more):
        """Until that target has answered so many times more."""
        goal, deadline = self.count(target) + more, time.monotonic() + PATIENCE
        while self.count(target) < goal and not self.wrong:
            if time.monotonic() > deadline:
                raise SystemExit(f"{target} does not answer")
            self.over.wait(0.02)


def one_stream(connection):
    """Who answered. Raises when the answer is not whole."""
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "Capital of Mongolia?"}]})
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    text = response.read().decode()
    if response.status != 200 or not text.endswith("data: [DONE]\n\n"):
        raise ValueError(f"{response.status}: {text[-300:]}")
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    said = "".join(choice["delta"].get("content") or "" for event in events for choice in event["choices"])
    if said != ANSWER:
        raise ValueError(f"said {said!r}")
    return events[-1]["sluice_metadata"]["provider"]


def client(port, tally):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        while not tally.over.is_set():
            target = one_stream(connection)
            with tally.lock:
                tally.by_target[target] += 1
    except Exception as problem:  # whatever it is, the test must tell it
        tally.wrong.append(repr(problem))


def start(*arguments, **more):
    return subprocess.Popen([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, text=True, **more)


def simulator():
    process = start("sim", "--listen", "127.0.0.1:0", stdout=subprocess.PIPE)
    return process, process.stdout.readline().strip().removesuffix("/v1")


def switch(origin, where):
    urllib.request.urlopen(urllib.request.Request(f"{origin}/_sim/{where}", method="POST"), timeout=PATIENCE).close()


def gateway(folder, primary, fallback):
    config = pathlib.Path(folder) / "policy-config.yaml"
    config.write_text(CONFIG.format(primary=primary, fallback=fallback))
    process = start("gateway", "run", "--policy-config", config, "--port", 0, stdout=subprocess.PIPE)
    url = process.stdout.readline()
    if not url:
        raise SystemExit("the gateway does not start")
    return process, int(url.rsplit(":", 1)[1])


def main():
    outage = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    tally = Tally()
    processes = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            primary_process, primary = simulator()
            processes.append(primary_process)
            fallback_process, fallback = simulator()
            processes.append(fallback_process)
            gateway_process, port = gateway(folder, primary, fallback)
            processes.insert(0, gateway_process)
            threads = [threading.Thread(target=client, args=(port, tally)) for _ in range(CLIENTS)]
            for thread in threads:
                thread.start()
            tally.wait_for("primary", 50)
            switch(primary, "down")
            tally.wait_for("fallback", 50)
            tally.over.wait(outage)
            switch(primary, "up")
            tally.wait_for("primary", 50)
            tally.over.set()
            for thread in threads:
                thread.join()
        finally:
            tally.over.set()
            codes = []
            for process in processes:
                process.terminate()
                codes.append(process.wait(PATIENCE))
    print(f"answers: {tally.by_target}, wrong: {len(tally.wrong)}")
    if tally.wrong:
        sys.exit("\n".join(tally.wrong))
    if codes[0] != 0:
        sys.exit(f"the gateway ended with {codes[0]}")


main()
