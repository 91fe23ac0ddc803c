/* pvr_hdf5.c - calling libhdf5. */
#include "pvr_hdf5.h"

#include <hdf5.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_lock(void) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

void pvr_hdf5_begin(struct pvr_hdf5_call *call) {
    pthread_once(&once, make_lock);
    pthread_mutex_lock(&lock);
    H5E_auto2_t function = NULL;
    H5Eget_auto2(H5E_DEFAULT, &function, &call->data);
    memcpy(&call->function, &function, sizeof function);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void pvr_hdf5_end(struct pvr_hdf5_call *call) {
    H5E_auto2_t function;
    memcpy(&function, &call->function, sizeof function);
    H5Eset_auto2(H5E_DEFAULT, function, call->data);
    pthread_mutex_unlock(&lock);
}

/* Keeps the innermost reason. */
static herr_t note_reason(unsigned number, const H5E_error2_t *reason, void *text) {
    (void)number;
    snprintf(text, 256, "%s", reason->desc != NULL ? reason->desc : "");
    return 1; /* no further */
}

enum pvr_status pvr_hdf5_fail(struct pvr_error *error, const char *path, const char *what) {
    char reason[256] = "";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, note_reason, reason);
    return reason[0] != '\0'
               ? pvr_fail(error, PVR_ERROR_FORMAT, "%s: %s (HDF5: %s)", path, what, reason)
               : pvr_fail(error, PVR_ERROR_FORMAT, "%s: %s", path, what);
}
