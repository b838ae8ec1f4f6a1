// Embedded by the C compiler, as the data sets of Shared/BundledData are; here for its size, so that only the
// programs that read it have it.
#include "Texts.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char shakespeare[] = {
#embed "shakespeare.txt"
};

const char *const bundled_shakespeare_txt = (const char *)shakespeare;
const size_t bundled_shakespeare_txt_size = sizeof shakespeare;
