"""Known failures excuse what they name, no more, and say when they are of no use."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import known_failures
from conformance.known_failures import Baseline, KnownFailure, load
from fixtures.errors import UsageError
from reports.model import Verdict
from tests.kit.samples import result

TODAY = date(2027, 1, 15)
ID = "term.reverse-order"
ISSUE = "https://github.com/kubernetes/kubernetes/issues/125880"
ENTRY = f"""
[[known-failure]]
requirement = "{ID}"
component = "kubelet"
versions = ["1.28.2", ">=1.29.0,<1.29.8"]
issue = "{ISSUE}"
reason = "TERM is withheld while a later sidecar is down"
expires = 2027-01-15
"""


def entry(
    *versions: str, component: str = "kubelet", expires: date = TODAY, sometimes: bool = False
) -> KnownFailure:
    return KnownFailure.model_validate(
        {
            "requirement": ID,
            "versions": list(versions),
            "issue": ISSUE,
            "reason": "TERM is withheld",
            "expires": expires,
            "component": component,
            "sometimes": sometimes,
        }
    )


@pytest.mark.parametrize(
    ("alternatives", "version", "expected"),
    [
        (["1.29.3"], "v1.29.3", True),
        (["1.29.3"], "1.29.3", True),
        (["1.29.3"], "v1.29.30", False),
        (["==1.29.3"], "v1.29.3", True),
        (["1.28.2", ">=1.29.0,<1.29.8"], "v1.28.2", True),
        (["1.28.2", ">=1.29.0,<1.29.8"], "v1.29.7", True),
        (["1.28.2", ">=1.29.0, <1.29.8"], "v1.29.8", False),
        (["1.28.2", ">=1.29.0,<1.29.8"], "v1.29.10", False),
        ([">=1.30.0,!=1.30.2"], "v1.30.2", False),
        (["<1.30.0"], "v1.30.0-rc.1", True),
        ([">=1.30.0-alpha.2"], "v1.30.0-beta.0", True),
        (["<1.29.4"], "v1.29.4-gke.1043002", False),
        (["1.29.4"], "v1.29.4-gke.1043002", True),
        (["1.29.4"], "v1.29.4-eks-036c24b", True),
        (["1.31.2"], "v1.31.2+k3s1", True),
        (["<1.30.0"], "v1.30.0-alpha.1.23+deadbeef", True),
        (["<1.30.0"], "a build of mine", False),
        (["<1.30.0"], "", False),
    ],
)
def test_versions_match_as_written(
    alternatives: list[str], version: str, *, expected: bool
) -> None:
    assert entry(*alternatives).concerns({"kubelet": version}) is expected


@given(*[st.integers(0, 40)] * 3)
def test_a_range_holds_its_lower_end_and_not_its_upper(low: int, high: int, patch: int) -> None:
    known = entry(f">=1.29.{low},<1.29.{high}")
    assert known.concerns({"kubelet": f"v1.29.{patch}"}) == (low <= patch < high)
    assert not known.concerns({"kubelet": f"v1.30.{patch}"})


@given(st.text())
def test_any_text_is_a_version_that_is_concerned_or_not(text: str) -> None:
    assert entry(">=0.0.0").concerns({"kubelet": text}) in (True, False)


def test_a_failure_that_is_known_says_so_with_its_issue() -> None:
    failed = result(ID, Verdict.FAIL, reason="TERM came late")
    judged = Baseline([entry("1.29.7")]).judge(failed, {"kubelet": "v1.29.7"}, TODAY)
    assert judged.verdict is Verdict.KNOWN_FAILURE
    assert judged.issue == ISSUE
    assert judged.reason == "TERM came late (known: TERM is withheld)"


EXCUSED = (Verdict.FAIL, Verdict.INCONCLUSIVE)


def test_a_doubt_about_what_is_known_to_be_broken_leaves_no_run_undecided() -> None:
    doubt = result(ID, Verdict.INCONCLUSIVE, reason="TERM came 50 s late; but the node was slow")
    judged = Baseline([entry("1.29.7")]).judge(doubt, {"kubelet": "v1.29.7"}, TODAY)
    assert judged.verdict is Verdict.KNOWN_FAILURE
    assert judged.issue == ISSUE
    assert judged.reason.startswith(doubt.reason), "the figures are lost"


@pytest.mark.parametrize("verdict", [v for v in Verdict if v not in EXCUSED])
def test_only_a_failure_can_be_known(verdict: Verdict) -> None:
    found = result(ID, verdict)
    assert Baseline([entry("1.29.7")]).judge(found, {"kubelet": "v1.29.7"}, TODAY) is found


@pytest.mark.parametrize(
    ("known", "versions"),
    [
        (entry("1.29.7"), {"kubelet": "v1.29.8", "kube-apiserver": "v1.29.7"}),
        (entry("1.29.7", component="kube-apiserver"), {"kubelet": "v1.29.7"}),
        (entry("1.29.7", expires=TODAY - timedelta(days=1)), {"kubelet": "v1.29.7"}),
    ],
)
def test_a_failure_elsewhere_stays_one(known: KnownFailure, versions: dict[str, str]) -> None:
    found = result(ID, Verdict.FAIL)
    assert Baseline([known]).judge(found, versions, TODAY) is found


def test_a_failure_of_another_requirement_stays_one() -> None:
    found = result("startup.list-order", Verdict.FAIL)
    assert Baseline([entry("1.29.7")]).judge(found, {"kubelet": "v1.29.7"}, TODAY) is found


def notices(known: KnownFailure, verdict: Verdict, versions: dict[str, str]) -> list[str]:
    return Baseline([known]).notices([result(ID, verdict)], versions, TODAY)


def test_an_entry_whose_check_passes_is_reported() -> None:
    (line,) = notices(entry("1.29.7"), Verdict.PASS, {"kubelet": "v1.29.7"})
    assert line == f"known failure of {ID} ({ISSUE}) no longer fails on kubelet v1.29.7: narrow it"


def test_a_failure_that_shows_sometimes_may_pass() -> None:
    known = entry("1.29.7", sometimes=True)
    assert notices(known, Verdict.PASS, {"kubelet": "v1.29.7"}) == []
    judged = Baseline([known]).judge(result(ID, Verdict.FAIL), {"kubelet": "v1.29.7"}, TODAY)
    assert judged.verdict is Verdict.KNOWN_FAILURE


def test_an_expired_entry_is_reported_where_it_would_have_applied() -> None:
    expired = entry("1.29.7", expires=date(2026, 12, 31))
    (line,) = notices(expired, Verdict.FAIL, {"kubelet": "v1.29.7"})
    assert line.endswith("expired on 2026-12-31 and was not applied: renew it")
    assert notices(expired, Verdict.FAIL, {"kubelet": "v1.29.8"}) == []


def test_an_entry_that_could_not_be_applied_is_reported() -> None:
    (line,) = notices(entry("1.29.7"), Verdict.FAIL, {"kube-apiserver": "v1.29.7"})
    assert line.endswith("was not applied: kubelet's version is unknown")
    (line,) = notices(entry("1.29.7"), Verdict.FAIL, {"kubelet": "mine"})
    assert line.endswith("was not applied: kubelet's version is 'mine'")
    assert notices(entry("1.29.7"), Verdict.PASS, {}) == []


@pytest.mark.parametrize("verdict", [Verdict.KNOWN_FAILURE, Verdict.SKIPPED, Verdict.UNSUPPORTED])
def test_an_entry_that_works_or_was_not_tried_is_not_reported(verdict: Verdict) -> None:
    assert notices(entry("1.29.7"), verdict, {"kubelet": "v1.29.7"}) == []


def test_no_entries_change_and_say_nothing() -> None:
    found = result(ID, Verdict.FAIL)
    assert Baseline().judge(found, {"kubelet": "v1.29.7"}, TODAY) is found
    assert Baseline().notices([found], {}, TODAY) == []


def read(folder: Path, text: str) -> Baseline:
    path = folder / "known-failures.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, {ID})


def test_a_file_is_read_as_written(tmp_path: Path) -> None:
    assert read(tmp_path, ENTRY).entries == (
        KnownFailure(
            requirement=ID,
            versions=["1.28.2", ">=1.29.0,<1.29.8"],
            issue=ISSUE,
            reason="TERM is withheld while a later sidecar is down",
            expires=TODAY,
            component="kubelet",
        ),
    )


def test_without_a_component_the_server_counts(tmp_path: Path) -> None:
    baseline = read(tmp_path, ENTRY.replace('component = "kubelet"', ""))
    assert [known.component for known in baseline.entries] == ["kube-apiserver"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("reason =", "reasons =", "reason: is missing"),
        ("reason =", 'more = "x"\nreason =', "more: unknown key"),
        (f'issue = "{ISSUE}"', "", "issue: is missing"),
        (f'requirement = "{ID}"', 'requirement = "no.such"', "'no.such' is no requirement"),
        (f'requirement = "{ID}"', "requirement = 7", "requirement: input should be a valid string"),
        ('reason = "TERM', 'reason = " " #', "reason: string should have at least 1 character"),
        ("https:", "http:", "issue: string should match pattern"),
        ("expires = 2027-01-15", 'expires = "2027-01-15"', "expires: input should be a valid date"),
        (
            "expires = 2027-01-15",
            "expires = 2027-01-15T10:00:00",
            "expires: input should be a valid date",
        ),
        ('"kubelet"', '"kubelets"', "component: input should be 'kube-apiserver', "),
        ('["1.28.2", ">=1.29.0,<1.29.8"]', "[]", "versions: list should have at least 1 item"),
        ('["1.28.2", ">=1.29.0,<1.29.8"]', '"1.28.2"', "versions: input should be a valid list"),
        ('["1.28.2", ">=1.29.0,<1.29.8"]', "[1.28]", "versions[0]: input should be a valid string"),
        ('"1.28.2"', '"1.28"', "'1.28' is not a version"),
        ('"1.28.2"', '"v1.28.2"', "'v1.28.2' is not a version"),
        ('"1.28.2"', '"1.028.2"', "'1.028.2' is not a version"),
        ('"1.28.2"', '"~1.28.2"', "'~1.28.2' is not a version"),
        ('"1.28.2"', '">1.28.2,"', "'' is not a version"),
        ('"1.28.2"', '"1.28.2-a..b"', "'1.28.2-a..b' is not a version"),
    ],
)
def test_a_mistake_is_refused_in_one_line_with_its_place(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in ENTRY
    with pytest.raises(UsageError) as caught:
        read(tmp_path, ENTRY + ENTRY.replace(old, new, 1))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'known-failures.toml'}: known-failure 2 (")
    assert words in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[known-failure]", "not TOML"),
        ("[[known-failures]]", "unknown key 'known-failures'"),
        ("[known-failure]", "in double brackets"),
        ("known-failure = [1]", "in double brackets"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "known-failures.toml", {ID})


FILE = Path(known_failures.__file__).with_name("known-failures.toml")


def test_the_example_in_the_suites_own_file_is_valid(tmp_path: Path) -> None:
    example = [
        line.removeprefix("# ")
        for line in FILE.read_text(encoding="utf-8").split("\n\n", 1)[0].splitlines()
        if line.startswith(("# [[", *(f"# {key} = " for key in ENTRY_KEYS)))
    ]
    assert len(example) == len(ENTRY_KEYS) + 1
    assert len(read(tmp_path, "\n".join(example)).entries) == 1


ENTRY_KEYS = tuple(KnownFailure.model_fields)
