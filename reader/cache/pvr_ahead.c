/* pvr_ahead.c - loading into a cache what is likely to be asked for next. */
#include "pvr_ahead.h"

#include "pvr_cache_private.h"
#include "pvr_snapshot_private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct pvr_ahead {
    struct pvr_cache *cache;
    pthread_t thread;
    bool running; /* the thread is to be joined */
    int stop;     /* atomic */
    bool whole;   /* set by the thread */
    /* What is loaded. */
    struct pvr_snapshot *snapshot;
    struct pvr_mesh_request request;
    struct pvr_region region;
    char (*name)[PVR_NAME_SIZE];
    struct pvr_threads threads;
};

enum { LOWEST_PRIORITY = 19 };

static bool is_stopped(const struct pvr_ahead *ahead) {
    return __atomic_load_n(&ahead->stop, __ATOMIC_RELAXED) != 0;
}

static int gives_way(void *context, double fraction, uint64_t done, uint64_t expected) {
    const struct pvr_ahead *ahead = context;
    (void)fraction;
    (void)done;
    (void)expected;
    return is_stopped(ahead) || pvr_cache_is_awaited(ahead->cache);
}

/* Something that can be begun anew whenever someone else has to go first. */
typedef enum pvr_status (*step_fn)(struct pvr_ahead *ahead, int field);

static enum pvr_status run_step(struct pvr_ahead *ahead, step_fn step, int field) {
    enum pvr_status status = PVR_CANCELLED;
    while (status == PVR_CANCELLED && !is_stopped(ahead)) {
        if (pvr_cache_is_awaited(ahead->cache)) {
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        } else {
            status = step(ahead, field);
        }
    }
    return status;
}

static enum pvr_status read_tables(struct pvr_ahead *ahead, int field) {
    (void)field;
    const struct pvr_domains *domains;
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, &ahead->threads, gives_way, ahead, NULL);
    if (status == PVR_OK) {
        status = pvr_snapshot_domains(ahead->snapshot, &job, &domains, NULL);
        pvr_job_end(&job, NULL);
    }
    return status;
}

static enum pvr_status load_field(struct pvr_ahead *ahead, int field) {
    const char *name = field < ahead->request.nfields ? ahead->name[field] : NULL;
    struct pvr_mesh_request request = ahead->request;
    request.fields = &name;
    request.nfields = name != NULL ? 1 : 0;
    struct pvr_mesh *mesh;
    enum pvr_status status = pvr_cache_load_ahead(ahead->cache, ahead->snapshot, &request,
                                                  &ahead->threads, gives_way, ahead, &mesh, NULL);
    pvr_mesh_free(mesh);
    return status;
}

static bool is_small_enough(struct pvr_ahead *ahead) {
    uint64_t bytes;
    struct pvr_mesh_request request = ahead->request;
    const char **names = calloc((size_t)request.nfields + 1, sizeof *names);
    for (int i = 0; names != NULL && i < request.nfields; i++) {
        names[i] = ahead->name[i];
    }
    request.fields = names;
    enum pvr_status status =
        names != NULL ? pvr_mesh_bytes(ahead->snapshot, &request, &ahead->threads, &bytes, NULL)
                      : PVR_ERROR_MEMORY;
    free(names);
    return status == PVR_OK && bytes <= pvr_cache_use(ahead->cache).budget / 2;
}

static void *load_all(void *context) {
    struct pvr_ahead *ahead = context;
    /* of this thread alone, and of the team that it makes; both are wishes */
    pthread_setname_np(pthread_self(), PVR_AHEAD_THREAD);
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LOWEST_PRIORITY);
    enum pvr_status status = run_step(ahead, read_tables, 0);
    if (status == PVR_OK && !is_small_enough(ahead)) {
        status = PVR_CANCELLED;
    }
    for (int i = 0; status == PVR_OK && (i == 0 || i < ahead->request.nfields); i++) {
        status = run_step(ahead, load_field, i);
    }
    ahead->whole = status == PVR_OK;
    return NULL;
}

enum pvr_status pvr_ahead_new(struct pvr_cache *cache, struct pvr_ahead **result,
                              struct pvr_error *error) {
    struct pvr_ahead *ahead = calloc(1, sizeof *ahead);
    *result = ahead;
    if (ahead == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for reading ahead");
    }
    ahead->cache = pvr_cache_retain(cache);
    return PVR_OK;
}

void pvr_ahead_stop(struct pvr_ahead *ahead) {
    __atomic_store_n(&ahead->stop, 1, __ATOMIC_RELAXED);
}

bool pvr_ahead_wait(struct pvr_ahead *ahead) {
    if (ahead->running) {
        pthread_join(ahead->thread, NULL);
        ahead->running = false;
    }
    pvr_snapshot_release(ahead->snapshot);
    free(ahead->name);
    ahead->snapshot = NULL;
    ahead->name = NULL;
    return ahead->whole;
}

void pvr_ahead_free(struct pvr_ahead *ahead) {
    if (ahead != NULL) {
        pvr_ahead_stop(ahead);
        pvr_ahead_wait(ahead);
        pvr_cache_release(ahead->cache);
        free(ahead);
    }
}

enum pvr_status pvr_ahead_start(struct pvr_ahead *ahead, struct pvr_snapshot *snapshot,
                                const struct pvr_mesh_request *request,
                                const struct pvr_threads *threads, struct pvr_error *error) {
    pvr_ahead_stop(ahead);
    pvr_ahead_wait(ahead);
    int nfields = request->nfields > 0 ? request->nfields : 0;
    ahead->name = calloc((size_t)nfields + 1, sizeof *ahead->name);
    if (ahead->name == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for reading ahead");
    }
    for (int i = 0; i < nfields; i++) {
        strncpy(ahead->name[i], request->fields[i], sizeof ahead->name[i] - 1);
    }
    ahead->request = *request;
    ahead->request.fields = NULL;
    if (request->region != NULL) {
        ahead->region = *request->region;
        ahead->request.region = &ahead->region;
    }
    ahead->request.nfields = nfields;
    ahead->snapshot = pvr_snapshot_retain(snapshot);
    ahead->threads = threads != NULL ? *threads : (struct pvr_threads){.prefetch = true};
    ahead->threads.max = (pvr_threads_count(&ahead->threads) + 1) / 2;
    ahead->threads.pin = false;
    ahead->stop = 0;
    ahead->whole = false;
    if (pthread_create(&ahead->thread, NULL, load_all, ahead) != 0) {
        pvr_ahead_wait(ahead);
        return pvr_fail(error, PVR_ERROR_IO, "no thread for reading ahead is to be had");
    }
    ahead->running = true;
    return PVR_OK;
}
