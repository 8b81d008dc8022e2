"""What a person at a terminal sees, and what a terminal must not be made to do."""

import os
import pty
import subprocess
import unittest

import cli


def on_a_terminal(*arguments, **env):
    """What the program wrote to a terminal that is its stdout and stderr."""
    try:
        ours, theirs = pty.openpty()
    except OSError as none:
        raise unittest.SkipTest(f"this machine gives out no pseudo-terminals: {none}")
    process = subprocess.Popen([cli.PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                               env=cli.environment(**env))
    os.close(theirs)
    written = b""
    try:
        while got := os.read(ours, 65536):
            written += got
    except OSError:
        pass  # how Linux says that the other side has closed
    os.close(ours)
    if process.wait(timeout=cli.PATIENCE) != 0:
        raise AssertionError(f"exit {process.returncode}: {written}")
    return written


class OnATerminal(unittest.TestCase):
    def test_colours(self):
        self.assertIn(b"\x1b[31m", on_a_terminal("demo", "--fast"))

    def test_no_color(self):
        self.assertNotIn(b"\x1b", on_a_terminal("demo", "--fast", NO_COLOR="1"))

    def test_an_answer_cannot_drive_the_terminal(self):
        prompt = "a\x1b[31mb\x07\u009bc\nd"
        self.assertIn(b"a[31mbc\r\nd", on_a_terminal("ask", "--quiet", "--model", "sim/sim-echo", prompt))
        self.assertEqual(cli.run("ask", "--quiet", "--model", "sim/sim-echo", prompt).stdout, prompt + "\n")


if __name__ == "__main__":
    unittest.main()
