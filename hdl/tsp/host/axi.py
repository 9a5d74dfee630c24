"""AXI4-Lite: its signals, and the end of it that answers."""

from amaranth import Module, Mux, ResetSignal, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.csr import DATA_BYTES, Response

__all__ = ["AxiLiteResponder", "AxiLiteSignature", "answer_layout", "request_layout"]

_DATA_BITS = 8 * DATA_BYTES


class AxiLiteSignature(wiring.Signature):
    """AXI4-Lite of 32 bits, as the side that asks sees it (AMBA AXI, IHI 0022).

    Parameters
    ----------
    address_bits
        Width of byte addresses.

    Members
    -------
    awaddr, awprot, awvalid : Out, awready : In
        Address of a write.
    wdata, wstrb, wvalid : Out, wready : In
        Its data.
    bresp, bvalid : In, bready : Out
        Its answer.
    araddr, arprot, arvalid : Out, arready : In
        Address of a read.
    rdata, rresp, rvalid : In, rready : Out
        Its answer.
    """

    def __init__(self, address_bits):
        members = {}
        for channel in ("aw", "ar"):
            members |= {f"{channel}addr": Out(address_bits), f"{channel}prot": Out(3)}
        members |= {"wdata": Out(_DATA_BITS), "wstrb": Out(DATA_BYTES)}
        members |= {"bresp": In(2), "rdata": In(_DATA_BITS), "rresp": In(2)}
        for channel in ("aw", "w", "ar"):
            members |= {f"{channel}valid": Out(1), f"{channel}ready": In(1)}
        for channel in ("b", "r"):
            members |= {f"{channel}valid": In(1), f"{channel}ready": Out(1)}
        super().__init__(members)


def request_layout(address_bits) -> data.StructLayout:
    """One access: ``write`` or read, byte address, data, and whether all bytes are ``whole``."""
    members = {"write": 1, "whole": 1, "address": address_bits, "data": _DATA_BITS}
    return data.StructLayout(members)


def answer_layout() -> data.StructLayout:
    """What comes of an access: ``refused`` (SLVERR), or the ``data`` of a read."""
    return data.StructLayout({"refused": 1, "data": _DATA_BITS})


class AxiLiteResponder(wiring.Component):
    """Turns the five channels into one access at a time; reads and writes take turns.

    Parameters
    ----------
    address_bits
        Width of byte addresses.

    Members
    -------
    axi : In(AxiLiteSignature)
        The port. Protection bits are ignored.
    request : Out(request_layout), request_valid : Out(1)
        An access, until its answer.
    answer : In(answer_layout), answer_valid : In(1)
        What came of it; ``answer_valid`` for one cycle, at least one after ``request_valid`` rose.
    """

    def __init__(self, address_bits):
        super().__init__(
            {
                "axi": In(AxiLiteSignature(address_bits)),
                "request": Out(request_layout(address_bits)),
                "request_valid": Out(1),
                "answer": In(answer_layout()),
                "answer_valid": In(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        axi, request = self.axi, self.request
        busy = Signal()  # from the request until the answer is taken
        write, read = Signal(), Signal()
        wanted = axi.awvalid & axi.wvalid
        free = ~busy & ~ResetSignal()  # inside, reset ends a cycle later than at the pin
        m.d.comb += [
            write.eq(free & wanted & ~(axi.arvalid & request.write)),
            read.eq(free & axi.arvalid & ~write),
            axi.awready.eq(write),
            axi.wready.eq(write),
            axi.arready.eq(read),
        ]
        with m.If(write | read):
            m.d.sync += [
                busy.eq(1),
                self.request_valid.eq(1),
                request.write.eq(write),
                request.whole.eq(read | axi.wstrb.all()),
                request.address.eq(Mux(write, axi.awaddr, axi.araddr)),
                request.data.eq(axi.wdata),
            ]
        with m.If(self.answer_valid):
            m.d.sync += self.request_valid.eq(0)
            response = Mux(self.answer.refused, Response.SLVERR, Response.OKAY)
            with m.If(request.write):
                m.d.sync += [axi.bvalid.eq(1), axi.bresp.eq(response)]
            with m.Else():
                m.d.sync += [
                    axi.rvalid.eq(1),
                    axi.rresp.eq(response),
                    axi.rdata.eq(Mux(self.answer.refused, 0, self.answer.data)),
                ]
        with m.If(axi.bvalid & axi.bready):
            m.d.sync += [axi.bvalid.eq(0), busy.eq(0)]
        with m.If(axi.rvalid & axi.rready):
            m.d.sync += [axi.rvalid.eq(0), busy.eq(0)]
        return m
