"""`sluice chat`: which model each turn goes to, what is told about it, and how it ends; simulated, or against the simulator."""

import os
import pty
import signal
import subprocess
import tempfile
import unittest

import cli
from sim_test import simulator

SIMPLE = "What is 2 + 2?"
RIDDLE = "Explain step by step how a farmer gets a fox, a goose and a sack of corn across a river."
KEY = "sk-the-right-key-0123456789"
MODELS = ("--orchestrator", "gpt-4o", "--worker", "gemini-3-flash-preview")
CAPITAL = "The capital of Mongolia is Ulaanbaatar.\n"


def chat(*arguments, **options):
    return cli.run("chat", *arguments, **options)


def accounts(url, **more):
    """The environment of someone with an account at three services, all of them the simulator."""
    return {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY, "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY,
            "GEMINI_BASE_URL": url + "beta", "GEMINI_API_KEY": KEY, **more}


class Simulated(unittest.TestCase):
    def test_a_simple_question_and_a_riddle(self):
        """A21: one each, 50 %."""
        done = chat("--sim", SIMPLE, RIDDLE)
        self.assertEqual((done.returncode, done.stdout),
                         (0, "Simulated answer 1 of gemini-3-flash-preview.\nSimulated answer 1 of gpt-4o.\n"))
        first, second, counts, hint = done.stderr.splitlines()
        self.assertRegex(first, r"^system1: gemini/gemini-3-flash-preview, [\d.]+ m?s, \d+ in, \d+ out tokens$")
        self.assertRegex(second, r"^system2 \(requires_thinking\(reasoning\)\): openai/gpt-4o, ")
        self.assertEqual(counts, "system1_count=1 system2_count=1 system2_ratio=50.0% total_decisions=2 band=too_few")
        self.assertIn("too few to judge", hint)

    def test_a_failing_primary(self):
        done = chat("--sim", "--orchestrator", "openai/sim-503", "--fallback", "claude-opus-4-8", SIMPLE, RIDDLE)
        self.assertEqual((done.returncode, done.stdout),
                         (0, "Simulated answer 1 of gemini-3-flash-preview.\nSimulated answer 1 of claude-opus-4-8.\n"))
        self.assertRegex(done.stderr.splitlines()[1],
                         r"^system2 .*: anthropic/claude-opus-4-8, .*; failover: openai/sim-503 ProviderOverloaded$")

    def test_a_retry_is_no_failover(self):
        done = chat("--sim", "--worker", "openai/sim-500-once", SIMPLE)
        self.assertEqual((done.returncode, done.stdout), (0, CAPITAL))
        self.assertRegex(done.stderr.splitlines()[0], r"^system1: openai/sim-500-once, .*; after openai/sim-500-once Provider\w+$")

    def test_json(self):
        done = chat("--sim", "--json", "--orchestrator", "openai/sim-503", "--fallback", "gpt-4o", SIMPLE, RIDDLE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        first, second, session = cli.json_lines(done.stdout)
        self.assertEqual((first["event"], first["turn"], first["content"], first["refusal"], first["error"]),
                         ("turn", 1, "Simulated answer 1 of gemini-3-flash-preview.", None, None))
        how = first["metadata"]
        self.assertEqual((how["model_used"], how["provider"], how["system"], how["failover"], how["goal_progress"]),
                         ("gemini-3-flash-preview", "gemini", "system1", False, None))
        self.assertEqual(how["tokens_used"], how["input_tokens"] + how["output_tokens"])
        how = second["metadata"]
        self.assertEqual((second["turn"], how["model_requested"], how["model_used"], how["failover"], how["routing_reasons"]),
                         (2, "sim-503", "gpt-4o", True, ["requires_thinking(reasoning)"]))
        self.assertEqual([attempt["outcome"] for attempt in how["attempts"]][-1], "answered")
        self.assertEqual(how["attempts"][0]["error"], "ProviderOverloaded")
        self.assertGreaterEqual(how["latency_ms"], sum(attempt["latency_ms"] for attempt in how["attempts"]))  # A15
        self.assertEqual((session["event"], session["session"]["turns"], session["session"]["failovers"]), ("session", 2, 1))
        counted = session["session"]["dual_process"]
        self.assertEqual((counted["system1_count"], counted["system2_count"], counted["system2_ratio"]), (1, 1, 0.5))
        self.assertIn("too few to judge", session["hint"])

    def test_a_refusal_is_told_apart_in_json(self):
        done = chat("--sim", "--json", "--worker", "sim-refusal", SIMPLE)
        turn = cli.json_lines(done.stdout)[0]
        self.assertEqual((done.returncode, turn["content"]), (0, ""))
        self.assertEqual(chat("--sim", "--worker", "sim-refusal", SIMPLE).stdout, turn["refusal"] + "\n")

    def test_a_goal_is_measured(self):
        done = chat("--sim", "--json", "--goal", "Find the capital of Mongolia", "--worker", "sim-ok", SIMPLE)
        self.assertGreater(cli.json_lines(done.stdout)[0]["metadata"]["goal_progress"], 0)
        self.assertRegex(chat("--sim", "--goal", "Plan a garden", SIMPLE).stderr, r"(?m)^system1: .*, goal 0\.\d\d, drift 0\.\d\d$")

    def test_a_cut_answer_fails_over_only_as_a_whole(self):
        cut = chat("--sim", "--worker", "sim-cut", "--fallback", "gpt-4o", SIMPLE)
        self.assertEqual((cut.returncode, cut.stdout), (1, "The capital of Mongolia\n"))
        self.assertRegex(cut.stderr.splitlines()[0], r"^error: local/sim-cut: StreamTruncated \(200\) in stream: ")
        whole = chat("--sim", "--no-stream", "--worker", "sim-cut", "--fallback", "gpt-4o", SIMPLE)
        self.assertEqual((whole.returncode, whole.stdout), (0, "Simulated answer 1 of gpt-4o.\n"))
        self.assertIn("; failover: local/sim-cut StreamTruncated", whole.stderr)

    def test_a_chain_that_is_exhausted(self):
        chain = ("--sim", "--log-level", "off", "--worker", "openai/sim-400", "--orchestrator", "gemini/sim-400", SIMPLE, RIDDLE)
        done = chat(*chain)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        error, counts, _ = done.stderr.splitlines()  # the second prompt, which may build on the first, is not asked
        self.assertRegex(error, r"^error: openai/sim-400: ProviderBadRequest \(400")
        self.assertIn("total_decisions=1", counts)
        turn, session = cli.json_lines(chat("--json", *chain).stdout)
        self.assertEqual((turn["content"], turn["error"]["kind"]), ("", "ProviderBadRequest"))
        self.assertEqual(turn["metadata"]["attempts"][0]["outcome"], "failed")
        self.assertEqual((session["session"]["turns"], session["session"]["failed_turns"]), (0, 1))

    def test_everybody_that_was_tried_is_told(self):
        done = chat("--sim", "--worker", "openai/sim-401", "--fallback", "gemini/sim-429-quota", SIMPLE)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"(?m)^error: .*AllProvidersFailed.*; tried: openai/sim-401 ProviderAuthFailed, "
                                      r"gemini/sim-429-quota QuotaExhausted$")

    def test_no_word_of_the_provider(self):
        """Its text may quote the conversation; `ask` shows it, which is for trying a provider out."""
        said = cli.run("ask", "--model", "sim/sim-400", SIMPLE).stderr.rsplit(": ", 1)[1].strip()
        done = chat("--sim", "--json", "--worker", "openai/sim-400", SIMPLE)
        self.assertGreater(len(said), 10)
        self.assertNotIn(said, done.stdout + done.stderr)

    def test_explain_asks_nobody(self):
        """A33: the chains as they are configured."""
        done = chat("--sim", "--explain", *MODELS, "--fallback", "claude-opus-4-8")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("System 1 (worker): gemini/gemini-3-flash-preview, then anthropic/claude-opus-4-8\n", done.stdout)
        self.assertIn("System 2 (orchestrator): openai/gpt-4o, then anthropic/claude-opus-4-8\n", done.stdout)
        self.assertEqual(done.stdout.count("\nat most 4 attempts"), 2)


class StandardInput(unittest.TestCase):
    def test_one_prompt_a_line(self):
        for arguments in ([], ["-"]):
            done = chat("--sim", *arguments, stdin=f"{SIMPLE}\r\n\n  \n{RIDDLE}\nAnd without an end?")
            self.assertEqual(done.returncode, 0)
            self.assertEqual(done.stdout, "Simulated answer 1 of gemini-3-flash-preview.\nSimulated answer 1 of gpt-4o.\n"
                                          "Simulated answer 2 of gemini-3-flash-preview.\n")
            self.assertNotIn(">", done.stderr)

    def test_a_file(self):
        with tempfile.TemporaryFile() as file:
            file.write(f"{SIMPLE}\n{SIMPLE}\n".encode())
            file.seek(0)
            done = subprocess.run([cli.PROGRAM, "chat", "--sim"], stdin=file, capture_output=True, timeout=cli.PATIENCE,
                                  env=cli.environment())
        self.assertEqual((done.returncode, done.stdout), (0, b"Simulated answer 1 of gemini-3-flash-preview.\n"
                                                             b"Simulated answer 2 of gemini-3-flash-preview.\n"))

    def test_a_failed_turn_is_not_the_end(self):
        done = chat("--sim", "--json", "--worker", "openai/sim-400", "--orchestrator", "gpt-4o", stdin=f"{SIMPLE}\n{RIDDLE}\n")
        failed, answered, session = cli.json_lines(done.stdout)
        self.assertEqual((failed["error"]["kind"], answered["error"]), ("ProviderBadRequest", None))
        self.assertEqual(answered["content"], "Simulated answer 1 of gpt-4o.")
        self.assertEqual((session["session"]["turns"], session["session"]["failed_turns"], done.returncode), (1, 1, 1))

    def test_nothing_is_no_failure(self):
        done = chat("--sim")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_a_folder(self):
        folder = os.open("/", os.O_RDONLY)
        done = subprocess.run([cli.PROGRAM, "chat", "--sim"], stdin=folder, capture_output=True, timeout=cli.PATIENCE,
                              env=cli.environment())
        os.close(folder)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (1, b"", b"error: cannot read standard input: Is a directory\n"))

    def test_a_line_without_end(self):
        done = chat("--sim", stdin="x" * ((1 << 20) + 70000))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("longer than 1048576 bytes", done.stderr)

    def test_a_conversation_at_a_terminal(self):
        try:
            ours, theirs = pty.openpty()
        except OSError as none:
            raise unittest.SkipTest(f"this machine gives out no pseudo-terminals: {none}")
        process = subprocess.Popen([cli.PROGRAM, "chat", "--sim"], stdin=theirs, stdout=theirs, stderr=theirs,
                                   env=cli.environment(NO_COLOR="1"))

        def read_until(what):
            seen = b""
            while what not in seen:
                seen += os.read(ours, 65536)
            return seen

        read_until(b"> ")
        self.assertTrue(os.get_blocking(theirs))  # it is the shell's terminal too
        os.write(ours, SIMPLE.encode() + b"\n")
        self.assertIn(b"Simulated answer 1 of gemini-3-flash-preview.\r\nsystem1: ", read_until(b"tokens\r\n> "))
        os.write(ours, b"\x04")
        self.assertIn(b"\r\nsystem1_count=1 ", read_until(b"too few to judge"))
        self.assertEqual(process.wait(timeout=cli.PATIENCE), 0)
        os.close(theirs)
        os.close(ours)


class Accounts(unittest.TestCase):
    def test_services_are_registered_by_their_keys(self):
        """A04: also by GOOGLE_API_KEY."""
        with simulator("--key", KEY) as url:
            done = chat(*MODELS, SIMPLE, RIDDLE, env=accounts(url))
            self.assertEqual((done.returncode, done.stdout), (0, CAPITAL * 2))
            self.assertRegex(done.stderr, r"\Asystem1: gemini/.*\nsystem2 .*: openai/gpt-4o, ")
            google = chat(*MODELS, SIMPLE, env=accounts(url, GEMINI_API_KEY="", GOOGLE_API_KEY=KEY))
            self.assertEqual((google.returncode, google.stdout), (0, CAPITAL))
            self.assertNotIn(KEY, done.stderr + google.stderr)

    def test_a_bad_key_fails_over(self):
        """A03: a placeholder shows at the first call, and others are asked."""
        with simulator("--key", KEY) as url:
            done = chat(*MODELS, SIMPLE, "--log-level", "debug", env=accounts(url, GEMINI_API_KEY="AIza-placeholder-0123456789"))
            self.assertEqual((done.returncode, done.stdout), (0, CAPITAL))
            self.assertRegex(done.stderr, r"(?m)^system1: openai/gpt-4o, .*; failover: gemini/\S+ ProviderAuthFailed$")
            self.assertNotIn("AIza-placeholder", done.stderr)
            self.assertNotIn(KEY, done.stderr)
            self.assertNotIn(SIMPLE, done.stderr)

    def test_a_key_that_is_missing(self):
        with simulator("--key", KEY) as url:
            done = chat("--orchestrator", "gpt-4o", "--worker", "gpt-4o", SIMPLE, env={"OPENAI_BASE_URL": url})
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, r"(?m)^error: openai/gpt-4o: AllProvidersFailed .*ProviderAuthFailed \(401")
            self.assertTrue(done.stderr.endswith("hint: OPENAI_API_KEY is not set\n"))

    def test_providers_of_the_command_line(self):
        with simulator() as url:
            done = chat("--provider", f"local={url}", "--provider", f"my-gpu={url}", "--orchestrator", "my-gpu/meta/llama:70b",
                        "--worker", "llama3.1:8b", SIMPLE, RIDDLE)
            self.assertEqual((done.returncode, done.stdout), (0, CAPITAL * 2))
            self.assertRegex(done.stderr, r"\Asystem1: local/llama3\.1:8b, .*\nsystem2 .*: my-gpu/meta/llama:70b, ")
            replaced = chat("--provider", f"openai={url}", "--orchestrator", "gpt-4o", "--worker", "gpt-4o", SIMPLE,
                            env={"OPENAI_BASE_URL": "http://127.0.0.1:9", "OPENAI_API_KEY": KEY})
            self.assertEqual((replaced.returncode, replaced.stdout), (0, CAPITAL))
            inside = chat("--provider", "sim", "--orchestrator", "sim/sim-ok", "--worker", "sim/sim-echo", SIMPLE)
            self.assertEqual((inside.returncode, inside.stdout), (0, SIMPLE + "\n"))

    def test_half_an_account_is_none(self):
        """A key for a service whose address nobody has told is no reason to refuse the others."""
        with simulator() as url:
            done = chat(*MODELS, "--explain", env=accounts(url, AZURE_OPENAI_API_KEY=KEY, DATABRICKS_TOKEN=KEY, VERTEX_ACCESS_TOKEN=KEY))
            self.assertEqual(done.returncode, 0, done.stderr)
            unknown = chat("--orchestrator", "nobody-knows", "--worker", "gpt-4o", SIMPLE,
                           env=accounts(url, AZURE_OPENAI_API_KEY=KEY, VERTEX_ACCESS_TOKEN=KEY, VERTEX_PROJECT="p"))
            self.assertRegex(unknown.stderr, r"there are openai, anthropic, gemini, gemini-openai, vertex\. ")

    def test_the_system_prompt_is_sent(self):
        with simulator() as url:
            short = chat("--json", *MODELS, SIMPLE, env=accounts(url))
            long = chat("--json", *MODELS, "--system", "Be brief, be kind, be right. " * 10, SIMPLE, env=accounts(url))
            tokens = [cli.json_lines(done.stdout)[0]["metadata"]["input_tokens"] for done in (short, long)]
            self.assertGreater(tokens[1], tokens[0])


class Usage(unittest.TestCase):
    WRONG = {
        "no provider": ([*MODELS, SIMPLE], {}, "set OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY"),
        "no provider, and a way out": ([*MODELS, SIMPLE], {}, "--sim"),
        "no worker": (["--orchestrator", "gpt-4o", SIMPLE], {}, "--worker"),
        "no provider for the worker": ([*MODELS, SIMPLE], {"OPENAI_API_KEY": KEY}, "gemini-3-flash-preview"),
        "no provider for a fallback": (["--orchestrator", "gpt-4o", "--worker", "gpt-4o", "--fallback", "claude-opus-4-8", SIMPLE],
                                       {"OPENAI_API_KEY": KEY}, "fallback_models"),
        "a provider nobody knows": ([*MODELS, "--provider", "nobody", SIMPLE], {}, "--provider nobody=URL"),
        "a provider without a name": ([*MODELS, "--provider", "=http://127.0.0.1:9", SIMPLE], {}, "NAME=URL"),
        "a provider without a place": ([*MODELS, "--provider", "x=", SIMPLE], {}, "NAME=URL"),
        "a place that is none": ([*MODELS, "--provider", "x=gopher://x", SIMPLE], {}, "x: "),
        "simulated and real": (["--sim", "--provider", "ollama", SIMPLE], {}, "--sim"),
        "an empty prompt": (["--sim", SIMPLE, ""], {}, "prompt"),
        "an unknown option": (["--sim", "--loud", SIMPLE], {}, "--loud"),
    }

    def test_wrong_usage(self):
        for name, (arguments, environment, hint) in self.WRONG.items():
            with self.subTest(name):
                done = chat(*arguments, env=environment)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(hint, done.stderr)
                self.assertNotIn(KEY, done.stderr)


class Interrupted(unittest.TestCase):
    def test_while_it_waits_for_a_line(self):
        process = subprocess.Popen([cli.PROGRAM, "chat", "--sim"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=cli.environment())
        with process:
            process.stdin.write(SIMPLE.encode() + b"\n")
            process.stdin.flush()
            process.stderr.readline()  # the turn has ended: it waits, or is about to
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=cli.PATIENCE), 130)
            self.assertEqual(process.stderr.read(), b"")

    def test_in_the_middle_of_an_answer(self):
        with cli.start("chat", "--sim", "--worker", "sim-stall", SIMPLE) as process:
            process.stdout.read(1)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=cli.PATIENCE)
            self.assertEqual((process.returncode, err), (143, b""))
            self.assertTrue(out.endswith(b"\n"))

    def test_a_reader_that_leaves_ends_it_quietly(self):
        with cli.start("chat", "--sim", "--worker", "sim-slow-tokens", SIMPLE, RIDDLE) as process:
            process.stdout.read(1)
            process.stdout.close()
            process.wait(timeout=cli.PATIENCE)
            self.assertEqual((process.returncode, process.stderr.read()), (0, b""))


if __name__ == "__main__":
    unittest.main()
