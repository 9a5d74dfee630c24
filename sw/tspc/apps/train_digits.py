"""Trains and quantises the digits network, and writes ``digits.npz``.

``python -m tspc.apps.train_digits`` gives the committed file again: the seed is fixed, and nothing
but NumPy and the images of scikit-learn goes in. Images for training, for choosing scales
(calibration) and for testing are disjoint; the file says which are which.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CALIBRATION", "PATH", "TEST", "main"]

PATH = Path(__file__).with_name("digits.npz")

SEED = 2020
TEST = 660  #: images held out for the test
CALIBRATION = 137  #: images that choose the scales; the rest is for training
HIDDEN = 64
EPOCHS = 400
BATCH = 50
RATE = 2e-3
DECAY = 1e-3  #: of the weights, decoupled
JITTER = 0.5  #: standard deviation of noise on the pixels (0 .. 16)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Split:
    """Numbers of images in ``sklearn.datasets.load_digits()``."""

    train: NDArray[np.int64]
    calibration: NDArray[np.int64]
    test: NDArray[np.int64]


def _split(count: int, rng: np.random.Generator) -> _Split:
    order = rng.permutation(count)
    return _Split(
        np.sort(order[TEST + CALIBRATION :]),
        np.sort(order[TEST : TEST + CALIBRATION]),
        np.sort(order[:TEST]),
    )


def _forward(p: list[Array], x: Array) -> tuple[Array, Array]:
    hidden = np.maximum(x @ p[0] + p[1], 0)
    return hidden, hidden @ p[2] + p[3]


def _gradients(p: list[Array], x: Array, labels: NDArray[np.int64]) -> list[Array]:
    """Of the mean cross-entropy."""
    hidden, logits = _forward(p, x)
    logits = logits - logits.max(1, keepdims=True)
    error = np.exp(logits)
    error /= error.sum(1, keepdims=True)
    error[np.arange(len(x)), labels] -= 1
    error /= len(x)
    back = (error @ p[2].T) * (hidden > 0)
    return [x.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]


def _train(x: Array, labels: NDArray[np.int64], rng: np.random.Generator) -> list[Array]:
    """Weights and biases of both layers, by Adam with a falling rate."""
    inputs, classes = x.shape[1], int(labels.max()) + 1
    p = [
        rng.normal(0, (2 / inputs) ** 0.5, (inputs, HIDDEN)),
        np.zeros(HIDDEN),
        rng.normal(0, (1 / HIDDEN) ** 0.5, (HIDDEN, classes)),
        np.zeros(classes),
    ]
    first = [np.zeros_like(a) for a in p]
    second = [np.zeros_like(a) for a in p]
    step = 0
    for epoch in range(EPOCHS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        for chosen in np.array_split(rng.permutation(len(x)), len(x) // BATCH):
            step += 1
            noisy = x[chosen] + rng.normal(0, JITTER / 16, (len(chosen), inputs))
            for i, g in enumerate(_gradients(p, noisy, labels[chosen])):
                first[i] = 0.9 * first[i] + 0.1 * g
                second[i] = 0.999 * second[i] + 0.001 * g * g
                m, v = first[i] / (1 - 0.9**step), second[i] / (1 - 0.999**step)
                p[i] = p[i] - rate * (m / (np.sqrt(v) + 1e-8) + DECAY * p[i])
    return p


def _quantise(p: list[Array], calibration: Array) -> dict[str, NDArray[np.generic]]:
    """int8 weights, int32 biases, and the factor between the layers.

    Pixels are 0 .. 16 and go in as they are, so the input's scale is 1/16 and exact.
    """
    x_scale = 1 / 16
    w1_scale = np.abs(p[0]).max() / 127
    w2_scale = np.abs(p[2]).max() / 127
    hidden_scale = _forward(p, calibration)[0].max() / 127

    def whole(a: Array, scale: float, dtype: type[np.signedinteger]) -> NDArray[np.generic]:
        return np.rint(a / scale).astype(dtype)

    return {
        "w1": whole(p[0], w1_scale, np.int8),
        "b1": whole(p[1], x_scale * w1_scale, np.int32),
        "scale": np.array(x_scale * w1_scale / hidden_scale, np.float32),
        "w2": whole(p[2], w2_scale, np.int8),
        "b2": whole(p[3], hidden_scale * w2_scale, np.int32),
    }


def main() -> None:
    """Train, quantise, write the file and say how well the floating-point network does."""
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(SEED)
    images, labels = load_digits(return_X_y=True)
    split = _split(len(images), rng)
    x = images / 16
    p = _train(x[split.train], labels[split.train], rng)
    parts: dict[str, Any] = {**_quantise(p, x[split.calibration])}
    names = ("float_w1", "float_b1", "float_w2", "float_b2")
    parts |= {name: a.astype(np.float32) for name, a in zip(names, p, strict=True)}
    parts |= {name: chosen.astype(np.int16) for name, chosen in vars(split).items()}
    np.savez(PATH, **parts)
    for name in ("train", "calibration"):
        chosen = getattr(split, name)
        right = _forward(p, x[chosen])[1].argmax(1) == labels[chosen]
        print(f"{name}: {len(chosen)} images, {100 * right.mean():.2f} % right in floating point")


if __name__ == "__main__":
    main()
