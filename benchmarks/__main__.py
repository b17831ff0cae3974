"""python -m benchmarks: measure everything that can be measured here, write RESULTS.md."""

import shutil
import sys

from benchmarks import retrieval, stages
from benchmarks.corpora import WORK, corpora_folder
from benchmarks.emulator import running
from benchmarks.rows import write_results


def main() -> int:
    corpora = corpora_folder()
    if corpora is None:
        print("set CORPORA to a folder with manuals.parquet, xquad_en and xquad_ru")
        return 2
    shutil.rmtree(WORK, ignore_errors=True)
    with running(WORK / "emulator") as url:
        rows = [*retrieval.measure(corpora, url), *stages.measure(corpora, url)]
    print(write_results(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
