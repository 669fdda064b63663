"""Analysis → HTML, JSON, CSV and WFDB annotations."""

from ectopy.report.write import FORMATS, write_report

__all__ = ["FORMATS", "write_report"]
