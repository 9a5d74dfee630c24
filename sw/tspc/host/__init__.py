"""The host's side of the chip's AXI4-Lite port: boot, run and read back."""

from tspc.host.driver import HostDriver, HostError, Port, Status

__all__ = ["HostDriver", "HostError", "Port", "Status"]
