"""A matmul that streams weights: a tile every T cycles from MEM into one plane, no bubble."""

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import Config, Queue
from tsp.arch.isa import decode
from tspc.scheduler import Graph

__all__ = ["PLANES", "gemm_graph", "gemm_input", "gemm_product", "tile_times"]

K_TILES, N_TILES = 8, 12
SEED = 1989
PLANES = ("E0",)


def gemm_graph(config: Config) -> Graph:
    """One vector of activations times K_TILES x N_TILES tiles of random weights."""
    g = Graph(config, f"gemm-{K_TILES * N_TILES}-tiles")
    x = g.input("x", "int8", (1, K_TILES * config.lanes))
    g.output("y", g.matmul(x, g.constant("w", _weights(config))))
    return g


def gemm_input(config: Config) -> NDArray[np.int8]:
    """Random activations."""
    rng = np.random.default_rng(SEED + 1)
    return rng.integers(-128, 128, (1, K_TILES * config.lanes)).astype(np.int8)


def gemm_product(config: Config) -> NDArray[np.int32]:
    """What NumPy says."""
    product = gemm_input(config).astype(np.int64) @ _weights(config).astype(np.int64)
    return product.astype(np.int32)


def tile_times(events: NDArray[np.void], queue: Queue) -> list[int]:
    """Cycles in which a plane installed a tile, from the events of a run."""
    own = events[events["queue"] == queue.index]
    words = [decode(int.from_bytes(e["word"].tobytes(), "little")) for e in own]
    return [
        int(e["cycle"]) for e, w in zip(own, words, strict=True) if w.name == "MXM" and w["install"]
    ]


def _weights(config: Config) -> NDArray[np.int8]:
    rng = np.random.default_rng(SEED)
    shape = (K_TILES * config.lanes, N_TILES * config.lanes)
    return rng.integers(-128, 128, shape).astype(np.int8)
