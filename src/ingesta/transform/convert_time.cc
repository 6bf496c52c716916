// Timestamps and dates. Days-from-civil arithmetic, no strptime: two times a row are on the hot path.
#include <cstring>

#include "ingesta/transform/convert.h"
#include "ingesta/transform/decimal_text.h"

namespace ingesta::transform {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kSecondsPerDay = 86'400;

/// Days from 1970-01-01 in the proleptic Gregorian calendar: years begin in March, eras have 400 years.
constexpr int64_t DaysFromCivil(int year, int month, int day) {
  const int shifted = month <= 2 ? year - 1 : year;
  const int era = shifted / 400;
  const int year_of_era = shifted - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<int64_t>(era) * 146097 + day_of_era - 719468;
}
static_assert(DaysFromCivil(1970, 1, 1) == 0);
static_assert(DaysFromCivil(2000, 3, 1) == 11017);

constexpr int64_t kMinMicros = DaysFromCivil(1, 1, 1) * kSecondsPerDay * kMicrosPerSecond;
constexpr int64_t kMaxMicros = (DaysFromCivil(9999, 12, 31) + 1) * kSecondsPerDay * kMicrosPerSecond - 1;

int DaysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

/// Reads fixed-width fields; one flag gathers every mistake.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : p_(text.data()), end_(p_ + text.size()) {}

  size_t left() const { return static_cast<size_t>(end_ - p_); }
  bool at_end() const { return p_ == end_; }
  char peek() const { return p_ == end_ ? '\0' : *p_; }
  void Skip() { ++p_; }
  bool Take(char wanted) {
    if (peek() != wanted) return false;
    ++p_;
    return true;
  }

  /// `count` digits as a number; -1 where there are none.
  int Digits(int count) {
    if (left() < static_cast<size_t>(count)) return -1;
    int number = 0;
    unsigned wrong = 0;
    for (int i = 0; i < count; ++i) {
      const unsigned digit = static_cast<unsigned char>(p_[i]) - unsigned{'0'};
      wrong |= digit > 9 ? 1U : 0U;
      number = number * 10 + static_cast<int>(digit);
    }
    p_ += count;
    return wrong == 0 ? number : -1;
  }

  /// 1 to 9 digits as microseconds, the rest cut; -1 where there are none or more.
  int Fraction() {
    int micros = 0;
    int count = 0;
    for (; !at_end() && static_cast<unsigned char>(*p_ - '0') < 10; ++p_, ++count) {
      if (count < 6) micros = micros * 10 + (*p_ - '0');
    }
    if (count == 0 || count > 9) return -1;
    for (; count < 6; ++count) micros *= 10;
    return micros;
  }

 private:
  const char* p_;
  const char* end_;
};

/// `Z`, `+02:00`, `-0530`, `+02` or nothing, in seconds. False where it is none of these.
bool ReadZone(TimeReader& reader, int* offset) {
  *offset = 0;
  const char first = reader.peek();
  if (first == '\0') return reader.at_end();
  reader.Skip();
  if (first == 'Z' || first == 'z') return reader.at_end();
  if (first != '+' && first != '-') return false;
  const int hours = reader.Digits(2);
  int minutes = 0;
  if (!reader.at_end()) {
    reader.Take(':');
    minutes = reader.Digits(2);
  }
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || !reader.at_end()) return false;
  *offset = (hours * 60 + minutes) * (first == '-' ? -60 : 60);
  return true;
}

/// 8 characters of a time, where '0' stands for a digit and all else for itself.
struct Form {
  consteval explicit Form(const char (&form)[9]) {
    for (int i = 0; i < 8; ++i) {
      wanted |= static_cast<uint64_t>(static_cast<unsigned char>(form[i])) << (8 * i);
      room |= (form[i] == '0' ? uint64_t{0x76} : uint64_t{0x7F}) << (8 * i);
    }
  }
  uint64_t wanted = 0;
  uint64_t room = 0;  ///< what a matching byte can grow by before its top bit is set
};

/// Text against a form, all 8 characters at once.
class EightCharacters {
 public:
  EightCharacters(const char* text, Form form) {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    std::memcpy(&pairs_, text, 8);
    pairs_ ^= form.wanted;  // digits become 0 to 9, all else 0
    matches_ = (((pairs_ + form.room) | pairs_) & 0x8080808080808080ULL) == 0;
    pairs_ = pairs_ * 10 + (pairs_ >> 8);
  }
  bool matches() const { return matches_; }
  /// The two digits at `at` as a number. REQUIRES: matches().
  int Pair(int at) const { return static_cast<int>((pairs_ >> (8 * at)) & 0xFF); }

 private:
  uint64_t pairs_ = 0;
  bool matches_;
};

/// `YYYY-MM-DDTHH:MM:SS` and nothing else, the form of nearly all times. False: take the long way.
bool ReadPlainTime(std::string_view text, int64_t* micros) {
  if (text.size() != 19) return false;
  const EightCharacters date(text.data(), Form("0000-00-"));
  const EightCharacters middle(text.data() + 8, Form("00T00:00"));
  const EightCharacters time(text.data() + 11, Form("00:00:00"));
  if (!(date.matches() & middle.matches() & time.matches())) return false;
  const int year = date.Pair(0) * 100 + date.Pair(2);
  const int month = date.Pair(5);
  const int day = middle.Pair(0);
  const int hour = time.Pair(0);
  const int minute = time.Pair(3);
  const int second = time.Pair(6);
  if (year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return false;
  if (day > 28 && day > DaysInMonth(year, month)) return false;
  *micros = (DaysFromCivil(year, month, day) * kSecondsPerDay + hour * 3600 + minute * 60 + second) *
            kMicrosPerSecond;
  return true;
}

constexpr Complaint kNoTime = "a time looks like 2025-09-01T08:00:04, with or without a fraction and a zone";
constexpr Complaint kNoSuchTime = "there is no such day or time";
constexpr Complaint kYears = "years 1 to 9999 can be held";

/// Hours, minutes, seconds and micros of the text behind the date.
bool ReadTimeOfDay(TimeReader& reader, int64_t* micros, Complaint* complaint) {
  const char separator = reader.peek();
  if (separator != 'T' && separator != ' ' && separator != 't') return false;
  reader.Skip();
  const int hour = reader.Digits(2);
  if (!reader.Take(':')) return false;
  const int minute = reader.Digits(2);
  int second = 0;
  int fraction = 0;
  if (reader.Take(':')) {
    second = reader.Digits(2);
    if (reader.Take('.')) fraction = reader.Fraction();
  }
  if (hour < 0 || minute < 0 || second < 0 || fraction < 0) return false;
  if (hour > 23 || minute > 59 || second > 59) {
    *complaint = kNoSuchTime;
    return false;
  }
  *micros = (hour * 3600 + minute * 60 + second) * kMicrosPerSecond + fraction;
  return true;
}

bool ReadIso8601(std::string_view text, int64_t* micros, Complaint* complaint) {
  *complaint = kNoTime;
  TimeReader reader(text);
  const int year = reader.Digits(4);
  if (!reader.Take('-')) return false;
  const int month = reader.Digits(2);
  if (!reader.Take('-')) return false;
  const int day = reader.Digits(2);
  if (year < 0 || month < 0 || day < 0) return false;
  if (month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month)) {
    *complaint = kNoSuchTime;
    return false;
  }
  int64_t time_of_day = 0;
  int offset = 0;
  if (!reader.at_end() && (!ReadTimeOfDay(reader, &time_of_day, complaint) || !ReadZone(reader, &offset)))
    return false;
  *micros = (DaysFromCivil(year, month, day) * kSecondsPerDay - offset) * kMicrosPerSecond + time_of_day;
  *complaint = kYears;
  return *micros >= kMinMicros && *micros <= kMaxMicros;
}

bool ReadEpoch(std::string_view text, int scale, int64_t* micros, Complaint* complaint) {
  *complaint = "";
  DecimalText number;
  if (!ParseDecimalText(text, true, &number)) return false;
  ScaledDecimal scaled;
  *complaint = kYears;
  if (!ScaleDecimal(number, 18, scale, Rounding::kFloor, &scaled)) return false;
  const int64_t magnitude = static_cast<int64_t>(scaled.magnitude);
  *micros = number.negative ? -magnitude : magnitude;
  return *micros >= kMinMicros && *micros <= kMaxMicros;
}

}  // namespace

bool ConvertTimestamp(const Scalar& scalar, TimeFormat format, ColumnValue* value, Complaint* complaint) {
  if (format == TimeFormat::kIso8601) {
    *complaint = kNoTime;
    if (scalar.kind() != Scalar::Kind::kString) return false;
    return ReadPlainTime(scalar.text(), &value->integer) ||
           ReadIso8601(scalar.text(), &value->integer, complaint);
  }
  *complaint = format == TimeFormat::kEpochSeconds ? "its format is seconds since 1970, a number"
                                                   : "its format is milliseconds since 1970, a number";
  return scalar.kind() == Scalar::Kind::kNumber &&
         ReadEpoch(scalar.text(), format == TimeFormat::kEpochSeconds ? 6 : 3, &value->integer, complaint);
}

bool ConvertDate(const Scalar& scalar, TimeFormat format, ColumnValue* value, Complaint* complaint) {
  if (!ConvertTimestamp(scalar, format, value, complaint)) return false;
  constexpr int64_t kMicrosPerDay = kSecondsPerDay * kMicrosPerSecond;
  const int64_t days = value->integer / kMicrosPerDay;
  value->integer = days - (value->integer % kMicrosPerDay < 0 ? 1 : 0);
  return true;
}

}  // namespace ingesta::transform
