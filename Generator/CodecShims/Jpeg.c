// JPEG through TurboJPEG, which reports errors by return values; libjpeg itself longjmps.

#include "CodecShims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Apple's systems have no TurboJPEG; there Generator asks ImageIO.
#if defined(COURSE_IMAGE_CODECS) && !defined(__APPLE__)

#if !__has_include(<turbojpeg.h>)
#error "install libturbojpeg0-dev, or build with --disable-default-traits (as a dependency: traits: [])"
#else
#include <pthread.h>
#include <turbojpeg.h>

/// The decoder that a thread keeps: making a decoder takes about as long as decoding a small image.
typedef struct Decoder {
  tjhandle handle;
  uint8_t *pixels;  // smallImage bytes, at an address that is 16 above a multiple of 32
} Decoder;

// TurboJPEG writes rows that begin at a multiple of 32 past the caches, and the next row has to wait
// until that is done: 32 x 32 pixels take 1.7 times as long, 224 x 224 still 1.1 times. So small images
// are decoded to where no row begins there, and copied.
enum { smallImage = 1 << 18, rowAlignment = 32 };

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int keyStatus;

static void destroy(void *context) {
  Decoder *decoder = context;
  if (decoder->handle) tjDestroy(decoder->handle);
  if (decoder->pixels) free(decoder->pixels - rowAlignment / 2);
  free(decoder);
}
static void createKey(void) { keyStatus = pthread_key_create(&key, destroy); }

static Decoder *threadsDecoder(void) {
  if (pthread_once(&once, createKey) || keyStatus) return NULL;
  Decoder *decoder = pthread_getspecific(key);
  if (decoder) return decoder;
  decoder = calloc(1, sizeof *decoder);
  if (!decoder) return NULL;
  uint8_t *memory = aligned_alloc(rowAlignment, smallImage + rowAlignment);
  decoder->handle = tjInitDecompress();
  decoder->pixels = memory ? memory + rowAlignment / 2 : NULL;
  if (!memory || !decoder->handle || pthread_setspecific(key, decoder)) {
    destroy(decoder);
    return NULL;
  }
  return decoder;
}

CourseCodecStatus codec_jpeg_read(const uint8_t *file, size_t fileBytes, uint32_t width,
                                  uint32_t height, uint32_t channels, uint8_t *pixels,
                                  char message[64]) {
  message[0] = 0;
  Decoder *decoder = threadsDecoder();
  if (!decoder) return codecNoMemory;
  const tjhandle handle = decoder->handle;
  const size_t size = (size_t)width * height * channels;
  uint8_t *out = size <= smallImage ? decoder->pixels : pixels;
  // TurboJPEG writes no more than width x height pixels. If it saw another size than our own reader of
  // the header, zeros would remain.
  memset(out, 0, size);
  const int format = channels == 1 ? TJPF_GRAY : TJPF_RGB;
  // A warning is damage: a file that was cut off has only warnings. Hundreds of scans are an attack.
  const int flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;
  bool failed = tjDecompress2(handle, file, fileBytes, out, (int)width, 0, (int)height, format,
                              flags | TJFLAG_STOPONWARNING) != 0;
  const char *text = failed ? tjGetErrorStr2(handle) : "";
  // Cameras leave bytes between the last pixel and the end; every reader passes over them.
  if (failed && tjGetErrorCode(handle) == TJERR_WARNING &&
      strstr(text, "extraneous bytes before marker 0xd9")) {
    tjDecompress2(handle, file, fileBytes, out, (int)width, 0, (int)height, format, flags);
    failed = false;
  }
  if (!failed) {
    if (out != pixels) memcpy(pixels, out, size);
    return codecOK;
  }
  snprintf(message, 64, "%s", text);
  return codecDamaged;
}

#endif
#else

CourseCodecStatus codec_jpeg_read(const uint8_t *file, size_t fileBytes, uint32_t width,
                                  uint32_t height, uint32_t channels, uint8_t *pixels,
                                  char message[64]) {
  (void)file, (void)fileBytes, (void)width, (void)height, (void)channels, (void)pixels;
  message[0] = 0;
  return codecUnavailable;
}

#endif
