// What the processor can do at most: multiply-adds on registers, without a single load.
//
// Twelve independent chains: more than latency times throughput of any processor so far (4 cycles,
// two a cycle), fewer than the 16 registers of AVX2.

enum { peakChains = 12 };

/// Runs `rounds` multiply-adds in each chain; returns the number of floating-point operations done.
/// `sink` receives one float, so that the compiler cannot leave the work out.
static double multiplyAddRounds(size_t rounds, float *sink) {
  Vector chains[peakChains];
  const Vector factor = splat(0.999999f), addend = splat(1e-6f);
#pragma clang loop unroll(full)
  for (int i = 0; i < peakChains; i++) chains[i] = splat((float)i);
  for (size_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < peakChains; i++) chains[i] = multiplyAdd(chains[i], factor, addend);
  }
  Vector sum = {};
#pragma clang loop unroll(full)
  for (int i = 0; i < peakChains; i++) sum += chains[i];
  *sink = sumLanes(sum);
  return 2.0 * LANES * peakChains * (double)rounds;
}
