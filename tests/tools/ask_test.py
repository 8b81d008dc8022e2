"""`sluice ask` against the simulator: what goes to stdout, what to stderr, and how it ends."""

import contextlib
import signal
import subprocess
import unittest

import cli


def ask(*arguments, **options):
    return cli.run("ask", *arguments, **options)


class Ask(unittest.TestCase):
    def test_the_answer_alone_is_on_stdout(self):
        done = ask("--model", "sim/sim-echo", "Capital of Mongolia?")
        self.assertEqual((done.returncode, done.stdout), (0, "Capital of Mongolia?\n"))
        self.assertIn("sim/sim-echo", done.stderr)
        self.assertIn(" in, ", done.stderr)

    def test_quiet(self):
        self.assertEqual(ask("--quiet", "--model", "sim/sim-ok", "Hello").stderr, "")

    def test_the_prompt_from_standard_input(self):
        for arguments in (["-"], []):
            done = ask("--model", "sim/sim-echo", *arguments, stdin="from a pipe\n")
            self.assertEqual(done.stdout, "from a pipe\n")

    def test_options_reach_the_provider(self):
        done = ask("--model", "sim/sim-ok", "--system", "Be brief.", "--max-tokens", "5", "--temperature", "0.5", "Hello")
        self.assertEqual(done.returncode, 0)

    def test_failover_tells_which_leg_failed_and_why(self):
        done = ask("--model", "sim/sim-503", "--model", "sim/sim-metadata-then-error", "--model", "sim/sim-ok", "Hello")
        self.assertEqual(done.returncode, 0)
        self.assertIn("Ulaanbaatar", done.stdout)
        first, second, answered = done.stderr.splitlines()
        self.assertRegex(first, r"^sim/sim-503 failed after .*: ProviderOverloaded \(503 .*; trying sim/sim-metadata-then-error$")
        self.assertRegex(second, r"^sim/sim-metadata-then-error failed after .*: ProviderUnavailable .*; trying sim/sim-ok$")
        self.assertRegex(answered, r"^sim/sim-ok: ")

    def test_one_model_fails_as_what_it_is(self):
        done = ask("--model", "sim/sim-429-retry-after", "Hello")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"\Aerror: RateLimited \(429 rate_limit_exceeded\): .*\n\Z")

    def test_an_exhausted_chain(self):
        done = ask("--model", "sim/sim-503", "--model", "sim/sim-429", "Hello")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr.splitlines()[-1], r"^error: AllProvidersFailed.*: ")

    def test_trace_tells_every_event_of_every_attempt(self):
        done = ask("--trace", "--quiet", "--model", "sim/sim-503", "--model", "sim/sim-ok", "Hello")
        self.assertEqual(done.returncode, 0)
        for line in (
            r"sim/sim-503: attempt 1 started",
            r"sim/sim-503: attempt 1 failed after .*: ProviderOverloaded \(503\) in ",
            r"sim/sim-ok: attempt 2 first event after ",
            r"sim/sim-ok: attempt 2 succeeded after .*, first event after ",
        ):
            self.assertRegex(done.stderr, rf"(?m)^\[[^]]+\] {line}")

    def test_explain_asks_nobody(self):
        done = ask("--explain", "--model", "openai/gpt-5", "--model", "sim/sim-ok", "--timeout", "30", "Hello")
        self.assertEqual(done.returncode, 0)
        first, *tree = done.stdout.splitlines()
        self.assertRegex(first, r"^at most 2 attempts, 30 s until the first event or the error, 30 s until the end, ")
        self.assertEqual(len(tree), 3)
        self.assertRegex(tree[1], r"^  openai/gpt-5: ")

    def test_triggers(self):
        chain = ("--model", "sim/sim-401", "--model", "sim/sim-ok", "Hello")
        standard = ask(*chain)
        self.assertEqual(standard.returncode, 1)
        self.assertIn("error: ProviderAuthFailed (401", standard.stderr)
        self.assertEqual(ask("--trigger", "with-auth", *chain).returncode, 0)
        self.assertEqual(ask("--trigger", "any", "--model", "sim/sim-400", "--model", "sim/sim-ok", "Hello").returncode, 0)

    def test_a_cut_answer_is_an_error(self):
        done = ask("--model", "sim/sim-cut", "--model", "sim/sim-ok", "Hello")
        self.assertEqual(done.returncode, 1)
        self.assertNotEqual(done.stdout, "")
        self.assertIn("error: StreamTruncated", done.stderr)

    def test_the_timeout_covers_everything(self):
        done = ask("--timeout", "0.2", "--model", "sim/sim-silent", "Hello")
        self.assertEqual(done.returncode, 1)
        self.assertIn("error: ProviderTimeout", done.stderr)

    def test_json(self):
        done = ask("--json", "--model", "sim/sim-503", "--model", "sim/sim-ok", "Hello")
        lines = cli.json_lines(done.stdout)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual((lines[0]["event"], lines[0]["model"], lines[0]["outcome"], lines[0]["error"]["kind"]),
                         ("attempt", "sim-503", "failed", "ProviderOverloaded"))
        self.assertEqual("".join(line["text"] for line in lines if line["event"] == "text_delta"),
                         "The capital of Mongolia is Ulaanbaatar.")
        self.assertEqual([line["event"] for line in lines[-2:]], ["finish", "answer"])
        self.assertEqual((lines[-1]["provider"], lines[-1]["model"]), ("sim", "sim-ok"))

    def test_json_of_a_failure(self):
        done = ask("--json", "--model", "sim/sim-503", "--model", "sim/sim-429", "Hello")
        lines = cli.json_lines(done.stdout)
        self.assertEqual(done.returncode, 1)
        self.assertEqual([line["event"] for line in lines], ["attempt", "attempt", "failure"])
        self.assertEqual(lines[-1]["error"]["kind"], "AllProvidersFailed")


class Interrupted(unittest.TestCase):
    def test_ctrl_c_in_a_stalled_stream(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(number), cli.start("ask", "--model", "sim/sim-stall", "Hello") as process:
                process.stdout.read(1)  # it streams, so it listens to signals
                process.send_signal(number)
                out, err = process.communicate(timeout=cli.PATIENCE)
                self.assertEqual(process.returncode, code)
                self.assertTrue(out.endswith(b"\n"))
                self.assertEqual(err, b"")

    def test_a_reader_that_leaves_ends_it_cleanly(self):
        with cli.start("ask", "--quiet", "--model", "sim/sim-slow-tokens", "Hello") as process:
            process.stdout.read(1)
            process.stdout.close()
            process.wait(timeout=cli.PATIENCE)
            self.assertEqual((process.returncode, process.stderr.read()), (0, b""))

    def test_nothing_hears_a_decoder_whose_reader_left(self):
        frame = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
        with subprocess.Popen([cli.PROGRAM, "decode", "--dialect", "openai_chat"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdin.write(frame)
            process.stdin.flush()
            process.stdout.read(1)
            process.stdout.close()
            try:
                for _ in range(10_000):
                    process.stdin.write(frame * 100)
            except BrokenPipeError:
                pass  # it left before all was read, as it should
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()  # what is still in our own buffer has nowhere to go
            process.wait(timeout=cli.PATIENCE)
            self.assertEqual((process.returncode, process.stderr.read()), (0, b""))


if __name__ == "__main__":
    unittest.main()
