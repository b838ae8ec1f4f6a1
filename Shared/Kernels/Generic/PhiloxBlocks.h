// Philox-4x32-10, LANES blocks at a time. Integers only, so every instruction set gives the words
// that the definition in Random.c gives.

typedef uint32_t Words __attribute__((vector_size(LANES * 4)));
typedef uint64_t LongWords __attribute__((vector_size(LANES * 8)));

// Macros, since functions would pass vectors that are longer than a register.
#define lowWords(v) __builtin_convertvector(v, Words)
#define highWords(v) __builtin_convertvector((v) >> 32, Words)
#define widen(v) __builtin_convertvector(v, LongWords)

/// The words of the blocks `first ..< first + LANES`, one block after the other, to out[4 * LANES].
INLINE void philoxVector(uint64_t key, uint64_t stream, uint64_t first, uint32_t *out) {
  LongWords block;
  for (int i = 0; i < LANES; i++) block[i] = first + (uint64_t)i;
  Words c0 = lowWords(block), c1 = highWords(block);
  Words c2 = (uint32_t)stream - (Words){}, c3 = (uint32_t)(stream >> 32) - (Words){};
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++) {
    const LongWords product0 = widen(c0) * 0xD2511F53, product1 = widen(c2) * 0xCD9E8D57;
    c0 = highWords(product1) ^ c1 ^ k0;
    c2 = highWords(product0) ^ c3 ^ k1;
    c1 = lowWords(product1);
    c3 = lowWords(product0);
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
#undef lowWords
#undef highWords
#undef widen
  const Vector v0 = (Vector)c0, v1 = (Vector)c1, v2 = (Vector)c2, v3 = (Vector)c3;
  const Vector even = interleaveLow(v0, v2), evenHigh = interleaveHigh(v0, v2);
  const Vector odd = interleaveLow(v1, v3), oddHigh = interleaveHigh(v1, v3);
  float *words = (float *)(void *)out;
  store(words, interleaveLow(even, odd));
  store(words + LANES, interleaveHigh(even, odd));
  store(words + 2 * LANES, interleaveLow(evenHigh, oddHigh));
  store(words + 3 * LANES, interleaveHigh(evenHigh, oddHigh));
}

/// The words of `count` blocks from `first` on; `count` is a multiple of 16.
static void philoxBlocks(uint64_t key, uint64_t stream, uint64_t first, size_t count,
                         uint32_t *out) {
  for (size_t i = 0; i < count; i += LANES) philoxVector(key, stream, first + i, out + 4 * i);
}
