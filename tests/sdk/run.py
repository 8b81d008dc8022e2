#!/usr/bin/env python3
"""Runs the providers' own SDKs: against our encoders, which the simulator serves, or against the gateway.

    run.py <folder to work in> encoders|gateway [file...]
                                      exit 77: skipped, because Node 20 or its packages cannot be had here"""

import os
import pathlib
import shutil
import subprocess
import sys

import packages

SKIPPED = 77


def main():
    folder = pathlib.Path(sys.argv[1])
    reason = packages.install(folder)
    if reason:
        print(f"SKIPPED: {reason}")
        sys.exit(SKIPPED)
    tests = []
    for path in sorted(packages.SOURCE.glob("*.mjs")):
        shutil.copy(path, folder)
        if path.name.endswith(".test.mjs") and path.name.startswith("gateway_") == (sys.argv[2] == "gateway"):
            tests.append(path.name)
    tests = sys.argv[3:] or tests
    kept = {name: value for name, value in os.environ.items()
            if not name.endswith(("_API_KEY", "_BASE_URL")) and "proxy" not in name.lower()}
    kept["AI_SDK_LOG_WARNINGS"] = "false"
    sys.exit(subprocess.run(["node", "--test", *tests], cwd=folder, env=kept).returncode)


main()
