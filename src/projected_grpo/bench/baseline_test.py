from projected_grpo.bench import baseline

REPORT = """<testsuites><testsuite>
<testcase classname="src.projected_grpo.a_test" name="x" time="3.0"/>
<testcase classname="src.projected_grpo.a_test" name="y" time="2.5"/>
<testcase classname="src.projected_grpo.b_test" name="z" time="1.0"/>
</testsuite></testsuites>"""


def test_seconds_are_summed_by_module(tmp_path):
    (tmp_path / "gate.xml").write_text(REPORT)
    assert baseline.spent([tmp_path / "gate.xml"]) == {
        "projected_grpo.a_test": 5.5,
        "projected_grpo.b_test": 1.0,
    }


def test_only_what_takes_more_than_twice_and_two_seconds_is_named():
    now = {"doubled": 21.0, "short": 2.9, "same": 8.0, "new": 100.0}
    lines = baseline.slower(now, {"doubled": 9.0, "short": 0.5, "same": 8.0})
    assert [line.split(":")[0] for line in lines] == ["doubled"]
