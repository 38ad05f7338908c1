"""`soda export`, and every command of its page."""

import json
import re
import shlex

import pytest
from typer.testing import CliRunner

from pipeline.cli.main import main
from pipeline.datasets.simulated import SimulationConfig
from pipeline.detection.detections import Detection, write_detections
from pipeline.exports import FORMATS, LAYOUTS
from pipeline.features.simulated import draw_features
from pipeline.model_folder.portable import NETWORKS
from pipeline.storage import plain, write_json
from tests.command.commands import run
from tests.conftest import ROOT
from tests.model_maker import write_model
from tests.video_maker import numbered_pictures, write_video

PAGE = (ROOT / "docs/exports.md").read_text()
COMMANDS = {
    re.search(r"--format (\w+)", line)[1]: shlex.split(line)
    for line in re.findall(r"^ +soda (.+)$", PAGE, re.M)
}
OUTPUTS = {
    "srt": "exports/srt/v.srt",
    "vtt": "exports/vtt/v.vtt",
    "csv": "best.csv",
    "activitynet": "exports/detections.json",
    "eaf": "exports/eaf/v.eaf",
    "fiftyone": "exports/fiftyone/labels.json",
    "labelstudio": "exports/label_studio.xml",
    "npy": "arrays/v.npy",
    "basnet": "basnet/features/test/flow/v.npy",
    "actionformer": "af/annotations.json",
    "torchscript": "exports/model.pt",
    "onnx": "soda.onnx",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with what the page's commands read, as the current one."""
    (tmp_path / "videos").mkdir()
    write_video(tmp_path / "videos/v.mp4", numbered_pictures(50))
    found = {"v": [Detection("jump", 0.9, 0.5, 1.5)]}
    write_detections(tmp_path / "detections.json", found)
    write_model(tmp_path / "work/models/0123")
    video = {"id": "v", "duration_seconds": 2.0, "instances": []}
    write_json(tmp_path / "v.json", video)
    config = plain(SimulationConfig())
    path = tmp_path / "work/features/0123/v.safetensors"
    draw_features([tmp_path / "v.json"], path, config, {"simulation": config})
    truth = {"subset": "test", "annotations": [{"label": "jump", "segment": [0, 1]}]}
    other = truth | {"subset": "train"}
    text = json.dumps({"database": {"v": truth, "w": other}})
    (tmp_path / "dataset.json").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_shows_every_format():
    assert list(OUTPUTS) == list(COMMANDS)
    assert set(COMMANDS) == {*FORMATS, *LAYOUTS, *NETWORKS}


@pytest.mark.parametrize(
    "format",
    [pytest.param(f, marks=[pytest.mark.slow] * (f in NETWORKS)) for f in COMMANDS],
)
def test_a_command_of_the_page_does_what_it_says(folder, format):
    done = CliRunner().invoke(main, COMMANDS[format])
    assert done.exit_code == 0, done.exception
    assert (folder / OUTPUTS[format]).stat().st_size > 0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning")
def test_the_pages_python_runs_as_it_stands(folder):
    CliRunner().invoke(main, COMMANDS["torchscript"])
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {}
    exec(code, names)
    assert names["cas"].shape == (3, 12) and names["video_scores"].shape == (3,)


def test_an_error_is_one_line_with_its_exit_code(folder):
    arguments = ("detections.json", "--format", "labelstudio")
    done = run("soda", "export", "detections", *arguments, cwd=folder)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert "--videos FOLDER, or --fps" in done.stderr
