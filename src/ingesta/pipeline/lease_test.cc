#include "ingesta/pipeline/lease.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "ingesta/base/fs.h"
#include "ingesta/store/local_store.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::pipeline {
namespace {

class QuietSink final : public LogSink {
 public:
  explicit QuietSink(Clock& clock) : LogSink(LogFormat::kHuman, LogLevel::kError, false, clock) {}
};

class LeaseTest : public ::testing::Test {
 protected:
  LeaseTest() : sink_(clock_), log_(sink_) {
    char name[] = "/tmp/ingesta-lease-XXXXXX";
    root_ = mkdtemp(name);
    store_ = store::MakeLocalStore(root_);
  }
  ~LeaseTest() override { std::filesystem::remove_all(root_); }

  Result<std::unique_ptr<Lease>> Acquire(const LocalLock& lock, const std::string& run_id) {
    return Lease::Acquire(*store_, "productos", run_id, lock, {}, clock_, stop_, log_);
  }
  void WriteForeignLease(int beat) {
    ASSERT_OK(store_
                  ->Write("_ingesta/leases/productos.json",
                          "{\"state\":\"held\",\"run_id\":\"other\",\"host\":\"elsewhere\",\"identity\":"
                          "\"x\",\"beat\":" +
                              std::to_string(beat) + "}",
                          std::nullopt)
                  .status());
  }

  std::string root_;
  testing::FakeClock clock_;
  StopSource stop_;
  QuietSink sink_;
  Logger log_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(LeaseTest, IsGivenBackAtTheEnd) {
  ASSERT_OK_AND_ASSIGN(const auto lock, LocalLock::Acquire(root_, "productos"));
  { ASSERT_OK_AND_ASSIGN(const auto lease, Acquire(*lock, "a")); }
  ASSERT_OK_AND_ASSIGN(const auto document, store_->Read("_ingesta/leases/productos.json"));
  EXPECT_THAT(document->text, ::testing::HasSubstr("released"));
  const MonotonicTime before = clock_.Monotonic();
  ASSERT_OK_AND_ASSIGN(const auto lease, Acquire(*lock, "b"));
  EXPECT_EQ(clock_.Monotonic(), before) << "nothing to wait for";
}

TEST_F(LeaseTest, ASilentHolderIsTakenOverAfterItsTimeToLive) {
  ASSERT_OK_AND_ASSIGN(const auto lock, LocalLock::Acquire(root_, "productos"));
  WriteForeignLease(1);
  const MonotonicTime before = clock_.Monotonic();
  ASSERT_OK_AND_ASSIGN(const auto lease, Acquire(*lock, "a"));
  EXPECT_GE(clock_.Monotonic() - before, std::chrono::seconds(60));
  EXPECT_LE(clock_.Monotonic() - before, std::chrono::seconds(62));
}

// Renews another machine's lease when the waiting run sleeps.
class BeatingClock final : public Clock {
 public:
  BeatingClock(testing::FakeClock& clock, std::function<void()> beat)
      : clock_(clock), beat_(std::move(beat)) {}
  SystemTime Now() const override { return clock_.Now(); }
  MonotonicTime Monotonic() const override { return clock_.Monotonic(); }
  void Sleep(Millis duration) override {
    clock_.Advance(duration);
    if ((slept_ += duration) == Millis(15'000)) beat_();
  }

 private:
  testing::FakeClock& clock_;
  std::function<void()> beat_;
  Millis slept_{0};
};

TEST_F(LeaseTest, AHolderThatBeatsIsLeftAlone) {
  ASSERT_OK_AND_ASSIGN(const auto lock, LocalLock::Acquire(root_, "productos"));
  WriteForeignLease(1);
  BeatingClock clock(clock_, [this] { WriteForeignLease(2); });
  const auto lease = Lease::Acquire(*store_, "productos", "a", *lock, {}, clock, stop_, log_);
  EXPECT_ERROR_CODE(ErrorCode::kLeaseHeld, lease);
  EXPECT_THAT(lease.status().message(), ::testing::HasSubstr("run other on elsewhere"));
}

TEST_F(LeaseTest, ADeadProcessOfThisMachineIsTakenOverAtOnce) {
  const pid_t child = fork();
  if (child == 0) {
    // Dies holding both, as after kill -9: nothing is given back.
    auto lock = LocalLock::Acquire(root_, "productos");
    const std::string text =
        "{\"state\":\"held\",\"run_id\":\"dead\",\"identity\":\"" + (*lock)->identity() + "\"}";
    const bool written = store_->Write("_ingesta/leases/productos.json", text, std::nullopt).ok();
    _exit(written ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  ASSERT_OK_AND_ASSIGN(const auto lock, LocalLock::Acquire(root_, "productos"));
  const MonotonicTime before = clock_.Monotonic();
  ASSERT_OK_AND_ASSIGN(const auto lease, Acquire(*lock, "a"));
  EXPECT_EQ(clock_.Monotonic(), before);
}

TEST_F(LeaseTest, ASecondProcessOnTheSameFolderIsTurnedAwayAtOnce) {
  ASSERT_OK_AND_ASSIGN(const auto lock, LocalLock::Acquire(root_, "productos"));
  EXPECT_ERROR_CODE(ErrorCode::kLeaseHeld, LocalLock::Acquire(root_, "productos"));
  EXPECT_OK(LocalLock::Acquire(root_, "ordenes").status());
}

TEST_F(LeaseTest, AnUnreadableLeaseIsWaitedOut) {
  ASSERT_OK_AND_ASSIGN(const auto lock, LocalLock::Acquire(root_, "productos"));
  ASSERT_OK(store_->Write("_ingesta/leases/productos.json", "not json", std::nullopt).status());
  ASSERT_OK_AND_ASSIGN(const auto lease, Acquire(*lock, "a"));
  EXPECT_GE(clock_.Monotonic().time_since_epoch(), std::chrono::seconds(60));
}

}  // namespace
}  // namespace ingesta::pipeline
