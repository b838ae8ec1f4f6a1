// Philox-4x32-10, LANES / 2 blocks at a time. Integers only, so every instruction set gives the words
// that the definition in Random.c gives.

typedef uint64_t LongWords __attribute__((vector_size(LANES * 4)));

// a0 b0 a1 b1 ... of the lower, or of the upper halves of two vectors.
#if LANES == 16
#define interleaveLongs(a, b, half)                                                           \
  __builtin_shufflevector(a, b, 4 * half, 4 * half + 8, 4 * half + 1, 4 * half + 9,           \
                          4 * half + 2, 4 * half + 10, 4 * half + 3, 4 * half + 11)
#elif LANES == 8
#define interleaveLongs(a, b, half) \
  __builtin_shufflevector(a, b, 2 * half, 2 * half + 4, 2 * half + 1, 2 * half + 5)
#else
#define interleaveLongs(a, b, half) __builtin_shufflevector(a, b, half, half + 2)
#endif

/// The words of the blocks `first ..< first + LANES / 2`, one block after the other, to
/// out[2 * LANES].
///
/// A word lies in the lower half of 64 bits. What is in the upper half does not matter: the product of
/// two words reads the lower halves only.
INLINE void philoxVector(uint64_t key, uint64_t stream, uint64_t first, uint32_t *out) {
  const uint64_t low = 0xFFFFFFFF;
  LongWords c0;
  for (int i = 0; i < LANES / 2; i++) c0[i] = first + (uint64_t)i;
  LongWords c1 = c0 >> 32, c2 = stream - (LongWords){}, c3 = (stream >> 32) - (LongWords){};
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; round++) {
    const LongWords product0 = (c0 & low) * 0xD2511F53, product1 = (c2 & low) * 0xCD9E8D57;
    c0 = product1 >> 32 ^ c1 ^ k0;
    c2 = product0 >> 32 ^ c3 ^ k1;
    c1 = product1;
    c3 = product0;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  const LongWords a = (c0 & low) | c1 << 32, b = (c2 & low) | c3 << 32;
  const LongWords lower = interleaveLongs(a, b, 0), upper = interleaveLongs(a, b, 1);
  memcpy(out, &lower, sizeof lower);
  memcpy(out + LANES, &upper, sizeof upper);
}
#undef interleaveLongs

/// The words of `count` blocks from `first` on; `count` is a multiple of 16.
static void philoxBlocks(uint64_t key, uint64_t stream, uint64_t first, size_t count,
                         uint32_t *out) {
  for (size_t i = 0; i < count; i += LANES / 2) philoxVector(key, stream, first + i, out + 4 * i);
}
