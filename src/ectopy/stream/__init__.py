"""The same answers while the signal comes in: each beat final within three seconds of its R.

>>> from ectopy.stream import Stream
>>> stream = Stream(250, ["II"])                               # doctest: +SKIP
>>> beats = stream.push(samples)                               # doctest: +SKIP

Not a medical device.
"""

from ectopy.stream.lines import Teller
from ectopy.stream.live import LATENCY_S, Stream
from ectopy.stream.replay import replay
from ectopy.stream.samples import FORMATS, BinarySamples, TextSamples, read_samples
from ectopy.stream.value import Beat

__all__ = [
    "FORMATS",
    "LATENCY_S",
    "Beat",
    "BinarySamples",
    "Stream",
    "Teller",
    "TextSamples",
    "read_samples",
    "replay",
]
