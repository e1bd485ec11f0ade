"""The sixty bad inputs, by number: each has cases in this folder, or is tested where it belongs. Nothing is left out
without a reason.

 1-18  identifiers: `test_identifiers.py`
19-34  URLs of databases: `test_urls.py`
35-49  files: `test_files.py`
50-60  SQL: `test_sql.py`
   -   states of a database, which have no numbers: `test_state.py`
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
NUMBERS = range(1, 61)
PER_MODULE = {
    "test_identifiers.py": range(1, 19),
    "test_urls.py": range(19, 35),
    "test_files.py": range(35, 50),
    "test_sql.py": range(50, 61),
}
# What is tested where it belongs, beside or instead of a case here.
ELSEWHERE: dict[int, tuple[str, ...]] = {
    1: ("src/stepwell/testing/tables.py::test_any_name_of_a_table",),
    9: ("tests/app/postgresql/test_connections.py::test_any_name_of_schema_and_table",),
    18: ("tests/core/files/test_admission.py::test_names_that_can_not_be_a_migrations",),
    19: (
        "tests/core/test_url.py::test_what_is_wrong_is_named_and_not_repeated",
        "tests/cli/test_secrets.py::test_the_program_tells_what_is_wrong_and_not_what_was_given",
    ),
    20: (
        "tests/core/test_url.py::test_whatever_is_encoded_comes_back",
        "tests/cli/test_secrets.py::test_the_library_tells_what_is_wrong_and_not_what_was_given",
    ),
    26: (
        "tests/app/postgresql/test_refusals.py::test_an_option_that_the_driver_does_not_know_is_wrong_usage",
    ),
    28: ("tests/app/postgresql/test_targets.py::test_of_several_hosts_the_primary_is_found",),
    29: ("tests/core/test_url.py::test_a_url_is_understood",),
    30: ("tests/app/postgresql/test_tls.py::test_a_certificate_that_proves_nothing",),
    31: ("tests/app/postgresql/test_tls.py::test_a_certificate_that_proves_nothing",),
    34: (
        "tests/app/test_sqlite.py::test_an_empty_file_is_a_database",
        "tests/app/test_sqlite.py::test_a_file_that_is_only_read",
    ),
    35: ("tests/core/files/test_text.py::test_text",),
    36: ("tests/core/files/test_text.py::test_what_is_no_text_is_told_with_its_line",),
    38: ("tests/core/files/test_checksum.py::test_line_ends_and_marks_do_not_count",),
    41: (
        "tests/sources/test_directory.py::test_a_large_file_is_read_whole",
        "tests/core/sql/test_split.py::test_a_large_script_loses_nothing",
    ),
    42: ("tests/core/test_graph.py::test_duplicates_are_told_with_both_files",),
    43: ("tests/core/test_plan_up.py::test_plan",),
    44: (
        "tests/sources/test_directory.py::test_a_link_that_leaves_the_folder",
        "tests/sources/test_directory.py::test_a_link_that_leads_nowhere",
    ),
    45: ("tests/sources/test_directory.py::test_a_fifo_does_not_block",),
    46: ("tests/sources/test_directory.py::test_files_that_others_may_write_are_findings",),
    47: ("src/stepwell/testing/history.py::test_a_missing_file_older_than_the_newest_contradicts",),
    48: ("src/stepwell/testing/history.py::test_a_changed_file_contradicts",),
    49: (
        "tests/core/files/test_python_file_errors.py::test_errors",
        "tests/sources/test_loading.py::test_failures",
        "src/stepwell/testing/misuse.py::test_it_is_an_error_with_its_line",
        "src/stepwell/testing/misuse.py::test_use_after_the_end",
    ),
    50: (
        "src/stepwell/testing/misuse.py::test_the_transaction_is_not_the_author_s_to_end",
        "tests/app/postgresql/test_segments.py::test_ending_the_transaction_by_the_driver_is_found_out",
    ),
    51: (
        "tests/core/sql/test_split.py::test_postgresql",
        "tests/core/sql/test_split.py::test_mysql_and_mariadb",
    ),
    53: ("tests/app/postgresql/test_places.py::test_data_of_a_copy",),
    54: ("tests/app/postgresql/test_leftovers.py::test_it_is_named_and_stops_the_run",),
    55: ("tests/app/postgresql/test_leftovers.py::test_what_is_given_back_or_local_is_nobodys_business",),
    58: (
        "tests/app/postgresql/test_session.py::test_who_has_given_the_lock_away_stops_before_the_next_statement",
    ),
}
# The parts of an input that nothing can be given to yet, or that nobody can test.
NOT_APPLICABLE = {
    5: "two tenants whose names are cut to the same: there are no tenants yet; a name that would be cut is refused",
    10: "tenants `Tenant` and `tenant`: there are no tenants yet; two schemas of those names are two",
    17: "the name of a lock: it is a number, made of database, schema and table",
    34: "a file on a network: its locks are the file system's; what is written like one is no path",
    49: "a task that has not used `database` before the run is over: it is cancelled with the loop, and nobody knows",
}


def own_numbers(module: str) -> set[int]:
    """The numbers that the keys of cases and the docstrings of tests begin with."""
    tree = ast.parse((HERE / module).read_text(encoding="utf-8"))
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys = [str(key.value) for key in node.keys if isinstance(key, ast.Constant)]
            found |= {int(match[1]) for key in keys if (match := re.match(r"(\d+) ", key))}
        elif isinstance(node, ast.FunctionDef) and (said := re.match(r"[\d, ]+(?=[.:])", docstring(node))):
            found |= {int(number) for number in re.findall(r"\d+", said[0])}
    return found


def docstring(node: ast.FunctionDef) -> str:
    return ast.get_docstring(node) or ""


@pytest.mark.parametrize("module", PER_MODULE)
def test_each_number_has_its_cases(module: str) -> None:
    own = own_numbers(module)
    assert own <= set(PER_MODULE[module])
    assert set(PER_MODULE[module]) - own <= set(ELSEWHERE)


def test_no_number_is_left_out() -> None:
    assert [number for numbers in PER_MODULE.values() for number in numbers] == list(NUMBERS)
    assert set(ELSEWHERE) | set(NOT_APPLICABLE) <= set(NUMBERS)


@pytest.mark.parametrize("reference", sorted({each for tests in ELSEWHERE.values() for each in tests}))
def test_what_is_tested_elsewhere_is_there(reference: str) -> None:
    path, _, name = reference.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
