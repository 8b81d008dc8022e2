"""`sluice gateway run` and `gateway key`: start, log, signals, reload, the service manager, keys."""

import contextlib
import hashlib
import json
import os
import signal
import socket
import tempfile
import unittest
import urllib.error
import urllib.request

import cli
from sim_test import simulator

CONFIG = """\
version: '1'
providers:
  targets:
    - id: openai-primary
      provider: openai
      base_url: {url}
      secret_key_ref: {{env: PRIMARY_KEY}}
    - id: anthropic-fallback
      provider: anthropic
      base_url: {url}
      secret_key_ref: {{env: FALLBACK_KEY}}
failover:
  enabled: true
  strategy: priority
  model_mapping:
    gpt-4o-mini: claude-sonnet-4
    gpt-4o: claude-sonnet-4
policies:
  - name: flag-harm
    type: content_filter
    action: flag
    config: {{categories: [hate, violence]}}
{more}"""
KEYS = {"PRIMARY_KEY": "sk-primary-0123456789", "FALLBACK_KEY": "sk-fallback-0123456789"}


class Running:
    """A gateway in front of a simulator, its configuration, and what it tells its service manager."""

    def __init__(self, directory, url, *arguments, more="", env=None):
        self.file = os.path.join(directory, "policy-config.yaml")
        self.url_of_simulator = url
        self.configure(more)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind("\0sluice-test-" + os.path.basename(directory))
        self.manager.settimeout(cli.PATIENCE)
        self.process = cli.start("gateway", "run", "--policy-config", self.file, "--port", "0", *arguments,
                                 env={**KEYS, "NOTIFY_SOCKET": "@sluice-test-" + os.path.basename(directory), **(env or {})})
        self.url = self.process.stdout.readline().decode().strip()

    def configure(self, more="", url=None):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(url=url or self.url_of_simulator, more=more))

    def told(self):
        return self.manager.recv(4096).decode()

    def get(self, path, body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=cli.PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def log_line(self):
        return self.process.stderr.readline().decode().rstrip("\n")

    def log_until(self, text):
        while text not in (line := self.log_line()):
            if not line:
                raise AssertionError(f"the log ended without {text!r}")
        return line

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=cli.PATIENCE)
        return self.process.returncode, log.decode()


@contextlib.contextmanager
def gateway(*arguments, more="", env=None):
    with tempfile.TemporaryDirectory() as directory, simulator() as url:
        running = Running(directory, url, *arguments, more=more, env=env)
        try:
            yield running
        finally:
            running.manager.close()
            if running.process.poll() is None:
                running.process.kill()
            running.process.communicate(timeout=cli.PATIENCE)


CHAT = {"model": "sim-ok", "messages": [{"role": "user", "content": "Hello"}]}


class Run(unittest.TestCase):
    def test_it_logs_what_it_serves_and_is_ready_only_then(self):
        with gateway() as running:
            self.assertEqual([running.log_line() for _ in range(5)],
                             ["INFO sluice_gateway Loaded 2 provider(s), 1 policy(ies)",
                              "INFO sluice_gateway Provider openai-primary: priority=1, health_check=enabled",
                              "INFO sluice_gateway Provider anthropic-fallback: priority=2, health_check=enabled",
                              "INFO sluice_gateway Failover: strategy=priority, model_mappings=2",
                              "INFO sluice_gateway Gateway ready"])
            self.assertEqual(running.told(), f"READY=1\nSTATUS=Serving on {running.url}")
            status, body = running.get("/v1/chat/completions", CHAT)
            self.assertEqual(status, 200)
            self.assertEqual(json.loads(body)["choices"][0]["message"]["content"],
                             "The capital of Mongolia is Ulaanbaatar.")
            self.assertEqual(running.get("/healthz")[0], 200)
            code, log = running.end()
            self.assertEqual(code, 0)
            self.assertRegex(log, r"INFO sluice_gateway SIGTERM: draining, for at most 25000 ms\n"
                                  r"(?s:.*)INFO sluice_gateway Gateway stopped\n\Z")
            self.assertRegex(running.told(), r"\ASTOPPING=1\nSTATUS=Draining\nEXTEND_TIMEOUT_USEC=30000000\Z")

    def test_the_log_as_json(self):
        with gateway("--log-format", "json", "--threads", "1") as running:
            lines = [json.loads(running.log_line()) for _ in range(5)]
            self.assertEqual(lines[4]["message"], "Gateway ready")
            for line in lines:
                self.assertEqual(sorted(line), ["level", "message", "module", "timestamp"])
                self.assertEqual((line["level"], line["module"]), ("info", "sluice_gateway"))
                self.assertRegex(line["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertEqual(running.end(signal.SIGINT)[0], 0)

    def test_the_log_can_be_quieter(self):
        with gateway("--log-level", "error") as running:
            self.assertEqual(running.end(), (0, ""))

    def test_a_drain_waits_for_a_stream_and_a_second_signal_does_not(self):
        for again in (False, True):
            with self.subTest(again), gateway(more="server: {drain_timeout: 1s}\n") as running:
                host, port = running.url.removeprefix("http://").split(":")
                body = json.dumps({**CHAT, "model": "sim-stall", "stream": True})
                with socket.create_connection((host, int(port)), timeout=cli.PATIENCE) as client:
                    client.sendall((f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}"
                                    f"\r\n\r\n{body}").encode())
                    answer = b""
                    while b"data: " not in answer:
                        answer += client.recv(65536)
                    running.process.send_signal(signal.SIGTERM)
                    running.log_until("draining")
                    with self.assertRaises(ConnectionRefusedError):  # soon
                        while True:
                            try:
                                socket.create_connection((host, int(port)), timeout=cli.PATIENCE).close()
                            except ConnectionResetError:
                                pass  # it had come to the listener's queue when the listener was closed
                    if again:
                        running.process.send_signal(signal.SIGTERM)
                    while more := client.recv(65536):
                        answer += more
                log = running.process.communicate(timeout=cli.PATIENCE)[1].decode()
                self.assertEqual(running.process.returncode, 143 if again else 0)
                self.assertEqual("SIGTERM: stopping at once" in log, again)
                self.assertNotIn(b"[DONE]", answer)
                if not again:
                    self.assertIn(b'"error"', answer)

    def test_a_reload_changes_what_is_served_and_one_with_errors_nothing(self):
        with gateway(env={"WATCHDOG_USEC": "60000000"}) as running:
            running.log_until("Gateway ready")
            self.assertEqual([running.told().split("\n")[0] for _ in range(2)], ["READY=1", "WATCHDOG=1"])
            with socket.create_server(("127.0.0.1", 0)) as nobody:  # both targets point to who does not answer
                nobody_url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
            running.configure("nonsense: true\n", url=nobody_url)
            running.process.send_signal(signal.SIGHUP)
            self.assertIn("nonsense", running.log_until("ERROR sluice_gateway error["))
            running.log_until("Configuration not reloaded")
            self.assertRegex(running.told(), r"\ARELOADING=1\nMONOTONIC_USEC=\d+\Z")
            self.assertEqual(running.told().split("\n")[0], "READY=1")
            self.assertEqual(running.get("/v1/chat/completions", CHAT)[0], 200)

            running.configure(url=nobody_url)
            running.process.send_signal(signal.SIGHUP)
            self.assertRegex(running.log_until("Configuration reloaded"), r"version [0-9a-f]{12}$")
            self.assertGreaterEqual(running.get("/v1/chat/completions", CHAT)[0], 500)
            running.configure()
            running.process.send_signal(signal.SIGHUP)
            running.log_until("Configuration reloaded")
            self.assertEqual(running.get("/v1/chat/completions", CHAT)[0], 200)
            self.assertEqual(running.end()[0], 0)

    def test_the_event_file_is_reopened(self):
        with tempfile.TemporaryDirectory() as directory:
            file = os.path.join(directory, "events.jsonl")
            with gateway(more=f"events: {{file: {file}}}\n") as running:
                running.log_until("Gateway ready")
                running.get("/v1/chat/completions", CHAT)
                while not os.path.getsize(file):  # it is written a moment later
                    pass
                os.rename(file, file + ".moved")
                running.process.send_signal(signal.SIGUSR1)
                running.log_until("Event file reopened")
                running.get("/v1/chat/completions", CHAT)
                self.assertEqual(running.end()[0], 0)
            for name in (file, file + ".moved"):
                with open(name, encoding="utf-8") as lines:
                    self.assertEqual(len([json.loads(line) for line in lines]), 1)

    def test_the_watchdog_is_told_while_all_loops_turn(self):
        with gateway(env={"WATCHDOG_USEC": "200000"}) as running:
            told = [running.told() for _ in range(6)]
            self.assertEqual(told[1:], ["WATCHDOG=1"] * 5)

    def test_what_cannot_be_run(self):
        with tempfile.TemporaryDirectory() as directory:
            file = os.path.join(directory, "c.yaml")
            missing = cli.run("gateway", "run", "--policy-config", file)
            self.assertEqual((missing.returncode, missing.stdout), (2, ""))
            self.assertIn(file, missing.stderr)
            with open(file, "w", encoding="utf-8") as config:
                config.write(CONFIG.format(url="http://127.0.0.1:1/v1", more="servers: {}\n"))
            wrong = cli.run("gateway", "run", "--policy-config", file, env=KEYS)
            self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
            self.assertRegex(wrong.stderr, r"error\[E002\].*servers(?s:.*)has errors; nothing is served\n\Z")
            with open(file, "w", encoding="utf-8") as config:
                config.write(CONFIG.format(url="http://127.0.0.1:1/v1", more=""))
            bad = cli.run("gateway", "run", "--policy-config", file, "--listen", "nowhere", env=KEYS)
            self.assertEqual((bad.returncode, bad.stderr), (2, 'error: --listen: expected host:port, got "nowhere"\n'))
            with socket.create_server(("127.0.0.1", 0)) as taken:
                port = str(taken.getsockname()[1])
                used = cli.run("gateway", "run", "--policy-config", file, "--port", port, env=KEYS)
            self.assertEqual((used.returncode, used.stdout), (1, ""))
            self.assertRegex(used.stderr, rf"error: cannot listen on 127\.0\.0\.1:{port}: Address already in use\n\Z")

    def test_two_gateways_do_not_share_a_port_by_accident(self):
        with gateway() as running:
            running.log_until("Gateway ready")
            done = cli.run("gateway", "run", "--policy-config", running.file, "--port", running.url.split(":")[-1], env=KEYS)
            self.assertEqual(done.returncode, 1)
            self.assertIn("Address already in use", done.stderr)


class Key(unittest.TestCase):
    def test_a_key_and_what_the_configuration_is_to_know_of_it(self):
        done = cli.run("gateway", "key", "--name", "team-a")
        self.assertEqual(done.returncode, 0)
        key, *lines = done.stdout.splitlines()
        self.assertRegex(key, r"^sk-sluice-[A-Za-z0-9]{43}$")
        self.assertEqual(lines, ["  - name: team-a", f"    sha256: {hashlib.sha256(key.encode()).hexdigest()}"])
        self.assertNotEqual(cli.run("gateway", "key").stdout.splitlines()[0], key)

        with gateway(more="keys:\n" + "\n".join(lines) + "\n") as running:
            self.assertEqual(running.get("/v1/chat/completions", CHAT)[0], 401)
            self.assertEqual(running.get("/v1/chat/completions", CHAT, Authorization="Bearer " + key)[0], 200)
            code, log = running.end()
            self.assertEqual(code, 0)
            self.assertNotIn(key, log)


if __name__ == "__main__":
    unittest.main()
