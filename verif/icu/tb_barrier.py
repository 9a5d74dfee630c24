"""Of :mod:`verif.icu.tb_strip` what concerns the barrier: for strips of the large sizes."""

from verif.icu.tb_strip import barrier_from_every_stop, notifies_d_apart

__all__ = ["barrier_from_every_stop", "notifies_d_apart"]
