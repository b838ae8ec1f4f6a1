// Operations element by element.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/// An activation function, which products and convolutions apply after the bias.
typedef enum KernelActivation {
  kernelActivationIdentity, kernelActivationReLU, kernelActivationSigmoid, kernelActivationTanh
} KernelActivation;

/// set->elementwise
typedef struct KernelElementwise {
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
} KernelElementwise;
