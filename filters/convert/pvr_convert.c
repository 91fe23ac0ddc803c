/* pvr_convert.c - converting what was found, file by file, within the memory that there is. */
#include "pvr_convert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct converting {
    const struct pvr_convert_options *options;
    const struct pvr_convert_engine *engine;
    struct pvr_convert_list *list;
    struct pvr_convert_log log;
    size_t nitems; /* of the batch */
    size_t *entry; /* place in the list of each item */
    struct pvr_batch_item *items;
    enum pvr_convert_state *outcome; /* of each item, by its thread; `tell` passes it on */
    size_t *shown;                   /* running items as places in the list, for `tell` */
};

enum pvr_status pvr_convert_hash_open(int file, const char *path, char hash[PVR_CONVERT_HASH_SIZE],
                                      struct pvr_error *error) {
    enum { PART = 1 << 18 };
    char *part = malloc(PART);
    XXH3_state_t *state = XXH3_createState();
    enum pvr_status status = PVR_OK;
    off_t offset = 0;
    ssize_t got = 0;
    if (part == NULL || state == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the checksum of %s", path);
    } else {
        XXH3_128bits_reset(state);
        while ((got = pread(file, part, PART, offset)) > 0 || (got < 0 && errno == EINTR)) {
            XXH3_128bits_update(state, part, got > 0 ? (size_t)got : 0);
            offset += got > 0 ? got : 0;
        }
        if (got < 0) {
            status = pvr_fail(error, PVR_ERROR_IO, "%s: %s", path, strerror(errno));
        } else {
            XXH128_hash_t value = XXH3_128bits_digest(state);
            snprintf(hash, PVR_CONVERT_HASH_SIZE, "%016llx%016llx",
                     (unsigned long long)value.high64, (unsigned long long)value.low64);
        }
    }
    XXH3_freeState(state);
    free(part);
    return status;
}

enum pvr_status pvr_convert_hash(const char *path, char hash[PVR_CONVERT_HASH_SIZE],
                                 struct pvr_error *error) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: %s", path, strerror(errno));
    }
    enum pvr_status status = pvr_convert_hash_open(file, path, hash, error);
    close(file);
    return status;
}

/* ---- one file ---------------------------------------------------------------------------------
 */

struct following {
    const struct converting *converting;
    struct pvr_convert_entry *entry;
    const struct pvr_batch *batch;
    struct stat before; /* of the source */
};

static int follow(void *context, double fraction, uint64_t bytes_done, uint64_t bytes_expected) {
    (void)bytes_done;
    (void)bytes_expected;
    const struct following *following = context;
    uint64_t done = (uint64_t)(fraction * (double)following->entry->source_bytes);
    __atomic_store_n(&following->entry->bytes_done, done, __ATOMIC_RELAXED);
    return pvr_batch_stopped(following->batch);
}

/* Tells whether a source was written to while it was read. */
static bool changed(const struct stat *before, const char *path) {
    struct stat now;
    return stat(path, &now) != 0 || now.st_size != before->st_size ||
           now.st_ino != before->st_ino || now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != before->st_mtim.tv_nsec;
}

/* The target is whole: the last look at the source, and the line in the log, before it gets its
 * name. So nothing has a name that is not in the log. Folders (of RAMSES) have no checksum. */
static enum pvr_status note(void *context, int file, struct pvr_error *error) {
    const struct following *following = context;
    struct pvr_convert_entry *entry = following->entry;
    struct pvr_convert_facts *facts = &entry->facts;
    struct stat about;
    enum pvr_status status = pvr_convert_hash_open(file, entry->target, facts->target_hash, error);
    if (status == PVR_OK && S_ISREG(following->before.st_mode)) {
        status = pvr_convert_hash(entry->source, facts->source_hash, error);
    }
    if (status == PVR_OK && fstat(file, &about) == 0) {
        facts->target_bytes = (uint64_t)about.st_size;
    }
    if (status == PVR_OK && changed(&following->before, entry->source)) {
        status =
            pvr_fail(error, PVR_ERROR_IO, "%s: it was changed while it was read", entry->source);
    }
    return status != PVR_OK
               ? status
               : pvr_convert_log_line(
                     &following->converting->log, error,
                     "converted %s: %llu bytes xxh128 %s (%s) from %s: %llu bytes xxh128 %s (%s), "
                     "%llu values compared, pvramses %s",
                     entry->name, (unsigned long long)facts->target_bytes, facts->target_hash,
                     facts->target_version, entry->source, (unsigned long long)entry->source_bytes,
                     facts->source_hash[0] != '\0' ? facts->source_hash : "-",
                     facts->source_version, (unsigned long long)facts->values, PVRAMSES_VERSION);
}

static bool is_there(const char *path) {
    struct stat about;
    return lstat(path, &about) == 0;
}

static enum pvr_status convert_item(void *context, size_t item, int threads,
                                    const struct pvr_batch *batch, struct pvr_error *error) {
    struct converting *converting = context;
    struct pvr_convert_entry *entry = &converting->list->entry[converting->entry[item]];
    if (!converting->options->force && is_there(entry->target)) {
        converting->outcome[item] = PVR_CONVERT_SKIPPED; /* it came meanwhile */
        return PVR_OK;
    }
    struct following following = {.converting = converting, .entry = entry, .batch = batch};
    if (stat(entry->source, &following.before) != 0) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: %s", entry->source, strerror(errno));
    }
    struct pvr_threads team = {.max = threads, .prefetch = true};
    const struct pvr_convert_engine *engine = converting->engine;
    const struct pvr_convert_call call = {entry->source, entry->target, &team,     follow,
                                          &following,    note,          &following};
    enum pvr_status status = engine->convert(engine->context, &call, &entry->facts, error);
    if (status == PVR_OK) {
        converting->outcome[item] = PVR_CONVERT_CONVERTED;
    }
    if (status != PVR_CANCELLED) { /* also of one that fails nothing is left to do */
        __atomic_store_n(&entry->bytes_done, entry->source_bytes, __ATOMIC_RELAXED);
    }
    return status;
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static void tell(void *context, const struct pvr_batch_news *news) {
    struct converting *converting = context;
    struct pvr_batch_news told = *news;
    for (size_t i = 0; i < news->running; i++) {
        converting->shown[i] = converting->entry[news->items[i]];
    }
    told.items = converting->shown;
    if (news->changed != SIZE_MAX) {
        size_t place = converting->entry[news->changed];
        struct pvr_convert_entry *entry = &converting->list->entry[place];
        struct pvr_batch_item *item = &converting->items[news->changed];
        entry->seconds = item->seconds;
        entry->threads = item->threads;
        if (item->state == PVR_BATCH_DONE) {
            entry->state = converting->outcome[news->changed];
        }
        if (item->state == PVR_BATCH_FAILED || item->state == PVR_BATCH_TOO_LARGE) {
            struct pvr_error ignored;
            entry->state = PVR_CONVERT_FAILED;
            entry->message = item->message;
            item->message = NULL;
            pvr_convert_log_line(&converting->log, &ignored, "failed %s: %s", entry->name,
                                 entry->message != NULL ? entry->message : "no reason is known");
        }
        told.changed = place;
    }
    if (converting->options->tell != NULL) {
        converting->options->tell(converting->options->context, converting->list, &told);
    }
}

static bool stopped(void *context) {
    const struct converting *converting = context;
    return converting->options->stopped != NULL &&
           converting->options->stopped(converting->options->context);
}

void pvr_convert_estimate(const struct pvr_convert_options *options,
                          const struct pvr_convert_engine *engine, struct pvr_convert_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        struct pvr_convert_entry *entry = &list->entry[i];
        struct pvr_error ignored;
        if (entry->estimated || (entry->exists && !options->force)) {
            continue;
        }
        if (options->stopped != NULL && options->stopped(options->context)) {
            return;
        }
        entry->estimated = true;
        if (engine->need(engine->context, entry->source, options->batch.threads, &entry->need,
                         &entry->thread_need, &ignored) != PVR_OK) {
            entry->need = entry->thread_need = 0;
        }
    }
}

/* Makes an item of each entry that is to be converted. */
static void make_items(struct converting *converting) {
    for (size_t i = 0; i < converting->list->count; i++) {
        struct pvr_convert_entry *entry = &converting->list->entry[i];
        if (!converting->options->force && entry->exists) {
            entry->state = PVR_CONVERT_SKIPPED;
            continue;
        }
        converting->items[converting->nitems].need = entry->need;
        converting->items[converting->nitems].thread_need = entry->thread_need;
        converting->entry[converting->nitems++] = i;
    }
}

/* Makes a folder, and those above it. */
static enum pvr_status make_folder(const char *path, struct pvr_error *error) {
    struct stat about;
    char *above = strdup(path);
    if (above == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    }
    for (char *slash = path[0] != '\0' ? strchr(above + 1, '/') : NULL; slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(above, 0777); /* whether it went well shows in the end */
        *slash = '/';
    }
    free(above);
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: cannot be made: %s", path, strerror(errno));
    }
    if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode)) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: is no folder", path);
    }
    return PVR_OK;
}

static void count_all(const struct pvr_convert_list *list, struct pvr_convert_report *report) {
    report->files = list->count;
    for (size_t i = 0; i < list->count; i++) {
        const struct pvr_convert_entry *entry = &list->entry[i];
        report->converted += entry->state == PVR_CONVERT_CONVERTED;
        report->failed += entry->state == PVR_CONVERT_FAILED;
        report->skipped += entry->state == PVR_CONVERT_SKIPPED;
        report->pending += entry->state == PVR_CONVERT_PENDING;
        if (entry->state == PVR_CONVERT_CONVERTED) {
            report->bytes_in += entry->source_bytes;
            report->bytes_out += entry->facts.target_bytes;
        }
    }
}

enum pvr_status pvr_convert_run(const struct pvr_convert_options *options,
                                const struct pvr_convert_engine *engine,
                                struct pvr_convert_list *list, struct pvr_convert_report *report,
                                struct pvr_error *error) {
    *report = (struct pvr_convert_report){0};
    struct converting converting = {
        .options = options, .engine = engine, .list = list, .log = {.fd = -1}};
    enum pvr_status status = make_folder(options->out, error);
    if (status == PVR_OK) {
        status = pvr_convert_log_open(options->out, &converting.log, error);
    }
    if (status == PVR_OK) {
        converting.entry = calloc(list->count + 1, sizeof *converting.entry);
        converting.items = calloc(list->count + 1, sizeof *converting.items);
        converting.outcome = calloc(list->count + 1, sizeof *converting.outcome);
        converting.shown = calloc(list->count + 1, sizeof *converting.shown);
        if (converting.entry == NULL || converting.items == NULL || converting.outcome == NULL ||
            converting.shown == NULL) {
            status =
                pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %zu files", list->count);
        }
    }
    if (status == PVR_OK) {
        pvr_convert_estimate(options, engine, list);
        make_items(&converting);
        struct pvr_batch_work work = {.nitems = converting.nitems,
                                      .items = converting.items,
                                      .run = convert_item,
                                      .tell = tell,
                                      .stopped = stopped,
                                      .context = &converting};
        status = pvr_batch_run(&options->batch, &work, &report->batch, error);
        pvr_batch_free_messages(&work);
        count_all(list, report);
    }
    free(converting.entry);
    free(converting.items);
    free(converting.outcome);
    free(converting.shown);
    pvr_convert_log_close(&converting.log);
    return status;
}

int pvr_convert_advice(const struct pvr_convert_report *report, int threads, char *text,
                       size_t size) {
    double files = report->files > 0 ? (double)report->files : 1;
    double violations = (double)report->batch.violations / files;
    double used = report->batch.total > 0
                      ? (double)report->batch.used_at_end / (double)report->batch.total
                      : 1;
    if (violations > 0.2) {
        int half = threads / 2 > 1 ? threads / 2 : 1;
        return snprintf(text, size,
                        "memory was short often: take %d thread%s and a safety margin of 0.9", half,
                        half == 1 ? "" : "s");
    }
    if (violations > 0.1) {
        int fewer = threads * 3 / 4 > 1 ? threads * 3 / 4 : 1;
        return snprintf(text, size,
                        "memory was short at times: take %d thread%s, or a safety margin of 0.85",
                        fewer, fewer == 1 ? "" : "s");
    }
    if (violations > 0) {
        return snprintf(text, size,
                        "memory was short once in a while: take one or two threads "
                        "less");
    }
    if (used < 0.6) {
        return snprintf(text, size, "memory was never short: more threads could be used");
    }
    return snprintf(text, size, "threads and memory fit each other");
}
