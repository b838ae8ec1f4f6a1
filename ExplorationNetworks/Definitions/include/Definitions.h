// Definitions of WordNet 3.0, inside the binary, with their licence.
#pragma once

#include <stddef.h>

/// Two columns, "definition" and "category", in ASCII.
extern const char *const bundled_definitions_csv;
extern const size_t bundled_definitions_csv_size;

/// The licence of Princeton University, which must be in all copies.
extern const char *const bundled_definitions_license;
extern const size_t bundled_definitions_license_size;
