/* pvr_error.c - errors as values: filling in the message. */
#include "pvr_error.h"

#include <stdarg.h>
#include <stdio.h>

enum pvr_status pvr_fail(struct pvr_error *error, enum pvr_status status, const char *format, ...) {
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return status;
}

void pvr_error_clear(struct pvr_error *error) {
    if (error != NULL) {
        error->status = PVR_OK;
        error->message[0] = '\0';
    }
}
