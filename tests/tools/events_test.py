"""`sluice events tail` against a gateway's admin endpoint (a stand-in that answers as one does) and against its file."""

import http.server
import json
import os
import signal
import socket
import tempfile
import threading
import time
import unittest
import urllib.parse

import cli


def event(number, **fields):
    return {"id": f"evt_{number}", "event_type": "decision", "timestamp": f"2026-11-20T10:00:{number:02}.000Z",
            "request_id": f"req-{number}", "endpoint": "/v1/chat/completions", "stream": True,
            "requested_model": "gpt-4o-mini", "model": "gpt-4o-mini", "provider": "openai-primary", "status": 200,
            "outcome": "ok", "error_type": None, "latency_ms": 312.4, "ttft_ms": 100,
            "tokens": {"input": 12, "output": 34, "cached_input": None, "cache_write": None, "reasoning": None},
            "cost": {"amount": "0.00012", "currency": "USD", "source": "configured_price"},
            "failover": {"triggered": False, "original_provider": None, "reason": None},
            "attempts": [], "routing": {"route": None, "strategy": "priority"}, "policies": [], "client": None, **fields}


class Gateway:
    """Answers GET /admin/events from `events`, numbered from 1, and remembers what it was asked."""

    def __init__(self, key=None):
        self.events, self.asked, self.key, self.answer = [], [], key, None
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                gateway.asked.append(query)
                status, body = 200, gateway.list(query)
                if gateway.key and self.headers["authorization"] != f"Bearer {gateway.key}":
                    status, body = 401, b"{}"
                if gateway.answer:
                    status, body = gateway.answer
                self.send_response(status)
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for at in range(0, len(body), 7):
                    piece = body[at:at + 7]
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.write(b"0\r\n\r\n")

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def list(self, query):
        numbered = list(enumerate(self.events, 1))
        after = int(query.get("after", 0))
        numbered = [(n, e) for n, e in numbered if n > (after if after <= len(self.events) else 0)]
        if query.get("failover"):
            numbered = [(n, e) for n, e in numbered if e["failover"]["triggered"] == (query["failover"] == "true")]
        if "last" in query:
            numbered = numbered[-int(query["last"]):]
        return json.dumps([{"number": n, **e} for n, e in numbered], separators=(",", ":")).encode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def until(condition, what):
    end = time.monotonic() + cli.PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"never: {what}")
        time.sleep(0.02)


def bytes_read(pid):
    """By that process, from whatever it has read."""
    with open(f"/proc/{pid}/io", encoding="ascii") as file:
        return int(file.readline().split()[1])


class Followed:
    """A running tail and the lines it has printed."""

    def __init__(self, *arguments):
        self.process = cli.start("events", "tail", *arguments)
        self.lines = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.decode().rstrip("\n"))

    def wait_for(self, count):
        until(lambda: len(self.lines) >= count or self.process.poll() is not None, f"{count} lines, got {self.lines}")

    def end(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(cli.PATIENCE)
        self.reader.join(cli.PATIENCE)
        stderr = self.process.stderr.read().decode()
        self.process.stdout.close()
        self.process.stderr.close()
        return code, stderr


class Tail(unittest.TestCase):
    def test_the_newest_are_one_array(self):
        with Gateway() as gateway:
            gateway.events = [event(n) for n in range(1, 8)]
            done = cli.run("events", "tail", "--last", "5", "--format", "json", "--gateway", gateway.url)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(json.loads(done.stdout), gateway.events[2:])
            for spelling in (("--limit", "5", "--json"), ("--json", "--last", "5")):
                self.assertEqual(cli.run("events", "tail", *spelling, "--gateway", gateway.url).stdout, done.stdout)
            more = cli.run("events", "tail", "--last", "100", "--json", "--gateway", gateway.url + "/")
            self.assertEqual(json.loads(more.stdout), gateway.events)

    def test_none_is_an_empty_array(self):
        with Gateway() as gateway:
            done = cli.run("events", "tail", "--last", "5", "--format", "json", "--gateway", gateway.url)
            self.assertEqual((done.returncode, done.stdout), (0, "[]\n"))
            done = cli.run("events", "tail", "--last", "5", "--gateway", gateway.url)
            self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_a_line_tells_the_most_of_it(self):
        moved = event(1, policies=[{"name": "first", "action": "log", "direction": "input", "categories": [], "result": "pass"},
                                   {"name": "safety", "action": "flag", "direction": "output", "categories": ["hate", "violence"],
                                    "result": "match"}],
                      failover={"triggered": True, "original_provider": "openai-primary", "reason": "upstream_timeout"},
                      attempts=[{"provider": "openai-primary", "model": "m", "outcome": "failed", "http_status": 503,
                                 "error_type": "upstream_overloaded", "latency_ms": 12, "tokens": {}, "cost": {}}])
        plain = event(2, model="bad\u001b[31m\nname", tokens={"input": None, "output": 3})
        with Gateway() as gateway:
            gateway.events = [moved, plain]
            done = cli.run("events", "tail", "--last", "2", "--gateway", gateway.url)
            first, second = done.stdout.splitlines()
            self.assertEqual(first, "[2026-11-20T10:00:01.000Z] REQUEST id=evt_1 policy=safety action=flag result=match "
                             "model=gpt-4o-mini tokens=46 latency=312ms provider=openai-primary status=200 outcome=ok "
                             "failover=openai-primary:upstream_timeout")
            self.assertIn("policy=- action=- result=-", second)
            self.assertIn("tokens=- ", second)
            self.assertNotIn("\x1b", second)
            detailed = cli.run("events", "tail", "--last", "2", "--format", "detailed", "--gateway", gateway.url).stdout
            self.assertIn("  attempt 1: openai-primary/m failed error=upstream_overloaded status=503", detailed)
            self.assertIn("  policy safety on output: match action=flag categories=hate,violence", detailed)

    def test_filters_are_the_gateways_business(self):
        with Gateway() as gateway:
            cli.run("events", "tail", "--last", "3", "--target", "a b&c", "--model", "m/é", "--policy", "p", "--outcome", "error",
                    "--failover", "--since", "2026-11-20T10:00:00+02:00", "--gateway", gateway.url)
            self.assertEqual(gateway.asked, [{"last": "3", "target": "a b&c", "model": "m/é", "policy": "p", "outcome": "error",
                                              "failover": "true", "since": "2026-11-20T10:00:00+02:00"}])
            cli.run("events", "tail", "--last", "3", "--no-failover", "--since", "15m", "--gateway", gateway.url)
            self.assertEqual(gateway.asked[1]["failover"], "false")
            self.assertRegex(gateway.asked[1]["since"], r"\A20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")

    def test_the_gateway_may_be_named_by_the_environment(self):
        with Gateway(key="secret-key") as gateway:
            gateway.events = [event(1)]
            where = {"SLUICE_GATEWAY": gateway.url}
            refused = cli.run("events", "tail", "--last", "1", env=where)
            self.assertEqual((refused.returncode, refused.stdout), (1, ""))
            self.assertIn("SLUICE_GATEWAY_KEY", refused.stderr)
            good = cli.run("events", "tail", "--last", "1", "--json", env={**where, "SLUICE_GATEWAY_KEY": "secret-key"})
            self.assertEqual(json.loads(good.stdout), [event(1)])
            wrong = cli.run("events", "tail", "--last", "1", "--key", "not-the-key", env=where)
            self.assertNotIn("not-the-key", wrong.stderr)

    def test_it_follows_what_is_new_and_survives_a_restart_of_the_gateway(self):
        with Gateway() as gateway:
            gateway.events = [event(1)]
            tail = Followed("--json", "--gateway", gateway.url)
            until(lambda: len(gateway.asked) >= 2, "a poll")
            gateway.events.append(event(2))
            tail.wait_for(1)
            gateway.events = [event(3)]  # numbers begin again
            tail.wait_for(2)
            gateway.events.append(event(4))
            tail.wait_for(3)
            code, stderr = tail.end()
            self.assertEqual([json.loads(line)["id"] for line in tail.lines], ["evt_2", "evt_3", "evt_4"])
            self.assertEqual((code, stderr), (130, ""))

    def test_it_follows_after_the_last_ones_and_by_a_filter(self):
        failed_over = {"triggered": True, "original_provider": "a", "reason": "upstream_5xx"}
        with Gateway() as gateway:
            gateway.events = [event(1, failover=failed_over), event(2, failover=failed_over), event(3)]
            tail = Followed("--follow", "--last", "1", "--failover", "--json", "--gateway", gateway.url)
            tail.wait_for(1)
            gateway.events += [event(4), event(5, failover=failed_over)]
            tail.wait_for(2)
            tail.end()
            self.assertEqual([json.loads(line)["id"] for line in tail.lines], ["evt_2", "evt_5"])

    def test_who_is_not_there_is_told(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            for arguments in (("--last", "1"), ()):
                done = cli.run("events", "tail", *arguments, "--gateway", url)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn(f"no gateway answers at {url}", done.stderr)
                self.assertIn("sluice gateway run", done.stderr)

    def test_an_answer_that_is_none(self):
        with Gateway() as gateway:
            for answer, hint in (((404, b"not found"), "404"), ((200, b"<html>"), "no list of events"),
                                 ((200, b'[{"id":"evt_1"}]'), "no list of events"), ((200, b"[1]"), "no list of events"),
                                 ((400, b'{"error":{"message":"last must be a whole number"}}'), "last must be")):
                gateway.answer = answer
                done = cli.run("events", "tail", "--last", "1", "--gateway", gateway.url)
                self.assertEqual((done.returncode, done.stdout), (1, ""), answer)
                self.assertIn(hint, done.stderr)

    def test_wrong_usage(self):
        for arguments, hint in ((("--last", "0"), "--last"), (("--outcome", "fine"), "interrupted"), (("--since", "noon"), "since"),
                                (("--format", "xml"), "--format"), (("--gateway", "here"), "41002"),
                                (("--json", "--format", "detailed"), "two things"), (("--key", "a b"), "--key")):
            done = cli.run("events", "tail", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertIn(hint, done.stderr)
        self.assertEqual(cli.run("events").returncode, 2)


class File(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "events.jsonl")

    def write(self, *events, path=None, mode="a"):
        with open(path or self.path, mode, encoding="utf-8") as file:
            for one in events:
                file.write(json.dumps(one, separators=(",", ":")) + "\n")

    def test_the_newest_of_the_file_and_its_predecessors(self):
        self.write(event(1), event(2), path=self.path + ".1")
        self.write(event(3), event(4))
        done = cli.run("events", "tail", "--last", "3", "--json", "--file", self.path)
        self.assertEqual([one["id"] for one in json.loads(done.stdout)], ["evt_2", "evt_3", "evt_4"])
        none = cli.run("events", "tail", "--last", "3", "--json", "--target", "nobody", "--file", self.path)
        self.assertEqual(none.stdout, "[]\n")

    def test_a_file_that_is_not_there(self):
        for arguments in (("--last", "1"), ()):
            done = cli.run("events", "tail", *arguments, "--file", self.path)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(self.path, done.stderr)

    def test_it_follows_the_file_over_a_rotation(self):
        self.write(event(1), event(2))
        tail = Followed("--follow", "--last", "1", "--json", "--file", self.path)
        tail.wait_for(1)
        self.write(event(3))
        tail.wait_for(2)
        with open(self.path, "a", encoding="utf-8") as file:
            before = bytes_read(tail.process.pid)
            half = '{"id":"evt_4","of":"' + 100000 * "x"
            file.write(half)
            file.flush()
            until(lambda: bytes_read(tail.process.pid) >= before + len(half), "half a line is read")
            self.assertEqual(len(tail.lines), 2)
            file.write('"}\nnot an event\n')
        tail.wait_for(3)
        self.write(event(5))
        os.rename(self.path, self.path + ".1")
        self.write(event(6))
        tail.wait_for(5)
        tail.end()
        self.assertEqual([json.loads(line)["id"] for line in tail.lines], [f"evt_{n}" for n in range(2, 7)])


if __name__ == "__main__":
    unittest.main()
