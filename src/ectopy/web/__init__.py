"""The viewer's server: an API over the library and the pages that use it, on this machine only."""

from ectopy.web.app import Settings, create_app
from ectopy.web.serve import serve

__all__ = ["Settings", "create_app", "serve"]
