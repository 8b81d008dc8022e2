"""`sluice ask provider/model`: where each provider's requests go and with which key, told by a server that only listens."""

import contextlib
import http.server
import threading
import unittest

import cli

KEY = "the-key-0123456789"
BEARER = f"Bearer {KEY}"


class Listener(http.server.BaseHTTPRequestHandler):
    """Notes what it is asked and says no."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.path, self.headers, body.decode()))
        answer = b'{"error":{"message":"no"}}'
        self.send_response(400)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def listener():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        server.asked = []
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(server, provider, *arguments, model="m", **environment):
    """The path, the headers and the body of the one request."""
    environment = {name: value.replace("URL", server.url) for name, value in environment.items()}
    arguments = [argument.replace("URL", server.url) for argument in arguments]
    done = cli.run("ask", "--quiet", *arguments, "--model", f"{provider}/{model}", "Hello", env=environment)
    if len(server.asked) != 1:
        raise AssertionError(f"{len(server.asked)} requests, exit {done.returncode}: {done.stderr}")
    return server.asked[0]


class Doors(unittest.TestCase):
    CASES = {
        "openai": ({"OPENAI_BASE_URL": "URL/v1", "OPENAI_API_KEY": KEY}, "/v1/chat/completions", "authorization", BEARER),
        "anthropic": ({"ANTHROPIC_BASE_URL": "URL", "ANTHROPIC_API_KEY": KEY}, "/v1/messages", "x-api-key", KEY),
        "claude": ({"ANTHROPIC_BASE_URL": "URL/v1", "CLAUDE_API_KEY": KEY}, "/v1/messages", "x-api-key", KEY),
        "gemini": ({"GEMINI_BASE_URL": "URL", "GEMINI_API_KEY": KEY},
                   "/v1beta/models/m:streamGenerateContent?alt=sse", "x-goog-api-key", KEY),
        "google": ({"GEMINI_BASE_URL": "URL/v1beta", "GOOGLE_API_KEY": KEY},
                   "/v1beta/models/m:streamGenerateContent?alt=sse", "x-goog-api-key", KEY),
        "vertex": ({"VERTEX_BASE_URL": "URL/v1beta1/projects/p/locations/l/publishers/google", "VERTEX_ACCESS_TOKEN": KEY},
                   "/v1beta1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent?alt=sse",
                   "authorization", BEARER),
        "azure": ({"AZURE_OPENAI_ENDPOINT": "URL/", "AZURE_OPENAI_API_KEY": KEY, "OPENAI_API_VERSION": "2024-10-21"},
                  "/openai/deployments/m/chat/completions?api-version=2024-10-21", "api-key", KEY),
        "groq": ({"GROQ_BASE_URL": "URL/openai/v1", "GROQ_API_KEY": KEY}, "/openai/v1/chat/completions", "authorization",
                 BEARER),
        "qwen": ({"QWEN_BASE_URL": "URL", "DASHSCOPE_API_KEY": KEY}, "/chat/completions", "authorization", BEARER),
        "my-gpu": ({"MY_GPU_BASE_URL": "URL/v1", "MY_GPU_API_KEY": KEY}, "/v1/chat/completions", "authorization", BEARER),
    }

    def test_each_is_asked_at_its_address_with_its_key(self):
        for provider, (environment, path, header, value) in self.CASES.items():
            with self.subTest(provider), listener() as server:
                asked, headers, _ = ask(server, provider, **environment)
                self.assertEqual((asked, headers[header]), (path, value))
                self.assertEqual(sum(KEY in sent for sent in headers.values()), 1)

    def test_anthropics_token_and_version(self):
        with listener() as server:
            _, headers, _ = ask(server, "anthropic", ANTHROPIC_BASE_URL="URL", ANTHROPIC_AUTH_TOKEN=KEY,
                                ANTHROPIC_API_VERSION="2026-10-21")
            self.assertEqual((headers["authorization"], headers["x-api-key"], headers["anthropic-version"]),
                             (BEARER, None, "2026-10-21"))

    def test_nobody_gets_anothers_key(self):
        keys = {f"{name}_API_KEY": KEY for name in ("OPENAI", "ANTHROPIC", "GEMINI", "GROQ", "AZURE_OPENAI")}
        with listener() as server:
            _, headers, _ = ask(server, "xai", "--base-url", "xai=URL", **keys)
            self.assertFalse(any(KEY in sent for sent in headers.values()))

    def test_another_dialect(self):
        doors = {"openai_responses": "/v1/responses", "openai_chat": "/v1/chat/completions", "anthropic": "/v1/messages",
                 "gemini": "/v1/models/m:streamGenerateContent?alt=sse"}
        for dialect, path in doors.items():
            with self.subTest(dialect), listener() as server:
                asked, _, _ = ask(server, "mine", "--base-url", "mine=URL/v1", "--dialect", f"mine={dialect}")
                self.assertEqual(asked, path)

    def test_what_cannot_be_carried_is_a_warning(self):
        with cli.start("sim", "--listen", "127.0.0.1:0") as simulator:
            base_url = simulator.stdout.readline().decode().strip()
            done = cli.run("ask", "--quiet", "--model", "anthropic/sim-ok", "--temperature", "0.5", "Hello",
                           env={"ANTHROPIC_BASE_URL": base_url, "ANTHROPIC_API_VERSION": "2026-10-21"})
            simulator.terminate()
        self.assertEqual((done.returncode, done.stdout), (0, "The capital of Mongolia is Ulaanbaatar.\n"))
        self.assertRegex(done.stderr, r"(?m)\Awarning: .*temperature")


class Simulated(unittest.TestCase):
    """The same question in every dialect, to the simulator inside the process."""

    def test_every_dialect(self):
        for dialect in ("openai_chat", "openai_responses", "anthropic", "gemini"):
            with self.subTest(dialect):
                done = cli.run("ask", "--dialect", f"sim={dialect}", "--model", "sim/sim-503", "--model", "sim/sim-ok", "Hello")
                self.assertEqual((done.returncode, done.stdout), (0, "The capital of Mongolia is Ulaanbaatar.\n"))
                self.assertRegex(done.stderr, r"\Asim/sim-503 failed after .*: ProviderOverloaded \(503")


class Missing(unittest.TestCase):
    def test_what_must_be_given_is_named(self):
        wrong = {"azure": "base_url", "vertex": "VERTEX_PROJECT", "databricks": "base_url"}
        for provider, hint in wrong.items():
            with self.subTest(provider):
                done = cli.run("ask", "--model", f"{provider}/m", "Hello")
                self.assertEqual(done.returncode, 2)
                self.assertIn(hint, done.stderr)

    def test_a_missing_key_is_named_when_the_provider_says_401(self):
        with cli.start("sim", "--listen", "127.0.0.1:0", "--key", KEY) as simulator:
            base_url = simulator.stdout.readline().decode().strip()
            for provider in ("openai", "anthropic"):
                done = cli.run("ask", "--base-url", f"{provider}={base_url}", "--model", f"{provider}/sim-ok", "Hello")
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"hint: {provider.upper()}_API_KEY is not set", done.stderr)
            simulator.terminate()


if __name__ == "__main__":
    unittest.main()
