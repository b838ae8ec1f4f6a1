// Bytes and floats. Loops that the compiler vectorises by itself; they wait for memory anyway.

#include "Internal.h"

void kernels_bytes_to_floats(const uint8_t *x, size_t count, float divisor, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = (float)x[i] / divisor;
}

void kernels_floats_to_bytes(const float *x, size_t count, float factor, uint8_t *y) {
  for (size_t i = 0; i < count; i++) {
    float value = x[i] * factor + 0.5f;
    // Written so that NaN ends up at 0.
    value = value > 0 ? value : 0;
    value = value < 255 ? value : 255;
    y[i] = (uint8_t)value;
  }
}
