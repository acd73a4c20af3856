"""Handwritten digits, and who has which of them.

Data: scikit-learn's `load_digits`, the test part of "Optical Recognition of Handwritten Digits" (E. Alpaydin and
C. Kaynak, UCI Machine Learning Repository, CC BY 4.0).
"""

import numpy as np
from sklearn.datasets import load_digits

CLASSES = 10
# One digit in so many is held out: no client has it.
HELD_OUT = 5
# The smaller, the more uneven: below 1, most of a digit is with few clients.
EVENNESS = 0.5


def digits():
    """Images and labels to train with, then those that are held out. Pixels are from 0 to 1, row by row."""
    data = load_digits()
    images, labels = (data.data / 16).astype(np.float32), data.target.astype(np.int32)
    held_out = np.arange(len(labels)) % HELD_OUT == 0
    return (images[~held_out], labels[~held_out]), (images[held_out], labels[held_out])


def shares(labels, clients, seed):
    """For each client, which samples it has: each digit is handed out in parts of a Dirichlet distribution."""
    rng = np.random.default_rng(seed)
    shares = [[] for _ in range(clients)]
    for digit in range(CLASSES):
        samples = rng.permutation(np.flatnonzero(labels == digit))
        ends = np.cumsum(rng.dirichlet(np.full(clients, EVENNESS)))[:-1] * len(samples)
        for share, part in zip(shares, np.split(samples, ends.astype(int))):
            share.extend(part)
    return [np.sort(np.array(share, dtype=int)) for share in shares]
