"""What lies in a work folder, and what of it can go."""

from pipeline.workfolder.cleaning import KINDS, Removal, find_removals, remove
from pipeline.workfolder.inventory import Entry, Inventory, take_inventory
from pipeline.workfolder.layout import check_work_folder, work_folders

__all__ = [
    "KINDS",
    "Entry",
    "Inventory",
    "Removal",
    "check_work_folder",
    "find_removals",
    "remove",
    "take_inventory",
    "work_folders",
]
