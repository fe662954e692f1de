"""The guard around a layer: one that fails is taken out, the face goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import numpy as np

from visaged.curves import Pose, all_finite, neutral
from visaged.layer import Layer
from visaged.metrics import Metrics

log = logging.getLogger(__name__)

Report = Callable[[str, str, str], None]
"""code, message, remedy: ``Problems.open``."""

_REMEDY: Final = "The face goes on without it until the next start. The log has the details; please report them"


class GuardedLayer:
    """Runs one layer. What it leaves behind when it fails is undone; one that raises is never called again."""

    def __init__(self, name: str, layer: Layer, metrics: Metrics, report: Report) -> None:
        self.name = name
        self.failed = False
        self._layer = layer
        self._report = report
        self._failures = metrics.counter("animation.layers_failed")
        self._not_finite = metrics.counter("animation.not_finite")
        self._before = neutral()

    def apply(self, pose: Pose, time_ns: int) -> bool:
        """Let the layer change ``pose``; returns False when it failed and ``pose`` is as it was before."""
        if self.failed:
            return True
        np.copyto(self._before, pose)
        try:
            self._layer.apply(pose, time_ns)
        except Exception as error:  # whatever a layer does wrong must not stop the face
            self.failed = True
            self._failures.add()
            log.exception("layer %s failed", self.name)
            self._report("animation_layer_failed", f"The animation layer '{self.name}' failed: {error!r}", _REMEDY)
        else:
            if all_finite(pose):
                return True
            self._not_finite.add()
        np.copyto(pose, self._before)
        return False
