// Deterministic randomness of the demo data: every field follows from (seed, stream, serial), so nothing is
// stored. Thread-safe: values only.
#pragma once

#include <cstdint>
#include <numeric>

namespace ingesta::demo {

/// splitmix64's finaliser.
inline uint64_t Mix(uint64_t z) {
  z += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// A stream of draws that belongs to one row.
class Draw {
 public:
  Draw(uint64_t seed, uint64_t stream, uint64_t serial) : state_(Mix(seed ^ Mix(stream)) ^ Mix(serial)) {}

  uint64_t Next() { return Mix(state_++); }
  /// Uniform in [0, bound). REQUIRES: 0 < bound <= 2^32.
  uint64_t Below(uint64_t bound) { return ((Next() >> 32) * bound) >> 32; }
  /// True in `myriad` of 10,000 rows.
  bool Chance(uint64_t myriad) { return Below(10'000) < myriad; }

 private:
  uint64_t state_;
};

/// A permutation of [0, size) that is computed both ways, not stored. REQUIRES: size < 2^31.
class Shuffle {
 public:
  Shuffle(int64_t size, uint64_t seed) : size_(size > 0 ? static_cast<uint64_t>(size) : 1) {
    step_ = static_cast<uint64_t>(static_cast<double>(size_) * 0.6180339887) + 1;
    while (std::gcd(step_, size_) != 1) ++step_;
    step_ %= size_;
    if (step_ == 0) step_ = 1;
    shift_ = Mix(seed) % size_;
    inverse_ = Inverse(step_, size_);
  }

  int64_t At(int64_t index) const {
    return static_cast<int64_t>((static_cast<uint64_t>(index) * step_ + shift_) % size_);
  }
  int64_t IndexOf(int64_t value) const {
    return static_cast<int64_t>((static_cast<uint64_t>(value) + size_ - shift_) % size_ * inverse_ % size_);
  }

 private:
  /// The extended Euclidean algorithm.
  static uint64_t Inverse(uint64_t value, uint64_t modulus) {
    int64_t r0 = static_cast<int64_t>(modulus);
    int64_t r1 = static_cast<int64_t>(value);
    int64_t t0 = 0;
    int64_t t1 = 1;
    while (r1 != 0) {
      const int64_t quotient = r0 / r1;
      const int64_t r2 = r0 - quotient * r1;
      r0 = r1;
      r1 = r2;
      const int64_t t2 = t0 - quotient * t1;
      t0 = t1;
      t1 = t2;
    }
    return static_cast<uint64_t>(t0 < 0 ? t0 + static_cast<int64_t>(modulus) : t0);
  }

  uint64_t size_;
  uint64_t step_ = 1;
  uint64_t shift_ = 0;
  uint64_t inverse_ = 1;
};

}  // namespace ingesta::demo
