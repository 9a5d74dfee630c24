"""Helpers of the tests: small benches with cocotb and Verilator, started from pytest."""

from verif.support.bench import BenchRun, run_bench

__all__ = ["BenchRun", "run_bench"]
