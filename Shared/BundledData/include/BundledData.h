// Data inside the binary: two data sets as the text of their CSV files.
#pragma once

#include <stddef.h>

/// Fisher's Iris: 150 flowers, 4 measurements, 3 species.
extern const char *const bundled_iris_csv;
extern const size_t bundled_iris_csv_size;

/// Optical Recognition of Handwritten Digits (test part): 1797 images of 8 x 8 pixels, 0 to 16.
extern const char *const bundled_digits_csv;
extern const size_t bundled_digits_csv_size;
