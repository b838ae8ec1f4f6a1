// Layers of sequences: recurrent ones and attention, a whole sequence forward, and a whole sequence
// backward.
//
// N batch, T steps, F inputSize, H hiddenSize, G gates: 1 (Elman), 4 (LSTM), 3 (GRU). `set` NULL
// means the default set. Results do not depend on the number of threads.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CourseKernelSet CourseKernelSet;

/// One step, from the state h (and c) and the input x. `*` between gates is element by element.
///
///     Elman:  h' = tanh(x W + h U + b)
///     LSTM:   [zi zf zg zo] = x W + h U + b;  i, f, o = sigmoid of theirs, g = tanh zg
///             c' = f * c + i * g,  h' = o * tanh c'
///     GRU:    r, z = sigmoid of the first two blocks of x W + h U + b
///             n = tanh(x Wn + bn + r * a),  a = h Un + candidateBias,  h' = (1 - z) * n + z * h
typedef enum CourseCell { kernelCellElman, kernelCellLSTM, kernelCellGRU } CourseCell;

/// A pass over a batch of sequences.
typedef struct CourseRecurrent {
  CourseCell cell;
  size_t batch, steps, inputSize, hiddenSize;
  bool reversed;                   // time runs from T - 1 to 0; outputs stay at their own step
  const float *mask;               // [N, T] or NULL; where it is 0 the state stays, the output is 0
  const float *inputWeights;       // W [F, G H]
  const float *recurrentWeights;   // U [H, G H]
  const float *bias;               // [G H]
  const float *candidateBias;      // [H] for a GRU, else NULL
} CourseRecurrent;

/// The states between which a pass runs, or their gradients; `cell` is used by an LSTM only.
typedef struct CourseState {
  float *hidden, *cell;            // [N, H]
} CourseState;

/// The results of a backward pass. All are overwritten.
typedef struct CourseRecurrentGradients {
  float *input;                    // [N, T, F], or NULL where it is not needed
  float *inputWeights, *recurrentWeights, *bias, *candidateBias;
  CourseState initial;
} CourseRecurrentGradients;

/// The floats that a forward pass leaves for the backward pass.
size_t kernels_recurrent_kept_count(const CourseKernelSet *set, const CourseRecurrent *recurrent);
/// The floats that a pass needs while it runs, forward or backward.
size_t kernels_recurrent_work_count(const CourseKernelSet *set, const CourseRecurrent *recurrent,
                                    bool backward);

/// y [N, T, H] and the state after the last step, from x [N, T, F] and the state before the first
/// one (a NULL is zeros). `kept` and `work` hold as many floats as the functions above say.
void kernels_recurrent_forward(const CourseKernelSet *set, const CourseRecurrent *recurrent,
                               const float *x, const float *initialHidden,
                               const float *initialCell, float *kept, float *work, float *y,
                               CourseState final);

/// The gradients, from dY [N, T, H] and those of the final state; a NULL is zeros.
void kernels_recurrent_backward(const CourseKernelSet *set, const CourseRecurrent *recurrent,
                                const float *kept, float *work, const float *dY,
                                const float *dFinalHidden, const float *dFinalCell,
                                const CourseRecurrentGradients *gradients);

// MARK: -

/// N batch, T steps, H heads, d size. Queries, keys and values lie side by side in a row of x, and
/// in each of them the heads: x is [N, T, 3, H, d].
///
///     S = Q K^T / sqrt d,  A = softmax of the rows of S,  O = A V          for each example and head
///
/// If `causal`, step t sees the steps 0 ... t only. With `lengths`, no step of example n sees the steps
/// from lengths[n] on, which are padding; each is at least 1 and at most T. Those see the others.
typedef struct CourseAttention {
  size_t batch, steps, heads, size;
  bool causal;
  const size_t *lengths;           // [N], or NULL
} CourseAttention;

/// o [N, T, H, d], and, unless NULL, logSums [N, H, T], the logarithm of the sum of e^S over each
/// row: all that the backward pass needs besides x and o. `set` NULL means the default set.
void kernels_attention_forward(const CourseKernelSet *set, const CourseAttention *attention,
                               const float *x, float *o, float *logSums);

/// dX, as x, from dO, as o. The weights A are computed again, from x and logSums.
void kernels_attention_backward(const CourseKernelSet *set, const CourseAttention *attention,
                                const float *x, const float *o, const float *logSums,
                                const float *dO, float *dX);
