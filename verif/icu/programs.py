"""Random legal text for one queue: any order of words that execution.md allows."""

import random

from tsp.arch.config import Config, QueueKind
from tsp.arch.isa import FORMATS, VXM_OPS
from verif.icu.reference import word_of


class TextMaker:
    """Draws words one by one and keeps the time, so that no busy MEM port is named.

    `special`: the ALU of a VXM queue has the special functions.
    """

    def __init__(self, kind: QueueKind, config: Config, rng: random.Random, special: bool = True):
        self.kind, self.config, self.rng, self.special = kind, config, rng, special
        self.text: list[int] = []
        self.now = 0  # earliest issue of the next word; SYNC waits are not known here
        self._free = {"read": 0, "write": 0}

    def make(self, words: int) -> list[int]:
        """A text of about `words` words that ends with HALT."""
        while len(self.text) < words - 3:
            self.draw()
        self._own("HALT")
        return self.text

    def draw(self) -> None:
        """Add one word, with what belongs to it."""
        draw = self.rng.random()
        if draw < 0.15:
            self._own("NOP", n=self._small(12))
            self.now += self.text[-1] >> 6
        elif draw < 0.22:
            self._own("SYNC", n=self._small(2))
            self.now += 1  # at least
        elif draw < 0.27:
            self._own("NOTIFY")
            self.now += 1
        elif draw < 0.31:
            self._own("CONFIG", n=self.rng.randint(1, self.config.superlanes))
            self.now += 1
        else:
            self._functional()

    def work(self, words: int) -> None:
        """Add about `words` words that neither park nor notify."""
        for _ in range(words):
            if self.rng.random() < 0.2:
                self._own("NOP", n=self._small(12))
                self.now += self.text[-1] >> 6
            else:
                self._functional()

    def wait_until(self, cycle: int) -> None:
        """Let the next word issue in this cycle."""
        if cycle > self.now:
            self._own("NOP", n=cycle - self.now)
            self.now = cycle

    def _small(self, limit: int) -> int:
        return 1 if self.rng.random() < 0.4 else self.rng.randint(1, limit)

    def _own(self, name: str, **values: int) -> None:
        self.text.append(word_of(name, **values))

    def _functional(self) -> None:
        before = self.now
        single = True
        if self.kind is QueueKind.MEM:
            single = self._mem()
        elif self.kind is QueueKind.C2C:
            self._own("NOP", n=1)
            self.now += 1
            return
        elif self.kind.value.startswith("sxm"):
            self.text.append(self._sxm())
            self.now += 1
        else:
            self.text.append(getattr(self, "_" + self.kind.value)())
            self.now += 1
        if single and self.now > before and self.rng.random() < 0.4:
            n, d = self._small(6), self._small(5)
            self._own("REPEAT", n=n, d=d)
            self.now = before + n * d + 1

    def _mem(self) -> bool:
        """One MEM word on ports that are free; True if REPEAT may follow."""
        free = [port for port, t in self._free.items() if t <= self.now]
        if not free:
            self._own("NOP", n=min(self._free.values()) - self.now)
            self.now = min(self._free.values())
            return False
        ports = self.rng.sample(free, self.rng.randint(1, len(free)))
        bank, single, values = self.rng.randint(0, 1), True, {}
        for port in ports:
            count = self.rng.choice([1, 1, 1, 2, 3, 9])
            interval = self._small(5)
            values |= {
                f"{port}_bank": bank,
                f"{port}_stream": self.rng.randrange(64),
                f"{port}_count": count,
                f"{port}_interval": interval,
                **self._place(port),
            }
            bank, single = 1 - bank, single and count == 1
            self._free[port] = self.now + (count - 1) * interval + 1
        self._own("MEM", **values)
        self.now += 1
        return single

    def _place(self, port: str) -> dict[str, int]:
        """Where a port accesses: an offset and its stride, or the stream of a map."""
        if self.rng.random() < 0.3:
            return {f"{port}_kind": 2, f"{port}_map": self.rng.randrange(64)}
        words = self.config.bank_words
        return {
            f"{port}_kind": 1,
            f"{port}_offset": self.rng.randrange(words),
            f"{port}_stride": self.rng.randrange(words),
        }

    def _mxm_w(self) -> int:
        column = self.rng.randrange(self.config.superlanes)
        return word_of("LW", stream=16 * self.rng.randint(0, 1), column=column)

    def _mxm_a(self) -> int:
        mode = self.rng.randrange(4)
        values = {"mode": mode, "install": 1 if mode == 0 else self.rng.randint(0, 1)}
        if mode in (1, 2):
            values["stream"] = self.rng.randrange(32)
        if mode in (2, 3):
            values["entry"] = self.rng.randrange(self.config.activations)
        return word_of("MXM", **values)

    def _mxm_r(self) -> int:
        mode = self.rng.randint(1, 6)
        values = {"mode": mode, "type": 2}
        if mode != 3:
            values["entry"] = self.rng.randrange(self.config.accumulators)
        if mode > 2:
            values["stream"] = 4 * self.rng.randrange(8)
        return word_of("ACC", **values)

    def _sxm(self) -> int:
        form = self.rng.choice(
            [f for f in FORMATS.values() if self.kind in f.queues and f.functional]
        )
        values = {f.name: self.rng.randrange(1 << f.width) for f in form.fields}
        if form.name == "ROTATE":
            values["n"] = self.rng.choice((3, 4))
        return word_of(form.name, **values)

    def _vxm(self) -> int:
        ops = [op for op in VXM_OPS.values() if self.special or op.code < VXM_OPS["EXP2"].code]
        built = [(op.code, int(c)) for op in ops for c in op.built]
        code, compute = self.rng.choice(built)
        values = {"op": code, "compute": compute, "saturate": self.rng.randint(0, 1)}
        for name in ("result", "a", "b", "c"):
            values |= {f"{name}_type": self.rng.randrange(5)}
            values |= {f"{name}_stream": 4 * self.rng.randrange(16)}
        values["immediate0"] = self.rng.getrandbits(32)
        values["immediate1"] = self.rng.getrandbits(32)
        return word_of("VXM", **values)
