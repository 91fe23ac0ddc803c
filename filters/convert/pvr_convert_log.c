/* pvr_convert_log.c - the log of a folder that is being filled: also its lock. */
#include "pvr_convert.h"

#include "pvr_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum pvr_status pvr_convert_log_open(const char *out, struct pvr_convert_log *log,
                                     struct pvr_error *error) {
    *log =
        (struct pvr_convert_log){.fd = -1, .path = pvr_text_format("%s/%s", out, PVR_CONVERT_LOG)};
    enum pvr_status status = PVR_OK;
    if (log->path == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    } else if ((log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666)) < 0) {
        status = pvr_fail(error, PVR_ERROR_IO, "%s: %s", log->path, strerror(errno));
    } else if (flock(log->fd, LOCK_EX | LOCK_NB) != 0) {
        status = errno == EWOULDBLOCK
                     ? pvr_fail(error, PVR_ERROR_IO,
                                "%s: another converter is working in this folder; wait until it "
                                "has ended, or choose another folder",
                                out)
                     : pvr_fail(error, PVR_ERROR_IO, "%s: cannot be locked: %s", log->path,
                                strerror(errno));
    }
    if (status != PVR_OK) {
        pvr_convert_log_close(log);
    }
    return status;
}

enum pvr_status pvr_convert_log_line(const struct pvr_convert_log *log, struct pvr_error *error,
                                     const char *format, ...) {
    char line[4096];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    size_t length = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ ", &utc);
    va_list arguments;
    va_start(arguments, format);
    int added = vsnprintf(line + length, sizeof line - length - 1, format, arguments);
    va_end(arguments);
    length += added > 0 ? (size_t)added : 0;
    length = length < sizeof line - 2 ? length : sizeof line - 2;
    for (size_t i = 0; i < length; i++) {
        line[i] = line[i] == '\n' ? ' ' : line[i]; /* names may hold anything: still one line */
    }
    line[length++] = '\n';
    if (write(log->fd, line, length) != (ssize_t)length) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: cannot be written: %s", log->path,
                        strerror(errno));
    }
    return PVR_OK;
}

void pvr_convert_log_close(struct pvr_convert_log *log) {
    if (log->fd >= 0) {
        close(log->fd);
    }
    free(log->path);
    *log = (struct pvr_convert_log){.fd = -1};
}
