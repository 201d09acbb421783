"""Reference implementation of truth inference in numpy (our own, vectorised): a comparator where crowd-kit cannot be
installed. It is not crowd-kit and must not be reported as such.

usage: truth_numpy.py FOLDER METHOD [--iterations N] [--tolerance T] [--smoothing S]

FOLDER holds item.i32, rater.i32, label.i32 (little-endian int32, any order) and sizes.json {items, raters, classes}.
Writes posteriors.f64 (items x classes, C order) there and prints one JSON line {seconds, iterations, objective}.
METHOD: dawid-skene, one-coin, mace, glad. Same model, start, step and stopping rule as the package, so the
deterministic methods must agree to rounding.
"""

import argparse
import json
import pathlib
import resource
import time

import numpy as np

EDGE = 1e-12
COIN_EDGE = 1e-10


def load(folder):
    sizes = json.loads((folder / "sizes.json").read_text())
    columns = [np.fromfile(folder / f"{name}.i32", dtype="<i4") for name in ("item", "rater", "label")]
    order = np.argsort(columns[0], kind="stable")
    item, rater, label = (column[order].astype(np.int64) for column in columns)
    return item, rater, label, sizes["items"], sizes["raters"], sizes["classes"]


def climb(step, iterations, tolerance):
    objectives = []
    for _ in range(iterations):
        objective = step()
        before = objectives[-1] if objectives else None
        objectives.append(objective)
        if before is not None and objective - before <= tolerance * abs(objective):
            break
    return objectives


class Labels:
    def __init__(self, item, rater, label, items, raters, classes):
        self.item, self.rater, self.label = item, rater, label
        self.items, self.raters, self.classes = items, raters, classes
        self.labelled = np.unique(item)
        # Where each labelled item begins: rows of one item are neighbours, so sums over items are reduceat.
        self.begins = np.searchsorted(item, self.labelled)
        self.cell = rater * classes + label
        self.per_rater = np.bincount(rater, minlength=raters).astype(float)

    def sum_by_item(self, rows):
        return np.add.reduceat(rows, self.begins, axis=0)

    def shares(self):
        votes = np.bincount(self.item * self.classes + self.label, minlength=self.items * self.classes)
        votes = votes.reshape(self.items, self.classes).astype(float)
        total = votes.sum(1, keepdims=True)
        return np.where(total > 0, votes / np.maximum(total, 1), 1 / self.classes)


def posterior_of(log_rows):
    top = log_rows.max(1, keepdims=True)
    p = np.exp(log_rows - top)
    total = p.sum(1, keepdims=True)
    return p / total, float((top + np.log(total)).sum())


def vote_step(data, q, weight, prior):
    votes = np.bincount(
        data.item * data.classes + data.label, weights=weight, minlength=data.items * data.classes
    ).reshape(data.items, data.classes)
    rows = votes[data.labelled] + np.log(prior)
    q[data.labelled], total = posterior_of(rows)
    return total


def dawid_skene(data, iterations, tolerance, smoothing):
    q = data.shares()
    state = {}

    def step():
        counts = np.empty((data.raters * data.classes, data.classes))
        for k in range(data.classes):
            counts[:, k] = np.bincount(data.cell, weights=q[data.item, k], minlength=data.raters * data.classes)
        errors = counts.reshape(data.raters, data.classes, data.classes) + smoothing
        total = errors.sum(1, keepdims=True)
        errors = np.where(total > 0, errors / np.where(total > 0, total, 1), 1 / data.classes)
        prior = q[data.labelled].mean(0)
        with np.errstate(divide="ignore"):
            logs = np.log(errors).reshape(data.raters * data.classes, data.classes)
            log_prior = np.log(prior)
        rows = data.sum_by_item(logs[data.cell]) + log_prior
        q[data.labelled], log_likelihood = posterior_of(rows)
        q_unlabelled = np.setdiff1d(np.arange(data.items), data.labelled)
        q[q_unlabelled] = prior
        state["prior"] = prior
        return log_likelihood + (smoothing * logs.sum() if smoothing > 0 else 0.0)

    return q, climb(step, iterations, tolerance)


def one_coin(data, iterations, tolerance, smoothing):
    q = data.shares()

    def step():
        right = np.bincount(data.rater, weights=q[data.item, data.label], minlength=data.raters) + smoothing
        n = data.per_rater + 2 * smoothing
        skill = np.where(n > 0, np.minimum(1, right / np.where(n > 0, n, 1)), 0.5)
        p = np.clip(skill, COIN_EDGE, 1 - COIN_EDGE)
        wrong = np.log1p(-p) - np.log(max(1, data.classes - 1))
        prior = q[data.labelled].mean(0)
        total = vote_step(data, q, (np.log(p) - wrong)[data.rater], prior)
        log_prior = smoothing * float((np.log(p) + np.log1p(-p)).sum()) if smoothing > 0 else 0.0
        return float((data.per_rater * wrong).sum()) + total + log_prior

    return q, climb(step, iterations, tolerance)


def mace(data, iterations, tolerance, _smoothing):
    from scipy.special import digamma, gammaln

    knows, guesses, strategy_prior = 0.5, 0.5, 10.0
    q = data.shares()
    uniform = np.full(data.classes, 1 / data.classes)
    state = {
        "know": np.full(data.raters, 0.5),
        "guess": np.full((data.raters, data.classes), 0.5 / data.classes),
    }

    def expect():
        know, guess = state["know"], np.maximum(EDGE, state["guess"])
        mix = guess + know[:, None]
        gain = (np.log(mix) - np.log(guess)).ravel()
        total = vote_step(data, q, gain[data.cell], uniform) + float(np.log(guess).ravel()[data.cell].sum())
        knew = q[data.item, data.label] * (know[:, None] / mix).ravel()[data.cell]
        state["known"] = np.bincount(data.rater, weights=knew, minlength=data.raters)
        state["guessed"] = np.bincount(data.cell, weights=1 - knew, minlength=data.raters * data.classes).reshape(
            data.raters, data.classes
        )
        return total

    def step():
        known, guessed = state["known"], state["guessed"]
        a, b = known + knows, guessed.sum(1) + guesses
        log_know, log_guess = digamma(a) - digamma(a + b), digamma(b) - digamma(a + b)
        c = guessed + strategy_prior
        log_share = digamma(c) - digamma(c.sum(1, keepdims=True))
        state["know"], state["guess"] = np.exp(log_know), np.exp(log_guess[:, None] + log_share)
        gain = gammaln(knows + guesses) - gammaln(knows) - gammaln(guesses)
        gain += gammaln(data.classes * strategy_prior) - data.classes * gammaln(strategy_prior)
        bound = data.raters * gain
        bound += float((gammaln(a) + gammaln(b) - gammaln(a + b) - known * log_know).sum())
        bound -= float((guessed.sum(1) * log_guess).sum())
        bound += float(gammaln(c).sum() - gammaln(c.sum(1)).sum() - (guessed * log_share).sum())
        return bound + expect()

    expect()
    return q, climb(step, iterations, tolerance)


def glad(data, iterations, tolerance, _smoothing):
    q = data.shares()
    ability, easiness = np.ones(data.raters), np.ones(data.items)
    log_others = np.log(max(1, data.classes - 1))
    uniform = np.full(data.classes, 1 / data.classes)
    state = {}

    def expect():
        x = ability[data.rater] * np.exp(easiness)[data.item]
        base = -len(x) * log_others - float(np.logaddexp(0, x).sum())
        total = vote_step(data, q, x + log_others, uniform)
        state["right"] = q[data.item, data.label]
        return base + total

    def value(x, group, size):
        return np.bincount(group, weights=state["right"] * x - np.logaddexp(0, x), minlength=size)

    def ascend(t, step, x_of, group, size):
        """Newton steps per unknown, each halved until its own part of the objective does not fall."""
        old = value(x_of(t), group, size) - (t - 1) ** 2 / 2
        done = step == 0
        result = t.copy()
        for _ in range(30):
            if done.all():
                break
            tried = np.where(done, result, t + step)
            new = value(x_of(tried), group, size) - (tried - 1) ** 2 / 2
            accept = ~done & (new >= old)
            result[accept] = tried[accept]
            done |= accept
            step = step / 2
        return result

    def step():
        nonlocal ability, easiness
        b = np.exp(easiness)[data.item]
        x = ability[data.rater] * b
        sigma = 1 / (1 + np.exp(-x))
        slope = np.bincount(data.rater, weights=(state["right"] - sigma) * b, minlength=data.raters) - (ability - 1)
        bend = np.bincount(data.rater, weights=sigma * (1 - sigma) * b * b, minlength=data.raters) + 1
        ability = ascend(ability, np.clip(slope / bend, -1, 1), lambda a: a[data.rater] * b, data.rater, data.raters)
        a = ability[data.rater]
        x = a * b
        sigma = 1 / (1 + np.exp(-x))
        pull = np.bincount(data.item, weights=(state["right"] - sigma) * x, minlength=data.items)
        bend = np.bincount(data.item, weights=sigma * (1 - sigma) * x * x, minlength=data.items) + 1
        bend = np.where(bend - pull > 0, bend - pull, bend)
        slope = pull - (easiness - 1)
        easiness = ascend(
            easiness, np.clip(slope / bend, -1, 1), lambda e: a * np.exp(e)[data.item], data.item, data.items
        )
        log_prior = -float(((ability - 1) ** 2).sum() + ((easiness - 1) ** 2).sum()) / 2
        return expect() + log_prior

    expect()
    return q, climb(step, iterations, tolerance)


METHODS = {"dawid-skene": dawid_skene, "one-coin": one_coin, "mace": mace, "glad": glad}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("--iterations", type=int, default=500)
    parser.add_argument("--tolerance", type=float, default=1e-10)
    parser.add_argument("--smoothing", type=float, default=0.0)
    args = parser.parse_args()
    columns = load(args.folder)
    began, cpu = time.perf_counter(), time.process_time()
    data = Labels(*columns)
    q, objectives = METHODS[args.method](data, args.iterations, args.tolerance, args.smoothing)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    q.astype("<f8").tofile(args.folder / "posteriors.f64")
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpuSeconds": cpu_seconds,
                "iterations": len(objectives),
                "objective": objectives[-1] if objectives else None,
                "peakMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "implementation": f"own numpy reference, numpy {np.__version__}",
            }
        )
    )


if __name__ == "__main__":
    main()
