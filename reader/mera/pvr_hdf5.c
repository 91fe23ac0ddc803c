/* pvr_hdf5.c - calling libhdf5. */
#include "pvr_hdf5.h"

#include <hdf5.h>
#include <pthread.h>
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
