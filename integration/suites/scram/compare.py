#!/usr/bin/env python3
"""Compares avow's minimal risk groups with the minimal cut sets of scram, on random Open-PSA models.

  compare.py AVOW SCRAM DIRECTORY [MODELS] [SEED]

Each model is written to DIRECTORY, which keeps those that differ. Half of the models are coherent, the others have
negations, of the kinds that scram reads; a third kind of check has all kinds, and no scram. Where the two differ, and
for the third, every set of events is tried: who differs from that is wrong. scram 0.16.2 is, now and then, where a gate
"at least k" has two arguments that mean the same. One line for each kind of check is printed: `ok NAME` or `FAILED NAME`.
"""
import json
import random
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from itertools import combinations
from pathlib import Path

COHERENT = ["and", "or", "atleast"]
NEGATING = COHERENT * 2 + ["not", "xor", "nand", "nor"]
ALL = NEGATING + ["imply", "iff", "cardinality"]


def formula(rng, names, kinds, depth):
    """A gate over names (references are written already), now and then with a formula in it."""
    kind = rng.choice(kinds)
    count = {"not": 1, "xor": 2, "imply": 2, "iff": 2}.get(kind, rng.randint(2, min(5, len(names))))
    count = min(count, len(names))
    if count < 2 and kind != "not":
        kind, count = "or", 1
    members = rng.sample(names, count)
    if depth < 2 and rng.random() < 0.2:
        members[0] = formula(rng, names, kinds, depth + 1)
    bounds = ""
    if kind == "atleast":
        if count < 3:
            kind = "and"
        else:
            bounds = f' min="{rng.randint(2, count - 1)}"'
    if kind == "cardinality":
        low = rng.randint(0, count - 1)
        bounds = f' min="{low}" max="{rng.randint(low, count)}"'
    return f"<{kind}{bounds}>{''.join(members)}</{kind}>"


def model(rng, kinds):
    events = [f"e{i}" for i in range(rng.randint(2, 10))]
    known = [f'<basic-event name="{e}"/>' for e in events]
    gates = []
    for i in range(rng.randint(1, 10)):
        # Late names are likelier, so that the tree is deep.
        near = known[-6:] if rng.random() < 0.6 else known
        gates.append((f"g{i}", formula(rng, near if len(near) > 1 else known, kinds, 0)))
        known.append(f'<gate name="g{i}"/>')
    gates.append(("top", formula(rng, known[-5:], kinds, 0)))
    text = ['<?xml version="1.0"?>\n<opsa-mef><define-fault-tree name="random">']
    text += [f'<define-gate name="{name}">{body}</define-gate>' for name, body in gates]
    text.append("</define-fault-tree><model-data>")
    text += [f'<define-basic-event name="{e}"><float value="{rng.random():.3f}"/></define-basic-event>' for e in events]
    text.append("</model-data></opsa-mef>\n")
    return "\n".join(text)


def by_scram(scram, algorithm, path):
    """The products of `top`, or None where scram refuses the model."""
    command = [scram, algorithm, "--limit-order", "100", "--no-indent", str(path)]
    run = subprocess.run(command, capture_output=True, timeout=60)
    if run.returncode != 0:
        return None
    for found in ET.fromstring(run.stdout).iter("sum-of-products"):
        if found.get("name") == "top":
            # An event that does not happen is part of a product's conditions, not of the failures.
            return {frozenset(e.get("name") for e in product.findall("basic-event")) for product in found.iter("product")}
    return None


def by_avow(avow, path):
    command = [avow, "risk-groups", str(path), "--top", "top", "--order", "all", "--limit", "1000000", "-o", "json"]
    run = subprocess.run(command, capture_output=True, timeout=60)
    if run.returncode != 0:
        raise SystemExit(f"FAILED avow ended with {run.returncode} on {path}: {run.stderr.decode()}")
    return {frozenset(group["components"]) for group in json.loads(run.stdout)["groups"]}


def by_trying(path):
    """The minimal sets of events that bring `top` about, by the meaning of each gate."""
    tree = ET.parse(path).getroot()
    gates = {gate.get("name"): gate[0] for gate in tree.iter("define-gate")}
    events = [event.get("name") for event in tree.iter("define-basic-event")]

    def holds(node, failed, known):
        if node.tag == "basic-event":
            return node.get("name") in failed
        if node.tag == "gate":
            name = node.get("name")
            if name not in known:
                known[name] = holds(gates[name], failed, known)
            return known[name]
        values = [holds(child, failed, known) for child in node]
        up = sum(values)
        return {
            "and": lambda: up == len(values),
            "or": lambda: up > 0,
            "atleast": lambda: up >= int(node.get("min")),
            "not": lambda: up == 0,
            "xor": lambda: up % 2 == 1,
            "nand": lambda: up < len(values),
            "nor": lambda: up == 0,
            "imply": lambda: not values[0] or values[1],
            "iff": lambda: up in (0, len(values)),
            "cardinality": lambda: int(node.get("min")) <= up <= int(node.get("max")),
        }[node.tag]()

    sets = []
    for size in range(len(events) + 1):
        for members in combinations(events, size):
            members = frozenset(members)
            if not any(smaller <= members for smaller in sets) and holds(gates["top"], members, {}):
                sets.append(members)
    return set(sets)


def main():
    avow, scram, directory = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    models = int(sys.argv[4]) if len(sys.argv) > 4 else 300
    rng = random.Random(int(sys.argv[5]) if len(sys.argv) > 5 else 1)
    kinds = [("coherent", COHERENT), ("negations", NEGATING), ("all-gates", ALL)]
    wrong, alike, scram_wrong = dict.fromkeys(dict(kinds), 0), Counter(), Counter()
    for number in range(models):
        name, gates = kinds[number % 3]
        path = directory / f"{number}.xml"
        path.write_text(model(rng, gates))
        ours, keep = by_avow(avow, path), False
        algorithms = {"coherent": ["--bdd", "--zbdd", "--mocus"], "negations": ["--bdd"], "all-gates": []}[name]
        answers = [(algorithm, by_scram(scram, algorithm, path)) for algorithm in algorithms]
        if any(theirs != ours for _, theirs in answers) or not answers:
            right = by_trying(path)
            if ours != right:
                wrong[name] += 1
                keep = True
                print(f"{path}: avow misses {show(right - ours)}, and has {show(ours - right)}", file=sys.stderr)
        for algorithm, theirs in answers:
            if theirs == ours:
                alike[name] += 1
            else:
                scram_wrong[name] += 1
                keep = True
        if not keep:
            path.unlink()
    for name, _ in kinds:
        verdict = "ok" if wrong[name] == 0 and (alike[name] > 0 or name == "all-gates") else "FAILED"
        print(
            f"{verdict} {name}: {models // 3} models, avow wrong on {wrong[name]};"
            f" {alike[name]} answers of scram alike, {scram_wrong[name]} other or none, where every set was tried"
        )


def show(sets):
    return sorted(sorted(members) for members in sets)


if __name__ == "__main__":
    main()
