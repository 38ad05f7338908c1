import pytest

from pipeline.errors import UsageError
from pipeline.fanout import Resources, SlurmConfig
from pipeline.run.cluster import read_cluster
from pipeline.run.config import Config
from pipeline.run.run import Run

EXAMPLE = """
[slurm]
partition = "cpu"
cpus = 2

[features]
partition = "gpu"
gpus = 1
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "soda.toml"
    path.write_text(EXAMPLE)
    return path


def test_a_stage_has_its_own_section_over_the_common_one(file):
    asked = read_cluster("slurm", {}, file)
    assert asked["decode"] == SlurmConfig(partition="cpu", cpus=2)
    assert asked["features"] == SlurmConfig(partition="gpu", cpus=2, gpus=1)


def test_flags_win_over_the_file(file):
    asked = read_cluster("slurm", {"partition": "short", "cpus": None, "mem": ""}, file)
    assert asked["features"] == SlurmConfig(partition="short", cpus=2, gpus=1)


def test_refining_and_experiments_train_and_ask_the_same(tmp_path):
    path = tmp_path / "soda.toml"
    path.write_text("[train]\ngpus = 1")
    asked = read_cluster("slurm", {}, path)
    assert asked["train"] == asked["refine"] == asked["experiment"]
    assert asked["evaluate"] == SlurmConfig()


def test_without_a_file_the_defaults_hold(tmp_path):
    asked = read_cluster("slurm", {}, tmp_path / "soda.toml")
    assert set(asked.values()) == {SlurmConfig()}


def test_on_this_machine_nothing_is_asked(file):
    assert read_cluster("local", {"mem": "", "gpus": None}, file) is None


def test_flags_for_a_cluster_that_is_not_used_are_refused():
    with pytest.raises(UsageError, match=r"--slurm-options: .* --cluster slurm"):
        read_cluster("local", {"options": "--account=vision"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[slurm]\npartitoin = 'x'", r"\[slurm\] unknown key .*'partition'"),
        ("[featurs]\ngpus = 1", "unknown section .*'features'"),
        ("gpus = 1", "unknown section 'gpus'"),
        ("[slurm]\ntime = 4:00", "expected TOML"),
        ("[slurm]\ntime = 04:00:00", "time: expected text in quotes"),
        ("[train]\ngpus = '1'", r"\[train\] gpus: expected a whole number"),
        ("[train]\ncpus = true", r"\[train\] cpus: expected a whole number"),
        ("[train]\ncpus = 0", "expected at least 1 cpus, found 0"),
    ],
)
def test_what_cannot_be_asked_is_named(text, message, tmp_path):
    path = tmp_path / "soda.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_cluster("slurm", {}, path)


def test_a_flag_that_cannot_be_is_named(tmp_path):
    with pytest.raises(UsageError, match="--max-parallel: expected at least 1"):
        read_cluster("slurm", {"max_parallel": 0}, tmp_path / "soda.toml")


def test_sbatch_is_asked_for_what_was_set_and_nothing_else():
    asked = SlurmConfig(gpus=2, mem="8G", options="--account=vision --nice='5'")
    assert asked.sbatch_options() == [
        *("--mem=8G", "--cpus-per-task=1", "--gres=gpu:2"),
        *("--account=vision", "--nice=5"),
    ]


def run_on(file, **fields):
    resources = Resources(jobs=1, slurm=read_cluster("slurm", {}, file))
    return Run("demo", Config(), file.parent, resources=resources, **fields)


def test_a_machine_without_a_gpu_sends_networks_to_those_that_were_asked_for(file):
    run = run_on(file)
    assert run.device_of("features") == "cuda" and run.device_of("train") == "cpu"
    assert run_on(file, device="cuda").device_of("train") == "cuda"


def test_a_worker_sends_nothing_further(file):
    sent = Run.from_json(run_on(file).to_json("features"))
    assert sent.resources == Resources(jobs=1)
    assert sent.device == "cuda"
