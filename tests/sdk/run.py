#!/usr/bin/env python3
"""Runs the providers' own SDKs against our encoders: installs them beside the build, then `node --test`.

    run.py <folder to work in>        exit 77: skipped, because Node 20 or its packages cannot be had here

The packages are pinned by package-lock.json. They come from the npm registry once and stay in the folder."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77
SOURCE = pathlib.Path(__file__).resolve().parent
OLDEST_NODE = 20  # @google/genai needs it


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(SKIPPED)


def check_node():
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            skip(f"{program} is not installed")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        skip(f"node {version} is older than {OLDEST_NODE}")


def install(folder):
    lock = hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "installed"
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCE / name, folder)
    if stamp.exists() and stamp.read_text() == lock:
        return
    stamp.unlink(missing_ok=True)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder,
                          capture_output=True, text=True)
    if done.returncode != 0:
        skip("the packages cannot be installed: " + done.stderr.strip()[-500:])
    stamp.write_text(lock)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    check_node()
    install(folder)
    tests = []
    for path in sorted(SOURCE.glob("*.mjs")):
        shutil.copy(path, folder)
        if path.name.endswith(".test.mjs"):
            tests.append(path.name)
    kept = {name: value for name, value in os.environ.items()
            if not name.endswith(("_API_KEY", "_BASE_URL")) and "proxy" not in name.lower()}
    kept["AI_SDK_LOG_WARNINGS"] = "false"
    done = subprocess.run(["node", "--test", *tests], cwd=folder, env=kept)
    sys.exit(done.returncode)


main()
