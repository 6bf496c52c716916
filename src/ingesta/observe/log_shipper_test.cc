#include "ingesta/observe/log_shipper.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <set>

#include "ingesta/base/fs.h"
#include "ingesta/observe/log_destinations.h"
#include "ingesta/testing/matchers.h"
#include "ingesta/testing/scripted_server.h"

namespace ingesta::observe {
namespace {

using ::testing::HasSubstr;

class MemorySink final : public LogSink {
 public:
  explicit MemorySink(LogFormat format = LogFormat::kJson)
      : LogSink(format, LogLevel::kInfo, false, RealClock()) {}
  std::string text;

 protected:
  void Emit(std::string_view line) override { text += line; }
};

/// What a destination got, and whether it takes more; outlives it.
struct Received {
  std::mutex mutex;
  std::vector<LogLine> lines;
  std::atomic<bool> away{false};
  std::atomic<bool> keeps{true};

  std::vector<std::string> Texts() {
    const std::lock_guard lock(mutex);
    std::vector<std::string> texts;
    for (const LogLine& line : lines) texts.push_back(line.json);
    return texts;
  }
};

class FakeDestination final : public LogDestination {
 public:
  explicit FakeDestination(Received& received) : received_(received) {}
  const std::string& name() const override { return name_; }
  bool keeps() const override { return received_.keeps; }
  Status Send(const std::vector<LogLine>& lines) override {
    if (received_.away) return MakeError(ErrorCode::kConnectFailed, "away");
    const std::lock_guard lock(received_.mutex);
    received_.lines.insert(received_.lines.end(), lines.begin(), lines.end());
    return Status::OK();
  }

 private:
  Received& received_;
  const std::string name_ = "fake:/a b";
};

class LogShipperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("ingesta-shipper-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  LogShipperOptions Options() const { return {.folder = folder_, .interval = Millis(1)}; }
  /// A process's life: `lines` logged, then the end.
  void Log(const std::vector<std::string>& lines, const LogShipperOptions& options) {
    LogShipper shipper(std::make_unique<FakeDestination>(received_), options, log_);
    sink_.AddTap(&shipper);
    for (const std::string& line : lines) Logger(sink_).Info(line);
    sink_.RemoveTap(&shipper);
    shipper.BeginFinish();
    EXPECT_TRUE(shipper.WaitFinished(Millis(10'000)));
  }
  size_t Files() const {
    if (!std::filesystem::exists(folder_)) return 0;
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) count += entry.is_regular_file();
    return count;
  }

  std::string folder_;
  Received received_;
  MemorySink sink_{LogFormat::kHuman};
  MemorySink complaints_;
  Logger log_{complaints_};
};

TEST_F(LogShipperTest, SendsEveryLineAsJsonInItsOrder) {
  std::vector<std::string> lines;
  for (int i = 0; i < 12'000; ++i) lines.push_back("line " + std::to_string(i));
  Log(lines, Options());
  const auto texts = received_.Texts();
  ASSERT_EQ(texts.size(), lines.size());
  for (size_t i = 0; i < lines.size(); ++i)
    ASSERT_THAT(texts[i], HasSubstr("\"message\":\"" + lines[i] + "\""));
  EXPECT_EQ(Files(), 0U);
  EXPECT_EQ(complaints_.text, "");
}

TEST_F(LogShipperTest, SecretsAreRemovedBefore) {
  sink_.Redact({"s3cr3t"});
  Log({"a s3cr3t here"}, Options());
  EXPECT_THAT(received_.Texts().front(), HasSubstr("a *** here"));
}

TEST_F(LogShipperTest, WhatCannotBeSentIsKeptAndSentByTheNextRun) {
  received_.away = true;
  Log({"one", "two"}, Options());
  EXPECT_EQ(Files(), 1U);
  EXPECT_THAT(complaints_.text, HasSubstr("kept for the next run"));
  EXPECT_EQ(std::count(complaints_.text.begin(), complaints_.text.end(), '\n'), 1);
  received_.away = false;
  Log({"three"}, Options());
  const auto texts = received_.Texts();
  ASSERT_EQ(texts.size(), 3U);
  EXPECT_THAT(texts[0], HasSubstr("three"));
  EXPECT_THAT(texts[1], HasSubstr("one"));
  EXPECT_THAT(texts[2], HasSubstr("two"));
  EXPECT_EQ(Files(), 0U);
}

TEST_F(LogShipperTest, ADestinationThatIsAwayForAMomentGetsAllLines) {
  LogShipperOptions options = Options();
  options.retry = Millis(1);
  received_.away = true;
  LogShipper shipper(std::make_unique<FakeDestination>(received_), options, log_);
  sink_.AddTap(&shipper);
  std::multiset<std::string> expected;
  int i = 0;
  for (; Files() == 0; ++i) Logger(sink_).Info("line " + std::to_string(i));
  received_.away = false;
  for (int more = 0; more < 100; ++more, ++i) Logger(sink_).Info("line " + std::to_string(i));
  sink_.RemoveTap(&shipper);
  shipper.BeginFinish();
  ASSERT_TRUE(shipper.WaitFinished(Millis(20'000)));
  std::set<std::string> got;
  for (const std::string& text : received_.Texts()) got.insert(text.substr(text.find("\"message\"")));
  // The last batch may have met the wait after the failure: it is on disk then.
  size_t kept = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(entry.path()));
    kept += static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  EXPECT_EQ(got.size() + kept, static_cast<size_t>(i));
}

TEST_F(LogShipperTest, WhereNothingIsKeptLinesAreLostAndNotTheRun) {
  received_.away = true;
  received_.keeps = false;
  Log({"one"}, Options());
  EXPECT_EQ(Files(), 0U);
}

TEST_F(LogShipperTest, TheDiskIsNotFilled) {
  received_.away = true;
  LogShipperOptions options = Options();
  options.max_kept_bytes = 10;
  Log({"one"}, options);
  EXPECT_EQ(Files(), 0U);
}

TEST(KeptLine, SurvivesAndRefusesHalves) {
  const LogLine line{LogLevel::kWarning, SystemTime(std::chrono::microseconds(1'795'521'600'123'456)),
                     R"({"a":"b c"})"};
  std::string text = KeptLine(line);
  text.pop_back();
  const auto read = ParseKeptLine(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at, line.at);
  EXPECT_EQ(read->level, line.level);
  EXPECT_EQ(read->json, line.json);
  for (size_t cut = 0; cut < text.size(); ++cut) EXPECT_FALSE(ParseKeptLine(text.substr(0, cut))) << cut;
}

/// A datagram socket in place of journald's or syslog's.
class SocketTest : public LogShipperTest {
 protected:
  void SetUp() override {
    LogShipperTest::SetUp();
    ASSERT_OK(MakeDirs(folder_));
    path_ = folder_ + "/socket";
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  void TearDown() override {
    ::close(fd_);
    LogShipperTest::TearDown();
  }
  std::string Receive() {
    char buffer[65'536];
    const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
    return size < 0 ? "nothing came" : std::string(buffer, static_cast<size_t>(size));
  }
  Status Send(const std::string& word, const LogLine& line) {
    const aws::Environment environment;
    http::ClientOptions options;
    auto client = http::Client::Make(options, RealClock(), SystemRandom());
    RETURN_NOT_OK(client.status());
    ARROW_ASSIGN_OR_RAISE(auto destinations,
                          MakeLogDestinations(word, {environment, **client, RealClock(), "1"}));
    return destinations.front()->Send({line});
  }

  std::string path_;
  int fd_ = -1;
  const LogLine line_{LogLevel::kWarning, SystemTime(std::chrono::seconds(1'795'521'600)),
                      R"({"time":"x","level":"warning","message":"two\nlines","run_id":"r1"})"};
};

TEST_F(SocketTest, JournaldGetsFieldsAndLengthsWhereThereAreLineFeeds) {
  ASSERT_OK(Send("journald:" + path_, line_));
  const std::string datagram = Receive();
  EXPECT_THAT(datagram, HasSubstr("PRIORITY=4\nSYSLOG_IDENTIFIER=ingesta\n"));
  EXPECT_THAT(datagram, HasSubstr("\nINGESTA_RUN_ID=r1\n"));
  EXPECT_THAT(datagram, HasSubstr(std::string("MESSAGE\n\x09\0\0\0\0\0\0\0two\nlines\n", 8 + 8 + 10)));
}

TEST_F(SocketTest, SyslogGetsPriorityTagAndTheLine) {
  ASSERT_OK(Send("syslog:" + path_, line_));
  const std::string datagram = Receive();
  EXPECT_THAT(datagram, ::testing::StartsWith("<12>"));
  EXPECT_THAT(datagram, HasSubstr(" ingesta[" + std::to_string(::getpid()) + "]: " + line_.json));
}

TEST_F(SocketTest, AReaderThatDoesNotReadHoldsNobodyUp) {
  Status status;
  for (int i = 0; i < 100'000 && status.ok(); ++i) status = Send("syslog:" + path_, line_);
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(Send("syslog:" + folder_ + "/no-such", line_).ok());
}

}  // namespace
}  // namespace ingesta::observe
