"""Scores of random predictions by scikit-learn, SciPy and seqeval, for `metrics.rs`.

    python reference_scores.py > reference_scores.json

Written with scikit-learn 1.9.1, SciPy 1.17.1 and seqeval 1.2.2.
"""

import json
import random

from scipy.stats import pearsonr, spearmanr
from seqeval.metrics import f1_score as entity_f1
from sklearn.metrics import accuracy_score, f1_score

random.seed(20261127)


def classes(items, count, right):
    gold = [random.randrange(count) for _ in range(items)]
    predicted = [label if random.random() < right else random.randrange(count) for label in gold]
    return {
        "gold": gold,
        "predicted": predicted,
        "accuracy": accuracy_score(gold, predicted),
        "macro-f1": f1_score(gold, predicted, average="macro", zero_division=0),
    }


def tags(sentences, types, right):
    names = ["O"] + [f"{place}-T{kind}" for kind in range(types) for place in "BI"]
    # Neither side is well formed: an inside may begin an entity.
    gold = [[random.randrange(len(names)) for _ in range(random.randrange(1, 12))] for _ in range(sentences)]
    predicted = [[tag if random.random() < right else random.randrange(len(names)) for tag in row] for row in gold]
    spelled = [[[names[tag] for tag in row] for row in side] for side in (gold, predicted)]
    return {"types": types, "gold": gold, "predicted": predicted, "entity-f1": entity_f1(*spelled)}


def numbers(items, noise, digits):
    gold = [round(random.uniform(0, 5), digits) for _ in range(items)]
    predicted = [round(value + random.gauss(0, noise), digits) for value in gold]
    return {
        "gold": gold,
        "predicted": predicted,
        "pearson": float(pearsonr(gold, predicted)[0]),
        "spearman": float(spearmanr(gold, predicted)[0]),
    }


print(json.dumps({
    "classes": [classes(200, 2, 0.4), classes(300, 15, 0.5), classes(400, 119, 0.3), classes(7, 30, 0.5), classes(50, 3, 1.0)],
    "tags": [tags(60, 1, 0.8), tags(80, 3, 0.9), tags(100, 10, 0.7), tags(5, 2, 0.0)],
    "numbers": [numbers(100, 1.0, 3), numbers(150, 3.0, 0), numbers(60, 0.1, 1)],
}))
