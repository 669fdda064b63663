"""Recording → Beats: where every heartbeat is, and how each is cut for a network."""

from ectopy.beats.find import choose_lead, choose_leads, find_beats
from ectopy.beats.value import Beats, Stretch

__all__ = ["Beats", "Stretch", "choose_lead", "choose_leads", "find_beats"]
