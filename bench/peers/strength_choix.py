"""choix (Maystre) on the comparisons of bench/strength.ts: maximum likelihood or the posterior mode, in its own way.

usage: python strength_choix.py FOLDER RIDGE
"""

import importlib.metadata
import sys

import choix

from strength_columns import read, run, skip

# Its Hessian is a dense square of contestants, in 64-bit numbers, and the solver copies it.
MOST_BYTES = 2 * 1024**3

folder, ridge = sys.argv[1], float(sys.argv[2])
contestants, winner, loser = read(folder)
if 8 * contestants**2 > MOST_BYTES:
    skip(f"its dense {contestants} x {contestants} Hessian would need {8 * contestants**2 / 1024**3:.0f} GB")
else:
    pairs = list(zip(winner.tolist(), loser.tolist()))
    # The penalty of choix is alpha times the sum of squares, ours half the ridge.
    run(
        folder,
        f"choix {importlib.metadata.version('choix')} opt_pairwise",
        lambda: choix.opt_pairwise(contestants, pairs, alpha=ridge / 2, method="Newton-CG", tol=1e-10),
    )
