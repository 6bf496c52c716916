#include "ingesta/base/status.h"

#include <cerrno>

#include "ingesta/testing/matchers.h"

namespace ingesta {
namespace {

TEST(Status, CarriesCodeHintAndRetryability) {
  const Status status =
      MakeError({.code = ErrorCode::kTimeout, .stage = {}, .retryable = true, .hint = "try later"}, "slow");
  EXPECT_ERROR_CODE(ErrorCode::kTimeout, status);
  EXPECT_TRUE(IsRetryable(status));
  EXPECT_EQ(HintOf(status), "try later");
}

TEST(Status, KeepsItsDetailUnderAPrefixAndAStage) {
  const Status status = MakeError(ErrorCode::kTls, "expired", "renew it");
  const Status wrapped = WithStage(WithPrefix(status, "productos"), Stage::kSource);
  EXPECT_EQ(wrapped.message(), "productos: expired");
  EXPECT_EQ(DetailOf(wrapped)->fields().stage, Stage::kSource);
  EXPECT_EQ(DetailOf(WithStage(wrapped, Stage::kStore))->fields().stage, Stage::kSource);
  EXPECT_EQ(HintOf(wrapped), "renew it");
}

TEST(Status, NamesAFullDisk) {
  EXPECT_ERROR_CODE(ErrorCode::kDiskFull, ErrnoError(ENOSPC, "write x"));
  EXPECT_ERROR_CODE(ErrorCode::kIo, ErrnoError(EACCES, "open x"));
}

TEST(Status, ForeignErrorsAreInternal) {
  EXPECT_EQ(CodeOf(Status::Invalid("from arrow")), ErrorCode::kInternal);
}

}  // namespace
}  // namespace ingesta
