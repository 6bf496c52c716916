// An unpaged body through the source: slices, faults in its middle, memory.
#include "ingesta/source/unpaged_scan.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "ingesta/source/rest_source_test_fixture.h"

namespace ingesta::source {
namespace {

using std::string;
using testing::ScriptedAnswer;

class UnpagedScanTest : public RestSourceTest {
 protected:
  void SetUp() override {
    RestSourceTest::SetUp();
    resource_.endpoint.data_selector = "";
    options_.slice_bytes = 1000;
  }

  static string Array(int64_t count) {
    string body = "[";
    for (int64_t id = 0; id < count; ++id) body += fmt::format("{}{{\"id\":{}}}", id > 0 ? ",\n " : "", id);
    return body + "]";
  }
};

TEST_F(UnpagedScanTest, ASmallBodyIsOneSlice) {
  for (const auto framing : {ScriptedAnswer::Framing::kContentLength, ScriptedAnswer::Framing::kChunked}) {
    auto answer = ScriptedAnswer::Json(Array(3));
    answer.framing = framing;
    server_->On("GET", "/items", answer);
    Make("single_page", {});
    EXPECT_TRUE(source_->IsUnpaged());
    ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
    EXPECT_EQ(ids, Range(3));
    ASSERT_EQ(pages_.size(), 1U);
    EXPECT_TRUE(pages_[0].is_slice);
    EXPECT_EQ(pages_[0].url, server_->url() + "/items");
    EXPECT_EQ(source_->stats().requests, 1);
    EXPECT_EQ(source_->stats().wire_bytes, static_cast<int64_t>(Array(3).size()));
  }
  ASSERT_OK_AND_ASSIGN(const auto total, source_->AskTotal());
  EXPECT_EQ(total, std::nullopt);
}

TEST_F(UnpagedScanTest, ALargeBodyComesInSlicesInOrder) {
  auto answer = ScriptedAnswer::Json(Array(5000));
  answer.framing = ScriptedAnswer::Framing::kChunked;
  answer.gzip = true;
  server_->On("GET", "/items", answer);
  Make("single_page", {});
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_EQ(ids, Range(5000));
  EXPECT_GT(pages_.size(), 50U);
  EXPECT_EQ(pages_.back().index, static_cast<int64_t>(pages_.size()) - 1);
}

TEST_F(UnpagedScanTest, FindsTheRecordsInAnObject) {
  resource_.endpoint.data_selector = "data.items";
  server_->On("GET", "/items",
              ScriptedAnswer::Json(R"({"data":{"n":1,"items":)" + Array(400) + R"(},"total":400})"));
  Make("single_page", {});
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_EQ(ids, Range(400));
}

TEST_F(UnpagedScanTest, NoRecordsAreNoError) {
  server_->On("GET", "/items", ScriptedAnswer::Json(" [] "));
  Make("single_page", {});
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_TRUE(ids.empty());
}

TEST_F(UnpagedScanTest, ABodyThatBreaksBeforeASliceWasReadIsAskedForAgain) {
  auto unterminated = ScriptedAnswer::Json(Array(20));
  unterminated.framing = ScriptedAnswer::Framing::kUnterminatedChunked;
  unterminated.end = ScriptedAnswer::End::kClose;
  const std::vector<ScriptedAnswer> faults = {
      ScriptedAnswer::Json("<html>"),
      ScriptedAnswer::Json(Array(20).substr(0, 60)),
      ScriptedAnswer::Json(""),
      ScriptedAnswer::Json(R"([{"id":0},{"id":1]{"timestamp":"x","status":200})"),
      ScriptedAnswer::ShortBody(Array(20), 70),
      unterminated,
      ScriptedAnswer::Status(503),
      ScriptedAnswer::Reset()};
  for (size_t i = 0; i < faults.size(); ++i) {
    server_->On("GET", "/items", {faults[i], ScriptedAnswer::Json(Array(20))});
    Make("single_page", {});
    ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
    EXPECT_EQ(ids, Range(20)) << i;
    EXPECT_EQ(pages_.at(0).attempts, 2) << i;
    EXPECT_EQ(source_->stats().retries, 1) << i;
    EXPECT_EQ(source_->stats().requests, 2) << i;
  }
}

TEST_F(UnpagedScanTest, ABodyThatStaysBrokenIsAnErrorThatShowsItsFirstBytes) {
  server_->On("GET", "/items", ScriptedAnswer::Json("<html>\nbad gateway"));
  Make("single_page", {});
  const Status status = ScanIds().status();
  EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, status);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("begins with: <html> bad gateway"));
  EXPECT_EQ(server_->Count(), 3);
}

TEST_F(UnpagedScanTest, ABodyThatBreaksAfterASliceIsARetryableError) {
  const string whole = Array(5000);
  auto unterminated = ScriptedAnswer::Json(whole);
  unterminated.framing = ScriptedAnswer::Framing::kUnterminatedChunked;
  unterminated.end = ScriptedAnswer::End::kClose;
  const std::vector<ScriptedAnswer> faults = {ScriptedAnswer::ShortBody(whole, whole.size() - 1),
                                              ScriptedAnswer::Json(whole.substr(0, whole.size() - 1)),
                                              ScriptedAnswer::Json(whole + "]{\"timestamp\":1}"),
                                              unterminated};
  for (size_t i = 0; i < faults.size(); ++i) {
    server_->On("GET", "/items", faults[i]);
    Make("single_page", {});
    const auto ids = ScanIds();
    ASSERT_FALSE(ids.ok()) << i;
    EXPECT_TRUE(IsRetryable(ids.status())) << i << ids.status().ToString();
    EXPECT_GT(pages_.size(), 0U) << i;
    // The caller starts anew.
    server_->On("GET", "/items", ScriptedAnswer::Json(whole));
    ASSERT_OK_AND_ASSIGN(const auto again, ScanIds());
    EXPECT_EQ(again, Range(5000)) << i;
  }
}

TEST_F(UnpagedScanTest, AReaderThatLeavesFreesTheClient) {
  server_->On("GET", "/items", ScriptedAnswer::Json(Array(100'000)));
  server_->On("GET", "/other", ScriptedAnswer::Json("[]"));
  Make("single_page", {});
  ASSERT_OK(source_->Start({}));
  ASSERT_OK(source_->Next().status());  // the I/O thread waits with a full queue, or will
  source_.reset();
  http::Request other;
  other.url = server_->url() + "/other";
  EXPECT_OK(client_->Fetch(other).status());
}

TEST_F(UnpagedScanTest, AStopFreesTheClientWhoseReaderStoppedReading) {
  options_.retry.stop = &stop_;
  server_->On("GET", "/items", ScriptedAnswer::Json(Array(100'000)));
  Make("single_page", {});
  ASSERT_OK(source_->Start({}));
  ASSERT_OK(source_->Next().status());
  stop_.RequestStop("SIGTERM");
  client_->Cancel();
  Status status;
  while (status.ok()) status = source_->Next().status();
  EXPECT_ERROR_CODE(ErrorCode::kCancelled, status);
}

/// Answers one request with `records` records that it makes as it sends them, and counts the bytes it got rid
/// of.
class EndlessServer {
 public:
  explicit EndlessServer(int64_t records) : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, records] { Serve(records); });
  }
  ~EndlessServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  string url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  int64_t sent() const { return sent_.load(); }

 private:
  void Serve(int64_t records) {
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    char request[4096];
    if (recv(connection, request, sizeof(request), 0) > 0) {
      string piece = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[";
      const string filler(2000, 'x');
      for (int64_t id = 0; id < records; ++id) {
        piece += fmt::format("{}{{\"id\":{},\"text\":\"{}\"}}", id > 0 ? "," : "", id, filler);
        if (piece.size() > 60'000 && !SendAll(connection, piece)) break;
      }
      piece += "]";
      SendAll(connection, piece);
    }
    close(connection);
  }
  bool SendAll(int connection, string& piece) {
    std::string_view rest = piece;
    while (!rest.empty()) {
      const ssize_t n = send(connection, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      rest.remove_prefix(static_cast<size_t>(n));
    }
    sent_ += static_cast<int64_t>(piece.size());
    piece.clear();
    return true;
  }

  const int listener_;
  int port_ = 0;
  std::atomic<int64_t> sent_{0};
  std::thread thread_;
};

[[maybe_unused]] int64_t PeakResidentKiB() {
  std::ifstream file("/proc/self/status");
  string word;
  while (file >> word && word != "VmHWM:") {
  }
  int64_t kib = 0;
  file >> kib;
  return kib;
}

TEST_F(UnpagedScanTest, ABodyOf200MegabytesNeedsTheMemoryOfAFewSlices) {
  constexpr int64_t kRecords = 100'000;
  constexpr int64_t kMiB = 1 << 20;
  EndlessServer server(kRecords);
  client_spec_.base_url = server.url();
  options_.slice_bytes = kMiB;
  Make("single_page", {});
  [[maybe_unused]] const int64_t resident = PeakResidentKiB();
  ASSERT_OK(source_->Start({}));
  int64_t read = 0, most_ahead = 0, records = 0;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const auto page, source_->Next());
    if (!page.has_value()) break;
    read += static_cast<int64_t>(page->body.size());
    records += std::count(page->body.begin(), page->body.end(), '{');
    most_ahead = std::max(most_ahead, server.sent() - read);
    EXPECT_LE(page->body.size(), static_cast<size_t>(kMiB + 2100));
  }
  EXPECT_EQ(records, kRecords);
  EXPECT_GT(read, 200'000'000);
  // Four slices in the queue, one being cut, one being read, and what the sockets hold.
  EXPECT_LT(most_ahead, 20 * kMiB);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(PeakResidentKiB() - resident, 24 * 1024);
#endif
}

}  // namespace
}  // namespace ingesta::source
