"""The text alternative tells all that the picture shows, in the order of time."""

from __future__ import annotations

from reports.chart import Chart, Lane, Mark, chart
from reports.textchart import text
from tests.kit.charts import timeline


def test_all_is_told_in_the_order_of_time() -> None:
    drawn = chart(timeline())
    lines = text(drawn).splitlines()
    times = [float(line.split(" s ", 1)[0]) for line in lines]
    assert times == sorted(times)
    assert len(lines) == sum(len(lane.bars) + len(lane.marks) for lane in drawn.lanes)
    for line in (
        "    0.01 s  suite: did create one, answered 201",
        "    8.00 s  app: #0 said 'TERM'",
        "    9.00 s  app: #0 ended with exit code 137 Error",
        "   10.00 s  app: waits: CrashLoopBackOff (for 4.00 s)",
        "   13.50 s  app: #1 ran (for 6.50 s)",
    ):
        assert line.split("s  ", 1)[1] in "\n".join(lines)


def test_what_repeats_itself_is_one_line() -> None:
    marks = [Mark(at, "said", "TICK", "#0 said 'TICK'") for at in (1.0, 2.0, 3.0)]
    drawn = Chart("one", 5, 0, [Lane("app", "regular", marks=[*marks, Mark(4, "exit", "", "end")])])
    assert text(drawn).splitlines() == [
        "    1.00 s  app: #0 said 'TICK' (3 times until 3.00 s)",
        "    4.00 s  app: end",
    ]
