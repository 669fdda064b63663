"""``python -m ectopy`` is ``ectopy``."""

from ectopy.cli import main

main(prog_name="ectopy")
