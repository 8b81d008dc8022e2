#!/usr/bin/env python3
"""Runs an example as a user without keys would: it must exit with 0 and print what the pattern says, all of it."""
import os
import re
import subprocess
import sys

program, pattern = sys.argv[1:]
environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "ANTHROPIC_", "GEMINI_", "MISTRAL_", "LOCAL_"))}
done = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False, env=environment)
print(done.stdout + done.stderr, end="")
if done.returncode != 0:
    sys.exit(f"exit code {done.returncode}")
if not re.fullmatch(pattern, done.stdout, re.S):
    sys.exit(f"the output is not: {pattern}")
