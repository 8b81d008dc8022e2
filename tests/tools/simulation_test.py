"""`sluice sim-test`: worlds from seeds, and their replay."""

import re
import unittest

import cli


class SimTest(unittest.TestCase):
    def test_it_counts_what_it_ran(self):
        done = cli.run("sim-test", "--seeds", "20")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"(?m)^\d+ requests in 20 worlds, \d+ attempts, \d+ exchanges with servers$")
        self.assertRegex(done.stdout, r"(?m)^of the requests: \d+ answered, ")
        self.assertTrue(done.stdout.endswith("every promise was kept\n"))

    def test_a_seed_is_replayed_exactly(self):
        def replay():
            done = cli.run("sim-test", "--seed", "7")
            self.assertEqual(done.returncode, 0)
            return re.sub(r"(?m)^.* hours of virtual time in .*$", "", done.stdout)

        once = replay()
        self.assertIn("--- seed 7\n", once)
        self.assertIn("attempt_started 1", once)
        self.assertEqual(once, replay())

    def test_first_says_where_to_begin(self):
        done = cli.run("sim-test", "--seeds", "2", "--first", "70", "--trace")
        self.assertEqual(re.findall(r"(?m)^--- seed (\d+)$", done.stdout), ["70", "71"])


if __name__ == "__main__":
    unittest.main()
