"""An AXI4-Lite port as a cocotb bench drives it: one access at a time, never waiting for ever."""

from typing import Any

from cocotb.triggers import RisingEdge

from tsp.arch.csr import DATA_BYTES, Response
from tspc.host import HostError

__all__ = ["AxiLite"]

_WHOLE = (1 << DATA_BYTES) - 1

#: Cycles within which an access must have been answered.
_PATIENCE = 1_000


class AxiLite:
    """The side of the port that asks (:class:`tspc.host.Port`).

    Parameters
    ----------
    dut
        The chip.
    prefix
        What its ports' names begin with.
    """

    def __init__(self, dut: Any, prefix: str = "axi__") -> None:
        self._clock, self._dut, self._prefix = dut.clk, dut, prefix
        for name in ("awvalid", "wvalid", "bready", "arvalid", "rready"):
            self[name].value = 0

    def __getitem__(self, name: str) -> Any:
        return getattr(self._dut, self._prefix + name)

    async def read(self, address: int) -> int:
        """The data; :class:`HostError` on SLVERR."""
        response, data = await self.try_read(address)
        if response is not Response.OKAY:
            raise HostError(f"read of {address:#06x}: {response.name}")
        return data

    async def write(self, address: int, data: int) -> None:
        """Write; :class:`HostError` on SLVERR."""
        response = await self.try_write(address, data)
        if response is not Response.OKAY:
            raise HostError(f"write of {address:#06x}: {response.name}")

    async def try_read(self, address: int, *, pause: int = 0) -> tuple[Response, int]:
        """Response and data; `pause` cycles pass before the answer is taken."""
        self["araddr"].value = address
        await self._hand_over("ar")
        await self._take("r", pause)
        return self._response("rresp"), self["rdata"].value.to_unsigned()

    async def try_write(
        self, address: int, data: int, strobes: int = _WHOLE, *, late: str = "", pause: int = 0
    ) -> Response:
        """The response; the channel named `late` (``aw`` or ``w``) begins some cycles later."""
        self["awaddr"].value = address
        self["wdata"].value = data
        self["wstrb"].value = strobes
        channels = ["aw", "w"]
        if late:
            channels.remove(late)
            self[f"{channels[0]}valid"].value = 1
            for _ in range(3):
                await RisingEdge(self._clock)
                assert not self[f"{channels[0]}ready"].value, "half a write was taken"
        await self._hand_over("aw", "w")
        await self._take("b", pause)
        return self._response("bresp")

    async def _hand_over(self, *channels: str) -> None:
        """Both channels of a write are taken in one cycle by this port."""
        for channel in channels:
            self[f"{channel}valid"].value = 1
        for _ in range(_PATIENCE):
            await RisingEdge(self._clock)
            if all(self[f"{channel}ready"].value for channel in channels):
                break
        else:
            raise TimeoutError(f"no {channels[0]}ready after {_PATIENCE} cycles")
        for channel in channels:
            self[f"{channel}valid"].value = 0

    async def _take(self, channel: str, pause: int) -> None:
        """Wait for an answer; after it the answer's signals are those of the last cycle."""
        self[f"{channel}ready"].value = int(not pause)
        for _ in range(_PATIENCE):
            await RisingEdge(self._clock)
            if self[f"{channel}valid"].value:
                break
        else:
            raise TimeoutError(f"no {channel}valid after {_PATIENCE} cycles")
        for n in range(pause):
            self[f"{channel}ready"].value = int(n == pause - 1)
            await RisingEdge(self._clock)
            assert self[f"{channel}valid"].value, "an answer was not kept"
        self[f"{channel}ready"].value = 0

    def _response(self, name: str) -> Response:
        return Response(self[name].value.to_unsigned())
