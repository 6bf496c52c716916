// Finding the characters that force quoting or escaping, 16 bytes at a time where SSE2 is there and portably
// elsewhere. Pure functions over caller's memory. The inner loop of the CSV and JSON encoders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ingesta::format {

/// What a CSV value can't hold as it is: separator, quote, line breaks.
struct CsvSpecials {
  static bool Is(char c) { return c == ',' || c == '"' || c == '\n' || c == '\r'; }
#if defined(__SSE2__)
  static __m128i Match(__m128i x) {
    const __m128i separators =
        _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8(',')), _mm_cmpeq_epi8(x, _mm_set1_epi8('"')));
    const __m128i breaks =
        _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\r')));
    return _mm_or_si128(separators, breaks);
  }
#endif
};

/// What a JSON string can't hold as it is: quote, backslash, control characters.
struct JsonSpecials {
  static bool Is(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }
#if defined(__SSE2__)
  static __m128i Match(__m128i x) {
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
    const __m128i marks =
        _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
    return _mm_or_si128(control, marks);
  }
#endif
};

/// Copy `size` bytes and tell whether none of them is special.
template <typename Specials>
bool CopyCleanPortable(const char* source, size_t size, char* target) {
  bool special = false;
  for (size_t i = 0; i < size; ++i) {
    target[i] = source[i];
    special |= Specials::Is(source[i]);
  }
  return !special;
}

/// The same, faster. REQUIRES: 15 bytes beyond `size` may be written at `target`. Bytes up to `readable_end`
/// may be read.
template <typename Specials>
bool CopyClean(const char* source, size_t size, const char* readable_end, char* target) {
#if defined(__SSE2__)
  const size_t rounded = (size + 15) & ~size_t{15};
  if (static_cast<size_t>(readable_end - source) < rounded) {
    return CopyCleanPortable<Specials>(source, size, target);
  }
  __m128i found = _mm_setzero_si128();
  size_t i = 0;
  for (; i + 16 <= size; i += 16) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source + i));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(target + i), x);
    found = _mm_or_si128(found, Specials::Match(x));
  }
  auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
  if (i < size) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source + i));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(target + i), x);
    // The tail holds bytes of what comes after the value: not looked at.
    mask |= static_cast<unsigned>(_mm_movemask_epi8(Specials::Match(x))) & ((1U << (size - i)) - 1);
  }
  return mask == 0;
#else
  (void)readable_end;
  return CopyCleanPortable<Specials>(source, size, target);
#endif
}

/// The first special character in [begin, end), or `end`.
template <typename Specials>
const char* FindSpecial(const char* begin, const char* end) {
#if defined(__SSE2__)
  for (; end - begin >= 16; begin += 16) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(Specials::Match(x)));
    if (mask != 0) return begin + __builtin_ctz(mask);
  }
#endif
  while (begin != end && !Specials::Is(*begin)) ++begin;
  return begin;
}

}  // namespace ingesta::format
