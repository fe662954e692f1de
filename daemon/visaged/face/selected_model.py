"""The model that was selected by command, kept over restarts in a file of the state folder."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from visaged.files import read_bounded, write_atomic

log = logging.getLogger(__name__)

FILE_NAME: Final = "selected-model.json"
_MAX_BYTES: Final = 1024


class SelectedModel(BaseModel):
    """One package, and the precision it was asked for in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=64)
    version: str = Field(min_length=1, max_length=64)
    precision: str = Field(min_length=1, max_length=16)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class SelectedModelFile:
    """``read`` at the start, ``write`` at every choice, which never raises: a full disk selects all the same."""

    def __init__(self, folder: Path | None) -> None:
        """``folder``: the state folder; None: this is no service, and nothing is kept."""
        self._path = None if folder is None else folder / FILE_NAME

    def read(self) -> SelectedModel | None:
        """What was selected; None: nothing. Raises ValueError when the file cannot be used."""
        if self._path is None:
            return None
        try:
            return SelectedModel.model_validate_json(read_bounded(self._path, _MAX_BYTES))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ValueError(f"{self._path} cannot be read: {error.strerror}") from None
        except ValidationError:
            raise ValueError(f"{self._path} is damaged: which model was selected is not known") from None

    def write(self, selected: SelectedModel | None) -> None:
        """Keep ``selected``; None: what the settings ask for runs after the next start, too."""
        if self._path is None:
            return
        try:
            if selected is None:
                self._path.unlink(missing_ok=True)
            else:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(self._path, selected.model_dump_json().encode())
        except OSError as error:
            log.warning(
                "%s cannot be written (%s): the selection is forgotten at a restart", self._path, error.strerror
            )
