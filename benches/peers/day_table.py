"""What the peers have in common: the columns, the command line, and how the table is written."""

import argparse
import os
from pathlib import Path

DEFINITION = """
Minutes are sorted by participant and time; a segment is a run of consecutive recorded minutes. All as brisk/1 has it:
bands and brisk (>= 100) and vigorous (>= 130) minutes; bouts that start at a brisk minute whose own ten recorded minutes hold 8
brisk ones, last until 3 in a row are not, and end with their last brisk minute; runs of 60 and 90 zeros as not worn. Bouts
and runs cross midnight, and their minutes belong to the days in which they lie.
"""

COLUMNS = """
    participant_id local_date minutes_recorded total_steps
    m_0 m_1_19 m_20_39 m_40_59 m_60_79 m_80_99 m_100_119 m_120p
    brisk_min vigorous_min bout_min bout_count longest_bout_min peak1_spm peak30_spm peak60_spm
    met_min_floor wear60_min wear90_min hours_with_steps valid60 valid90 valid_day
""".split()

BRISK = 100
VIGOROUS = 130
BAND_FLOORS = [0, 1, 20, 40, 60, 80, 100, 120]
MET_FLOORS = [100, 110, 120, 130]  # 3 MET from the first, one more from each next
BOUT_WINDOW = 10
BOUT_BRISK = 8
BOUT_END = 3
ZEROS_SHORT = 60
ZEROS_LONG = 90
VALID_WEAR = 600
VALID_HOURS = 10


def arguments(description):
    """INPUT OUTPUT [--threads N]. Reads the command line before the libraries are imported, for which it sets the threads."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    found = parser.parse_args()
    for name in ("POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_IO_THREADS"):
        os.environ[name] = str(found.threads)
    return found


def is_parquet(path):
    return path.suffix == ".parquet"
