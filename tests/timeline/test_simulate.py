"""The event loop on systems made by hand, in exact numbers."""

import numpy as np
import pytest

from aie_explorer.errors import DesignError
from aie_explorer.timeline.explain import explain_interval
from aie_explorer.timeline.pace import pace
from aie_explorer.timeline.simulate import BUSY, FREE, FULL, START, simulate
from aie_explorer.timeline.system import Access, Activity, System


def activity(name, cycles, resource, reads=(), writes=(), delay=0.0):
    """Something that drains buffers, fills buffers `delay` later, and uses one resource."""
    return Activity(name, name, "kernel", name, cycles, tuple(Access(b, 0, cycles) for b in reads),
                    tuple(Access(b, delay, delay + cycles) for b in writes), (Access(resource, 0, cycles),))


def system(*activities, copies=2):
    buffers = 1 + max((a.index for one in activities for a in (*one.reads, *one.writes)), default=-1)
    resources = 1 + max(a.index for one in activities for a in one.uses)
    return System(activities, tuple(f"buffer {i}" for i in range(buffers)), (copies,) * buffers,
                  tuple(f"channel {i}" for i in range(resources)))


def test_a_chain_runs_at_the_pace_of_its_slowest():
    chain = system(activity("a", 10, 0, writes=[0]), activity("b", 30, 1, [0], [1]), activity("c", 5, 2, [1]))
    assert pace(chain)[0] == 30
    run = simulate(chain, 5)
    assert run.start_cycles[1].tolist() == [10, 40, 70, 100, 130]
    assert run.start_cycles[2].tolist() == [40, 70, 100, 130, 160]
    # two copies: the third filling waits until the first is drained
    assert run.start_cycles[0].tolist() == [0, 10, 40, 70, 100]
    assert [cause.why for cause in run.causes[0]] == [START, BUSY, FREE, FREE, FREE]
    assert run.causes[2][0].why == FULL


def test_one_copy_makes_filling_and_draining_take_turns():
    turns = system(activity("a", 10, 0, writes=[0]), activity("b", 30, 1, [0]), copies=1)
    run = simulate(turns, 4)
    assert np.diff(run.start_cycles[1]).tolist() == [40, 40, 40]
    cycles, circle = pace(turns)
    assert cycles == 40
    assert sorted((wait.activity, wait.after, wait.why) for wait in circle) == [(0, 1, FREE), (1, 0, FULL)]
    assert "a waits for b, which drains the buffer 0" in explain_interval(turns, circle, 40.0, 30.0, "b")


def test_words_on_their_way_overlap_with_what_still_drains_the_target():
    """A transfer needs its target when the first word arrives there."""
    run = simulate(system(activity("a", 10, 0, writes=[0], delay=4), activity("b", 10, 1, [0]), copies=1), 3)
    assert run.start_cycles.tolist() == [[0, 20, 40], [14, 34, 54]]


def test_a_buffer_is_whole_when_all_its_writers_are_done_and_free_when_all_its_readers_are():
    run = simulate(system(activity("a", 10, 0, writes=[0]), activity("b", 25, 1, writes=[0]), activity("c", 5, 2, [0]),
                          activity("d", 40, 3, [0])), 4)
    assert run.start_cycles[2].tolist() == run.start_cycles[3].tolist()[:1] + run.start_cycles[2].tolist()[1:]
    assert run.start_cycles[2][0] == 25
    assert np.diff(run.start_cycles[3]).tolist() == [40, 40, 40]
    assert run.start_cycles[0][3] == run.start_cycles[3][1] + 40


def test_ports_that_share_a_channel_take_turns_and_the_words_say_so():
    both = system(activity("a", 10, 0, writes=[0]), activity("port 0", 20, 1, [0]), activity("port 1", 20, 1, [0]))
    run = simulate(both, 12)
    assert np.diff(run.start_cycles[1])[-4:].tolist() == [40] * 4  # 20 each, one after the other
    cycles, circle = pace(both)
    assert cycles == 40
    text = explain_interval(both, circle, 40.0, 20.0, "a")
    assert "channel 1, which port 0, port 1 share, is always busy" in text
    assert "The closed form counts the slowest resource alone, a: 20 cycles" in text


def test_the_first_that_is_ready_is_served_first():
    run = simulate(system(activity("slow", 50, 0, writes=[0]), activity("fast", 10, 1, writes=[1]),
                          activity("x", 30, 2, [0]), activity("y", 30, 2, [1])), 1)
    assert run.start_cycles[3][0] == 10
    assert run.start_cycles[2][0] == 50
    run = simulate(system(activity("slow", 50, 0, writes=[0]), activity("fast", 30, 1, writes=[1]),
                          activity("x", 30, 2, [0]), activity("y", 30, 2, [1])), 1)
    assert run.start_cycles[2][0] == 60


def test_a_circle_that_cannot_start_is_refused():
    with pytest.raises(DesignError, match=r"wait for each other.*none can start"):
        simulate(system(activity("a", 10, 0, [1], [0]), activity("b", 10, 1, [0], [1])), 2)


def test_a_buffer_that_nothing_fills_is_refused():
    with pytest.raises(DesignError, match=r"b: 1 activities wait .* for data that nobody sends"):
        simulate(system(activity("a", 10, 0, writes=[0]), activity("b", 10, 1, [1]), activity("c", 10, 2, [0])), 2)
