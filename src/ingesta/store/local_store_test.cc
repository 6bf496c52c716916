#include "ingesta/store/local_store.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "ingesta/base/fs.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::store {
namespace {

// Maintenance removes what it finds in a listing and nothing names: without the lock two writers get in.
TEST(LocalStore, ListsNoLockOfAConditionalWrite) {
  std::string root = (std::filesystem::temp_directory_path() / "ingesta_local_store_XXXXXX").string();
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  const auto store = MakeLocalStore(root);
  ASSERT_OK(store->Write("t/metadata/v1.metadata.json", "{}", "").status());
  ASSERT_TRUE(PathExists(root + "/t/metadata/.lock"));
  ASSERT_OK_AND_ASSIGN(const auto objects, store->List("t/"));
  ASSERT_EQ(objects.size(), 1U);
  EXPECT_EQ(objects[0].key, "t/metadata/v1.metadata.json");
  EXPECT_OK(RemoveTree(root));
}

}  // namespace
}  // namespace ingesta::store
