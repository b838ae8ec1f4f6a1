// CodecShims - the few calls of zlib, libpng, TurboJPEG, libwebp and libcurl that the Generator library makes.
//
// Swift cannot call them directly: zlib's initialisers are macros, and libpng's classic interface longjmps.
// None of their headers is included here, so that importing this module needs none.
//
// Without the package trait ImageCodecs every function is still there and reports codecUnavailable.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum CourseCodecStatus {
  codecOK,           // done, or go on
  codecMemberEnd,    // inflate: a gzip member has ended, its checksum and length are right
  codecDamaged,      // the data are wrong; the message says how
  codecNoMemory,     // the system has no more memory
  codecUnavailable,  // built without this codec
} CourseCodecStatus;

// MARK: - gzip

typedef struct CourseCodecInflater CourseCodecInflater;

/// A reader of gzip members; NULL without memory or without zlib.
CourseCodecInflater *codec_inflater_create(void);
void codec_inflater_destroy(CourseCodecInflater *inflater);
/// Prepares for the next member.
void codec_inflater_reset(CourseCodecInflater *inflater);
/// Takes bytes from `input` and puts bytes to `output`; both counts become those that were used.
/// Neither was used when more input is needed. A message of at most 63 characters explains damage.
CourseCodecStatus codec_inflate(CourseCodecInflater *inflater, const uint8_t *input,
                                size_t *inputCount, uint8_t *output, size_t *outputCount,
                                char message[64]);

// MARK: - deflate

/// Unpacks deflate data without header, as ZIP archives hold them, to exactly `outputCount` bytes. More
/// or fewer, and input that is left over, are damage.
CourseCodecStatus codec_inflate_raw(const uint8_t *input, size_t inputCount, uint8_t *output,
                                    size_t outputCount, char message[64]);
/// The CRC-32 of bytes, as gzip, ZIP and PNG have it; codecUnavailable without zlib.
CourseCodecStatus codec_crc32(const uint8_t *bytes, size_t count, uint32_t *sum);

// MARK: - PNG

/// Decodes a whole PNG file to `channels` (1 grey, 3 RGB, 4 RGBA) interleaved bytes a pixel.
/// `pixelBytes` must be width * height * channels.
CourseCodecStatus codec_png_read(const uint8_t *file, size_t fileBytes, uint32_t channels,
                                 uint8_t *pixels, size_t pixelBytes, char message[64]);
/// Encodes pixels; `*file` is to be released with codec_free.
CourseCodecStatus codec_png_write(const uint8_t *pixels, uint32_t width, uint32_t height,
                                  uint32_t channels, uint8_t **file, size_t *fileBytes,
                                  char message[64]);
void codec_free(void *memory);

// MARK: - JPEG

/// Decodes a whole JPEG file to `channels` (1 grey, 3 RGB) interleaved bytes a pixel.
/// `pixels` has room for width * height * channels bytes, the size that the file's header claims.
CourseCodecStatus codec_jpeg_read(const uint8_t *file, size_t fileBytes, uint32_t width,
                                  uint32_t height, uint32_t channels, uint8_t *pixels,
                                  char message[64]);

// MARK: - WebP

/// Whether the system has libwebp.
bool codec_webp_is_available(void);
/// Decodes a whole WebP file to `channels` (3 RGB, 4 RGBA) interleaved bytes a pixel.
/// `pixels` has room for width * height * channels bytes; a file of another size is damage.
CourseCodecStatus codec_webp_read(const uint8_t *file, size_t fileBytes, uint32_t width,
                                  uint32_t height, uint32_t channels, uint8_t *pixels,
                                  char message[64]);

// MARK: - HTTP

/// A request for a file, and the functions that receive the answer. One that returns false ends the transfer.
typedef struct CourseCodecWebRequest {
  const char *url;
  /// Where the file is to begin.
  int64_t offset;
  /// After so many milliseconds without a connection the host is given up.
  long patience;
  long maximumRedirects;
  void *context;
  /// One line of an answer's head, its end included.
  bool (*head)(void *context, const char *line, size_t count);
  bool (*body)(void *context, const uint8_t *bytes, size_t count);
  /// Called at least about once a second.
  bool (*goesOn)(void *context);
} CourseCodecWebRequest;

enum { codecWebUnavailable = -1 };

/// Asks for a file and waits for it on this thread, through the libcurl of the system.
/// Returns libcurl's code, 0 when all has come, or codecWebUnavailable; `message` becomes libcurl's.
int codec_web_fetch(const CourseCodecWebRequest *request, char message[256]);

#ifdef __cplusplus
}
#endif
