// Bytes.h - numbers that are kept as bytes, such as pixels.

#ifndef KERNELS_BYTES_H
#define KERNELS_BYTES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// y = x / divisor, correctly rounded.
void kernels_bytes_to_floats(const uint8_t *x, size_t count, float divisor, float *y);
/// y = the nearest whole number to x * factor, from 0 to 255; 0 for NaN.
void kernels_floats_to_bytes(const float *x, size_t count, float factor, uint8_t *y);
/// Planes to pixels: y[i * channels + c] = x[c * area + i]. y is not x.
void kernels_interleave_bytes(const uint8_t *x, size_t area, size_t channels, uint8_t *y);
/// Pixels to planes: y[c * area + i] = x[i * channels + c]. y is not x.
void kernels_deinterleave_bytes(const uint8_t *x, size_t area, size_t channels, uint8_t *y);

#ifdef __cplusplus
}
#endif

#endif
