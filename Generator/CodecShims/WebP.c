// WebP through the system's libwebp, looked for when it is wanted: a build needs none of it, and WebP is read
// wherever a browser or an image viewer has brought the library.

#include "CodecShims.h"

#include <stdio.h>

// Apple's systems have no libwebp; there Generator asks ImageIO.
#if defined(COURSE_IMAGE_CODECS) && !defined(__APPLE__)

#include <dlfcn.h>
#include <pthread.h>

// Both return `output`, or NULL for data that cannot be decoded or do not fit.
typedef uint8_t *(*DecodeInto)(const uint8_t *data, size_t dataBytes, uint8_t *output,
                               size_t outputBytes, int outputStride);

static DecodeInto decodeRGB, decodeRGBA;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  static const char *const names[] = {"libwebp.so.7", "libwebp.so.6", "libwebp.so"};
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++) {
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  }
  if (!library) return;
  decodeRGB = (DecodeInto)dlsym(library, "WebPDecodeRGBInto");
  decodeRGBA = (DecodeInto)dlsym(library, "WebPDecodeRGBAInto");
}

bool codec_webp_is_available(void) {
  pthread_once(&once, load);
  return decodeRGB && decodeRGBA;
}

CourseCodecStatus codec_webp_read(const uint8_t *file, size_t fileBytes, uint32_t width,
                                  uint32_t height, uint32_t channels, uint8_t *pixels,
                                  char message[64]) {
  message[0] = 0;
  if (!codec_webp_is_available()) return codecUnavailable;
  const size_t stride = (size_t)width * channels;
  const DecodeInto decode = channels == 4 ? decodeRGBA : decodeRGB;
  if (decode(file, fileBytes, pixels, stride * height, (int)stride)) return codecOK;
  snprintf(message, 64, "pixels that cannot be decoded");
  return codecDamaged;
}

#else

bool codec_webp_is_available(void) { return false; }

CourseCodecStatus codec_webp_read(const uint8_t *file, size_t fileBytes, uint32_t width,
                                  uint32_t height, uint32_t channels, uint8_t *pixels,
                                  char message[64]) {
  (void)file, (void)fileBytes, (void)width, (void)height, (void)channels, (void)pixels;
  message[0] = 0;
  return codecUnavailable;
}

#endif
