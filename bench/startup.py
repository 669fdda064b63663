"""How long the command line takes to start, as a ratio of starting Python itself.

python bench/startup.py
"""

import subprocess
import sys
import time
from statistics import median

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import ectopy": ["-c", "import ectopy"],
    "ectopy --help": ["-m", "ectopy", "--help"],
    "ectopy analyze --help": ["-m", "ectopy", "analyze", "--help"],
}


def seconds(words: list[str], runs: int = 11) -> float:
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, capture_output=True)
        taken.append(time.perf_counter() - begun)
    return median(taken[1:])


print("| command | median s | × python |\n|---|---|---|")
bare = seconds(COMMANDS["python -c pass"])
for name, words in COMMANDS.items():
    took = seconds(words)
    print(f"| `{name}` | {took:.3f} | {took / bare:.1f} |")
