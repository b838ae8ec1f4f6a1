// Images: bytes to planes of floats, resampling, rotation, colours. The same numbers on every instruction set.
//
// These run on the calling thread: a caller with many images gives each thread its own.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CourseKernelSet CourseKernelSet;

/// An image of interleaved bytes, seen mirrored, turned or cropped: pixel (y, x) of the view is at
/// pixels[start + y * strideY + x * strideX], channel c of it c bytes on. Strides may be negative.
/// Only rows firstRow ..< endRow and columns firstColumn ..< endColumn lie in the image; the rest of
/// the height x width view is 0.
typedef struct CoursePixelView {
  const uint8_t *pixels;
  ptrdiff_t start, strideY, strideX;
  size_t height, width, channels;
  size_t firstRow, endRow, firstColumn, endColumn;
} CoursePixelView;

/// y[c][row][column] = (byte / 255 - mean[c]) / deviation[c] in the image, (0 - mean[c]) /
/// deviation[c] around it when `normalizesBorder`, else 0. mean and deviation are NULL together: then
/// y = byte / 255.
void kernels_pixels_to_floats(const CourseKernelSet *set, const CoursePixelView *view,
                              const float *mean, const float *deviation, bool normalizesBorder,
                              float *y);

/// Which inputs make each output along one axis: output i is the sum over k < taps of weights[i * taps +
/// k] times input first[i] + k. Weights of 0 at both ends read nothing.
typedef struct CourseResampling {
  const int32_t *first;
  const float *weights;
  size_t taps, count;
} CourseResampling;

/// x [planes, height, width] resampled along its rows and then along its columns; NULL leaves an axis
/// as it is. y [planes, rows->count, columns->count].
void kernels_resample(const CourseKernelSet *set, const float *x, size_t planes, size_t height,
                      size_t width, const CourseResampling *rows, const CourseResampling *columns,
                      float *y);

/// Samples x [planes, height, width] at (sourceX, sourceY) = matrix . (column, row, 1), in pixels
/// counted from the centre of the first one; `matrix` is 2 x 3, row-major. Between pixels linearly,
/// or the nearest one; beyond the edge there are zeros. y [planes, outputHeight, outputWidth].
void kernels_sample_affine(const CourseKernelSet *set, const float *x, size_t planes,
                           size_t height, size_t width, const float matrix[6], bool linear,
                           size_t outputHeight, size_t outputWidth, float *y);

/// Samples x [planes, height, width] at (column + dx, row + dy), where `shifts` [2, height, width] holds dx of each
/// pixel and then dy. Between pixels linearly, or the nearest one; beyond the edge there are zeros. y [planes,
/// height, width].
void kernels_sample_shifted(const float *x, size_t planes, size_t height, size_t width,
                            const float *shifts, bool linear, float *y);

// Colours of planes of floats, 0 to 1; grey is 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601).

/// y = clip(f x, 0, 1)
void kernels_adjust_brightness(const CourseKernelSet *set, const float *x, size_t count,
                               float factor, float *y);
/// y = clip(f x + (1 - f) m, 0, 1), where m is the mean of the grey image, or of the first plane when
/// there are fewer than three.
void kernels_adjust_contrast(const CourseKernelSet *set, const float *x, size_t channels,
                             size_t area, float factor, float *y);
/// y = clip(f x + (1 - f) grey, 0, 1) of three planes.
void kernels_adjust_saturation(const CourseKernelSet *set, const float *x, size_t area,
                               float factor, float *y);
/// Turns the hue of three planes by `turns` of the circle of colours: to HSV, H += turns, and back.
void kernels_shift_hue(const CourseKernelSet *set, const float *x, size_t area, float turns,
                       float *y);

// MARK: - Bytes

/// y = x / divisor, correctly rounded.
void kernels_bytes_to_floats(const uint8_t *x, size_t count, float divisor, float *y);
/// y = the nearest whole number to x * factor, from 0 to 255; 0 for NaN.
void kernels_floats_to_bytes(const float *x, size_t count, float factor, uint8_t *y);
/// Planes to pixels: y[i * channels + c] = x[c * area + i]. y is not x.
void kernels_interleave_bytes(const uint8_t *x, size_t area, size_t channels, uint8_t *y);
/// Pixels to planes: y[c * area + i] = x[i * channels + c]. y is not x.
void kernels_deinterleave_bytes(const uint8_t *x, size_t area, size_t channels, uint8_t *y);
