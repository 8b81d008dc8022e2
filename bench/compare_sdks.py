#!/usr/bin/env python3
"""CPU per token of decoding a streamed answer, ours against the provider's own Node SDK, on the same bytes in
the same pieces, in turns. What both read must be equal before a time counts.

    compare_sdks.py <decode_stream> <folder for the npm packages> [tokens] [rounds]"""

import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(SOURCE.parent / "tests" / "sdk"))
import packages  # noqa: E402

DIALECTS = {"openai_chat": "openai", "openai_responses": "openai", "anthropic": "@anthropic-ai/sdk",
            "gemini": "@google/genai"}
PIECES = (1400, 16384)  # a packet, and what a socket that fell behind gives
TURNS = 3


def output(*command, cwd=None):
    return subprocess.run([str(part) for part in command], cwd=cwd, check=True, stdout=subprocess.PIPE).stdout


def p99(values):
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def compare(program, folder, dialect, path, piece, rounds, tokens):
    ours, theirs = [], []
    for _ in range(TURNS):
        mine = json.loads(output(program, "read", dialect, path, piece, rounds))
        node = json.loads(output("node", "decode_stream.mjs", dialect, path, piece, rounds, cwd=folder))
        if mine["text"] != node["text"]:
            sys.exit(f"{dialect}: the two did not read the same text")
        ours += [ns / tokens for ns in mine["cpu_ns"]]
        theirs += [ns / tokens for ns in node["cpu_ns"]]
    ratio = statistics.median(theirs) / statistics.median(ours)
    print(f"{dialect:17} {piece:6}  {statistics.median(ours):8.0f} {p99(ours):8.0f}   "
          f"{statistics.median(theirs):8.0f} {p99(theirs):8.0f}   {ratio:6.1f}x   "
          f"{mine['allocations'] / mine['events']:.4f}   {DIALECTS[dialect]}")


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    tokens = int(sys.argv[3]) if len(sys.argv) > 3 else 20000
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 21
    reason = packages.install(folder)
    if reason:
        print(f"compare_sdks: not run: {reason}")
        return
    shutil.copy(SOURCE / "decode_stream.mjs", folder)
    print(f"CPU ns per token, {tokens} tokens, {TURNS} x {rounds} rounds, in turns; equal text checked")
    print(f"{'dialect':17} {'piece':>6}  {'ours':>8} {'p99':>8}   {'SDK':>8} {'p99':>8}   {'ratio':>7}   allocations/event")
    with tempfile.TemporaryDirectory() as scratch:
        for dialect in DIALECTS:
            path = pathlib.Path(scratch) / dialect
            path.write_bytes(output(program, "write", dialect, tokens))
            for piece in PIECES:
                compare(program, folder, dialect, path, piece, rounds, tokens)


main()
