"""How the time and memory of find_beats grow with length, on signals of every kind.

python bench/length.py
"""

import resource
import subprocess
import sys
import time

import numpy as np

FS, HOURS = 250, (1, 6, 24)
KINDS = ("simulated heart", "white noise", "flat", "spikes", "square wave", "saturated noise")


def signal(kind: str, hours: int) -> np.ndarray:
    n, random = hours * 3600 * FS, np.random.default_rng(0)
    if kind == "simulated heart":
        from ectopy.simulate import simulate

        return np.tile(simulate(3600, FS, seed=1).signal[:, 0], hours)
    at = np.arange(n, dtype=np.int32)
    return {
        "white noise": lambda: random.standard_normal(n, np.float32),
        "flat": lambda: np.zeros(n, np.float32),
        "spikes": lambda: (random.random(n, np.float32) < 0.004).astype(np.float32),
        "square wave": lambda: (at // 100 % 2).astype(np.float32),
        "saturated noise": lambda: np.clip(5 * random.standard_normal(n, np.float32), -1, 1),
    }[kind]()


def measure(kind: str, hours: int) -> None:
    """Print seconds and MB above those of the signal, for one kind and length."""
    from ectopy.beats import find_beats
    from ectopy.recording import Recording

    recording = Recording(signal(kind, hours)[:, None], FS, ("I",))
    find_beats(Recording(recording.signal[: 60 * FS], FS, ("I",)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    beats = find_beats(recording)
    took = time.perf_counter() - begun
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{took:.2f} s, +{grown:.0f} MB, {len(beats):,}")


def main() -> None:
    print(f"| signal at {FS} Hz | {' | '.join(f'{h} h: time, memory, beats' for h in HOURS)} |")
    print(f"|---{'|---' * len(HOURS)}|")
    for kind in KINDS:
        cells = [
            subprocess.run(
                [sys.executable, __file__, kind, str(hours)],
                capture_output=True, text=True, check=True,
            ).stdout.strip()
            for hours in HOURS
        ]  # fmt: skip
        print(f"| {kind} | {' | '.join(cells)} |", flush=True)


if len(sys.argv) == 3:
    measure(sys.argv[1], int(sys.argv[2]))
else:
    main()
