// Embedded by the C compiler, as the data sets of Shared/BundledData are. The licence asks to be in all copies, so it is
// in the binary as well.
#include "Definitions.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char definitions[] = {
#embed "definitions.csv"
};
static const unsigned char license[] = {
#embed "LICENSE.txt"
};

const char *const bundled_definitions_csv = (const char *)definitions;
const size_t bundled_definitions_csv_size = sizeof definitions;
const char *const bundled_definitions_license = (const char *)license;
const size_t bundled_definitions_license_size = sizeof license;
