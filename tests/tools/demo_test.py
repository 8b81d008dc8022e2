"""`sluice demo`: what the first visitor sees."""

import unittest

import cli


class Demo(unittest.TestCase):
    def test_it_shows_every_failed_leg_and_why(self):
        done = cli.run("demo", "--fast")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for shown in ("alpha/sim-503 failed after", "ProviderOverloaded (503",
                      "beta/sim-metadata-then-error failed after", "ProviderUnavailable",
                      "gamma/demo-story answers", "ProviderAuthFailed (401", "StreamTruncated",
                      "alpha: ProviderOverloaded", "beta: ProviderUnavailable", "gamma: a whole answer",
                      "attempts", "tokens", "first token", "total"):
            self.assertIn(shown, done.stdout)

    def test_it_is_plain_text_in_a_pipe(self):
        self.assertNotIn("\x1b", cli.run("demo", "--fast").stdout)

    def test_it_asks_what_it_is_told(self):
        self.assertIn("Why do rivers meander?", cli.run("demo", "--fast", "--prompt", "Why do rivers meander?").stdout)


if __name__ == "__main__":
    unittest.main()
