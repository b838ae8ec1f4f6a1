// Embedded by the C compiler: SwiftPM's own `.embedInCode` is a hundred times slower to build, and a
// resource bundle is lost when the binary is moved.
#include "BundledData.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char iris[] = {
#embed "iris.csv"
};
static const unsigned char digits[] = {
#embed "digits.csv"
};

const char *const bundled_iris_csv = (const char *)iris;
const size_t bundled_iris_csv_size = sizeof iris;
const char *const bundled_digits_csv = (const char *)digits;
const size_t bundled_digits_csv_size = sizeof digits;
