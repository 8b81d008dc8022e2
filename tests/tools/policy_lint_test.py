"""`sluice policy lint`: exit 0 and a summary, or exit 2 and what is wrong where."""

import json
import os
import tempfile
import unittest

import cli

TUTORIAL = os.path.join(cli.SOURCE_DIR, "examples", "policy-config.yaml")
KEYS = {"OPENAI_API_KEY": "key-of-openai", "ANTHROPIC_API_KEY": "key-of-anthropic"}
BROKEN = "version: '1'\nproviders:\n  - {id: a, providr: openai, api_key: sk-0123456789abcdefgh}\n"


def lint(*arguments, text=None, env=None):
    if text is None:
        return cli.run("policy", "lint", *arguments, env=env)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        done = cli.run("policy", "lint", "--file", file.name, *arguments, env=env)
        done.stdout = done.stdout.replace(file.name, "FILE")
        done.stderr = done.stderr.replace(file.name, "FILE")
        return done


class PolicyLint(unittest.TestCase):
    def test_the_tutorials_file(self):
        done = lint("--file", TUTORIAL, env=KEYS)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], f"OK {TUTORIAL} is valid")
        self.assertRegex(lines[1], r"\AConfiguration [0-9a-f]{12}: 2 provider\(s\), 1 policy\(ies\), 0 route\(s\)")
        health = "health_check=enabled (interval=30s, timeout=5s, unhealthy_threshold=3, healthy_threshold=2)"
        self.assertIn(f"Provider openai-primary: openai, priority=1, {health}", lines[2])
        self.assertIn(f"Provider anthropic-fallback: anthropic, priority=2, {health}", lines[3])
        self.assertEqual(lines[4], "Failover: strategy=priority, model_mappings=2, max_fallbacks=1")
        self.assertEqual(lines[5], "Policy content-safety: content_filter, action=flag, categories=hate,violence")
        self.assertEqual(lines[6], "All models: openai-primary -> anthropic-fallback; at most 4 attempts, 130s until an "
                                   "answer begins")

    def test_json_of_a_valid_file(self):
        done = lint("--file", TUTORIAL, "--json", env=KEYS)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        result = json.loads(done.stdout)
        self.assertTrue(result["valid"])
        self.assertEqual((result["file"], result["policy_count"], result["warnings"]), (TUTORIAL, 1, []))
        self.assertEqual([(one["id"], one["priority"]) for one in result["providers"]],
                         [("openai-primary", 1), ("anthropic-fallback", 2)])
        self.assertEqual(result["providers"][0]["health_check"],
                         {"enabled": True, "interval_seconds": 30, "timeout_seconds": 5, "unhealthy_threshold": 3,
                          "healthy_threshold": 2})
        self.assertEqual(result["routes"][0]["worst_case"], {"attempts": 4, "seconds": 130})

    def test_missing_keys_are_warnings(self):
        done = lint("--file", TUTORIAL)
        self.assertEqual(done.returncode, 0)
        self.assertIn("warning[W020] providers.targets[0].secret_key_ref, line ", done.stderr)
        self.assertIn("OPENAI_API_KEY is not set", done.stderr)
        self.assertIn("warning[W021]", done.stderr)
        self.assertIn("OK ", done.stdout)

    def test_what_is_wrong(self):
        done = lint(text=BROKEN)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("error[E002] providers[0].providr, line 3, column 13: unknown key; did you mean provider?\n",
                      done.stderr)
        self.assertIn("error[E008] providers[0].api_key, line 3, column 30: ", done.stderr)
        self.assertIn("FILE is not valid: 3 errors", done.stderr)
        self.assertNotIn("0123456789", done.stderr)

    def test_json_of_what_is_wrong(self):
        done = lint("--json", text=BROKEN)
        self.assertEqual((done.returncode, done.stderr), (2, ""))
        result = json.loads(done.stdout)
        self.assertFalse(result["valid"])
        self.assertEqual(sorted(one["code"] for one in result["errors"]), ["E002", "E006", "E008"])
        self.assertEqual([one for one in result["errors"] if one["code"] == "E002"],
                         [{"code": "E002", "path": "providers[0].providr", "line": 3, "column": 13,
                           "message": "unknown key", "suggestion": "did you mean provider?"}])
        self.assertNotIn("0123456789", done.stdout)

    def test_a_file_that_cannot_be_read(self):
        done = lint("--file", "/nonexistent/policy-config.yaml")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("error[E001]: the file /nonexistent/policy-config.yaml cannot be read", done.stderr)

    def test_usage(self):
        for arguments in (["policy"], ["policy", "lint"], ["policy", "fly"]):
            with self.subTest(arguments):
                done = cli.run(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("sluice policy lint --file", cli.run("policy", "lint", "--help").stdout)


if __name__ == "__main__":
    unittest.main()
