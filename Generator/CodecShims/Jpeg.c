// JPEG through TurboJPEG, which reports errors by return values; libjpeg itself longjmps.

#include "CodecShims.h"

#include <stdio.h>
#include <string.h>

// Apple's systems have no TurboJPEG; there Generator asks ImageIO.
#if defined(COURSE_IMAGE_CODECS) && !defined(__APPLE__)

#if !__has_include(<turbojpeg.h>)
#error "install libturbojpeg0-dev, or build with --disable-default-traits (as a dependency: traits: [])"
#else
#include <pthread.h>
#include <turbojpeg.h>

// Making a decoder takes about as long as decoding a small image, so each thread keeps its own.
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int keyStatus;

static void destroy(void *handle) { tjDestroy(handle); }
static void createKey(void) { keyStatus = pthread_key_create(&key, destroy); }

static tjhandle decoder(void) {
  if (pthread_once(&once, createKey) || keyStatus) return NULL;
  tjhandle handle = pthread_getspecific(key);
  if (!handle) {
    handle = tjInitDecompress();
    if (handle && pthread_setspecific(key, handle)) {
      tjDestroy(handle);
      return NULL;
    }
  }
  return handle;
}

CodecStatus codec_jpeg_read(const uint8_t *file, size_t fileBytes, uint32_t width, uint32_t height,
                            uint32_t channels, uint8_t *pixels, char message[64]) {
  message[0] = 0;
  tjhandle handle = decoder();
  if (!handle) return codecNoMemory;
  // TurboJPEG writes no more than width x height pixels. If it saw another size than our own reader of
  // the header, this is what would be left.
  memset(pixels, 0, (size_t)width * height * channels);
  const int format = channels == 1 ? TJPF_GRAY : TJPF_RGB;
  // A warning is damage: a file that was cut off has only warnings. Hundreds of scans are an attack.
  const int flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;
  int failed = tjDecompress2(handle, file, fileBytes, pixels, (int)width, 0, (int)height, format,
                             flags | TJFLAG_STOPONWARNING);
  if (!failed) return codecOK;
  const char *text = tjGetErrorStr2(handle);
  // Cameras leave bytes between the last pixel and the end; every reader passes over them.
  if (tjGetErrorCode(handle) == TJERR_WARNING && strstr(text, "extraneous bytes before marker 0xd9")) {
    tjDecompress2(handle, file, fileBytes, pixels, (int)width, 0, (int)height, format, flags);
    return codecOK;
  }
  snprintf(message, 64, "%s", text);
  return codecDamaged;
}

#endif
#else

CodecStatus codec_jpeg_read(const uint8_t *file, size_t fileBytes, uint32_t width, uint32_t height,
                            uint32_t channels, uint8_t *pixels, char message[64]) {
  (void)file, (void)fileBytes, (void)width, (void)height, (void)channels, (void)pixels;
  message[0] = 0;
  return codecUnavailable;
}

#endif
