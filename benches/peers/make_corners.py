#!/usr/bin/env python3
"""Writes minutes in which the rules meet their corners often: seeded, small, nothing like a person's day.

    make_corners.py --seed 1 --out corners.csv

Steps sit at the edges of bands and thresholds; walks break off and go on; gaps of a minute or many lie in runs of zeros and in
bouts; both cross midnight; some people have a single minute, and some begin in the minute after the one before them ended.
"""

import argparse
from pathlib import Path

import numpy as np

EDGES = [0, 1, 19, 20, 59, 60, 99, 100, 100, 100, 105, 109, 110, 119, 120, 129, 130, 189]
FIRST = np.datetime64("2023-03-01T00:00")


def person(random, start):
    """Minutes since the first, and steps."""
    size = int(random.integers(1, 6000))
    walking = np.zeros(size, bool)
    at, walks = 0, bool(random.random() < 0.5)
    while at < size:
        length = int(random.geometric(random.choice([0.01, 0.1])))
        walking[at : at + length] = walks
        at, walks = at + length, not walks
    still = np.where(random.random(size) < random.choice([0.05, 0.3, 0.9, 0.99]), 0, random.integers(0, 140, size))
    steps = np.where(walking, random.choice(EDGES, size), still)
    kept = random.random(size) >= random.choice([0, 0.001, 0.02, 0.3])
    kept[random.integers(size)] = True
    minutes = np.flatnonzero(kept)
    return start + minutes, steps[minutes]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    after_the_last = 0
    with open(arguments.out, "w", encoding="ascii") as out:
        out.write("participant_id,timestamp,steps\n")
        for number in range(arguments.people):
            start = after_the_last if random.random() < 0.5 else int(random.integers(3000))
            minutes, steps = person(random, start)
            after_the_last = int(minutes[-1]) + 1
            stamps = np.datetime_as_string(FIRST + minutes, unit="s")
            for stamp, count in zip(stamps, steps):
                out.write(f"C{number + 1:03},{stamp.replace('T', ' ')},{count}\n")


if __name__ == "__main__":
    main()
