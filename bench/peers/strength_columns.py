"""Reads the comparisons that bench/strength.ts leaves in a folder, and writes a peer's answer beside them."""

import json
import os
import resource
import sys
import time

import numpy as np


def read(folder):
    """Contestants, and winner and loser of every comparison."""
    with open(os.path.join(folder, "sizes.json"), encoding="utf8") as file:
        contestants = json.load(file)["contestants"]
    first = np.fromfile(os.path.join(folder, "first.i32"), dtype=np.int32)
    second = np.fromfile(os.path.join(folder, "second.i32"), dtype=np.int32)
    won = np.fromfile(os.path.join(folder, "firstWins.f64"), dtype=np.float64) > 0
    return contestants, np.where(won, first, second), np.where(won, second, first)


def run(folder, implementation, fit, polish=lambda strengths: strengths):
    """Times `fit()`, which returns strengths, and reports; `polish` improves them outside the clock."""
    cpu, began = time.process_time(), time.perf_counter()
    strengths = np.asarray(fit(), dtype=np.float64)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    strengths = polish(strengths)
    (strengths - strengths.mean()).tofile(os.path.join(folder, "theirs.f64"))
    json.dump(
        {"seconds": seconds, "cpuSeconds": cpu_seconds, "peakMB": peak, "implementation": implementation}, sys.stdout
    )


def skip(reason):
    json.dump({"skipped": reason}, sys.stdout)
