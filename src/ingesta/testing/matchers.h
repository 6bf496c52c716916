// Assertions on Status and Result for GoogleTest.
#pragma once

#include <gtest/gtest.h>

#include "ingesta/base/status.h"

#define INGESTA_TEST_CONCAT_(a, b) a##b
#define INGESTA_TEST_CONCAT(a, b) INGESTA_TEST_CONCAT_(a, b)

#define ASSERT_OK(expression)                        \
  do {                                               \
    const ::ingesta::Status _status = (expression);  \
    ASSERT_TRUE(_status.ok()) << _status.ToString(); \
  } while (false)
#define EXPECT_OK(expression)                        \
  do {                                               \
    const ::ingesta::Status _status = (expression);  \
    EXPECT_TRUE(_status.ok()) << _status.ToString(); \
  } while (false)

#define ASSERT_OK_AND_ASSIGN_IMPL(result, lhs, expression) \
  auto&& result = (expression);                            \
  ASSERT_TRUE(result.ok()) << result.status().ToString();  \
  lhs = std::move(result).ValueUnsafe()
/// Assign the value of a Result, or fail the test.
#define ASSERT_OK_AND_ASSIGN(lhs, expression) \
  ASSERT_OK_AND_ASSIGN_IMPL(INGESTA_TEST_CONCAT(_result_, __LINE__), lhs, expression)

/// The expression gives an error of this ErrorCode.
#define EXPECT_ERROR_CODE(error_code, expression)                                                           \
  do {                                                                                                      \
    const ::ingesta::Status _status = ::arrow::ToStatus(expression);                                        \
    EXPECT_FALSE(_status.ok());                                                                             \
    if (!_status.ok()) {                                                                                    \
      EXPECT_EQ(::ingesta::ErrorCodeName(error_code), ::ingesta::ErrorCodeName(::ingesta::CodeOf(_status))) \
          << _status.ToString();                                                                            \
    }                                                                                                       \
  } while (false)
