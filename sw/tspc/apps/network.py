"""The digits network: committed weights, held-out images, and its graph for any batch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import Config
from tspc.scheduler import Graph

__all__ = ["WEIGHTS", "Digits", "load_digits_network"]

#: What :mod:`tspc.apps.train_digits` wrote.
WEIGHTS = Path(__file__).with_name("digits.npz")


@dataclass(frozen=True, eq=False)
class Digits:
    """Network and test images.

    Attributes
    ----------
    parts
        Arrays of the weights file.
    images
        int8 (images, 64), pixels 0 .. 16, none of them used for training or calibration.
    labels
        Digit of each image.
    """

    parts: dict[str, NDArray[Any]]
    images: NDArray[np.int8]
    labels: NDArray[np.int64]

    def graph(self, config: Config, batch: int) -> Graph:
        """The quantised network for `batch` images at once: input ``x``, output ``logits``."""
        g = Graph(config, f"digits-{batch}")
        w1, b1, w2, b2 = (g.constant(name, self.parts[name]) for name in ("w1", "b1", "w2", "b2"))
        x = g.input("x", "int8", (batch, self.images.shape[1]))
        hidden = g.relu(g.add(g.matmul(x, w1), b1))
        hidden = g.requantise(hidden, float(self.parts["scale"]))
        g.output("logits", g.add(g.matmul(hidden, w2), b2))
        return g

    def float_answers(self) -> NDArray[np.int64]:
        """Digits that the network says in floating point, before it was quantised."""
        w1, b1, w2, b2 = (self.parts[f"float_{name}"] for name in ("w1", "b1", "w2", "b2"))
        hidden = np.maximum(self.images.astype(np.float32) / 16 @ w1 + b1, 0)
        answers: NDArray[np.int64] = (hidden @ w2 + b2).argmax(1)
        return answers


def load_digits_network(images: int | None = None) -> Digits:
    """The committed network and its test images, all or the first few."""
    from sklearn.datasets import load_digits

    with np.load(WEIGHTS) as file:
        parts = {name: file[name] for name in file.files}
    pixels, labels = load_digits(return_X_y=True)
    test = parts["test"].astype(np.int64)[:images]
    return Digits(parts, pixels[test].astype(np.int8), labels[test].astype(np.int64))
