// Sums in double precision. Loops that the compiler vectorises by itself; they wait for memory anyway.

#include "Internal.h"

void kernels_add_moments(const float *x, size_t rows, size_t groups, size_t size, const double *center,
                         double *sums, double *squares) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t group = 0; group < groups; group++) {
      double sum = 0, square = 0;
      for (size_t i = 0; i < size; i++) {
        double difference = (double)*x++ - center[group];
        sum += difference;
        square += difference * difference;
      }
      sums[group] += sum;
      squares[group] += square;
    }
  }
}
