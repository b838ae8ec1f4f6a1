// Compares the tables "neon" and "portable" function by function. They round differently (NEON
// fuses multiplication and addition), so sums are compared with a tolerance, all else bit by bit.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "Kernels.h"

static const KernelSet *neon, *portable;
static long compared, wrong;

static uint64_t drawn;
static size_t below(size_t bound) {
  uint32_t words[4];
  kernels_philox(1, 0, drawn++, words);
  return words[0] % bound;
}

/// Exactly as long as it says, so that an access beyond it has a chance to be seen.
static float *values(size_t count, uint64_t stream) {
  float *x = malloc((count + 1) * sizeof(float));
  kernels_random_uniform(2, stream, drawn++, -2, 2, x, count);
  return x;
}

static void compare(const char *what, const float *got, const float *expected, size_t count,
                    float tolerance) {
  for (size_t i = 0; i < count; i++) {
    compared++;
    const bool bothNaN = isnan(got[i]) && isnan(expected[i]);
    const float allowed = tolerance * fmaxf(1, fabsf(expected[i]));
    if (bothNaN || got[i] == expected[i] || fabsf(got[i] - expected[i]) <= allowed) continue;
    if (wrong++ < 10) {
      printf("%s: value %zu of %zu is %g, portable has %g\n", what, i, count, got[i], expected[i]);
    }
  }
}

static void products(void) {
  for (int round = 0; round < 400; round++) {
    const size_t limit = round % 40 == 0 ? 500 : 60;
    const size_t m = below(limit), n = below(limit), k = below(limit);
    const bool ta = below(2), tb = below(2), accumulate = below(3) == 0;
    const size_t pad = below(3), lda = (ta ? m : k) + pad, ldb = (tb ? k : n) + pad, ldc = n + pad;
    float *a = values((ta ? k : m) * lda, 1), *b = values((tb ? n : k) * ldb, 2);
    float *c = values(m * ldc, 3), *bias = values(m + n, 4);
    float *expected = malloc((m * ldc + 1) * sizeof(float));
    memcpy(expected, c, m * ldc * sizeof(float));
    KernelProduct p = {.m = m, .n = n, .k = k, .a = kernels_matrix(a, lda, ta),
                       .b = kernels_matrix(b, ldb, tb), .c = c, .leadingC = ldc,
                       .accumulate = accumulate};
    if (!accumulate) {
      p.columnBias = below(2) ? bias : NULL;
      p.rowBias = below(2) ? bias + n : NULL;
      p.activation = (KernelActivation)below(4);
    }
    kernels_set_thread_count(1 + below(3));
    kernels_product(neon, &p);
    p.c = expected;
    kernels_product(portable, &p);
    compare("product", c, expected, m * ldc, 1e-5f * sqrtf((float)k + 1));
    free(a), free(b), free(c), free(bias), free(expected);
  }
}

static void elementwise(size_t count) {
  float *a = values(count, 1), *b = values(count, 2), *y = values(count, 3), *e = values(count, 3);
  if (count > 2) a[count / 2] = NAN, b[count / 3] = INFINITY, b[count - 1] = a[count - 1];
  for (KernelBinary operation = kernelAdd; operation <= kernelGreaterOrEqual; operation++) {
    for (size_t strides = 0; strides < 4; strides++) {
      neon->binary(operation, a, strides & 1, b, strides >> 1, y, count);
      portable->binary(operation, a, strides & 1, b, strides >> 1, e, count);
      compare("binary", y, e, count, 0);
    }
  }
  for (KernelUnary operation = kernelNegate; operation <= kernelReLU; operation++) {
    neon->unary(operation, a, y, count);
    portable->unary(operation, a, e, count);
    compare("unary", y, e, count, operation >= kernelExp ? 4e-7f : 0);
  }
  for (KernelActivation f = kernelActivationIdentity; f <= kernelActivationTanh; f++) {
    neon->activationGradient(f, a, b, y, count);
    portable->activationGradient(f, a, b, e, count);
    compare("activationGradient", y, e, count, 0);
  }
  neon->clip(a, -1, 1, y, count), portable->clip(a, -1, 1, e, count);
  compare("clip", y, e, count, 0);
  neon->addScaled(0.5f, b, y, count), portable->addScaled(0.5f, b, e, count);
  compare("addScaled", y, e, count, 1e-6f);
  for (KernelReduction r = kernelSum; r <= kernelMin; r++) {
    const float got = neon->reduce(r, a, count), expected = portable->reduce(r, a, count);
    compare("reduce", &got, &expected, 1, 1e-5f);
  }
  const float got[] = {neon->sumSquaredDeviations(b, 1, count), neon->dot(b, y, count),
                       (float)neon->argmax(a, count), (float)neon->argmax(b, count),
                       (float)neon->firstNonFinite(a, count),
                       (float)neon->firstNonFinite(b, count)};
  const float expected[] = {
    portable->sumSquaredDeviations(b, 1, count), portable->dot(b, y, count),
    (float)portable->argmax(a, count), (float)portable->argmax(b, count),
    (float)portable->firstNonFinite(a, count), (float)portable->firstNonFinite(b, count)};
  compare("reductions", got, expected, 6, 1e-5f);
  free(a), free(b), free(y), free(e);
}

static void matrices(size_t rows, size_t columns) {
  const size_t count = rows * columns;
  float *x = values(count, 1), *y = values(count, 2), *e = values(count, 3);
  neon->transpose(x, rows, columns, columns, y), portable->transpose(x, rows, columns, columns, e);
  compare("transpose", y, e, rows * columns, 0);
  for (KernelReduction r = kernelSum; r <= kernelMin; r++) {
    neon->reduceRows(r, x, rows, columns, y), portable->reduceRows(r, x, rows, columns, e);
    compare("reduceRows", y, e, columns, 1e-5f);
  }
  free(x), free(y), free(e);
}

int main(void) {
  neon = kernels_named("neon"), portable = kernels_named("portable");
  if (neon == NULL || kernels_default() != neon) {
    printf("this is no aarch64 processor\n");
    return 1;
  }
  products();
  for (size_t count = 0; count < 70; count++) elementwise(count);
  elementwise(1000), elementwise(5000);
  for (size_t rows = 1; rows < 40; rows += 3) {
    for (size_t columns = 1; columns < 80; columns += 2) matrices(rows, columns);
  }
  matrices(1000, 37);
  printf("%ld values compared, %ld wrong\n", compared, wrong);
  return wrong != 0;
}
