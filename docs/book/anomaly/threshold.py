"""Chooses the threshold of the anomaly detector from what `edgec run` has computed in integers."""

import numpy as np


def errors(name):
    """The mean squared error of each window."""
    given, rebuilt = np.load(f"{name}.npz")["window"], np.load(f"{name}-rebuilt.npz")["rebuilt"]
    return ((given - rebuilt) ** 2).mean(1)


healthy, damaged = errors("healthy"), errors("damaged")
# A quarter above the worst of the healthy windows.
threshold = 1.25 * healthy.max()
for name, found in ("healthy", healthy), ("damaged", damaged):
    print(f"{name}: errors from {found.min():.4f} to {found.max():.4f}, {(found > threshold).sum()} of {len(found)} above the threshold")
print(f"threshold {threshold:.4f}")
