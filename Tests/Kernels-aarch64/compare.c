// Compares the tables "neon" and "portable" function by function. They round differently (NEON
// fuses multiplication and addition), so sums are compared with a tolerance, all else bit by bit.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "Internal.h"

static const CourseKernelSet *neon, *portable;
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
    CourseProduct p = {.m = m, .n = n, .k = k, .a = kernels_matrix(a, lda, ta),
                       .b = kernels_matrix(b, ldb, tb), .c = c, .leadingC = ldc,
                       .accumulate = accumulate};
    if (!accumulate) {
      p.columnBias = below(2) ? bias : NULL;
      p.rowBias = below(2) ? bias + n : NULL;
      p.activation = (CourseActivation)below(4);
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
  for (CourseBinary operation = kernelAdd; operation <= kernelGreaterOrEqual; operation++) {
    for (size_t strides = 0; strides < 4; strides++) {
      neon->elementwise.binary(operation, a, strides & 1, b, strides >> 1, y, count);
      portable->elementwise.binary(operation, a, strides & 1, b, strides >> 1, e, count);
      compare("binary", y, e, count, 0);
    }
  }
  for (CourseUnary operation = kernelNegate; operation <= kernelGELUTanh; operation++) {
    neon->elementwise.unary(operation, a, y, count);
    portable->elementwise.unary(operation, a, e, count);
    compare("unary", y, e, count, operation >= kernelGELU ? 1e-6f : operation >= kernelExp ? 4e-7f : 0);
  }
  float *slope = values(count, 4), *expectedSlope = values(count, 4);
  for (int byTanh = 0; byTanh < 2; byTanh++) {
    neon->elementwise.gelu(byTanh, a, y, slope, count);
    portable->elementwise.gelu(byTanh, a, e, expectedSlope, count);
    compare("gelu", y, e, count, 1e-6f);
    compare("gelu's slope", slope, expectedSlope, count, 1e-6f);
  }
  free(slope), free(expectedSlope);
  for (CourseActivation f = kernelActivationIdentity; f <= kernelActivationTanh; f++) {
    neon->elementwise.activationGradient(f, a, b, y, count);
    portable->elementwise.activationGradient(f, a, b, e, count);
    compare("activationGradient", y, e, count, 0);
  }
  neon->elementwise.clip(a, -1, 1, y, count), portable->elementwise.clip(a, -1, 1, e, count);
  compare("clip", y, e, count, 0);
  neon->elementwise.addScaled(0.5f, b, y, count);
  portable->elementwise.addScaled(0.5f, b, e, count);
  compare("addScaled", y, e, count, 1e-6f);
  for (CourseReduction r = kernelSum; r <= kernelMin; r++) {
    const float got = neon->reductions.reduce(r, a, count);
    const float expected = portable->reductions.reduce(r, a, count);
    compare("reduce", &got, &expected, 1, 1e-5f);
  }
  float results[2][6];
  for (int i = 0; i < 2; i++) {
    const CourseReductionsKernels *reductions = i == 0 ? &neon->reductions : &portable->reductions;
    results[i][0] = reductions->sumSquaredDeviations(b, 1, count);
    results[i][1] = reductions->dot(b, y, count);
    results[i][2] = (float)reductions->argmax(a, count);
    results[i][3] = (float)reductions->argmax(b, count);
    results[i][4] = (float)reductions->firstNonFinite(a, count);
    results[i][5] = (float)reductions->firstNonFinite(b, count);
  }
  compare("reductions", results[0], results[1], 6, 1e-5f);
  free(a), free(b), free(y), free(e);
}

static void matrices(size_t rows, size_t columns) {
  const size_t count = rows * columns;
  float *x = values(count, 1), *y = values(count, 2), *e = values(count, 3);
  neon->layout.transpose(x, rows, columns, columns, y);
  portable->layout.transpose(x, rows, columns, columns, e);
  compare("transpose", y, e, rows * columns, 0);
  for (CourseReduction r = kernelSum; r <= kernelMin; r++) {
    neon->reductions.reduceRows(r, x, columns, rows, columns, y);
    portable->reductions.reduceRows(r, x, columns, rows, columns, e);
    compare("reduceRows", y, e, columns, 1e-5f);
  }
  free(x), free(y), free(e);
}

static void recurrent(CourseCell cell, size_t batch, size_t steps, size_t inputs, size_t hidden) {
  const size_t gates = cell == kernelCellElman ? 1 : cell == kernelCellLSTM ? 4 : 3;
  const size_t width = gates * hidden, state = batch * hidden;
  float *mask = values(batch * steps, 1);
  for (size_t i = 0; i < batch * steps; i++) mask[i] = mask[i] > -1;
  CourseRecurrent layer = {
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
  const CourseKernelSet *sets[2] = {neon, portable};
  for (int i = 0; i < 2; i++) {
    float **r = results[i];
    for (int j = 0; j < 10; j++) r[j] = calloc(counts[j] + 1, sizeof(float));
    float *kept = values(kernels_recurrent_kept_count(sets[i], &layer), 9);
    float *work = values(kernels_recurrent_work_count(sets[i], &layer, false), 9);
    const bool isLSTM = cell == kernelCellLSTM;
    kernels_recurrent_forward(sets[i], &layer, x, start, start + state, kept, work, r[0],
                              (CourseState){r[1], isLSTM ? r[2] : NULL});
    free(work);
    work = values(kernels_recurrent_work_count(sets[i], &layer, true), 9);
    const CourseRecurrentGradients gradients = {
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

static void attention(size_t batch, size_t steps, size_t heads, size_t size, bool causal) {
  size_t *lengths = malloc(batch * sizeof(size_t));
  for (size_t n = 0; n < batch; n++) lengths[n] = 1 + below(steps);
  const CourseAttention a = {batch, steps, heads, size, causal, below(2) ? lengths : NULL};
  const size_t count = batch * steps * heads * size;
  const float *x = values(3 * count, 1), *dO = values(count, 2);
  float *results[2][2];
  for (int i = 0; i < 2; i++) {
    const CourseKernelSet *set = i == 0 ? neon : portable;
    float *o = values(count, 9), *logSums = values(batch * heads * steps, 9);
    float *dX = values(3 * count, 9);
    kernels_attention_forward(set, &a, x, o, logSums);
    kernels_attention_backward(set, &a, x, o, logSums, dO, dX);
    results[i][0] = o;
    results[i][1] = dX;
    free(logSums);
  }
  compare("attention", results[0][0], results[1][0], count, 1e-4f);
  compare("attention gradient", results[0][1], results[1][1], 3 * count, 1e-4f);
  for (int i = 0; i < 2; i++) free(results[i][0]), free(results[i][1]);
  free(lengths), free((void *)x), free((void *)dO);
}

static void layerNorm(size_t rows, size_t size) {
  const size_t count = rows * size;
  float *x = values(count, 1), *dY = values(count, 2), *scale = values(size, 3);
  float *shift = values(size, 4);
  const CourseLayerNorm norm = {rows, size, 1e-5f, scale, shift};
  // y, means, inverse deviations, dX, gradients of scale and shift
  const size_t counts[] = {count, rows, rows, count, size, size};
  float *results[2][6];
  const CourseKernelSet *sets[2] = {neon, portable};
  for (int i = 0; i < 2; i++) {
    float **r = results[i];
    for (int j = 0; j < 6; j++) r[j] = malloc((counts[j] + 1) * sizeof(float));
    kernels_layer_norm(sets[i], &norm, x, r[0], r[1], r[2]);
    kernels_layer_norm_gradient(sets[i], &norm, x, r[1], r[2], dY, r[3], r[4], r[5]);
  }
  for (int j = 0; j < 6; j++) {
    compare("layer norm", results[0][j], results[1][j], counts[j], 1e-4f);
    free(results[0][j]), free(results[1][j]);
  }
  free(x), free(dY), free(scale), free(shift);
}

static void convolutions(void) {
  for (int round = 0; round < 60; round++) {
    CourseConvolution c = {.batch = 1 + below(3), .inputChannels = 1 + below(9),
                           .outputChannels = 1 + below(20), .groups = 1, .strideY = 1 + below(2),
                           .strideX = 1 + below(2), .dilationY = 1, .dilationX = 1 + below(2),
                           .kernelHeight = 1 + below(5), .kernelWidth = 1 + below(5)};
    // Every third one is for Winograd's algorithm.
    if (round % 3 == 0) {
      c.kernelHeight = c.kernelWidth = round % 2 == 0 ? 3 : 5;
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
    const CourseKernelSet *sets[2] = {neon, portable};
    for (int i = 0; i < 2; i++) {
      y[i] = values(outputs, 5), dX[i] = values(inputs, 6), dW[i] = values(weights, 7);
      const CourseConvolutionMethod method =
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
  const CourseAdamStep adam = {0.9f, 0.75f, 0.25f, 1.5f, 0.125f, 0.875f};
  float *m[2], *v[2], *w[2];
  const CourseKernelSet *sets[2] = {neon, portable};
  for (int i = 0; i < 2; i++) {
    m[i] = malloc((count + 1) * sizeof(float)), v[i] = malloc((count + 1) * sizeof(float));
    w[i] = malloc((count + 1) * sizeof(float));
    for (size_t j = 0; j < count; j++) m[i][j] = 0.1f, v[i][j] = 0.2f, w[i][j] = 0.3f;
    sets[i]->optimizerSteps.adamStep(&adam, g, m[i], v[i], w[i], count);
    sets[i]->optimizerSteps.momentumStep(0.3f, 0.9f, true, g, m[i], w[i], count);
    sets[i]->optimizerSteps.momentumStep(0.3f, 0.9f, false, g, m[i], w[i], count);
    sets[i]->optimizerSteps.rootMeanSquareStep(0.5f, 0.75f, 0.25f, 0.125f, g, v[i], w[i], count);
  }
  compare("optimizer, state", m[0], m[1], count, 2e-6f);
  compare("optimizer, squares", v[0], v[1], count, 2e-6f);
  compare("optimizer, weights", w[0], w[1], count, 4e-6f);
  free(g);
  for (int i = 0; i < 2; i++) free(m[i]), free(v[i]), free(w[i]);
}

static void normalization(size_t batch, size_t channels, size_t area, bool relu) {
  const size_t count = batch * channels * area;
  float *x = values(count, 1), *dY = values(count, 2), *slope = values(channels, 3);
  float *center = values(channels, 4), *factor = values(channels, 5), *shift = values(channels, 6);
  const CourseNormalization sizes = {batch, channels, area, center, factor, shift, relu};
  // mean, variance, y, sums of gradients and of products, dX
  const size_t counts[] = {channels, channels, count, channels, channels, count};
  float *results[2][6];
  const CourseKernelSet *sets[2] = {neon, portable};
  for (int i = 0; i < 2; i++) {
    float **r = results[i];
    for (int j = 0; j < 6; j++) r[j] = malloc((counts[j] + 1) * sizeof(float));
    kernels_channel_moments(sets[i], &sizes, x, r[0], r[1]);
    kernels_normalize(sets[i], &sizes, x, r[2]);
    kernels_normalization_sums(sets[i], &sizes, x, dY, r[3], r[4]);
    kernels_normalization_gradient(sets[i], &sizes, slope, shift, x, dY, r[5]);
  }
  for (int j = 0; j < 6; j++) {
    compare("normalization", results[0][j], results[1][j], counts[j], 1e-5f);
    free(results[0][j]), free(results[1][j]);
  }
  free(x), free(dY), free(slope), free(center), free(factor), free(shift);
}

static void crossEntropy(size_t rows, size_t columns) {
  float *x = values(rows * columns, 1);
  ptrdiff_t *labels = malloc(rows * sizeof(ptrdiff_t));
  for (size_t i = 0; i < rows; i++) labels[i] = (ptrdiff_t)below(columns + 1) - 1;
  // shifts, logarithms of sums, losses, dX
  const size_t counts[] = {rows, rows, rows, rows * columns};
  float *results[2][4];
  const CourseKernelSet *sets[2] = {neon, portable};
  for (int i = 0; i < 2; i++) {
    float **r = results[i];
    for (int j = 0; j < 4; j++) r[j] = malloc((counts[j] + 1) * sizeof(float));
    sets[i]->crossEntropy.forwardRows(x, labels, rows, columns, r[0], r[1], r[2]);
    sets[i]->crossEntropy.gradientRows(x, labels, r[0], r[1], 0.5f, rows, columns, r[3]);
  }
  for (int j = 0; j < 4; j++) {
    compare("crossEntropy", results[0][j], results[1][j], counts[j], 2e-6f);
    free(results[0][j]), free(results[1][j]);
  }
  free(x), free(labels);
}

/// The draws of dropout, bit by bit, and its masks against the numbers that define them.
static void draws(size_t count) {
  const size_t blocks = (count + 15) / 16 * 16;
  uint32_t *y = malloc(blocks * 16), *e = malloc(blocks * 16);
  tableOf(neon)->random.philoxBlocks(7, 8, count, blocks, y);
  tableOf(portable)->random.philoxBlocks(7, 8, count, blocks, e);
  compared++;
  if (memcmp(y, e, blocks * 16) != 0 && wrong++ < 10) printf("philoxBlocks: %zu differ\n", blocks);
  float *uniform = malloc((count + 1) * sizeof(float)), *keep = malloc((count + 1) * sizeof(float));
  kernels_random_uniform(7, 8, 3, 0, 1, uniform, count);
  kernels_random_keep(7, 8, 3, 0.3f, keep, count);
  for (size_t i = 0; i < count; i++) uniform[i] = uniform[i] < 0.3f ? 0 : 1;
  compare("mask", keep, uniform, count, 0);
  free(y), free(e), free(uniform), free(keep);
}

static void pooling(void) {
  for (int round = 0; round < 40; round++) {
    CoursePooling p = {.planes = 1 + below(4), .windowY = 1 + below(3), .windowX = 1 + below(4),
                       .strideY = 1 + below(3), .strideX = 1 + below(3)};
    p.padTop = below(p.windowY), p.padLeft = below(p.windowX);
    p.inputHeight = p.windowY + below(9), p.inputWidth = p.windowX + below(40);
    p.outputHeight = (p.inputHeight + 2 * p.padTop - p.windowY) / p.strideY + 1;
    p.outputWidth = (p.inputWidth + 2 * p.padLeft - p.windowX) / p.strideX + 1;
    const size_t inputs = p.planes * p.inputHeight * p.inputWidth;
    const size_t outputs = p.planes * p.outputHeight * p.outputWidth;
    float *x = values(inputs, 1), *y = values(outputs, 2), *e = values(outputs, 2);
    int32_t *winners = malloc(2 * outputs * sizeof(int32_t));
    kernels_max_pool(neon, &p, x, y, winners);
    kernels_max_pool(portable, &p, x, e, winners + outputs);
    compare("max pooling", y, e, outputs, 0);
    if (memcmp(winners, winners + outputs, outputs * sizeof(int32_t)) != 0 && wrong++ < 10) {
      printf("max pooling: other winners\n");
    }
    kernels_average_pool(neon, &p, round & 1, x, y);
    kernels_average_pool(portable, &p, round & 1, x, e);
    compare("average pooling", y, e, outputs, 1e-6f);
    free(x), free(y), free(e), free(winners);
  }
}

/// What goes through the tables, set against set; what is plain C, against results that are known.
static void images(size_t height, size_t width) {
  const size_t area = height * width;
  uint8_t *bytes = malloc(3 * area + 1);
  for (size_t i = 0; i < 3 * area; i++) bytes[i] = (uint8_t)below(256);
  float *y = malloc((3 * area + 1) * sizeof(float)), *e = malloc((3 * area + 1) * sizeof(float));
  const float mean[] = {0.5f, 0.4f, 0.3f}, deviation[] = {0.2f, 0.25f, 0.3f};
  for (int mirrored = 0; mirrored < 2; mirrored++) {
    CoursePixelView view = {
      .pixels = bytes, .start = mirrored ? 3 * ((ptrdiff_t)width - 1) : 0,
      .strideY = 3 * (ptrdiff_t)width, .strideX = mirrored ? -3 : 3, .height = height,
      .width = width, .channels = 3, .firstRow = below(height), .firstColumn = below(width)};
    view.endRow = view.firstRow + below(height - view.firstRow + 1);
    view.endColumn = view.firstColumn + below(width - view.firstColumn + 1);
    kernels_pixels_to_floats(neon, &view, mean, deviation, mirrored, y);
    kernels_pixels_to_floats(portable, &view, mean, deviation, mirrored, e);
    compare("pixels", y, e, 3 * area, 0);
  }
  float *x = values(3 * area, 1);
  const size_t taps = 1 + below(height);
  int32_t *first = malloc(height * sizeof(int32_t));
  for (size_t i = 0; i < height; i++) first[i] = (int32_t)below(height - taps + 1);
  float *weights = values(height * taps, 2);
  const CourseResampling rows = {first, weights, taps, height};
  kernels_resample(neon, x, 3, height, width, &rows, NULL, y);
  kernels_resample(portable, x, 3, height, width, &rows, NULL, e);
  compare("resample", y, e, 3 * area, 0);
  // Upside down, and half a pixel to the right.
  const float matrix[] = {1, 0, 0.5f, 0, -1, (float)height - 1};
  kernels_sample_affine(neon, x, 3, height, width, matrix, true, height, width, y);
  for (size_t i = 0; i < 3 * area; i++) {
    const size_t row = i / width, column = i % width, plane = row / height;
    const float *source = x + (plane * height + height - 1 - row % height) * width + column;
    e[i] = 0.5f * source[0] + (column + 1 < width ? 0.5f * source[1] : 0);
  }
  compare("affine", y, e, 3 * area, 1e-6f);
  // A third of the circle of colours turns red into green, green into blue and blue into red.
  for (size_t i = 0; i < 3 * area; i++) x[i] = fabsf(x[i]) / 2;
  kernels_shift_hue(neon, x, area, 1 / 3.0f, y);
  for (size_t i = 0; i < 3 * area; i++) e[(i + area) % (3 * area)] = x[i];
  compare("hue", y, e, 3 * area, 2e-6f);
  free(bytes), free(x), free(y), free(e), free(first), free(weights);
}

/// Colours, sampling and normal numbers are the same everywhere, bit for bit.
static void alike(size_t area) {
  float *x = values(3 * area, 1), *y[2];
  const float matrix[6] = {0.9f, -0.4f, 1, 0.4f, 0.9f, -2};
  uint32_t words[64];
  for (size_t i = 0; i < 3 * area; i++) x[i] = fabsf(x[i]);
  for (size_t i = 0; i < 64; i += 4) kernels_philox(1, 1, i, words + i);
  const CourseKernelSet *sets[2] = {neon, portable};
  for (int kind = 0; kind < 6; kind++) {
    for (int i = 0; i < 2; i++) {
      y[i] = calloc(3 * area + 64, sizeof(float));
      switch (kind) {
        case 0: kernels_adjust_brightness(sets[i], x, 3 * area, 1.3f, y[i]); break;
        case 1: kernels_adjust_contrast(sets[i], x, 3, area, 1.3f, y[i]); break;
        case 2: kernels_adjust_saturation(sets[i], x, area, 1.3f, y[i]); break;
        case 3: kernels_shift_hue(sets[i], x, area, 0.3f, y[i]); break;
        case 4: kernels_sample_affine(sets[i], x, 3, 1, area, matrix, true, 1, area, y[i]); break;
        default: tableOf(sets[i])->random.normalNumbers(words, 1, 2, y[i], 64);
      }
    }
    compare("image", y[0], y[1], 3 * area + 64, 0);
    free(y[0]), free(y[1]);
  }
  free(x);
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
  for (size_t count = 0; count < 70; count++) optimizers(count), draws(count);
  for (size_t area = 1; area < 70; area++) {
    normalization(1 + below(4), 1 + below(20), area, area & 1);
    crossEntropy(1 + below(30), area), layerNorm(1 + below(30), area);
    images(1 + below(9), area), alike(area);
  }
  for (int relu = 0; relu < 2; relu++) {
    normalization(70, 17, 1, relu), normalization(200, 130, 1, relu);
    normalization(3, 2, 1500, relu);
  }
  pooling();
  convolutions();
  for (int round = 0; round < 8; round++) {
    const bool causal = round & 1;
    attention(1, 1, 1, 1, causal), attention(2, 5, 3, 7, causal), attention(1, 30, 2, 8, causal);
    attention(3, 57, 1, 17, causal), attention(2, 90, 2, 33, causal);
  }
  for (CourseCell cell = kernelCellElman; cell <= kernelCellGRU; cell++) {
    recurrent(cell, 1, 4, 3, 7), recurrent(cell, 5, 3, 2, 8), recurrent(cell, 13, 3, 4, 9);
    recurrent(cell, 50, 2, 3, 17), recurrent(cell, 3, 1, 5, 16), recurrent(cell, 2, 2, 250, 20);
  }
  printf("%ld values compared, %ld wrong\n", compared, wrong);
  return wrong != 0;
}
