"""The errors that ectopy raises on purpose.

EctopyError
├── RecordingError            a file or array that cannot be taken as an ECG
│   ├── UnknownFormatError    none of the readers knows this content
│   ├── DamagedFileError      the format is known, the content is broken
│   └── MissingFactError      the file does not say a fact that only the user can add
├── UnknownLeadError          a lead that the recording does not have
├── ModelError                a model that is unknown, damaged or does not fit
├── DatasetError              a data set that is absent, incomplete or altered
├── AnnotationError           annotations that cannot be compared or written
├── TrainingError             a training run that cannot start, go on or be exported
└── OutputError               a result that cannot be written where it was asked for

Every message says what was found, what is allowed and what to do next, in one line.
"""

from __future__ import annotations


class EctopyError(Exception):
    """Base of every error that ectopy raises on purpose."""


class RecordingError(EctopyError):
    """A file or array that cannot be taken as an ECG recording."""


class UnknownFormatError(RecordingError):
    """No reader knows the content of this file."""


class DamagedFileError(RecordingError):
    """The format is known, but the content is broken or incomplete."""


class MissingFactError(RecordingError):
    """The file leaves out a fact (rate, units) that only the user can add."""


class UnknownLeadError(EctopyError):
    """The recording has no lead of that name."""


class ModelError(EctopyError):
    """A model that is unknown, damaged or does not fit its input."""


class DatasetError(EctopyError):
    """A data set that is absent, incomplete or altered."""


class AnnotationError(EctopyError):
    """Annotations that cannot be compared or written."""


class TrainingError(EctopyError):
    """A training run that cannot start, continue or be exported."""


class OutputError(EctopyError):
    """A result that cannot be written where it was asked for."""
