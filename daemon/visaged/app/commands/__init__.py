"""The commands, adapted to the stages that carry them out: one file per family."""
