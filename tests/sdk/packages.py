"""The npm packages of the tests and benchmarks, pinned by package-lock.json: from the registry once, then they
stay in their folder."""

import hashlib
import pathlib
import shutil
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parent
OLDEST_NODE = 20  # @google/genai needs it


def install(folder):
    """Puts node_modules into `folder`. Returns why that cannot be done here, or None."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        return f"node {version} is older than {OLDEST_NODE}"
    folder.mkdir(parents=True, exist_ok=True)
    lock = hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text() == lock:
        return None
    stamp.unlink(missing_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCE / name, folder)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder,
                          capture_output=True, text=True)
    if done.returncode != 0:
        return "the packages cannot be installed: " + done.stderr.strip()[-500:]
    stamp.write_text(lock)
    return None
