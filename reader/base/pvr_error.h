/* pvr_error.h - errors as values.
 *
 * Every function of the library that can fail takes a `struct pvr_error *` as its last argument
 * and returns a `enum pvr_status`. On failure the status is not PVR_OK and the error holds the
 * same status with one message for a person: which file, which record, what was expected. The
 * library never prints and never ends the process. A null error pointer is allowed: the caller
 * then learns only the status.
 */
#ifndef PVR_ERROR_H
#define PVR_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

enum pvr_status {
    PVR_OK = 0,
    PVR_ERROR_IO,          /* a file is missing, unreadable or the system refused a call */
    PVR_ERROR_FORMAT,      /* a file is there but holds something else than it must */
    PVR_ERROR_UNSUPPORTED, /* right by its format, but of a kind that is not read */
    PVR_ERROR_MEMORY,      /* memory that the request needs is not to be had */
    PVR_ERROR_ARGUMENT,    /* the caller asked for something that does not exist */
    PVR_CANCELLED          /* the caller's progress function asked to stop */
};

enum { PVR_MESSAGE_SIZE = 2048 };

struct pvr_error {
    enum pvr_status status;
    char message[PVR_MESSAGE_SIZE]; /* UTF-8, no line break at the end; empty when status is OK */
};

/* Writes status and a printf-like message into `error` (which may be null) and returns `status`,
 * so that a function can end with `return pvr_fail(error, PVR_ERROR_IO, "%s: ...", path);`. */
enum pvr_status pvr_fail(struct pvr_error *error, enum pvr_status status, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* Sets `error` (which may be null) to PVR_OK with an empty message. */
void pvr_error_clear(struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
