"""Sweeps: chunks, samples, what interrupts them, executors, and what is on disk."""

import errno
import json
import os
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.errors import AieExplorerError, DesignError, ExportError, MissingExtraError
from aie_explorer.search import run, store, sweep

EX = aie.Explorer(mlp([64, 48, 32, 10]), constraints={"blocking": (2, 2)})
OVER = {"dense0.cas_num": [1, 2, 3], "dense0.cas_length": [1, 2], "dense1.cas_length": [1, 2], "dense1.cas_num": 1,
        "dense2.cas_num": 1, "dense2.cas_length": 1, "batch": [8, 16]}
pytest.importorskip("pyarrow")


@pytest.fixture(scope="module", autouse=True)
def small_chunks():
    """Sweeps of many chunks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aie_explorer.explorer.plan_sweep", lambda made: sweep.plan_sweep(made, chunk=1000))
        yield


@pytest.fixture(scope="module")
def whole(small_chunks):
    return EX.sweep(OVER)


def same_rows(a: pd.DataFrame, b: pd.DataFrame) -> None:
    if not (a.equals(b) and a.dtypes.equals(b.dtypes)):
        pd.testing.assert_frame_equal(a, b)  # tells what differs, but takes seconds a table


def same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    same_rows(a, b)
    assert a.attrs == b.attrs


def test_a_product_is_all_combinations_once(whole):
    per_batch = [len(EX.sweep(OVER | {"batch": b})) for b in (8, 16)]
    assert len(whole) == sum(per_batch)
    choices = [c for c in whole if "." in c] + ["batch"]
    assert not whole[choices].astype(str).duplicated().any()
    assert whole.attrs["combinations"] >= len(whole)
    assert whole.attrs["complete"]
    assert len(whole.attrs["chunks"]) > 4


@pytest.mark.parametrize("sample", ["random", "latin_hypercube"])
def test_samples_are_of_the_space_and_repeatable(sample):
    one = EX.sweep(sample=sample, limit=300, seed=5)
    same(one, EX.sweep(sample=sample, limit=300, seed=5))
    assert not one.equals(EX.sweep(sample=sample, limit=300, seed=6))
    assert 0 < len(one) <= 300
    for i in range(0, len(one), 70):
        assert EX.design(one.iloc[i]).estimate().interval_cycles == pytest.approx(one["interval_cycles"].iloc[i])


def test_fronts_of_several_batches():
    found = EX.sweep({"batch": [8, 16], "device": ["vek280", "vek385"]}, designs="front")
    for (device, batch), rows in found.groupby(["device", "batch"], observed=True):
        front = aie.Explorer(EX.network, device, batch=batch, constraints=EX.constraints).pareto()
        assert sorted(rows["interval_cycles"]) == sorted(front["interval_cycles"])
    with pytest.raises(DesignError, match="front takes no values of layers"):
        EX.sweep({"dense0.cas_num": 1}, designs="front")


def interrupted_after(chunks):
    """A cancel that says no so often, then yes."""
    answers = iter([False] * chunks)
    return lambda: next(answers, True)


def test_cancel_keeps_what_is_done_and_resume_gives_the_same_table(whole):
    with pytest.warns(UserWarning, match="interrupted: 3 of"):
        part = EX.sweep(OVER, cancel=interrupted_after(2))
    assert 0 < len(part) < len(whole)
    assert not part.attrs["complete"]
    same_rows(part, whole.iloc[:len(part)].reset_index(drop=True))
    with pytest.warns(UserWarning, match="interrupted: 5 of"):
        more = EX.sweep(OVER, resume=part, cancel=interrupted_after(1))
    same(EX.sweep(OVER, resume=more), whole)


def test_the_keyboard_interrupts_without_loss(whole):
    def progress(done, total):
        if done > total // 2:
            raise KeyboardInterrupt
    with pytest.warns(UserWarning, match="interrupted"):
        part = EX.sweep(OVER, progress=progress)
    assert len(part) > len(whole) // 3
    same(EX.sweep(OVER, resume=part), whole)


@pytest.mark.parametrize("damage", [lambda f: f.iloc[1:], lambda f: pd.DataFrame(f.to_dict("list")), lambda f: "table"])
def test_another_table_is_not_resumed(whole, damage):
    with pytest.raises(DesignError, match="resume"):
        EX.sweep(OVER, resume=damage(whole))
    with pytest.raises(DesignError, match="no table of this sweep"):
        EX.sweep(OVER | {"batch": 4}, resume=whole)


def test_progress_counts_designs():
    seen = []
    EX.sweep(OVER, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1] == EX.sweep(OVER).attrs["combinations"]


def test_threads_and_processes_give_the_serial_table(whole):
    with ThreadPoolExecutor(3) as pool:
        same(EX.sweep(OVER, executor=pool), whole)
    same(EX.sweep(OVER, executor=2), whole)


def test_a_killed_process_loses_nothing(whole, tmp_path, monkeypatch):
    """The first chunk that a process is given kills it."""
    mark = tmp_path / "killed"
    monkeypatch.setenv("KILL_ONE_PROCESS", str(mark))
    monkeypatch.setattr(run, "cost_chunk", kill_first)
    same(EX.sweep(OVER, executor=2), whole)
    assert mark.exists()


def kill_first(one, chunk):
    mark = os.environ["KILL_ONE_PROCESS"]
    if not os.path.exists(mark):
        with open(mark, "w"):
            pass
        os._exit(9)
    return sweep.cost_chunk(one, chunk)


def kill_all(one, chunk):
    os._exit(9)


def test_processes_that_always_die_end_the_sweep(whole, monkeypatch):
    monkeypatch.setattr(run, "cost_chunk", kill_all)
    with pytest.warns(UserWarning, match="died 3 times"), \
            pytest.raises(DesignError, match="before anything was finished"):
        EX.sweep(OVER, executor=1)


def test_a_latin_hypercube_says_how_many_of_it_can_be_built():
    with pytest.warns(UserWarning, match="costed a Latin-hypercube sample of 200, of which") as told:
        frame = aie.Explorer(mlp([64, 64, 32, 10])).sweep(limit=200, sample="latin_hypercube")
    assert 0 < len(frame) < 200
    assert f"of which {len(frame)} go together and fit the array" in str(told[0].message)


def test_a_random_sample_is_of_what_can_be_built():
    ex = aie.Explorer(mlp([64, 64, 32, 10]))
    with pytest.warns(UserWarning, match="costed a random sample of 200, all of which go together"):
        assert len(ex.sweep(limit=200)) == 200
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as many as asked for
        assert len(ex.sweep(limit=200, sample="random")) == 200


def test_a_front_is_not_sampled():
    with pytest.raises(DesignError, match="sample: a front is whole"):
        EX.sweep(designs="front", sample="random")


@pytest.mark.parametrize("copies", [305, 40_000, 2**70])
def test_more_copies_than_tiles_are_refused(copies):
    with pytest.raises(DesignError, match=r"copies: is .* has 304 tiles"):
        EX.sweep({"copies": [1, copies]})


@pytest.mark.parametrize("executor", ["many", 0, True, 2.5])
def test_what_is_no_executor(executor):
    with pytest.raises(DesignError, match="executor"):
        EX.sweep(OVER, executor=executor)


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed", reason="the dask extra is not installed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as made, \
            distributed.Client(made) as client:
        yield made, client


def test_a_dask_cluster_gives_the_serial_table(whole, cluster):
    same(EX.sweep(OVER, executor=cluster[1]), whole)


def test_a_killed_dask_worker_loses_nothing(whole, cluster):
    made, client = cluster
    killed = []

    def progress(done, total):
        if done and not killed:
            killed.append(next(iter(made.workers.values())))
            killed[0].process.process._process.kill()  # no farewell
    same(EX.sweep(OVER, executor=client, progress=progress), whole)
    assert killed


def test_cancel_stops_the_work_of_a_dask_cluster(whole, cluster):
    with pytest.warns(UserWarning, match="interrupted"):
        part = EX.sweep(OVER, executor=cluster[1], cancel=interrupted_after(1))
    assert len(part.attrs["chunks"]) == 2
    begun = time.monotonic()
    while any(cluster[1].processing().values()):  # what runs already ends, what waits is never begun
        assert time.monotonic() - begun < 20
        time.sleep(0.1)
    same(EX.sweep(OVER, executor=cluster[1], resume=part), whole)


def test_a_folder_holds_the_same_table(whole, tmp_path):
    found = EX.sweep_to(tmp_path / "sweep", OVER)
    assert found.complete
    assert found.rows == len(whole)
    same_rows(aie.read_sweep(tmp_path / "sweep"), whole)
    columns = ["tiles", "dense0.microtile"]
    same_rows(found.frame(columns), whole[columns])
    rebuilt = EX.design(found.frame().iloc[17])
    assert rebuilt.estimate().interval_cycles == pytest.approx(whole["interval_cycles"].iloc[17])


def test_a_folder_goes_on_where_it_was(whole, tmp_path):
    path = tmp_path / "sweep"
    with pytest.warns(UserWarning, match="repeat the call"):
        part = EX.sweep_to(path, OVER, cancel=interrupted_after(2))
    assert part.done == 3
    assert not part.complete
    with pytest.warns(UserWarning, match="parts of the sweep are missing"):
        assert len(aie.read_sweep(path)) == part.rows
    times = {p.name: p.stat().st_mtime_ns for p in path.glob("*.parquet")}
    assert EX.sweep_to(path, OVER).complete
    assert {p.name: p.stat().st_mtime_ns for p in path.glob("*.parquet") if p.name in times} == times
    same_rows(aie.read_sweep(path), whole)


def test_a_full_disk_leaves_whole_chunks_and_no_litter(whole, tmp_path, monkeypatch):
    path, real, calls = tmp_path / "sweep", pd.DataFrame.to_parquet, []

    def full(self, target, **more):
        calls.append(target)
        if len(calls) == 3:
            with open(target, "wb") as file:
                file.write(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, target, **more)

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(ExportError, match=r"No space left.*repeat the call"):
        EX.sweep_to(path, OVER)
    assert sorted(os.listdir(path)) == ["part-000000.parquet", "part-000001.parquet", "sweep.json"]
    monkeypatch.setattr(pd.DataFrame, "to_parquet", real)
    assert EX.sweep_to(path, OVER).complete
    same_rows(aie.read_sweep(path), whole)


def test_another_sweep_is_not_mixed_in(tmp_path):
    EX.sweep_to(tmp_path / "sweep", OVER, limit=50, sample="random")
    with pytest.raises(ExportError, match="holds another sweep: it has values of its own"):
        EX.sweep_to(tmp_path / "sweep", OVER, limit=60, sample="random")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match="holds no sweep"):
        EX.sweep_to(tmp_path / "other", OVER)
    assert os.listdir(tmp_path / "other") == ["notes.txt"]


def test_figures_of_another_cycle_model_are_announced(tmp_path, monkeypatch):
    EX.sweep_to(tmp_path / "sweep", OVER, limit=50, sample="random")
    monkeypatch.setattr(store, "cycle_model_digest", lambda: "newer")
    with pytest.warns(UserWarning, match="another version of the cycle model"):
        aie.read_sweep(tmp_path / "sweep")


@pytest.mark.parametrize("damage", [
    lambda p: (p / "sweep.json").write_text("{"), lambda p: (p / "sweep.json").write_text("[]"),
    lambda p: (p / "sweep.json").write_text('{"format": 99, "chunks": 1}'),
    lambda p: (p / "part-000000.parquet").write_bytes(b"PAR1 no"), lambda p: (p / "part-000000.parquet").unlink(),
])
def test_damaged_folders_are_refused_in_words(tmp_path, damage):
    path = tmp_path / "sweep"
    EX.sweep_to(path, OVER, limit=50, sample="random", )
    for extra in path.glob("part-00000[1-9].parquet"):
        extra.unlink()
    damage(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(AieExplorerError):
            aie.read_sweep(path)


def test_what_was_never_a_sweep(tmp_path):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "own.parquet")
    with pytest.raises(ExportError, match="not written by a sweep"):
        aie.read_sweep(tmp_path / "own.parquet")
    with pytest.raises(ExportError, match="does not exist"):
        aie.read_sweep(tmp_path / "none.parquet")


def test_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"aie-explorer\[parquet\]"):
        EX.sweep_to(tmp_path / "sweep", OVER)
    assert not (tmp_path / "sweep").exists()


def test_columns_are_compact():
    frame = EX.sweep(sample="random", limit=20_000)
    assert frame.memory_usage(deep=True).sum() / len(frame) < 220
    assert all(str(frame[c].dtype) in ("category", "int8", "int16") for c in frame if "." in c)


def test_graphs_are_swept_too():
    ex = aie.Explorer(residual(1, 16))
    frame = ex.sweep(limit=5000, sample="latin_hypercube")
    assert len(ex.pareto(frame)) > 1
    assert ex.design(frame.iloc[0]).check() == []


@pytest.mark.parametrize("chunks", [10**40, 2**31])
def test_a_manifest_of_endless_chunks_costs_nothing(whole, tmp_path, chunks):
    EX.sweep_to(tmp_path / "s", OVER)
    file = tmp_path / "s" / "sweep.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "chunks": chunks}))
    with pytest.warns(UserWarning, match=f"of {chunks} parts of the sweep are missing"):
        same_rows(aie.read_sweep(tmp_path / "s"), whole)


@pytest.mark.parametrize("chunks", [-1, True, 2.0, "2", None])
def test_a_manifest_without_a_count_is_refused(tmp_path, chunks):
    EX.sweep_to(tmp_path / "s", OVER)
    file = tmp_path / "s" / "sweep.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "chunks": chunks}))
    with pytest.raises(ExportError, match="damaged"):
        aie.read_sweep(tmp_path / "s")


def test_a_damaged_part_is_named(tmp_path):
    stored = EX.sweep_to(tmp_path / "s", OVER)
    (stored.path / "part-000000.parquet").write_bytes(b"PAR1")
    for read in (aie.read_sweep, store.stored):
        with pytest.raises(ExportError, match=r"part-000000\.parquet: cannot be read"):
            read(stored.path)
