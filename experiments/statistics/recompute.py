"""Recomputes every statistic of a run's report from its items.parquet, and compares it to results.csv and effects.csv.

    python experiments/statistics/recompute.py runs/NAME

Needs numpy, pandas, pyarrow and scipy. Nothing of the program is used but its files: ranks and losses are averaged, seeds
and items resampled, differences tested and corrected here once more. It prints for each statistic how many values were
compared, how many are equal to the last bit, and the largest relative difference; it fails where one is above 1e-9.
"""

import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

RESAMPLES = 5000
TOLERANCE = 1e-9
ITEMS, SEEDS = 1, 2  # random streams
BOOTSTRAP = 9  # jove_core::Purpose::Bootstrap


def chacha8(stream, count):
    """The first words of ChaCha with eight rounds, [resamples, count]; the key is seed 0, purpose, stream and resample."""
    blocks = -(-count // 16)
    shape = (RESAMPLES, blocks)
    key = [0, 0, BOOTSTRAP, 0, stream, 0, np.arange(RESAMPLES)[:, None], 0]
    counter = [np.arange(blocks)[None, :], 0, 0, 0]
    constants = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
    start = [np.broadcast_to(np.asarray(word, dtype=np.uint32), shape).copy() for word in constants + key + counter]
    x = [word.copy() for word in start]

    def quarter(a, b, c, d):
        for to, other, mixed, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[to] += x[other]
            x[mixed] ^= x[to]
            x[mixed] = (x[mixed] << np.uint32(by)) | (x[mixed] >> np.uint32(32 - by))

    for _ in range(4):
        for column in range(4):
            quarter(column, 4 + column, 8 + column, 12 + column)
        for diagonal in range(4):
            quarter(diagonal, 4 + (diagonal + 1) % 4, 8 + (diagonal + 2) % 4, 12 + (diagonal + 3) % 4)
    words = np.stack([word + first for word, first in zip(x, start)], axis=-1)
    return words.reshape(RESAMPLES, -1)[:, :count]


def draws(stream, count):
    """Draws with replacement, [resamples, count]."""
    return ((chacha8(stream, count).astype(np.uint64) * np.uint64(count)) >> np.uint64(32)).astype(np.int64)


def added(values):
    """Sums of the last axis from left to right, as the program adds."""
    return np.add.accumulate(values, axis=-1)[..., -1]


def group_mean(above, below):
    """The mean of above / below over the groups that have something below; both [groups, resamples]."""
    total, count = np.zeros(above.shape[1]), np.zeros(above.shape[1])
    for up, down in zip(above, below):
        has = down > 0
        total = np.where(has, total + np.divide(up, down, out=np.zeros_like(up), where=has), total)
        count += has
    return np.divide(total, count, out=np.zeros_like(total), where=count > 0)


def values(items, statistic, by_group, counts):
    """The value of a measure under each row of `counts`, [resamples, items]."""
    if statistic == "macro-f1":
        gold, predicted = items.gold.to_numpy(), items.top.str[0].to_numpy()
        classes = sorted(set(gold) | set(predicted))
        hits = [2 * counts[:, (gold == one) & (predicted == one)].sum(1) for one in classes]
        totals = [counts[:, gold == one].sum(1) + counts[:, predicted == one].sum(1) for one in classes]
        return group_mean(np.array(hits, float), np.array(totals, float))
    if statistic in ("nats", "perplexity"):
        above, below = items.nats.to_numpy(), items.tokens.to_numpy(float)
    else:
        rank = items["rank"].to_numpy()
        above = (rank <= 1).astype(float) if statistic == "first-rank" else 1 / rank
        below = np.ones(len(items))
    groups = items.group.to_numpy() if by_group else np.full(len(items), "")
    members = [groups == one for one in sorted(set(groups))]
    sums = [[added(counts[:, own] * side[own]) for own in members] for side in (above, below)]
    found = group_mean(np.array(sums[0]), np.array(sums[1]))
    # The system's exponential, which is the program's.
    return np.array([math.exp(value) for value in found]) if statistic == "perplexity" else found


class Measure:
    """A measure of all variants and seeds, from the items."""

    def __init__(self, items, row):
        chosen = items[items.probe == row.items_probe]
        if isinstance(row.items_part, str):
            chosen = chosen[chosen.part == row.items_part]
        self.row, self.chosen = row, chosen
        self.sign = 1.0 if row.statistic not in ("nats", "perplexity") else -1.0
        arms = chosen[chosen.kind == "arm"].groupby(["answered_by", "seed"], sort=False)
        self.arms = {(name, int(seed)): own.sort_values("item") for (name, seed), own in arms}
        self.point = {arm: self.of(own) for arm, own in self.arms.items()}
        self.means = {}

    def of(self, own, counts=None):
        counts = np.ones((1, len(own))) if counts is None else counts
        found = values(own, self.row.statistic, self.row.by_group, counts)
        return found if len(found) > 1 else found[0]

    def trivial(self, layout):
        """The best answer without training among those that fit a layout, chance aside."""
        own = self.chosen[(self.chosen.kind == "trivial") & (self.chosen.layout.isna() | (self.chosen.layout == layout))]
        size = len(next(iter(self.arms.values())))
        found = {by: self.of(rows.sort_values("item")) for by, rows in own.groupby("answered_by") if len(rows) == size}
        return found

    def resampled(self, variant):
        """The mean over drawn seeds under each resample."""
        if not self.means:
            seeds = sorted({seed for _, seed in self.arms})
            names = sorted({name for name, _ in self.arms})
            seeds = [seed for seed in seeds if all((name, seed) in self.arms for name in names)]
            size = len(next(iter(self.arms.values())))
            drawn = draws(ITEMS, size)
            counts = np.zeros((RESAMPLES, size))
            np.add.at(counts, (np.arange(RESAMPLES)[:, None], drawn), 1)
            chosen = draws(SEEDS, len(seeds))
            for name in names:
                of_seed = np.array([self.of(self.arms[name, seed], counts) for seed in seeds])
                picked = of_seed[chosen, np.arange(RESAMPLES)[:, None]]
                self.means[name] = added(picked) / len(seeds)
        return self.means[variant]


def effect(measure, variant, base):
    """All statistics of one difference."""
    seeds = sorted(seed for name, seed in measure.arms if name == variant and (base, seed) in measure.arms)
    paired = measure.sign * np.array([measure.point[variant, seed] - measure.point[base, seed] for seed in seeds])
    count, mean = len(paired), added(paired) / len(paired)
    spread = math.sqrt(added((paired - mean) ** 2) / (count - 1))
    spread = 0.0 if spread <= 1e-9 * abs(mean) else spread
    error, student = spread / math.sqrt(count), stats.t(count - 1)
    critical = student.ppf(0.975)
    p = 1.0 if mean == 0 else 2 * 0.5**count if error == 0 else 2 * student.sf(abs(mean / error))
    differences = np.sort(measure.sign * (measure.resampled(variant) - measure.resampled(base)))
    below, above = (differences <= 0).sum(), (differences >= 0).sum()
    return {
        "difference": mean,
        "low": differences[round((RESAMPLES - 1) * 0.025)],
        "high": differences[round((RESAMPLES - 1) * 0.975)],
        "t_low": mean - critical * error,
        "t_high": mean + critical * error,
        "p": p,
        "p_bootstrap": min(1.0, 2 * (min(below, above) + 1) / (RESAMPLES + 1)),
        "effect_size": 0.0 if mean == 0 else mean / spread if spread else math.copysign(math.inf, mean),
        "smallest_visible": (critical + student.ppf(0.8)) * error,
    }


def holm(p):
    """Holm's correction."""
    order = np.argsort(p, kind="stable")
    corrected = np.empty(len(p))
    corrected[order] = np.maximum.accumulate(np.minimum(1, p[order] * (len(p) - np.arange(len(p)))))
    return corrected


class Comparison:
    """Pairs of values, by statistic."""

    def __init__(self):
        self.pairs = {}

    def add(self, statistic, ours, theirs):
        self.pairs.setdefault(statistic, []).append((float(ours), float(theirs)))

    def report(self):
        worst = 0.0
        print(f"{'statistic':<18}{'values':>8}{'same bits':>11}{'largest relative difference':>30}")
        for statistic, pairs in self.pairs.items():
            ours, theirs = np.array(pairs).T
            same = ours == theirs
            scale = np.maximum(np.abs(ours), np.abs(theirs))
            with np.errstate(invalid="ignore", divide="ignore"):
                relative = np.where(same, 0.0, np.abs(ours - theirs) / scale)
            # Differences of equal numbers are rounding alone.
            relative = np.where(scale < 1e-12, 0.0, relative)
            worst = max(worst, relative.max())
            print(f"{statistic:<18}{len(pairs):>8}{same.sum():>11}{relative.max():>30.2e}")
        return worst


def main(folder):
    items = pd.read_parquet(folder / "items.parquet")
    results = pd.read_csv(folder / "results.csv", keep_default_na=False, na_values=[""])
    comparison, measures = Comparison(), {}
    layouts = items[items.kind == "arm"].groupby("answered_by").layout.first()
    for row in results.itertuples():
        name = (row.probe, row.measure)
        measure = measures.setdefault(name, None) or Measure(items, row)
        measures[name] = measure
        comparison.add("value", measure.point[row.variant, row.seed], row.value)
        if isinstance(row.trivial_answer, str) and row.trivial_answer != "chance":
            comparison.add("best trivial", measure.trivial(layouts[row.variant])[row.trivial_answer], row.best_trivial)
    path = folder / "effects.csv"
    effects = pd.read_csv(path) if path.stat().st_size else pd.DataFrame()
    for row in effects.itertuples():
        for statistic, value in effect(measures[row.probe, row.measure], row.variant, row.base).items():
            comparison.add(statistic, value, getattr(row, statistic))
    if len(effects):
        first = results.variant.iloc[0]
        family = [(base == first, primary) for base, primary in zip(effects.base, effects.primary)]
        larger = np.maximum(effects.p, effects.p_bootstrap.fillna(0)).to_numpy()
        for one in set(family):
            own = np.array([other == one for other in family])
            for ours, theirs in zip(holm(larger[own]), effects.p_holm[own]):
                comparison.add("p_holm", ours, theirs)
    return comparison.report()


if __name__ == "__main__":
    sys.exit(0 if main(Path(sys.argv[1])) <= TOLERANCE else 1)
