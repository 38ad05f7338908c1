"""Networks that run without this project, against the network itself."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.errors import InputNotFoundError, SodaError, UsageError
from pipeline.model_folder import portable
from pipeline.model_folder.portable import METADATA, NETWORKS, export_network
from pipeline.storage import fingerprint
from tests.model_maker import MADE_OF, SMALL, write_model


@pytest.fixture
def predictor(tmp_path):
    """The predictor of a model folder `model`."""
    return write_model(tmp_path / "model")


@pytest.mark.slow
@pytest.mark.parametrize("aggregation", ["topk_mean", "category_softmax"])
@pytest.mark.parametrize("scaling", ["linear", "sampled"])
@pytest.mark.parametrize("format", NETWORKS)
def test_an_exported_network_says_what_the_predictor_says(
    tmp_path, format, scaling, aggregation
):
    config = replace(SMALL, scaling=scaling, aggregation=aggregation)
    predictor = write_model(tmp_path / "model", config)
    path, difference = export_network(
        tmp_path / "model", format, tmp_path / f"other{NETWORKS[format].suffix}"
    )
    assert path.parent == tmp_path and difference < 1e-5
    exported = NETWORKS[format].read(path)
    for snippets in (1, 5, 12, 100):
        features = torch.randn(snippets, 6)
        cas, scores = exported(features)
        expected = predictor.predict(features.numpy())
        np.testing.assert_allclose(cas, expected.cas, atol=1e-5)
        np.testing.assert_allclose(scores, expected.video_scores, atol=1e-5)


PLAIN_TORCH = """
import json, sys, torch
extra = {"soda.json": ""}
network = torch.jit.load(sys.argv[1], _extra_files=extra)
cas, scores = network(torch.ones(7, 6))
assert not any(name.split(".")[0] in ("models", "pipeline") for name in sys.modules)
print(json.dumps([json.loads(extra["soda.json"]), cas.tolist(), scores.tolist()]))
"""


@pytest.mark.slow
def test_torchscript_runs_in_plain_torch_and_says_what_it_is(tmp_path, predictor):
    path, _ = export_network(tmp_path / "model", "torchscript", tmp_path / "m.pt")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-I", "-c", PLAIN_TORCH, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    metadata, cas, _scores = json.loads(done.stdout)
    expected = predictor.predict(np.ones((7, 6), np.float32))
    np.testing.assert_allclose(cas, expected.cas, atol=1e-5)
    check_metadata(metadata)


@pytest.mark.slow
def test_onnx_says_what_it_is(tmp_path, predictor):
    onnxruntime = pytest.importorskip("onnxruntime")
    path, _ = export_network(tmp_path / "model", "onnx", tmp_path / "m.onnx")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.onnx", "model"]
    session = onnxruntime.InferenceSession(str(path))
    check_metadata(json.loads(session.get_modelmeta().custom_metadata_map[METADATA]))
    (features,) = session.get_inputs()
    assert features.name == "features" and features.shape[1] == 6


def check_metadata(metadata):
    assert metadata["categories"] == ["background", "jump", "squat"]
    assert metadata["cells"] == 12 and metadata["width"] == 6
    assert metadata["features"] == MADE_OF
    assert metadata["features_fingerprint"] == fingerprint(MADE_OF)


def test_an_unknown_format_is_refused(tmp_path, predictor):
    with pytest.raises(UsageError, match="expected one of torchscript, onnx"):
        export_network(tmp_path / "model", "tflite")


def test_a_link_out_of_a_models_folder_is_named(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "elsewhere").touch()
    (tmp_path / "model" / "model.safetensors").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=r"found a link to .*elsewhere, which is not"):
        export_network(tmp_path / "model", "torchscript")


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(InputNotFoundError, match="expected a model folder"):
        export_network(tmp_path, "torchscript")


def test_missing_packages_are_named_with_how_to_install_them(
    tmp_path, predictor, monkeypatch
):
    monkeypatch.setattr(portable.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"found no onnx, .*soda-localizer\[onnx\]"):
        export_network(tmp_path / "model", "onnx")


def test_an_export_that_differs_is_not_kept(tmp_path, predictor, monkeypatch):
    def write_other(path, portable, features, metadata):
        with torch.no_grad():
            portable.master.classify.weight += 1
        NETWORKS["torchscript"].write(path, portable, features, metadata)
        with torch.no_grad():
            portable.master.classify.weight -= 1

    other = replace(NETWORKS["torchscript"], write=write_other)
    monkeypatch.setitem(portable.NETWORKS, "other", other)
    with pytest.raises(SodaError, match="found a difference of"):
        export_network(tmp_path / "model", "other", tmp_path / "m.pt")
    assert not (tmp_path / "m.pt").exists()
