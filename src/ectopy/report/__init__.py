"""Analysis → HTML, JSON, CSV and WFDB annotations."""

from ectopy.report.write import FORMATS, check_target, write_report

__all__ = ["FORMATS", "check_target", "write_report"]
