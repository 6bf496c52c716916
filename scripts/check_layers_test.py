#!/usr/bin/env python3
"""Tests of check_layers.py on small trees in a temporary folder."""
import contextlib
import io
import pathlib
import tempfile
import unittest

import check_layers

BASE = {
    "base/CMakeLists.txt": "ingesta_module(base)",
    "base/status.h": "#include <string>\n",
    "testing/CMakeLists.txt": "ingesta_module(testing DEPS base)",
    "testing/fake_clock.h": '#include "ingesta/base/status.h"\n',
    "config/CMakeLists.txt": "ingesta_module(config DEPS base LIBS yaml-cpp)",
    "config/parse.h": '#include "ingesta/base/status.h"\n',
    "http/CMakeLists.txt": "ingesta_module(http DEPS base)",
    "source/CMakeLists.txt": "ingesta_module(source\n  DEPS base http  # pages come over it\n  LIBS simdjson)",
    "source/source.cc": '#include "ingesta/base/status.h"\n',
    "decode/CMakeLists.txt": "ingesta_module(decode DEPS base)",
    "decode/decoder.h": '#include "ingesta/base/status.h"\n',
    "decode/json.h": "",
    "transform/CMakeLists.txt": "ingesta_module(transform DEPS config TEST_DEPS decode)",
    "pipeline/CMakeLists.txt": "ingesta_module(pipeline DEPS source decode)",
    "builtin/CMakeLists.txt": "ingesta_module(builtin DEPS pipeline)",
}


class CheckLayersTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def problems(self, **changes):
        """Write BASE with the changes (keys with __ for /, and _dot_ for the last dot) and check the tree."""
        files = BASE | {key.replace("__", "/").replace("_dot_", "."): text for key, text in changes.items()}
        for name, text in files.items():
            path = self.root / "src" / "ingesta" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        found, _, _ = check_layers.check_tree(self.root)
        return found

    def assert_one(self, problems, *fragments):
        self.assertEqual(len(problems), 1, problems)
        for fragment in fragments:
            self.assertIn(fragment, problems[0])

    def test_accepts_a_tree_that_keeps_the_rules(self):
        self.assertEqual(self.problems(), [])

    def test_names_file_and_line_of_an_undeclared_include(self):
        self.assert_one(
            self.problems(source__rest_dot_cc='// pages\n#include "ingesta/config/parse.h"\n'),
            "source/rest.cc:2:", "module 'source' includes 'config'", "(base, http)")

    def test_takes_a_module_in_another_ones_folder_for_its_own(self):
        nested = {"catalog__CMakeLists_dot_txt": "ingesta_module(catalog DEPS base iceberg)",
                  "catalog__iceberg__CMakeLists_dot_txt": "ingesta_module(iceberg DEPS base)",
                  "catalog__iceberg__avro__reader_dot_h": "",
                  "catalog__tables_dot_cc": '#include "ingesta/catalog/iceberg/avro/reader.h"\n'}
        self.assertEqual(self.problems(**nested), [])
        self.assert_one(self.problems(**nested, catalog__glue_dot_h="",
                                      catalog__iceberg__table_dot_cc='#include "ingesta/catalog/glue.h"\n'),
                        "table.cc:1: module 'iceberg' includes 'catalog'", "a layer above")

    def test_follows_deps_of_deps(self):
        self.assertEqual(self.problems(transform__rows_dot_cc='#include "ingesta/base/status.h"\n'), [])

    def test_reads_angle_brackets_and_spaces(self):
        self.assert_one(self.problems(source__a_dot_cc="  #  include <ingesta/config/parse.h>\n"), "source/a.cc:1:")

    def test_ignores_an_include_in_a_comment(self):
        self.assertEqual(self.problems(source__a_dot_cc='// #include "ingesta/config/parse.h"\n'), [])

    def test_looks_into_subfolders(self):
        self.assert_one(self.problems(source__paging__a_dot_h='#include "ingesta/config/parse.h"\n'), "source/paging/a.h:1:")

    def test_refuses_a_stage_that_includes_a_stage(self):
        self.assert_one(self.problems(source__a_dot_cc='#include "ingesta/decode/decoder.h"\n'), "a stage never includes another stage")

    def test_refuses_a_stage_declared_in_a_stage(self):
        self.assert_one(
            self.problems(source__CMakeLists_dot_txt="ingesta_module(source DEPS base http decode)"),
            "stage 'source' depends on stage 'decode'")

    def test_refuses_a_dependency_upwards(self):
        self.assert_one(
            self.problems(http__CMakeLists_dot_txt="ingesta_module(http DEPS base source)",
                          source__CMakeLists_dot_txt="ingesta_module(source DEPS base)"),
            "'http' depends on 'source'", "a layer above")

    def test_refuses_a_circle_within_a_layer(self):
        problems = self.problems(http__CMakeLists_dot_txt="ingesta_module(http DEPS base config)",
                                 config__CMakeLists_dot_txt="ingesta_module(config DEPS base http)")
        self.assertEqual(len(problems), 2, problems)
        self.assertIn("depend on each other", problems[0])

    def test_refuses_an_unknown_dependency_and_lists_the_known(self):
        self.assert_one(self.problems(http__CMakeLists_dot_txt="ingesta_module(http DEPS bsae)"), "'bsae'", "known: base,")

    def test_refuses_a_module_in_no_layer(self):
        self.assert_one(self.problems(misc__CMakeLists_dot_txt="ingesta_module(misc DEPS base)"), "'misc' is in no layer")

    def test_lets_only_tests_use_testing(self):
        clock = '#include "ingesta/testing/fake_clock.h"\n'
        self.assertEqual(self.problems(http__client_test_dot_cc=clock), [])
        self.assert_one(self.problems(http__client_dot_cc=clock), "http/client.cc:1:", "only tests may")

    def test_counts_headers_of_tests_as_tests(self):
        clock = '#include "ingesta/testing/fake_clock.h"\n'
        self.assertEqual(self.problems(http__test_support_dot_h=clock, http__client_test_fixture_dot_h=clock), [])
        self.assertEqual(self.problems(http__client_test_dot_cc='#include "ingesta/http/test_support.h"\n'), [])
        self.assert_one(self.problems(http__client_dot_cc='#include "ingesta/http/test_support.h"\n'),
                        "http/client.cc:1:", "test_support.h is for tests")
        self.assert_one(self.problems(http__client_dot_cc="", http__latest_dot_h=clock), "http/latest.h:1:")

    def test_refuses_testing_among_deps(self):
        self.assert_one(self.problems(http__CMakeLists_dot_txt="ingesta_module(http DEPS base testing)"), "move it to TEST_DEPS")

    def test_lets_only_tests_use_test_deps(self):
        decoder = '#include "ingesta/decode/decoder.h"\n'
        self.assertEqual(self.problems(transform__rows_test_dot_cc=decoder), [])
        self.assert_one(self.problems(transform__rows_dot_cc=decoder), "transform/rows.cc:1:")

    def test_lets_only_builtin_see_more_of_a_stage_than_its_interface(self):
        kind = '#include "ingesta/decode/json.h"\n'
        self.assertEqual(self.problems(pipeline__run_dot_cc='#include "ingesta/decode/decoder.h"\n', builtin__all_dot_cc=kind,
                                       pipeline__run_test_dot_cc=kind), [])
        self.assert_one(self.problems(pipeline__run_dot_cc=kind), "pipeline/run.cc:1:", "more than decode/decoder.h")

    def test_lets_main_use_what_is_below_but_testing(self):
        self.assertEqual(self.problems(main_dot_cc='#include "ingesta/builtin/register_all.h"\n'), [])
        self.assert_one(self.problems(main_dot_cc='#include "ingesta/testing/fake_clock.h"\n'), "main.cc:1:")

    def test_exit_code_tells_a_clean_tree_from_a_broken_and_an_empty_one(self):
        def run():
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                return check_layers.main(["check_layers.py", str(self.root)])

        self.assertEqual(run(), 1)
        self.problems()
        self.assertEqual(run(), 0)
        self.problems(source__a_dot_cc='#include "ingesta/config/parse.h"\n')
        self.assertEqual(run(), 1)


if __name__ == "__main__":
    unittest.main()
