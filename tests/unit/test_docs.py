"""What the documents say of flags is so."""

import re
from dataclasses import fields

from pipeline.run.cluster import DEFAULTS, read_cluster
from pipeline.run.config import Config, flag_text, section_type
from pipeline.run.options import make_options
from pipeline.workfolder.stages import all_stages
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


def test_the_cluster_pages_example_can_be_used_and_its_flags_exist(tmp_path):
    page = (ROOT / "docs/cluster.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "soda.toml").write_text(example)
    sections = {stage.slurm for stage in all_stages() if stage.slurm}
    options = make_options(cluster="slurm")
    asked = read_cluster(options, sections, tmp_path / "soda.toml")
    assert asked["features"].gpus == 1 and asked["decode"].gpus == 0
    (flags,) = re.findall(r"The flags `(.*?)`", page)
    keys = {flag_text("slurm", key) for key in DEFAULTS}
    assert set(flags.split()) == keys - {"--poll-seconds"}
