"""What the documents say of flags is so."""

import re
from dataclasses import fields

from pipeline.config import Config, flag_text, section_type
from tests.conftest import ROOT

# Those of the method; what else is chosen is told where it is used.
SECTIONS = ("points", "train", "ensemble", "detect", "evaluate")
OTHERS = {"--preset", "--help", "--module"}


def flags(*sections):
    return {
        flag_text(section, field.name)
        for section in sections
        for field in fields(section_type(section))
    }


def test_the_method_page_names_the_methods_flags_and_no_others():
    named = set(re.findall(r"--[a-z][a-z0-9-]*", (ROOT / "docs/method.md").read_text()))
    assert named - OTHERS <= flags(*(field.name for field in fields(Config)))
    assert flags(*SECTIONS) - named == set()
