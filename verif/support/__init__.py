"""Helpers of the tests: small benches with cocotb and Verilator, started from pytest."""

from verif.support.bench import Bench, BenchRun, build_bench, run_bench

__all__ = ["Bench", "BenchRun", "build_bench", "run_bench"]
