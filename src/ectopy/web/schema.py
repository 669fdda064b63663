"""What the API takes and gives, typed: the OpenAPI page is made from here."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

Label = Literal["N", "S", "V", "F", "Q"]


class Problem(BaseModel):
    """Why a request was refused."""

    error: str
    kind: str


class ClassName(BaseModel):
    """An AAMI class."""

    label: Label
    name: str


class About(BaseModel):
    """What this server can do, and what the user named on the command line."""

    software: str
    models: list[str]
    default_model: str
    report_formats: list[str]
    languages: list[str]
    papers: list[str]
    classes: list[ClassName]
    root: str | None
    open: str | None
    lead: str | None
    model: str | None
    upload_limit_bytes: int


class RecordingEntry(BaseModel):
    """A recording in the folder."""

    path: str
    name: str
    format: str | None
    bytes: int
    analysis: str | None


class Recordings(BaseModel):
    """The recordings in the folder."""

    root: str | None
    recordings: list[RecordingEntry]
    more: int
    annotations: list[str]


class NewAnalysis(BaseModel):
    """A recording of the folder to analyse, and how."""

    path: str
    lead: str | int | None = None
    model: str | None = None
    fs: float | None = Field(None, gt=0)
    units: str | None = None


class Started(BaseModel):
    """An analysis that has begun; `ids` are all of them where several recordings were sent."""

    id: str
    ids: list[str]
    status: Literal["running", "done", "failed"]


class InferredFact(BaseModel):
    """A fact that the file does not state."""

    what: str
    value: str
    why: str
    option: str


class RecordingFacts(BaseModel):
    """What the file is."""

    name: str
    format: str
    fs: float
    leads: list[str]
    n_samples: int
    duration_s: float
    start: str | None
    inferred: list[InferredFact]
    annotations: int


class ModelName(BaseModel):
    """The model that named the beats."""

    name: str
    sha256: str


class ReviewFacts(BaseModel):
    """Where edits are kept, and what is to be said of them."""

    file: str
    beside: bool
    notes: list[str]


class ReaderName(BaseModel):
    """A second reader and the number of its beats."""

    name: str
    beats: int


class AnalysisState(BaseModel):
    """An analysis: how far it is and what was found."""

    id: str
    status: Literal["running", "done", "failed"]
    progress: float
    error: str | None
    kind: str | None
    path: str | None
    recording: RecordingFacts | None
    counts: dict[str, int] | None
    beats: int | None
    abstained: int | None
    rhythm: dict[str, Any] | None
    model: ModelName | None
    lead: str | None
    edits: int
    can_undo: bool
    can_redo: bool
    version: int
    review: ReviewFacts | None
    second_reader: ReaderName | None


class Analyses(BaseModel):
    """All analyses of this server."""

    analyses: list[AnalysisState]


class TileLevel(BaseModel):
    """One level of zoom."""

    level: int
    samples_per_bin: int
    n_bins: int
    n_tiles: int


class Tiles(BaseModel):
    """Which tiles there are."""

    tile_bins: int
    leads: list[str]
    fs: float
    n_samples: int
    levels: list[TileLevel]


class BadStretch(BaseModel):
    """A stretch of signal that cannot be trusted."""

    lead: str
    start_s: float
    stop_s: float
    kind: Literal["missing", "flat", "saturated", "noisy"]


class Stretches(BaseModel):
    """All stretches that cannot be trusted."""

    stretches: list[BadStretch]


class BeatColumns(BaseModel):
    """Beats after edits, one entry a beat."""

    version: int
    n: int
    id: list[int]
    sample: list[int]
    time_s: list[float]
    label: str
    model_label: str
    confidence: list[float | None]
    probability: list[list[float] | None]
    abstained: list[int]
    reason: list[str]
    quality: list[float | None]
    rr_s: list[float | None]
    source: str


class Beat(BaseModel):
    """One beat after edits."""

    id: int
    sample: int
    time_s: float
    label: Label
    model_label: Label | None
    confidence: float | None
    probability: list[float] | None
    abstained: bool
    reason: str
    quality: float | None
    rr_s: float | None
    source: Literal["m", "u"]


class NewEdit(BaseModel):
    """An edit to make; `id` or `sample` names the beat, `sample` where one is added."""

    action: Literal["relabel", "add", "delete"]
    id: int | None = None
    sample: int | None = None
    label: Label | None = None
    snap: bool = False


class EditDone(BaseModel):
    """An edit that was made; `label` is null if it deletes, `was` if there was no beat."""

    number: int
    action: Literal["relabel", "add", "delete"]
    sample: int
    time_s: float
    label: Label | None
    was: Label | None
    at: str


class Changed(BaseModel):
    """What an edit changed."""

    edits: int
    version: int
    can_undo: bool
    can_redo: bool
    counts: dict[str, int]
    done: EditDone
    changed: list[Beat]
    deleted: list[int]


class PastEdit(EditDone):
    """An edit of the history."""

    undone: bool


class History(BaseModel):
    """All edits, oldest first."""

    edits: list[PastEdit]


class Trend(BaseModel):
    """Heart rate in bins of equal width: mean, 10th and 90th percentile."""

    bin_s: float
    time_s: list[float]
    mean_bpm: list[float | None]
    low_bpm: list[float | None]
    high_bpm: list[float | None]


class TachogramData(BaseModel):
    """Intervals over time; of `n`, each column of time keeps the extremes of each class."""

    time_s: list[float]
    rr_s: list[float]
    label: str
    n: int
    column_s: float


class HourFacts(BaseModel):
    """Beats of one hour, the share of S and V among them, and what could not be trusted."""

    start_s: float
    stop_s: float
    beats: int
    counts: dict[str, int]
    burden: dict[str, float | None]
    mean_bpm: float | None
    bad_s: float


class EpisodeFacts(BaseModel):
    """A stretch of beats that stands out."""

    kind: str
    label: str
    start_s: float
    stop_s: float
    n_beats: int
    rate_bpm: float


class PoincareData(BaseModel):
    """Intervals before and after a beat, counted in square cells."""

    before_s: list[float]
    after_s: list[float]
    label: str
    count: list[int]
    cell_s: float
    n: int
    sd1_ms: float | None
    sd2_ms: float | None


class AverageLead(BaseModel):
    """The average beat of a class in one lead, in mV."""

    lead: str
    mean: list[float | None]
    p10: list[float | None]
    p90: list[float | None]


class AverageBeat(BaseModel):
    """The average beat of a class: of `n` beats, `used` were taken."""

    label: Label
    n: int
    used: int
    leads: list[AverageLead]


class Overview(BaseModel):
    """The whole recording at a glance."""

    version: int
    rate: Trend
    tachogram: TachogramData
    hours: list[HourFacts]
    episodes: list[EpisodeFacts]
    episodes_left_out: int
    poincare: PoincareData
    average: list[AverageBeat]
    average_time_s: list[float]


class Snippet(BaseModel):
    """A beat of the gallery."""

    id: int
    sample: int
    time_s: float
    label: Label
    confidence: float | None
    abstained: bool
    source: Literal["m", "u"]
    mv: list[float | None]


class Gallery(BaseModel):
    """Some beats of a class."""

    version: int
    label: Label
    total: int
    offset: int
    lead: str
    time_s: list[float]
    beats: list[Snippet]


class ReaderSource(BaseModel):
    """Where a second reader's annotations are: a file of the folder, or the recording itself."""

    path: str | None = None
    recording: bool = False


class ReaderBeats(BaseModel):
    """A second reader's beats."""

    name: str
    sample: list[int]
    time_s: list[float]
    symbol: list[str]
    label: str


class Disagreement(BaseModel):
    """A beat that two readers see differently; null where a reader sees none."""

    time_s: float
    sample: int
    ours: Label | None
    theirs: Label | None
    id: int | None


class Agreement(BaseModel):
    """How far two readers agree; the second reader is the reference."""

    version: int
    name: str
    kappa: float | None
    rows: str
    columns: str
    matrix: list[list[int]]
    qrs: dict[str, float | int | None]
    veb: dict[str, float | int | None]
    sveb: dict[str, float | int | None]
    classes: dict[str, dict[str, float | int | None]]
    runs: dict[str, Any]
    rr_error_ms: float | None
    agreed: int
    compared: int
    disagreements: list[Disagreement]
    disagreements_left_out: int


class WhyWindow(BaseModel):
    """The piece of signal that was looked at, from R."""

    start_s: float
    stop_s: float
    bin_s: float


class WhyIntervals(BaseModel):
    """The intervals around a beat."""

    before_s: float | None
    after_s: float | None
    typical_s: float | None
    before_ratio: float | None
    after_ratio: float | None
    on_time_probability: list[float] | None
    says: str


class TypicalBeat(BaseModel):
    """The nearest average beat."""

    label: Label
    time_s: list[float]
    mv: list[float | None]
    n: int


class ThisBeat(BaseModel):
    """The beat itself, at the times of the typical one."""

    mv: list[float | None]


class Why(BaseModel):
    """Why a beat was named so."""

    beat: Beat
    label: Label
    classes: str
    probability: list[float]
    window: WhyWindow
    time_s: list[float]
    importance: list[float]
    evidence: list[float]
    rr: WhyIntervals
    typical_beat: TypicalBeat | None
    this_beat: ThisBeat
    similarity: float | None
    similar: dict[str, float]
    says: str
