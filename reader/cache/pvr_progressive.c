/* pvr_progressive.c - a mesh that is shown coarse at once and finer level by level. */
#include "pvr_progressive.h"

#include "pvr_cache_private.h"
#include "pvr_depths.h"
#include "pvr_mesh_plan.h"
#include "pvr_snapshot_private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const double MOMENT = 1.0; /* seconds */

enum {
    LOW_PRIORITY = 10,  /* the view goes first */
    FIRST_CELLS = 50000 /* that are read and drawn in no time */
};

struct pvr_progressive {
    struct pvr_cache *cache;
    pthread_t thread;
    bool joinable;
    int stop; /* atomic */
    /* What is loaded; the thread's while it runs. */
    struct pvr_snapshot *snapshot;
    struct pvr_mesh_request request;
    struct pvr_region region;
    char (*name)[PVR_NAME_SIZE];
    const char **names;
    struct pvr_threads threads;
    struct pvr_progressive_work work;
    struct pvr_depths depths;
    int depth;            /* that is being loaded */
    int last;             /* that fits the budget */
    uint64_t read;        /* bytes, for the depth that is complete */
    uint64_t work_before; /* of the depths before the one that is being loaded */

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    struct pvr_progressive_state state;
    struct pvr_progressive_depth ready; /* its mesh is null: nothing is */
    double begin;
    uint64_t bytes_before; /* of the depths that are complete */
};

static bool is_stopped(const struct pvr_progressive *progressive) {
    return __atomic_load_n(&progressive->stop, __ATOMIC_RELAXED) != 0;
}

/* ---- the thread that loads
 * -------------------------------------------------------------------- */

static int tell_progress(void *context, double fraction, uint64_t done, uint64_t expected) {
    struct pvr_progressive *progressive = context;
    const struct pvr_depths *depths = &progressive->depths;
    int i = progressive->depth;
    double before = (double)progressive->work_before;
    double work = (double)depths->work[i] - before, all = (double)depths->work[progressive->last];
    (void)expected;
    if (work > 0.0 && !pvr_mesh_wants_part(&progressive->request)) {
        /* of what is in memory nothing is read: never more than the truth */
        fraction = (double)done < work ? (double)done / work : 1.0;
    }
    pthread_mutex_lock(&progressive->lock);
    progressive->state.fraction = all > 0.0 ? (before + fraction * work) / all : fraction;
    progressive->state.bytes_done = progressive->bytes_before + done;
    pthread_mutex_unlock(&progressive->lock);
    return is_stopped(progressive);
}

static int ask_for_stop(void *context, double fraction, uint64_t done, uint64_t expected) {
    (void)fraction;
    (void)done;
    (void)expected;
    return is_stopped(context);
}

static void drop(const struct pvr_progressive_work *work, struct pvr_progressive_depth *depth) {
    pvr_mesh_free(depth->mesh);
    if (depth->prepared != NULL) {
        work->drop(depth->prepared);
    }
    *depth = (struct pvr_progressive_depth){0};
}

static void publish(struct pvr_progressive *progressive, struct pvr_progressive_depth *depth) {
    struct pvr_progressive_depth before;
    pthread_mutex_lock(&progressive->lock);
    before = progressive->ready;
    progressive->ready = *depth;
    progressive->state.level = depth->mesh->octree->max_level;
    progressive->state.whole = depth->whole;
    progressive->read = depth->mesh->report.bytes_read;
    progressive->bytes_before += progressive->read;
    progressive->state.bytes_done = progressive->bytes_before;
    pthread_cond_broadcast(&progressive->changed);
    pthread_mutex_unlock(&progressive->lock);
    drop(&progressive->work, &before);
}

static enum pvr_status load_depth(struct pvr_progressive *progressive, int i,
                                  struct pvr_error *error) {
    struct pvr_mesh_request request = progressive->request;
    const struct pvr_progressive_work *work = &progressive->work;
    struct pvr_progressive_depth depth = {.whole = i == progressive->depths.count - 1};
    request.max_level = progressive->depths.level[i];
    progressive->depth = i;
    enum pvr_status status =
        pvr_cache_load(progressive->cache, progressive->snapshot, &request, &progressive->threads,
                       tell_progress, progressive, &depth.mesh, error);
    if (status == PVR_OK && work->prepare != NULL) {
        status = work->prepare(work->context, depth.mesh, ask_for_stop, progressive,
                               &depth.prepared, error);
    }
    if (status != PVR_OK) {
        drop(work, &depth);
    } else {
        publish(progressive, &depth);
    }
    return status;
}

/* The deepest depth that is in memory already, else the first. */
static int first_depth(struct pvr_progressive *progressive) {
    struct pvr_mesh_request request = progressive->request;
    for (int i = progressive->depths.count - 1; i > 0; i--) {
        request.max_level = progressive->depths.level[i];
        if (pvr_cache_has(progressive->cache, progressive->snapshot, &request,
                          &progressive->threads, ask_for_stop, progressive)) {
            return i;
        }
    }
    return 0;
}

/* Settles the last depth whose arrays fit the budget, `first` at least. */
static void find_last_depth(struct pvr_progressive *progressive, int first) {
    const struct pvr_depths *depths = &progressive->depths;
    uint64_t budget = pvr_cache_use(progressive->cache).budget;
    int last = first;
    while (last + 1 < depths->count && depths->cells[last + 1] * depths->cell_bytes <= budget) {
        last++;
    }
    progressive->last = last;
    if (last + 1 < depths->count) {
        pthread_mutex_lock(&progressive->lock);
        progressive->state.bytes_needed = depths->cells[last + 1] * depths->cell_bytes;
        progressive->state.budget = budget;
        pthread_mutex_unlock(&progressive->lock);
    }
}

/* The depth after `i`, whose own loading took `seconds`. Where all the rest will be there in a
 * moment it is loaded at once: putting arrays together for depths in between would be most of the
 * work. */
static int next_depth(const struct pvr_progressive *progressive, int i, double seconds) {
    const struct pvr_depths *depths = &progressive->depths;
    double own = (double)(depths->work[i] - progressive->work_before);
    double rest = (double)depths->work[progressive->last] - (double)depths->work[i];
    bool was_read = progressive->read > 0; /* else nothing is known of the speed */
    return was_read && i > 0 && seconds * rest < MOMENT * own ? progressive->last : i + 1;
}

static void *load_all(void *context) {
    struct pvr_progressive *progressive = context;
    struct pvr_error error;
    pvr_error_clear(&error);
    /* of this thread alone, and of the team that it makes; it is a wish */
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LOW_PRIORITY);
    enum pvr_status status = pvr_depths_plan(progressive->snapshot, &progressive->request,
                                             FIRST_CELLS, &progressive->threads, ask_for_stop,
                                             progressive, &progressive->depths, &error);
    int first = status == PVR_OK ? first_depth(progressive) : 0;
    if (status == PVR_OK) {
        find_last_depth(progressive, first);
    }
    progressive->work_before = first > 0 ? progressive->depths.work[first - 1] : 0;
    for (int i = first, next = 0; status == PVR_OK && i <= progressive->last; i = next) {
        double begin = pvr_seconds();
        status = is_stopped(progressive) ? PVR_CANCELLED : load_depth(progressive, i, &error);
        next = i < progressive->last ? next_depth(progressive, i, pvr_seconds() - begin) : i + 1;
        progressive->work_before = progressive->depths.work[i];
    }
    pthread_mutex_lock(&progressive->lock);
    progressive->state.running = false;
    progressive->state.seconds = pvr_seconds() - progressive->begin;
    progressive->state.fraction = status == PVR_OK ? 1.0 : progressive->state.fraction;
    progressive->state.status = status;
    progressive->state.error = error;
    pthread_cond_broadcast(&progressive->changed);
    pthread_mutex_unlock(&progressive->lock);
    return NULL;
}

/* ---- the thread that shows
 * -------------------------------------------------------------------- */

enum pvr_status pvr_progressive_new(struct pvr_cache *cache, struct pvr_progressive **result,
                                    struct pvr_error *error) {
    struct pvr_progressive *progressive = calloc(1, sizeof *progressive);
    pthread_condattr_t attributes;
    *result = progressive;
    if (progressive == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for loading level by level");
    }
    pthread_mutex_init(&progressive->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&progressive->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    progressive->cache = pvr_cache_retain(cache);
    return PVR_OK;
}

void pvr_progressive_stop(struct pvr_progressive *progressive) {
    __atomic_store_n(&progressive->stop, 1, __ATOMIC_RELAXED);
    if (progressive->joinable) {
        pthread_join(progressive->thread, NULL);
        progressive->joinable = false;
    }
    drop(&progressive->work, &progressive->ready);
    pvr_snapshot_release(progressive->snapshot);
    free(progressive->name);
    free(progressive->names);
    progressive->snapshot = NULL;
    progressive->name = NULL;
    progressive->names = NULL;
}

void pvr_progressive_free(struct pvr_progressive *progressive) {
    if (progressive != NULL) {
        pvr_progressive_stop(progressive);
        pvr_cache_release(progressive->cache);
        pthread_cond_destroy(&progressive->changed);
        pthread_mutex_destroy(&progressive->lock);
        free(progressive);
    }
}

/* Takes a copy of all that `request` points to. */
static enum pvr_status copy_request(struct pvr_progressive *progressive,
                                    const struct pvr_mesh_request *request,
                                    struct pvr_error *error) {
    int nfields = request->nfields > 0 ? request->nfields : 0;
    progressive->name = calloc((size_t)nfields + 1, sizeof *progressive->name);
    progressive->names = calloc((size_t)nfields + 1, sizeof *progressive->names);
    if (progressive->name == NULL || progressive->names == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for loading level by level");
    }
    for (int i = 0; i < nfields; i++) {
        strncpy(progressive->name[i], request->fields[i], sizeof progressive->name[i] - 1);
        progressive->names[i] = progressive->name[i];
    }
    progressive->request = *request;
    progressive->request.fields = progressive->names;
    progressive->request.nfields = nfields;
    if (request->region != NULL) {
        progressive->region = *request->region;
        progressive->request.region = &progressive->region;
    }
    return PVR_OK;
}

enum pvr_status
pvr_progressive_start(struct pvr_progressive *progressive, struct pvr_snapshot *snapshot,
                      const struct pvr_mesh_request *request, const struct pvr_threads *threads,
                      const struct pvr_progressive_work *work, struct pvr_error *error) {
    pvr_progressive_stop(progressive);
    enum pvr_status status = copy_request(progressive, request, error);
    progressive->snapshot = pvr_snapshot_retain(snapshot);
    progressive->threads = threads != NULL ? *threads : (struct pvr_threads){.prefetch = true};
    progressive->threads.pin = false; /* the view draws meanwhile */
    progressive->work = work != NULL ? *work : (struct pvr_progressive_work){0};
    progressive->depths.count = 0;
    progressive->depth = 0;
    progressive->last = 0;
    progressive->bytes_before = 0;
    progressive->begin = pvr_seconds();
    progressive->stop = 0;
    progressive->state = (struct pvr_progressive_state){.running = status == PVR_OK};
    if (status == PVR_OK &&
        pthread_create(&progressive->thread, NULL, load_all, progressive) != 0) {
        status = pvr_fail(error, PVR_ERROR_IO, "no thread for loading level by level is to be had");
    }
    progressive->joinable = status == PVR_OK;
    if (status != PVR_OK) {
        progressive->state = (struct pvr_progressive_state){.status = status};
    }
    return status;
}

bool pvr_progressive_wait(struct pvr_progressive *progressive, double seconds) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)seconds;
    until.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&progressive->lock);
    int timed_out = 0;
    while (timed_out == 0 && progressive->state.running && progressive->ready.mesh == NULL) {
        timed_out = pthread_cond_timedwait(&progressive->changed, &progressive->lock, &until);
    }
    bool there = !progressive->state.running || progressive->ready.mesh != NULL;
    pthread_mutex_unlock(&progressive->lock);
    return there;
}

bool pvr_progressive_take(struct pvr_progressive *progressive,
                          struct pvr_progressive_depth *depth) {
    pthread_mutex_lock(&progressive->lock);
    *depth = progressive->ready;
    progressive->ready = (struct pvr_progressive_depth){0};
    pthread_mutex_unlock(&progressive->lock);
    return depth->mesh != NULL;
}

struct pvr_progressive_state pvr_progressive_state(struct pvr_progressive *progressive) {
    pthread_mutex_lock(&progressive->lock);
    struct pvr_progressive_state state = progressive->state;
    state.untaken = progressive->ready.mesh != NULL;
    if (state.running) {
        state.seconds = pvr_seconds() - progressive->begin;
    }
    pthread_mutex_unlock(&progressive->lock);
    bool known = state.running && state.fraction > 0.01;
    state.seconds_left = known           ? state.seconds * (1.0 - state.fraction) / state.fraction
                         : state.running ? -1.0
                                         : 0.0;
    return state;
}
