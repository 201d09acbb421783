"""Our own reference, not choix: the same objective by L-BFGS of scipy with gradients in numpy.

It needs only numpy and scipy, so there is something to compare with where choix cannot be installed.

usage: python strength_scipy.py FOLDER RIDGE
"""

import sys

import numpy as np
import scipy
from scipy import sparse
from scipy.optimize import minimize
from scipy.sparse.linalg import cg
from scipy.special import expit, log_expit

from strength_columns import read, run

folder, ridge = sys.argv[1], float(sys.argv[2])
contestants, winner, loser = read(folder)


def objective(theta):
    gap = theta[winner] - theta[loser]
    miss = expit(-gap)
    gradient = np.bincount(loser, miss, contestants) - np.bincount(winner, miss, contestants) + ridge * theta
    return -log_expit(gap).sum() + ridge / 2 * theta @ theta, gradient


def fit():
    options = {"maxcor": 20, "maxiter": 5000, "maxfun": 10000, "gtol": 1e-8, "ftol": 0}
    return minimize(objective, np.zeros(contestants), jac=True, method="L-BFGS-B", options=options).x


def polish(theta):
    """Newton steps outside the clock: L-BFGS stops where the value no longer falls in 64-bit numbers, 1e-5 or so away."""
    for _ in range(3):
        p = expit(theta[winner] - theta[loser])
        weight = p * (1 - p)
        diagonal = np.bincount(winner, weight, contestants) + np.bincount(loser, weight, contestants) + ridge
        pairs = sparse.coo_matrix((weight, (winner, loser)), (contestants, contestants)).tocsr()
        information = sparse.diags(diagonal) - pairs - pairs.T
        step, _ = cg(information, -objective(theta)[1], rtol=1e-10, maxiter=2000, M=sparse.diags(1 / diagonal))
        theta = theta + step
    return theta


run(folder, f"scipy {scipy.__version__} L-BFGS-B, gradients in numpy {np.__version__} (our own code)", fit, polish)
