"""Runs the built `sluice`; what the tests of the command line share.

SLUICE_CLI is the program. The environment it gets has no keys, base URLs or proxies of the machine's."""

import json
import os
import subprocess

PROGRAM = os.environ["SLUICE_CLI"]
SOURCE_DIR = os.environ["SLUICE_SOURCE_DIR"]
PATIENCE = 60  # seconds until a hanging program fails its test; nothing here takes a tenth of it


def environment(**extra):
    kept = {name: value for name, value in os.environ.items()
            if not name.endswith(("_API_KEY", "_BASE_URL", "_TOKEN", "_ENDPOINT", "_API_VERSION"))
            and not name.startswith(("GOOGLE_CLOUD_", "VERTEX_")) and "proxy" not in name.lower()}
    return {**kept, **extra}


def run(*arguments, stdin=b"", env=None):
    """The finished process; stdout and stderr as text, exactly as written."""
    if isinstance(stdin, str):
        stdin = stdin.encode()
    done = subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, timeout=PATIENCE,
                          env=environment(**(env or {})))
    done.stdout = done.stdout.decode()
    done.stderr = done.stderr.decode()
    return done


def start(*arguments, env=None):
    """A running process with pipes, for tests that talk to it or interrupt it."""
    return subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env=environment(**(env or {})))


def decode(body, *arguments, dialect="openai_chat"):
    """The JSON lines of `sluice decode`, after checking that it ran as it should."""
    done = run("decode", "--dialect", dialect, *arguments, stdin=body)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"exit {done.returncode}: {done.stderr}")
    return json_lines(done.stdout)


def summary(body, *arguments, dialect="openai_chat"):
    (only,) = decode(body, "--summary", *arguments, dialect=dialect)
    return only


def json_lines(text):
    # Not splitlines(): U+2028 and its like are data, not line ends.
    lines = text.split("\n")
    if lines.pop() != "":
        raise AssertionError("the last line has no end")
    return [json.loads(line) for line in lines]
