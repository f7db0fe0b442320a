"""Prints the figures of a run as a table: medians over the rounds, and how often we do it while a peer does it once.

Usage: table.py FIGURES, lines of `who<tab>operation<tab>operations per CPU second`.
"""

import statistics
import sys

OURS = "avow"
# What an operation is to reach, per CPU second.
BARS = {
    "issue vc+jwt": 38_000,
    "issue eddsa-jcs-2022": 35_000,
    "issue eddsa-rdfc-2022": 35_000,
    "verify vc+jwt": 20_000,
    "look beforehand at vc+jwt, batches of 256": 38_000,
    "verify eddsa-rdfc-2022": 9_000,
    "verify eddsa-rdfc-2022, Gaia-X context": 9_000,
    "SHACL": 400,  # 2.5 ms
}


def per_second(rate):
    return f"{rate:,.0f}/s" if rate >= 1000 else f"{rate:.0f}/s ({1000 / rate:.2f} ms)"


def main(path):
    rounds = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            who, operation, rate = line.rstrip("\n").split("\t")
            rounds.setdefault(operation, {}).setdefault(who, []).append(float(rate))
    print("| operation | bar | avow | peers, and how often we do it meanwhile |\n|---|---|---|---|")
    for operation, sides in rounds.items():
        medians = {who: statistics.median(rates) for who, rates in sides.items()}
        ours = medians.pop(OURS, None)
        bar = BARS.get(operation)
        met = "" if bar is None or ours is None else " (met)" if ours >= bar else " (NOT met)"
        peers = [
            f"{who} {per_second(rate)}" + (f" × {ours / rate:.1f}" if ours else "")
            for who, rate in sorted(medians.items(), key=lambda one: -one[1])
        ]
        cells = [operation, per_second(bar) if bar else "–", (per_second(ours) if ours else "–") + met, " · ".join(peers) or "–"]
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main(sys.argv[1])
