"""clang-format over every source: reports what differs; with --fix, rewrites it."""

import subprocess
import sys

import sources


def unformatted():
    run = subprocess.run(["clang-format-14", "--dry-run", *sources.cpp_files()],
                         cwd=sources.ROOT, capture_output=True, text=True)
    return sorted({line.split(":")[0] for line in run.stderr.splitlines() if "[-Wclang-format-violations]" in line})


if __name__ == "__main__":
    if "--fix" in sys.argv:
        subprocess.run(["clang-format-14", "-i", *sources.cpp_files()], cwd=sources.ROOT, check=True)
    print("\n".join(unformatted()) or "ok")
