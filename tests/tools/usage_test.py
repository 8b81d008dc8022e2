"""Wrong usage is exit code 2 and one clear message, help is help, and a key on the command line is never repeated."""

import unittest

import cli

SECRET = "sk-0123456789abcdef0123456789"


class Usage(unittest.TestCase):
    WRONG = {
        "no subcommand": ([], "Subcommands:"),
        "unknown subcommand": (["fly"], "fly"),
        "unknown option": (["demo", "--loud"], "--loud"),
        "unknown dialect": (["decode", "--dialect", "morse"], "openai_chat"),
        "no dialect": (["decode"], "--dialect"),
        "unreadable file": (["decode", "--dialect", "sse", "/nonexistent/file"], "/nonexistent/file"),
        "a folder": (["decode", "--dialect", "sse", "/"], "cannot read /"),
        "no status": (["decode", "--dialect", "openai_chat", "--status", "99"], "--status"),
        "no header": (["decode", "--dialect", "openai_chat", "--header", "nonsense"], "name: value"),
        "summary of frames": (["decode", "--dialect", "sse", "--summary"], "--summary"),
        "no model": (["ask", "Hello"], "--model"),
        "a model without provider": (["ask", "--model", "gpt-5", "Hello"], "provider/model"),
        "unknown provider": (["ask", "--model", "nobody/m", "Hello"], "NOBODY_BASE_URL"),
        "no prompt": (["ask", "--model", "sim/sim-ok", ""], "prompt"),
        "unknown trigger": (["ask", "--model", "sim/sim-ok", "--trigger", "happy", "Hello"], "--trigger"),
        "no timeout": (["ask", "--model", "sim/sim-ok", "--timeout", "-1", "Hello"], "--timeout"),
        "no url": (["ask", "--model", "x/m", "--base-url", "x=gopher://x", "Hello"], "x: "),
        "a key itself": (["ask", "--model", "openai/m", "--key", f"openai={SECRET}", "Hello"], "env:NAME"),
        "a key that is not there": (["ask", "--model", "openai/m", "--key", "openai=env:NOT_SET", "Hello"], "NOT_SET"),
        "no dialect of a provider": (["ask", "--model", "sim/m", "--dialect", "gemini", "Hello"], "provider=dialect"),
        "unknown dialect of a provider": (["ask", "--model", "x/m", "--base-url", "x=http://127.0.0.1:9", "--dialect", "x=morse",
                                           "Hello"], "openai_responses"),
        "no address": (["sim", "--listen", "here"], "host:port"),
        "a host that is no address": (["sim", "--listen", "example.org:1"], "example.org"),
        "no port": (["sim", "--listen", "127.0.0.1:70000"], "70000"),
        "no log level": (["--log-level", "loud", "demo"], "--log-level"),
    }

    def test_wrong_usage(self):
        for name, (arguments, hint) in self.WRONG.items():
            with self.subTest(name):
                done = cli.run(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(hint, done.stderr)
                self.assertNotIn(SECRET, done.stderr)

    def test_version(self):
        done = cli.run("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"\Asluice \d+\.\d+\.\d+\n\Z")

    def test_every_help_has_an_example(self):
        self.assertIn("Example", cli.run("--help").stdout)
        for command in ("demo", "ask", "chat", "sim", "decode"):
            with self.subTest(command):
                done = cli.run(command, "--help")
                self.assertEqual(done.returncode, 0)
                self.assertIn("Example:\n  ", done.stdout)
                self.assertIn(f"sluice {command} ", done.stdout)

    def test_the_log_is_on_request_and_on_stderr(self):
        chain = ("ask", "--quiet", "--model", "sim/sim-503", "--model", "sim/sim-ok", "Hello")
        self.assertNotIn("provider failover", cli.run(*chain).stderr)
        logged = cli.run("--log-level", "warning", *chain)
        self.assertIn("provider failover", logged.stderr)
        self.assertEqual(logged.stdout, "The capital of Mongolia is Ulaanbaatar.\n")
        self.assertIn("provider failover", cli.run(*chain, "--log-level", "warning").stderr)


if __name__ == "__main__":
    unittest.main()
