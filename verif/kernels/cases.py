"""The kernels with sizes for each configuration, inputs and what NumPy says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from tsp.arch.config import Config
from tspc import kernels
from tspc.kernels import Kernel
from verif.kernels import reference

__all__ = ["CASES", "Case"]

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Case:
    """One kernel.

    Attributes
    ----------
    name
        Of the kernel.
    make
        The kernel of a size.
    sizes
        What `make` takes, by name of the configuration.
    inputs
        Random inputs of a size.
    expected
        Of inputs and the configuration.
    slack
        Units of the last place by which the output may differ, because special functions may.
    """

    name: str
    make: Callable[..., Kernel]
    sizes: dict[str, tuple[int, ...]]
    inputs: Callable[..., Arrays]
    expected: Callable[..., np.ndarray]
    slack: int = 0
    bursts: dict[str, int] = field(default_factory=dict)

    def kernel(self, config: Config) -> Kernel:
        """The kernel at its size for a configuration."""
        options: dict[str, Any] = {}
        if config.name in self.bursts:
            options["burst"] = self.bursts[config.name]
        return self.make(config, *self.sizes[config.name], **options)

    def data(self, config: Config) -> tuple[Arrays, np.ndarray]:
        """Inputs, and the output that they should give."""
        rng = np.random.default_rng([len(self.name), config.lanes])
        inputs = self.inputs(rng, config, *self.sizes[config.name])
        return inputs, self.expected(config, *inputs.values())


def _int8(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-128, 128, shape).astype(np.int8)


def _rows(names: str, rng: np.random.Generator, config: Config, rows: int, *_: int) -> Arrays:
    return {name: _int8(rng, rows, config.lanes) for name in names}


def _spread_rows(rng: np.random.Generator, config: Config, rows: int) -> Arrays:
    """Rows of very different means and deviations."""
    wide = rng.normal(rng.integers(-40, 40, (rows, 1)), rng.integers(1, 60, (rows, 1)),
                      (rows, config.lanes))  # fmt: skip
    return {"x": np.clip(np.rint(wide), -128, 127).astype(np.int8)}


def _few_values(rng: np.random.Generator, config: Config, rows: int) -> Arrays:
    """Ties are common."""
    return {"x": rng.integers(-3, 4, (rows, config.lanes)).astype(np.int8)}


def _factors(config: Config, name: str) -> np.ndarray:
    rng = np.random.default_rng([len(name), config.lanes])
    return rng.normal(1, 0.3, config.lanes).astype(np.float32)


def _weights(config: Config, *shape: int) -> np.ndarray:
    return _int8(np.random.default_rng(sum(shape)), *shape)


def _rows_case(name: str, nano: int, small: int, full: int, **more: Any) -> Case:
    sizes = {"nano": (nano,), "small": (small,), "full": (full,)}
    options = {"inputs": partial(_rows, "x"), **more}
    return Case(name, sizes=sizes, **options)


def _image_cases(stride: int) -> list[Case]:
    sizes = {"nano": (2, 6, 7), "small": (4, 14, 14), "full": (16, 28, 28)}
    of_conv = {"nano": (1, 6, 7), "small": (1, 9, 10), "full": (4, 10, 10)}

    def weights(c: Config) -> np.ndarray:
        return _weights(c, 3, 3, c.lanes, c.lanes)

    def inputs(rng: np.random.Generator, config: Config, *shape: int) -> Arrays:
        return {"x": _int8(rng, *shape, config.lanes)}

    return [
        Case(
            f"max_pool3x3 stride {stride}",
            lambda c, *n, **o: kernels.max_pool3x3(c, *n, stride=stride, **o),
            sizes, inputs, lambda c, x: reference.max_pool3x3(x, stride),
        ),
        Case(
            f"conv3x3 stride {stride}",
            lambda c, *n, **o: kernels.conv3x3(c, *n, weights(c), 1 / 2000, stride=stride, **o),
            of_conv, inputs, lambda c, x: reference.conv3x3(x, weights(c), 1 / 2000, stride),
        ),
    ]  # fmt: skip


_MATMUL = {"nano": (64, 96, 64), "small": (128, 128, 128), "full": (1024, 640, 640)}

CASES = [
    _rows_case(
        "residual_add", 128, 512, 8192, make=kernels.residual_add, inputs=partial(_rows, "ab"),
        expected=lambda c, a, b: reference.residual_add(a, b),
    ),
    _rows_case(
        "silu", 64, 512, 8192, slack=1,
        make=lambda c, r, **o: kernels.silu(c, r, 0.06, 0.04, **o),
        expected=lambda c, x: reference.silu(x, 0.06, 0.04), bursts={"full": 512},
    ),
    _rows_case(
        "gelu", 64, 512, 8192, slack=1,
        make=lambda c, r, **o: kernels.gelu(c, r, 0.06, 0.04, **o),
        expected=lambda c, x: reference.gelu(x, 0.06, 0.04), bursts={"full": 512},
    ),
    Case(
        "matmul",
        lambda c, m, k, n, **o: kernels.matmul(c, m, _weights(c, k, n), 1 / 3000, **o),
        _MATMUL,
        lambda rng, c, m, k, n: {"x": _int8(rng, m, k)},
        lambda c, x: reference.matmul(x, _weights(c, *_MATMUL[c.name][1:]), 1 / 3000),
    ),
    Case(
        "transpose",
        kernels.transpose,
        {"nano": (2,), "small": (4,), "full": (4,)},
        lambda rng, c, n: {f"x{m}": _int8(rng, c.lanes, c.lanes) for m in range(n)},
        lambda c, *x: np.concatenate([one.T for one in x]),
    ),
    _rows_case(
        "rms_norm", 128, 512, 16384, slack=1, inputs=_spread_rows,
        make=lambda c, r, **o: kernels.rms_norm(c, r, _factors(c, "g"), 0.05, 0.03, **o),
        expected=lambda c, x: reference.rms_norm(x, _factors(c, "g"), 0.05, 0.03),
        bursts={"full": 1024},
    ),
    _rows_case(
        "layer_norm", 128, 512, 4096, slack=1, inputs=_spread_rows,
        make=lambda c, r, **o: kernels.layer_norm(
            c, r, _factors(c, "g"), _factors(c, "bias"), 0.05, 0.03, **o
        ),
        expected=lambda c, x: reference.layer_norm(
            x, _factors(c, "g"), _factors(c, "bias"), 0.05, 0.03
        ),
    ),
    _rows_case(
        "softmax", 128, 512, 4096, slack=1,
        make=lambda c, r, **o: kernels.softmax(c, r, 0.1, **o),
        expected=lambda c, x: reference.softmax(x, 0.1),
    ),
    _rows_case(
        "argmax", 128, 512, 4096, make=kernels.argmax, inputs=_few_values,
        expected=lambda c, x: reference.argmax(x),
    ),
    *_image_cases(1),
    *_image_cases(2),
    _rows_case(
        "rotary", 64, 512, 4096, make=kernels.rotary, expected=lambda c, x: reference.rotary(x),
    ),
]  # fmt: skip
