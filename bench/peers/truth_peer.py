"""Runs crowd-kit on generated labels; the counterpart of truth.ts.

usage: truth_peer.py FOLDER METHOD [--iterations N]

FOLDER holds item.i32, rater.i32, label.i32 (little-endian int32) and sizes.json {items, raters, classes}. Writes
posteriors.f64 (items x classes, C order) there and prints one JSON line {seconds, cpuSeconds, peakMB, implementation}.
METHOD: dawid-skene, one-coin (both deterministic, run for exactly N iterations), mace (random start), glad (loose
maximisation). The data frame is built before the clock starts.
"""

import argparse
import json
import pathlib
import resource
import time

import crowdkit
import numpy as np
import pandas as pd
from crowdkit.aggregation import GLAD, MACE, DawidSkene, OneCoinDawidSkene

# Negative tolerances: both would stop at a rise below it, so these run all their iterations.
METHODS = {
    "dawid-skene": lambda n: DawidSkene(n_iter=n, tol=-1e9),
    "one-coin": lambda n: OneCoinDawidSkene(n_iter=n, tol=-1e9),
    "mace": lambda n: MACE(n_restarts=1, n_iter=n),
    "glad": lambda n: GLAD(n_iter=n, tol=-1e9),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("--iterations", type=int, default=100)
    args = parser.parse_args()
    sizes = json.loads((args.folder / "sizes.json").read_text())
    columns = {
        name: np.fromfile(args.folder / f"{file}.i32", dtype="<i4")
        for name, file in (("task", "item"), ("worker", "rater"), ("label", "label"))
    }
    frame = pd.DataFrame(columns)
    model = METHODS[args.method](args.iterations)
    began, cpu = time.perf_counter(), time.process_time()
    model.fit(frame)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    posteriors = model.probas_.reindex(index=range(sizes["items"]), columns=range(sizes["classes"])).fillna(0.0)
    posteriors.to_numpy(dtype="<f8").tofile(args.folder / "posteriors.f64")
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpuSeconds": cpu_seconds,
                "peakMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "implementation": f"crowd-kit {getattr(crowdkit, '__version__', 'of unknown version')}",
            }
        )
    )


if __name__ == "__main__":
    main()
