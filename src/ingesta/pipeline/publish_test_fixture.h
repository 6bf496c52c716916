// A store with its catalog in a temporary folder, for tests of publication and recovery.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "ingesta/base/fs.h"
#include "ingesta/catalog/iceberg/filesystem_catalog.h"
#include "ingesta/catalog/lake_catalog.h"
#include "ingesta/pipeline/publish.h"
#include "ingesta/store/local_store.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::pipeline {

class LocalLakeTest : public ::testing::Test {
 protected:
  LocalLakeTest() : sink_(LogFormat::kHuman, LogLevel::kError, false, clock_), log_(sink_) {
    std::string pattern = (std::filesystem::temp_directory_path() / "ingesta-publish-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    store_ = store::MakeLocalStore(root_);
    catalog_ =
        catalog::MakeLakeCatalog({.description = "filesystem",
                                  .tables = std::make_unique<iceberg::FilesystemCatalog>(*store_, clock_)},
                                 {*store_, clock_, random_, log_});
  }
  ~LocalLakeTest() override { std::filesystem::remove_all(root_); }

  std::string root_;
  testing::FakeClock clock_;
  testing::SeededRandom random_{1};
  LogSink sink_;
  Logger log_;
  std::unique_ptr<ObjectStore> store_;
  std::unique_ptr<catalog::Catalog> catalog_;
};

}  // namespace ingesta::pipeline
