// HTTP through libcurl, which Foundation needs on Linux anyway, and which macOS has. It is looked for when
// it is wanted, so that neither its headers nor a new dependency are needed.
//
// Foundation's URLSession on Linux keeps a core busy while it waits, ends the process on a Content-Length
// of 2^63 - 1, and hangs on redirects to unknown protocols.

#include "CodecShims.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

typedef struct CURL CURL;

// Numbers of libcurl's binary interface, which never change.
enum {
  optionWriteData = 10001,
  optionURL = 10002,
  optionRange = 10007,
  optionErrorBuffer = 10010,
  optionUserAgent = 10018,
  optionHeaderData = 10029,
  optionProgressData = 10057,
  optionAcceptEncoding = 10102,
  optionWriteFunction = 20011,
  optionHeaderFunction = 20079,
  optionProgressFunction = 20219,
  optionNoProgress = 43,
  optionFollowLocation = 52,
  optionMaxRedirects = 68,
  optionNoSignal = 99,
  optionConnectTimeout = 156,
  optionProtocols = 181,
  optionRedirectProtocols = 182,
};
enum { protocolsHTTP = 1 | 2 };
enum { initAll = 3 };

static struct {
  CURL *(*init)(void);
  int (*set)(CURL *, int, ...);
  int (*perform)(CURL *);
  void (*cleanup)(CURL *);
} curl;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  static const char *const names[] = {
      "libcurl.so.4",
      "libcurl-gnutls.so.4",
      "/usr/lib/libcurl.4.dylib",
  };
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++) {
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  }
  if (!library) return;
  int (*initialize)(long) = (int (*)(long))dlsym(library, "curl_global_init");
  curl.init = (CURL * (*)(void)) dlsym(library, "curl_easy_init");
  curl.set = (int (*)(CURL *, int, ...))dlsym(library, "curl_easy_setopt");
  curl.cleanup = (void (*)(CURL *))dlsym(library, "curl_easy_cleanup");
  if (initialize && curl.init && curl.set && curl.cleanup && initialize(initAll) == 0) {
    curl.perform = (int (*)(CURL *))dlsym(library, "curl_easy_perform");
  }
}

static size_t takeHead(const char *line, size_t size, size_t count, void *data) {
  const CourseCodecWebRequest *request = data;
  return request->head(request->context, line, size * count) ? size * count : 0;
}

static size_t takeBody(const char *bytes, size_t size, size_t count, void *data) {
  const CourseCodecWebRequest *request = data;
  return request->body(request->context, (const uint8_t *)bytes, size * count) ? size * count : 0;
}

static int goOn(void *data, int64_t wanted, int64_t got, int64_t wantedUp, int64_t gotUp) {
  (void)wanted, (void)got, (void)wantedUp, (void)gotUp;
  const CourseCodecWebRequest *request = data;
  return request->goesOn(request->context) ? 0 : 1;
}

int codec_web_fetch(const CourseCodecWebRequest *request, char message[256]) {
  message[0] = 0;
  pthread_once(&once, load);
  CURL *handle = curl.perform ? curl.init() : NULL;
  if (!handle) return codecWebUnavailable;
  char range[32];
  snprintf(range, sizeof range, "%lld-", (long long)request->offset);
  curl.set(handle, optionURL, request->url);
  curl.set(handle, optionErrorBuffer, message);
  curl.set(handle, optionUserAgent, "deep-learning-course");
  // Packed for the way, the bytes that arrive would not be those of the file.
  curl.set(handle, optionAcceptEncoding, "identity");
  if (request->offset > 0) curl.set(handle, optionRange, range);
  curl.set(handle, optionNoSignal, 1L);
  curl.set(handle, optionConnectTimeout, request->patience);
  curl.set(handle, optionFollowLocation, 1L);
  curl.set(handle, optionMaxRedirects, request->maximumRedirects);
  curl.set(handle, optionProtocols, (long)protocolsHTTP);
  curl.set(handle, optionRedirectProtocols, (long)protocolsHTTP);
  curl.set(handle, optionHeaderFunction, takeHead);
  curl.set(handle, optionHeaderData, request);
  curl.set(handle, optionWriteFunction, takeBody);
  curl.set(handle, optionWriteData, request);
  curl.set(handle, optionProgressFunction, goOn);
  curl.set(handle, optionProgressData, request);
  curl.set(handle, optionNoProgress, 0L);
  int code = curl.perform(handle);
  curl.cleanup(handle);
  return code;
}
