"""`sluice sim`: the simulator as a server, and `ask` by base URL and key."""

import contextlib
import signal
import unittest

import cli


@contextlib.contextmanager
def simulator(*arguments):
    """The base URL of a running simulator, which must then end cleanly on SIGTERM."""
    with cli.start("sim", *arguments) as process:
        try:
            yield process.stdout.readline().decode().strip()
        finally:
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=cli.PATIENCE)
        if process.returncode != 0 or err:
            raise AssertionError(f"exit {process.returncode}: {err.decode()}")


class Sim(unittest.TestCase):
    def test_it_serves_at_the_url_it_prints(self):
        with simulator() as url:
            self.assertRegex(url, r"^http://127\.0\.0\.1:\d+/v1$")
            done = cli.run("ask", "--base-url", f"local={url}", "--model", "local/sim-ok", "Hello")
            self.assertEqual((done.returncode, done.stdout), (0, "The capital of Mongolia is Ulaanbaatar.\n"))

    def test_it_speaks_every_dialect(self):
        with simulator() as url:
            gemini = url + "beta"
            for service, base in (("openai", url), ("anthropic", url), ("gemini", gemini)):
                with self.subTest(service):
                    done = cli.run("ask", "--base-url", f"{service}={base}", "--model", f"{service}/sim-error-first",
                                   "--model", f"{service}/sim-ok", "Hello")
                    self.assertEqual((done.returncode, done.stdout), (0, "The capital of Mongolia is Ulaanbaatar.\n"))
            done = cli.run("ask", "--base-url", f"openai={url}", "--dialect", "openai=openai_responses",
                           "--model", "openai/sim-ok", "Hello")
            self.assertEqual((done.returncode, done.stdout), (0, "The capital of Mongolia is Ulaanbaatar.\n"))

    def test_it_prints_the_other_base_urls(self):
        with cli.start("sim") as process:
            lines = [process.stdout.readline().decode().split() for _ in range(4)]
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=cli.PATIENCE)
        origin = lines[0][0].removesuffix("/v1")
        self.assertEqual(lines[1], ["gemini", origin + "/v1beta"])
        self.assertEqual([name for name, _ in lines[2:]], ["vertex", "azure"])
        for _, base in lines[1:]:
            self.assertTrue(base.startswith(origin))

    def test_keys_and_urls_from_the_environment(self):
        with simulator("--key", "right") as url:
            def ask(*arguments, **env):
                return cli.run("ask", "--model", "openai/sim-ok", *arguments, "Hello", env={"OPENAI_BASE_URL": url, **env})
            self.assertEqual(ask(OPENAI_API_KEY="right").returncode, 0)
            self.assertEqual(ask("--key", "openai=env:MINE", MINE="right", OPENAI_API_KEY="wrong").returncode, 0)
            without = ask()
            self.assertEqual(without.returncode, 1)
            self.assertIn("hint: OPENAI_API_KEY is not set", without.stderr)
            wrong = ask(OPENAI_API_KEY="wrong-key-0123456789")
            self.assertEqual(wrong.returncode, 1)
            self.assertIn("error: ProviderAuthFailed (401", wrong.stderr)
            self.assertNotIn("wrong-key-0123456789", wrong.stderr)

    def test_a_model_id_may_hold_slashes_and_colons(self):
        with simulator() as url:
            done = cli.run("ask", "--json", "--base-url", f"x={url}", "--model", "x/meta/llama:free", "Hello")
            answer = cli.json_lines(done.stdout)[-1]
            self.assertEqual((answer["provider"], answer["model"]), ("x", "meta/llama:free"))

    def test_the_list(self):
        done = cli.run("sim", "--list")
        self.assertEqual(done.returncode, 0)
        for model in ("sim-ok", "sim-503", "sim-stall"):
            self.assertRegex(done.stdout, rf"(?m)^{model} +\S")

    def test_an_address_in_use(self):
        with simulator() as url:
            taken = url.removeprefix("http://").removesuffix("/v1")
            done = cli.run("sim", "--listen", taken)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, rf"\Aerror: cannot listen on {taken}: .*\n\Z")


if __name__ == "__main__":
    unittest.main()
