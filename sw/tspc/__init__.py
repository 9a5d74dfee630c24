"""Software for the chip: assembler, scheduler, verifier, golden model, runtime."""
