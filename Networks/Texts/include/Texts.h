// A text to learn, inside the binary.
#pragma once

#include <stddef.h>

/// Eight plays by William Shakespeare, in ASCII.
extern const char *const bundled_shakespeare_txt;
extern const size_t bundled_shakespeare_txt_size;
