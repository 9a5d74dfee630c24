"""The host port: one AXI4-Lite port through which a program is booted, run and read back."""

from .axi import AxiLiteResponder, AxiLiteSignature
from .port import HostPort
from .tile import HostTile

__all__ = ["AxiLiteResponder", "AxiLiteSignature", "HostPort", "HostTile"]
