import pytest

from pipeline.errors import UsageError
from pipeline.fanout import SlurmConfig
from pipeline.run.cluster import FILE, read_cluster
from pipeline.run.config import Config
from pipeline.run.options import make_options
from pipeline.run.run import Run
from pipeline.workfolder.stages import all_stages

STAGES = {stage.name: stage for stage in all_stages()}
SECTIONS = {stage.slurm for stage in STAGES.values() if stage.slurm}
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


def ask(file, cluster="slurm", **flags):
    return read_cluster(make_options(cluster=cluster, **flags), SECTIONS, file)


def test_a_stage_has_its_own_section_over_the_common_one(file):
    asked = ask(file)
    assert asked["decode"] == SlurmConfig(partition="cpu", cpus=2)
    assert asked["features"] == SlurmConfig(partition="gpu", cpus=2, gpus=1)


def test_flags_win_over_the_file(file):
    asked = ask(file, partition="short", cpus=None, mem="")
    assert asked["features"] == SlurmConfig(partition="short", cpus=2, gpus=1)


def test_refining_and_experiments_train_and_ask_the_same(tmp_path):
    path = tmp_path / "soda.toml"
    path.write_text("[train]\ngpus = 1")
    asked = ask(path)
    trains = {STAGES[name].slurm for name in ("train", "refine", "experiment")}
    assert [asked[section].gpus for section in trains] == [1]
    assert asked[STAGES["evaluate"].slurm] == SlurmConfig()


def test_without_a_file_the_defaults_hold(tmp_path):
    asked = ask(tmp_path / "soda.toml")
    assert set(asked.values()) == {SlurmConfig()}


def test_on_this_machine_nothing_is_asked(file):
    assert ask(file, cluster="local", mem="", gpus=None) is None


def test_flags_for_a_cluster_that_is_not_used_are_refused():
    with pytest.raises(UsageError, match=r"--slurm-options: .* --cluster slurm"):
        ask(FILE, cluster="local", slurm_options="--account=vision")


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
        ask(path)


def test_a_flag_that_cannot_be_is_named(tmp_path):
    with pytest.raises(UsageError, match="--max-parallel: expected at least 1"):
        ask(tmp_path / "soda.toml", max_parallel=0)


def test_sbatch_is_asked_for_what_was_set_and_nothing_else():
    asked = SlurmConfig(gpus=2, mem="8G", options="--account=vision --nice='5'")
    assert asked.sbatch_options() == [
        *("--mem=8G", "--cpus-per-task=1", "--gres=gpu:2"),
        *("--account=vision", "--nice=5"),
    ]


def run_on(file, **fields):
    options = make_options(dataset="demo", workdir=file.parent, jobs=1, **fields)
    return Run(options, Config(), ask(file))


def test_a_machine_without_a_gpu_sends_networks_to_those_that_were_asked_for(file):
    run = run_on(file)
    assert run.device_of("features") == "cuda" and run.device_of("train") == "cpu"
    assert run_on(file, device="cuda").device_of("train") == "cuda"


def test_a_worker_sends_nothing_further(file):
    sent = Run.from_json(run_on(file).to_json("features"))
    assert sent.slurm is None and sent.options.cluster == "local"
    assert (sent.options.jobs, sent.options.device) == (1, "cuda")
