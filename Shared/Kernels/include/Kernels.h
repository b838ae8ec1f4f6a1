// Kernels - everything in this package that loops over floats.
//
// A `KernelSet` is one table of functions for one instruction set. All tables compute the same
// functions; within one table results never depend on the number of threads.
//
// Shapes in comments are row-major. Lengths are in elements, not bytes. Unless a comment says
// otherwise, an output may be the same buffer as an input (exact overlap), never a shifted one.

#ifndef KERNELS_H
#define KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// MARK: - Operations

/// y = a OP b, element by element. Comparisons give 1 or 0; kernelZeroWhere gives 0 where b is not 0, else a.
typedef enum KernelBinary {
  kernelAdd, kernelSubtract, kernelMultiply, kernelDivide, kernelMaximum, kernelMinimum,
  kernelPower, kernelEqual, kernelNotEqual, kernelLess, kernelLessOrEqual, kernelGreater,
  kernelGreaterOrEqual, kernelZeroWhere
} KernelBinary;

/// y = OP(x), element by element.
typedef enum KernelUnary {
  kernelNegate, kernelAbsolute, kernelSquare, kernelSquareRoot, kernelReciprocal,
  kernelExp, kernelLog, kernelTanh, kernelSigmoid, kernelReLU,
  // GELU with the error function and with tanh, and their derivatives.
  kernelGELU, kernelGELUSlope, kernelGELUTanh, kernelGELUTanhSlope
} KernelUnary;

/// What the epilogue of a matrix product applies after the bias.
typedef enum KernelActivation {
  kernelActivationIdentity, kernelActivationReLU, kernelActivationSigmoid, kernelActivationTanh
} KernelActivation;

/// The numbers of one step of Adam, the same for every weight: see `adamStep`.
typedef struct KernelAdamStep {
  float beta1, beta2;
  float rate;               // eta / (1 - beta1^t)
  float rootScale;          // 1 / sqrt(1 - beta2^t)
  float epsilon;
  float keep;               // 1, or 1 - eta * decay for decoupled weight decay
} KernelAdamStep;

/// How many values become one.
typedef enum KernelReduction { kernelSum, kernelMax, kernelMin } KernelReduction;

// MARK: - Matrix product

struct KernelSet;
struct KernelTile;
struct KernelRun;
struct KernelTaps;
struct KernelWinograd;
struct KernelPoolRow;
struct KernelStepForward;
struct KernelStepBackward;
struct KernelNormalRow;
struct KernelSampling;

/// One operand of a matrix product, seen as panels of the packed layout that the micro-kernel
/// reads.
///
/// `pack` writes rows `first ..< first + count` of the operand (rows of op(A), or columns of
/// op(B)), restricted to `k0 ..< k0 + depth`, into `panels`: groups of `width` rows, each group
/// stored depth-major (`panel[k * width + row]`), the last group padded with zeros. A convolution
/// supplies its own `pack`, which reads image patches, and no patch matrix ever exists. `first` is
/// a multiple of `width`, k0 is any number; calls come from several threads at once. `pack` NULL
/// means a matrix stored row-major (what kernels_matrix makes): kernels_product packs it, or reads
/// it in place.
typedef struct KernelOperand {
  void (*pack)(const struct KernelOperand *operand, const struct KernelSet *set, size_t first,
               size_t count, size_t k0, size_t depth, size_t width, float *panels);
  const float *data;
  size_t leading;           // elements from one stored row to the next
  bool transposed;
  const void *context;      // whatever a packer of one's own needs
} KernelOperand;

/// C = activation(op(A) . op(B) + bias), or C += op(A) . op(B) when `accumulate`.
typedef struct KernelProduct {
  size_t m, n, k;           // op(A) is [m, k], op(B) is [k, n], C is [m, n]
  KernelOperand a, b;
  float *c;
  size_t leadingC;
  bool accumulate;          // bias and activation must be absent then
  const float *columnBias;  // [n] or NULL: one value a column (dense layers)
  const float *rowBias;     // [m] or NULL: one value a row (convolutions)
  KernelActivation activation;
} KernelProduct;

/// A matrix stored row-major as operand of a product.
KernelOperand kernels_matrix(const float *data, size_t leading, bool transposed);

/// Runs a product on the threads of the pool. `set` NULL means the default set.
void kernels_product(const struct KernelSet *set, const KernelProduct *product);

// MARK: - The table

typedef struct KernelSet {
  const char *name;         // "avx512", "avx2", "neon", "portable"
  size_t vectorWidth;       // floats in a vector
  size_t rowTile;           // rows of the micro-kernel's tile
  size_t columnTile;        // columns of the micro-kernel's tile

  // out[i] = a[i * strideA] OP b[i * strideB]; a stride is 0 (a scalar) or 1.
  void (*binary)(KernelBinary operation, const float *a, size_t strideA, const float *b,
                 size_t strideB, float *out, size_t count);
  void (*unary)(KernelUnary operation, const float *x, float *y, size_t count);
  void (*clip)(const float *x, float low, float high, float *y, size_t count);
  // y[i] += factor * x[i]
  void (*addScaled)(float factor, const float *x, float *y, size_t count);
  // dX = dY * f'(x), written in terms of the output y = f(x).
  void (*activationGradient)(KernelActivation activation, const float *y, const float *dY,
                             float *dX, size_t count);

  // Steps of optimizers: g gradient, w weights; the other buffers are state. No two may overlap.
  // v = momentum v - eta g; w += v, or with nesterov w += momentum v - eta g.
  void (*momentumStep)(float eta, float momentum, bool nesterov, const float *g, float *v,
                       float *w, size_t count);
  // m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
  // w = keep w - rate m / (rootScale sqrt(v) + epsilon).
  void (*adamStep)(const KernelAdamStep *step, const float *g, float *m, float *v, float *w,
                   size_t count);
  // s = decay s + rest g^2; w -= eta g / (sqrt(s) + epsilon). RMSProp: rest = 1 - decay; AdaGrad:
  // both 1.
  void (*rootMeanSquareStep)(float eta, float decay, float rest, float epsilon, const float *g,
                             float *s, float *w, size_t count);

  // One number from `count` contiguous values. Sums are blocked (error grows like log n). Max and
  // min of something that holds a NaN are NaN.
  float (*reduce)(KernelReduction reduction, const float *x, size_t count);
  // out[c] = reduction over r of x[r * columns + c]
  void (*reduceRows)(KernelReduction reduction, const float *x, size_t rows, size_t columns,
                     float *out);
  // sum of (x[i] - center)^2
  float (*sumSquaredDeviations)(const float *x, float center, size_t count);
  // sums[0] += sum of x[i] - center, sums[1] += sum of (x[i] - center)^2, in double precision over
  // pieces. Of a center near the mean, what it is off can be taken from both without loss of digits.
  void (*addDeviations)(const float *x, float center, size_t count, double *sums);
  // sum of x[i] * y[i]
  float (*dot)(const float *x, const float *y, size_t count);
  // Index of the first maximum; the first NaN wins, as in NumPy.
  size_t (*argmax)(const float *x, size_t count);
  // Index of the first value that is NaN or infinite, `count` when there is none.
  size_t (*firstNonFinite)(const float *x, size_t count);

  // out[c * rows + r] = x[r * leading + c], r < rows, c < columns. out never overlaps x.
  void (*transpose)(const float *x, size_t rows, size_t columns, size_t leading, float *out);

  // Does `rounds` rounds of multiply-adds on registers only and returns how many floating-point
  // operations they were: timing it gives the peak rate that benchmarks are compared with.
  double (*multiplyAddRounds)(size_t rounds, float *sink);

  // The register tile of the matrix product: rows x columns of C (+)= packed panels. Internal to
  // kernels_product; in the table so that a test can call each size of it.
  void (*tile)(size_t depth, const float *aPanel, const float *bPanel, float *c, size_t leadingC,
               size_t rows, size_t columns, bool accumulate, const float *columnBias,
               const float *rowBias, KernelActivation activation);

  // The packers of matrices, for a convolution's own packer to build on. Panels as KernelOperand
  // says. packRows: element (row, k) at x[row * leading + k]; packColumns: at x[k * leading + row].
  void (*packRows)(const float *x, size_t leading, size_t count, size_t depth, size_t width,
                   float *panels);
  void (*packColumns)(const float *x, size_t leading, size_t count, size_t depth, size_t width,
                      float *panels);

  // A tile whose operands need not be packed. Internal to kernels_product.
  void (*tileOf)(const struct KernelTile *tile, size_t rows, size_t columns);

  // For convolutions, see Generic/Convolution.h. packPatches: panel[k * columnTile + run.to + i] =
  // base[offsets[k] + run.from + i] for each run and i < run.length; reads and writes up to a vector
  // beyond the last run.
  void (*packPatches)(const float *base, const size_t *offsets, size_t depth,
                      const struct KernelRun *runs, size_t runCount, float *panel);
  // even[i] = x[2 i], odd[i] = x[2 i + 1], i < count.
  void (*splitPairs)(const float *x, size_t count, float *even, float *odd);
  size_t tapTile;           // most taps that `multiplyTaps` takes
  void (*multiplyTaps)(const struct KernelTaps *taps, size_t tapCount, size_t columns);
  const struct KernelWinograd *winograd;
  void (*maxPoolRow)(const struct KernelPoolRow *row);
  void (*averagePoolRow)(const struct KernelPoolRow *row);

  // The gates of one step of a recurrent layer and their gradients, see Generic/Recurrent.h.
  void (*stepForward)(const struct KernelStepForward *step);
  void (*stepBackward)(const struct KernelStepBackward *step);

  // The words of `count` blocks of Philox from block `first` on, see kernels_philox; `count` is a
  // multiple of 16. The same on every instruction set.
  void (*philoxBlocks)(uint64_t key, uint64_t stream, uint64_t first, size_t count, uint32_t *out);
  // Normal numbers from these words, see kernels_random_normal; `count` is a multiple of 16. The same
  // on every instruction set.
  void (*normalNumbers)(const uint32_t *words, float mean, float deviation, float *out,
                        size_t count);

  // For images, see Generic/Image.h. The same on every instruction set.
  void (*splitBytes)(const uint8_t *x, bool mirrored, size_t count, float *y, size_t plane);
  void (*scalePixels)(const float *mean, const float *deviation, float *y, size_t count);
  void (*greyRow)(const float *x, size_t area, float *y);
  void (*blendRow)(float factor, const float *x, float rest, const float *shift, size_t stride,
                   float *y, size_t count);
  void (*shiftHue)(const float *x, size_t area, float shift, float *y);
  void (*weighRows)(const float *x, size_t leading, const float *weights, size_t taps, float *y,
                    size_t count);
  void (*sampleLinear)(const struct KernelSampling *sampling);

  // Cross-entropy of the softmax of each row x[r * columns ...] with the class labels[r] < columns:
  // shifts[r] = max x, logSums[r] = ln sum e^(x - shift), losses[r] = logSum - (x[label] - shift). A
  // row with a negative label does not count: its three numbers are 0.
  void (*crossEntropyRows)(const float *x, const ptrdiff_t *labels, size_t rows, size_t columns,
                           float *shifts, float *logSums, float *losses);
  // dX = scale (e^(x - shift - logSum) - [c == label]); 0 in rows with a negative label.
  void (*crossEntropyGradientRows)(const float *x, const ptrdiff_t *labels, const float *shifts,
                                   const float *logSums, float scale, size_t rows, size_t columns,
                                   float *dX);
  // For batch norm, see Generic/Normalization.h.
  void (*normalizeRow)(const struct KernelNormalRow *row);
  void (*normalizeGradientRow)(const struct KernelNormalRow *row);
  void (*normalizePlaneSums)(const struct KernelNormalRow *row, double *sums);
  void (*normalizeRowSums)(const struct KernelNormalRow *row, float *gradients, float *products);
  void (*addRow)(const float *x, const float *center, float *sums, float *squares, size_t count);
} KernelSet;

/// The best set this processor runs, or the one that COURSE_INSTRUCTION_SET names.
const KernelSet *kernels_default(void);

/// A set by name, NULL when this processor or this build does not have it.
const KernelSet *kernels_named(const char *name);

/// out[i0, i1, ...] = x[i0 * strides[0] + i1 * strides[1] + ...], out contiguous with `shape`.
/// Strides are in elements, may be 0 (broadcast) or negative.
void kernels_copy_strided(const float *x, size_t rank, const ptrdiff_t *shape,
                          const ptrdiff_t *strides, float *out);

/// Adds the sums of x - center and of its square over rows and elements to those of each group, in double precision;
/// x [rows, groups, size].
void kernels_add_moments(const float *x, size_t rows, size_t groups, size_t size, const double *center,
                         double *sums, double *squares);

// MARK: - Memory

/// Memory for `count` floats, uninitialised, aligned to 64 bytes (one AVX-512 vector, one cache line);
/// NULL where there is not enough.
float *kernels_allocate(size_t count);
/// Gives back what `kernels_allocate` returned for as many floats; nothing for NULL.
void kernels_free(float *memory, size_t count);
/// Lets the system have what the C library keeps of freed memory, where that can be asked for.
void kernels_trim(void);

// MARK: - Threads

/// Threads used from now on, the caller included; at least 1. Never changes a result.
void kernels_set_thread_count(size_t count);
size_t kernels_thread_count(void);
/// Cores this process may run on.
size_t kernels_available_cores(void);

/// Calls body(i, context) once for each i < count, on the threads of the pool; returns when all are
/// done. Nested calls run on the calling thread. Small counts of short bodies are cheap (~1 us).
void kernels_parallel_for(size_t count, void (*body)(size_t index, void *context), void *context);
/// From now on the loops of the calling thread run where they are: for threads that work beside the
/// pool and must not take it away from those who wait for it.
void kernels_keep_on_this_thread(void);

/// From now on subnormal numbers (those nearer to 0 than 1.2e-38) are zeros to the calling thread and
/// to the loops it runs; returns what was before, for the next function.
uint64_t kernels_flush_subnormals(void);
void kernels_restore_subnormals(uint64_t before);

// MARK: - Random numbers (the same on every instruction set)

/// Philox-4x32-10 (Salmon et al., 2011): four 32-bit words of the block `counter` under `key`.
void kernels_philox(uint64_t key, uint64_t stream, uint64_t block, uint32_t out[4]);
/// out[i] uniform in [low, high), drawn from block (first + i) / 4, word (first + i) % 4.
void kernels_random_uniform(uint64_t key, uint64_t stream, uint64_t first, float low, float high,
                            float *out, size_t count);
/// out[i] = 1, or 0 where the uniform number in [0, 1) of this place is below `rate`: a share of
/// about `rate` is 0.
void kernels_random_keep(uint64_t key, uint64_t stream, uint64_t first, float rate, float *out,
                         size_t count);
/// out[i] normal, by Box-Muller on pairs of the words above.
void kernels_random_normal(uint64_t key, uint64_t stream, uint64_t first, float mean,
                           float standardDeviation, float *out, size_t count);

#ifdef __cplusplus
}
#endif

#include "Bytes.h"
#include "Convolution.h"
#include "Image.h"
#include "Recurrent.h"
#include "Normalization.h"

#endif
