// Rendered pages, kept for clients that ask again: a benchmark then measures them, not the renderer.
// Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace ingesta::demo {

class PageCache {
 public:
  using Body = std::shared_ptr<const std::string>;

  /// 0 bytes: keep nothing.
  explicit PageCache(int64_t max_bytes) : max_bytes_(max_bytes) {}

  /// The page under `key`, rendered where it is not there. Two threads may render the same page.
  Body Get(const std::string& key, const std::function<std::string()>& render) {
    if (max_bytes_ <= 0) return std::make_shared<const std::string>(render());
    if (Body kept = Find(key)) return kept;
    auto body = std::make_shared<const std::string>(render());
    Keep(key, body);
    return body;
  }

 private:
  struct Entry {
    Body body;
    std::list<std::string>::iterator use;
  };

  Body Find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    uses_.splice(uses_.begin(), uses_, found->second.use);
    return found->second.body;
  }

  void Keep(const std::string& key, const Body& body) {
    const std::lock_guard lock(mutex_);
    if (entries_.contains(key)) return;
    uses_.push_front(key);
    entries_.emplace(key, Entry{body, uses_.begin()});
    bytes_ += static_cast<int64_t>(body->size());
    while (bytes_ > max_bytes_ && !uses_.empty()) {
      const auto oldest = entries_.find(uses_.back());
      bytes_ -= static_cast<int64_t>(oldest->second.body->size());
      entries_.erase(oldest);
      uses_.pop_back();
    }
  }

  const int64_t max_bytes_;
  std::mutex mutex_;
  std::list<std::string> uses_;  // the latest first
  std::map<std::string, Entry> entries_;
  int64_t bytes_ = 0;
};

}  // namespace ingesta::demo
