"""The content of a work folder, and its removable parts."""

from pipeline.workfolder.cleaning import Removal, find_removals, folders_by_kind, remove
from pipeline.workfolder.inventory import Inventory, Result, take_inventory
from pipeline.workfolder.layout import check_work_folder, work_folders

__all__ = [
    "Inventory",
    "Removal",
    "Result",
    "check_work_folder",
    "find_removals",
    "folders_by_kind",
    "remove",
    "take_inventory",
    "work_folders",
]
