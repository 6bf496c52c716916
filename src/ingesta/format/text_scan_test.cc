#include "ingesta/format/text_scan.h"

#include <algorithm>

#include "ingesta/testing/matchers.h"

namespace ingesta::format {
namespace {

template <typename Specials>
void ExpectFoundAtEveryPlace() {
  for (size_t size = 0; size <= 70; ++size) {
    for (size_t place = 0; place <= size; ++place) {
      for (int c = 0; c < 256; ++c) {
        // Specials right behind the value must not count.
        std::string text(size + 32, ',');
        std::fill_n(text.begin(), size, 'a');
        if (place < size) text[place] = static_cast<char>(c);
        const bool clean = place == size || !Specials::Is(static_cast<char>(c));
        std::string fast(size + 16, '\0');
        std::string portable(size, '\0');
        ASSERT_EQ(CopyClean<Specials>(text.data(), size, text.data() + text.size(), fast.data()), clean)
            << size << ' ' << place << ' ' << c;
        ASSERT_EQ(CopyCleanPortable<Specials>(text.data(), size, portable.data()), clean);
        ASSERT_EQ(fast.substr(0, size), text.substr(0, size));
        ASSERT_EQ(portable, text.substr(0, size));
        const char* const found = FindSpecial<Specials>(text.data(), text.data() + size);
        ASSERT_EQ(found, text.data() + (clean ? size : place));
        if (size > 40 && c > 40) c += 8;  // the rest of the characters in steps
      }
    }
  }
}

TEST(TextScan, FindsEachCsvSpecialAtEveryPlace) {
  ExpectFoundAtEveryPlace<CsvSpecials>();
}
TEST(TextScan, FindsEachJsonSpecialAtEveryPlace) {
  ExpectFoundAtEveryPlace<JsonSpecials>();
}

TEST(TextScan, ReadsNothingBeyondTheReadableEnd) {
  // Exact heap blocks, so that a sanitizer sees any step beyond them.
  for (size_t size = 0; size <= 40; ++size) {
    const auto source = std::make_unique<char[]>(size);
    std::fill_n(source.get(), size, 'x');
    std::string target(size + 16, '\0');
    EXPECT_TRUE(CopyClean<CsvSpecials>(source.get(), size, source.get() + size, target.data()));
    EXPECT_EQ(FindSpecial<CsvSpecials>(source.get(), source.get() + size), source.get() + size);
  }
}

}  // namespace
}  // namespace ingesta::format
