"""Recordings of a face: curves over time in a file, as Live Link Face CSV or NPZ."""

from visaged.recording.base import Recording, RecordingError
from visaged.recording.files import FORMATS, read, write

__all__ = ["FORMATS", "Recording", "RecordingError", "read", "write"]
