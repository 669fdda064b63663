"""The data sets that others publish: where each is, what it is good for, whom to cite."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

PHYSIONET: Final = "https://physionet.org/files"
"""Where PhysioNet keeps its files: ``<this>/<name>/<version>/<path>``."""
ODC_BY: Final = "ODC-By 1.0"
GOLDBERGER: Final = (
    "Goldberger et al., PhysioBank, PhysioToolkit, and PhysioNet, Circulation 101(23), 2000"
)
"""What PhysioNet asks to be cited with each of its data sets."""


@dataclass(frozen=True, slots=True)
class Published:
    """A data set on PhysioNet.

    Attributes
    ----------
    name, version
        As in its address.
    title
        Its full name.
    holds
        What is in it.
    size
        About how much there is to fetch, in bytes.
    licence, doi, cite
        Under which terms, and what to name in a publication.
    good_for
        What to use it for.
    record, fs
        What a name of a record looks like (a pattern), and its sampling rate in Hz: together
        they tell which data set a record is of, whatever its folder is called.
    """

    name: str
    version: str
    title: str
    holds: str
    size: int
    licence: str
    doi: str
    cite: str
    good_for: str
    record: str
    fs: float


_MB: Final = 1_000_000

_ALL: Final = (
    Published(
        "mitdb",
        "1.0.0",
        "MIT-BIH Arrhythmia Database",
        "48 records of 30 min of 47 people, 2 leads (mostly MLII and V1), 360 Hz, "
        "109,494 beats named by cardiologists",
        104 * _MB,
        ODC_BY,
        "10.13026/C2F305",
        "Moody & Mark, The impact of the MIT-BIH Arrhythmia Database, IEEE EMB 20(3), 2001",
        "the standard test of beat finders and beat classifiers; source of the Kaggle rows",
        r"(x_)?[12]\d\d",
        360.0,
    ),
    Published(
        "svdb",
        "1.0.0",
        "MIT-BIH Supraventricular Arrhythmia Database",
        "78 records of 30 min, 2 leads without names (ECG1, ECG2), 128 Hz",
        60 * _MB,
        ODC_BY,
        "10.13026/C2V30W",
        "Greenwald, Improved detection and classification of arrhythmias in noise-corrupted "
        "electrocardiograms using contextual information, PhD thesis, MIT, 1990",
        "many supraventricular beats (S), which mitdb has few of",
        r"8\d\d",
        128.0,
    ),
    Published(
        "incartdb",
        "1.0.0",
        "St Petersburg INCART 12-lead Arrhythmia Database",
        "75 records of 30 min of 32 people, 12 leads, 257 Hz, over 175,000 beats",
        833 * _MB,
        ODC_BY,
        "10.13026/C2V88N",
        "Tihonenko et al., St Petersburg INCART 12-lead Arrhythmia Database, PhysioNet, 2008",
        "ventricular beats (V) in all 12 leads; several records a person, so split by patient",
        r"I\d\d",
        257.0,
    ),
    Published(
        "ltdb",
        "1.0.0",
        "MIT-BIH Long-Term ECG Database",
        "7 records of 14 to 22 h, 2 or 3 leads, 128 Hz",
        210 * _MB,
        ODC_BY,
        "10.13026/C2KS3F",
        "MIT-BIH Long-Term ECG Database, PhysioNet, 1999",
        "whole days of beats of few people: how a method keeps up, not how it generalises",
        r"1[45]\d{3}",
        128.0,
    ),
    Published(
        "edb",
        "1.0.0",
        "European ST-T Database",
        "90 records of 2 h of 79 people with ischaemia, 2 leads, 250 Hz; beats, ST and T changes",
        490 * _MB,
        ODC_BY,
        "10.13026/C2D59Z",
        "Taddei et al., The European ST-T database, European Heart Journal 13(9), 1992",
        "ischaemia, and beat classifiers on other hearts and recorders than those of mitdb",
        r"e\d{4}",
        250.0,
    ),
    Published(
        "nstdb",
        "1.0.0",
        "MIT-BIH Noise Stress Test Database",
        "records 118 and 119 of mitdb with noise at six levels, and three records of pure noise, "
        "30 min, 2 leads, 360 Hz",
        63 * _MB,
        ODC_BY,
        "10.13026/C2HS3T",
        "Moody, Muldrow & Mark, A noise stress test for arrhythmia detectors, "
        "Computers in Cardiology 11, 1984",
        "how noise breaks a method; never train on it and test on records 118 and 119 of mitdb",
        r"11[89](e|_)(_6|\d\d)",
        360.0,
    ),
    Published(
        "ptbdb",
        "1.0.0",
        "PTB Diagnostic ECG Database",
        "549 records of about 2 min of 290 people, 15 leads, 1000 Hz, with diagnoses; beats are "
        "not annotated",
        1_800 * _MB,
        ODC_BY,
        "10.13026/C28C71",
        "Bousseljot, Kreiseler & Schnabel, Nutzung der EKG-Signaldatenbank CARDIODAT der PTB über "
        "das Internet, Biomedizinische Technik 40(s1), 1995",
        "myocardial infarction (148 people) against healthy controls (52)",
        r"s\d{4}(l|_)re",
        1000.0,
    ),
    Published(
        "ptb-xl",
        "1.0.3",
        "PTB-XL, a large publicly available electrocardiography dataset",
        "21,799 records of 10 s of 18,869 people, 12 leads, at 100 and at 500 Hz, with statements "
        "and folds by patient; beats are not annotated",
        3_000 * _MB,
        "CC BY 4.0",
        "10.13026/kfzx-aw45",
        "Wagner et al., PTB-XL, a large publicly available electrocardiography dataset, "
        "Scientific Data 7:154, 2020",
        "diagnoses of whole ECGs; --records 'records100/*' fetches the 100 Hz half alone",
        r"\d{5}_[lh]r",
        100.0,
    ),
)

PUBLISHED: Final = MappingProxyType({each.name: each for each in _ALL})
"""The data sets that ``ectopy data fetch`` knows, by name."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A published file that people hold, known by its size in bytes and its SHA-256.

    `rebuilt` is the SHA-256 of the file of that name that ``ectopy data build`` makes: the same
    rows, for the training file in another order, and text that differs in bytes.
    """

    name: str
    size: int
    sha256: str
    rebuilt: str = ""


KAGGLE: Final = MappingProxyType(
    {
        "kaggle-mitbih": (
            KnownFile(
                "mitbih_train.csv",
                411_503_800,
                "ae4c80504ad1d0be5c3f1b3c6ef02851e4d1b05d05805fce2a73374f083a700e",
                "e3d3f23370336d46354e4023b155cf7dd1fd8c20fdbeab4bd7ffefd941df87d8",
            ),
            KnownFile(
                "mitbih_test.csv",
                102_892_400,
                "f3fdb3fd318275e653fac082b617d8c1ef09fca619a0606dc22c863451c77333",
                "19b74fbb6c16a6ea4326167cf7fae625041b5940526be85cef7e5884da819a82",
            ),
        ),
        "kaggle-ptbdb": (
            KnownFile(
                "ptbdb_normal.csv",
                19_016_200,
                "033d355e76e9f65f692fa398c5b24e357d004fab328c97db5160591a2eafe48c",
            ),
            KnownFile(
                "ptbdb_abnormal.csv",
                49_378_200,
                "27b4a37cd6dbcede0900cde3df02291f21e7538085d54e6b33abb91f4a5cf912",
            ),
        ),
    }
)
"""Files of the Kaggle "ECG Heartbeat Categorization Dataset", which Kaggle gives to its users."""
