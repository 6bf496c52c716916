#include "ingesta/observe/progress_display.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace ingesta::observe {
namespace {

std::string Eta(const ProgressUpdate& update, Millis elapsed) {
  if (!update.expected_pages.has_value() || update.pages == 0 || *update.expected_pages <= update.pages)
    return "";
  const int64_t seconds = elapsed.count() * (*update.expected_pages - update.pages) / update.pages / 1000;
  return fmt::format(", ETA {}:{:02}", seconds / 60, seconds % 60);
}

class ProgressDisplay final : public ProgressListener {
 public:
  ProgressDisplay(const Logger& log, Clock& clock, const ProgressDisplayOptions& options)
      : log_(log), clock_(clock), options_(options) {}

  void OnProgress(const ProgressUpdate& update) override {
    const MonotonicTime now = clock_.Monotonic();
    if (update.dataset != dataset_ || update.pass != pass_) {
      dataset_ = update.dataset;
      pass_ = update.pass;
      begun_ = shown_ = now;
    }
    const Millis since = options_.live ? options_.live_interval : options_.log_interval;
    if (now - shown_ < since) return;
    shown_ = now;
    const std::string text = FormatProgress(update, std::chrono::duration_cast<Millis>(now - begun_));
    if (options_.live) {
      log_.sink().SetLiveLine(text);
    } else {
      log_.Info(text, {{"stage", "source"}, {"progress", update.dataset}});
    }
  }

  void OnDatasetEnd(const std::string& dataset) override {
    if (dataset == dataset_) dataset_.clear();
    if (options_.live) log_.sink().SetLiveLine("");
  }

 private:
  const Logger log_;
  Clock& clock_;
  const ProgressDisplayOptions options_;
  std::string dataset_;
  int pass_ = 0;
  MonotonicTime begun_;
  MonotonicTime shown_;
};

}  // namespace

std::string WithThousands(int64_t value) {
  std::string digits = fmt::format("{}", value);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string HumanBytes(int64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string FormatProgress(const ProgressUpdate& update, Millis elapsed) {
  const int64_t millis = std::max<int64_t>(elapsed.count(), 1);
  std::string text = fmt::format("{}: page {}", update.dataset, update.pages);
  if (update.expected_pages.has_value()) text += fmt::format("/{}", *update.expected_pages);
  if (update.pass > 1) text += fmt::format(" of pass {}", update.pass);
  text += fmt::format(", {} rows, {} rows/s", WithThousands(update.rows),
                      WithThousands(update.rows * 1000 / millis));
  if (update.retries > 0) text += fmt::format(", {} retries", update.retries);
  return text + Eta(update, elapsed);
}

std::unique_ptr<ProgressListener> MakeProgressDisplay(const Logger& log, Clock& clock,
                                                      const ProgressDisplayOptions& options) {
  return std::make_unique<ProgressDisplay>(log, clock, options);
}

}  // namespace ingesta::observe
