"""The daemon: the boot list, supervision, reload and load shedding. The one room that knows them all."""
