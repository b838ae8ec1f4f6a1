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

static void recurrent(KernelCell cell, size_t batch, size_t steps, size_t inputs, size_t hidden) {
  const size_t gates = cell == kernelCellElman ? 1 : cell == kernelCellLSTM ? 4 : 3;
  const size_t width = gates * hidden, state = batch * hidden;
  float *mask = values(batch * steps, 1);
  for (size_t i = 0; i < batch * steps; i++) mask[i] = mask[i] > -1;
  KernelRecurrent layer = {
    .cell = cell, .batch = batch, .steps = steps, .inputSize = inputs, .hiddenSize = hidden,
    .reversed = below(2), .mask = below(2) ? mask : NULL, .inputWeights = values(inputs * width, 1),
    .recurrentWeights = values(hidden * width, 2), .bias = values(width, 3),
    .candidateBias = cell == kernelCellGRU ? values(hidden, 4) : NULL};
  float *x = values(batch * steps * inputs, 5), *start = values(2 * state, 6);
  float *dY = values(steps * state, 7), *dFinal = values(2 * state, 8);
  // y, final state; dX, dW, dU, db, dc, gradients of the initial state.
  const size_t counts[] = {steps * state, state, state, batch * steps * inputs, inputs * width,
                           hidden * width, width, hidden, state, state};
  float *results[2][10];
  const KernelSet *sets[2] = {neon, portable};
  for (int i = 0; i < 2; i++) {
    float **r = results[i];
    for (int j = 0; j < 10; j++) r[j] = calloc(counts[j] + 1, sizeof(float));
    float *kept = values(kernels_recurrent_kept_count(sets[i], &layer), 9);
    float *work = values(kernels_recurrent_work_count(sets[i], &layer, false), 9);
    const bool isLSTM = cell == kernelCellLSTM;
    kernels_recurrent_forward(sets[i], &layer, x, start, start + state, kept, work, r[0],
                              (KernelState){r[1], isLSTM ? r[2] : NULL});
    free(work);
    work = values(kernels_recurrent_work_count(sets[i], &layer, true), 9);
    const KernelRecurrentGradients gradients = {
      r[3], r[4], r[5], r[6], r[7], {r[8], isLSTM ? r[9] : NULL}};
    kernels_recurrent_backward(sets[i], &layer, kept, work, dY, dFinal, dFinal + state, &gradients);
    free(kept), free(work);
  }
  for (int j = 0; j < 10; j++) {
    compare("recurrent", results[0][j], results[1][j], counts[j], 2e-4f);
    free(results[0][j]), free(results[1][j]);
  }
  free((void *)layer.inputWeights), free((void *)layer.recurrentWeights), free((void *)layer.bias);
  free((void *)layer.candidateBias), free(mask), free(x), free(start), free(dY), free(dFinal);
}

static void convolutions(void) {
  for (int round = 0; round < 60; round++) {
    KernelConvolution c = {.batch = 1 + below(3), .inputChannels = 1 + below(9),
                           .outputChannels = 1 + below(20), .groups = 1, .strideY = 1 + below(2),
                           .strideX = 1 + below(2), .dilationY = 1, .dilationX = 1 + below(2),
                           .kernelHeight = 1 + below(5), .kernelWidth = 1 + below(5)};
    // Every third one is for Winograd's algorithm.
    if (round % 3 == 0) {
      c.kernelHeight = c.kernelWidth = 3;
      c.strideY = c.strideX = c.dilationX = 1;
    }
    c.padTop = below(c.kernelHeight), c.padLeft = below(c.kernelWidth);
    c.inputHeight = c.kernelHeight + below(12), c.inputWidth = 2 * c.kernelWidth + below(20);
    c.outputHeight = (c.inputHeight + 2 * c.padTop - c.kernelHeight) / c.strideY + 1;
    c.outputWidth =
      (c.inputWidth + 2 * c.padLeft - c.dilationX * (c.kernelWidth - 1) - 1) / c.strideX + 1;
    const size_t inputs = c.batch * c.inputChannels * c.inputHeight * c.inputWidth;
    const size_t outputs = c.batch * c.outputChannels * c.outputHeight * c.outputWidth;
    const size_t weights = c.outputChannels * c.inputChannels * c.kernelHeight * c.kernelWidth;
    float *x = values(inputs, 1), *w = values(weights, 2), *b = values(c.outputChannels, 3);
    float *dY = values(outputs, 4);
    float *y[2], *dX[2], *dW[2];
    const KernelSet *sets[2] = {neon, portable};
    for (int i = 0; i < 2; i++) {
      y[i] = values(outputs, 5), dX[i] = values(inputs, 6), dW[i] = values(weights, 7);
      const KernelConvolutionMethod method =
        round % 3 == 0 ? kernelConvolutionWinograd : kernelConvolutionPatches;
      kernels_convolution_forward_with(method, sets[i], &c, x, w, b, kernelActivationReLU, y[i]);
      kernels_convolution_input_gradient_with(method, sets[i], &c, dY, w, dX[i]);
      kernels_convolution_weight_gradient_with(method, sets[i], &c, x, dY, dW[i]);
    }
    compare("convolution", y[0], y[1], outputs, 5e-4f);
    compare("convolution, dX", dX[0], dX[1], inputs, 5e-4f);
    compare("convolution, dW", dW[0], dW[1], weights, 5e-4f);
    free(x), free(w), free(b), free(dY);
    for (int i = 0; i < 2; i++) free(y[i]), free(dX[i]), free(dW[i]);
  }
}

static void optimizers(size_t count) {
  float *g = values(count, 1);
  const KernelAdamStep adam = {0.9f, 0.75f, 0.25f, 1.5f, 0.125f, 0.875f};
  float *m[2], *v[2], *w[2];
  const KernelSet *sets[2] = {neon, portable};
  for (int i = 0; i < 2; i++) {
    m[i] = malloc((count + 1) * sizeof(float)), v[i] = malloc((count + 1) * sizeof(float));
    w[i] = malloc((count + 1) * sizeof(float));
    for (size_t j = 0; j < count; j++) m[i][j] = 0.1f, v[i][j] = 0.2f, w[i][j] = 0.3f;
    sets[i]->adamStep(&adam, g, m[i], v[i], w[i], count);
    sets[i]->momentumStep(0.3f, 0.9f, true, g, m[i], w[i], count);
    sets[i]->momentumStep(0.3f, 0.9f, false, g, m[i], w[i], count);
    sets[i]->rootMeanSquareStep(0.5f, 0.75f, 0.25f, 0.125f, g, v[i], w[i], count);
  }
  compare("optimizer, state", m[0], m[1], count, 2e-6f);
  compare("optimizer, squares", v[0], v[1], count, 2e-6f);
  compare("optimizer, weights", w[0], w[1], count, 4e-6f);
  free(g);
  for (int i = 0; i < 2; i++) free(m[i]), free(v[i]), free(w[i]);
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
  for (size_t count = 0; count < 70; count++) optimizers(count);
  convolutions();
  for (KernelCell cell = kernelCellElman; cell <= kernelCellGRU; cell++) {
    recurrent(cell, 1, 4, 3, 7), recurrent(cell, 5, 3, 2, 8), recurrent(cell, 13, 3, 4, 9);
    recurrent(cell, 50, 2, 3, 17), recurrent(cell, 3, 1, 5, 16), recurrent(cell, 2, 2, 250, 20);
  }
  printf("%ld values compared, %ld wrong\n", compared, wrong);
  return wrong != 0;
}
