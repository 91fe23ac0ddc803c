/* pvr_convert.h - the batch converter: a folder of old Mera files, or a run of RAMSES, becomes a
 * folder of Mera files of today.
 *
 *     pvr_convert_find(in, out, from, to, ramses, &list, error);  // what there is to do
 *     ... show it, ask ...
 *     pvr_convert_run(options, engine, &list, &report, error);
 *     pvr_convert_list_free(&list);
 *
 * Sources are never touched. A target appears whole, after it was read back and compared with its
 * source value by value and noted in the folder's log, or not at all: stopping or killing the
 * process at any moment loses nothing, and running again goes on with what is missing. One
 * converter at a time works in a folder. The log (PVR_CONVERT_LOG) has sizes, checksums and
 * versions.
 */
#ifndef PVR_CONVERT_H
#define PVR_CONVERT_H

#include "pvr_batch.h"
#include "pvr_error.h"
#include "pvr_threads.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PVR_CONVERT_LOG "pvramses-convert.log"

enum { PVR_CONVERT_HASH_SIZE = 33 };

enum pvr_convert_state {
    PVR_CONVERT_PENDING = 0, /* not begun: the converter was stopped before */
    PVR_CONVERT_SKIPPED,     /* the target is there already */
    PVR_CONVERT_CONVERTED,
    PVR_CONVERT_FAILED
};

/* What was found out while a file was converted: for its line in the log. */
struct pvr_convert_facts {
    char source_version[64]; /* "JLD2 0.1.1, Mera 1.4.4" */
    char target_version[64];
    uint64_t target_bytes;
    uint64_t values;                         /* that were compared, bit for bit */
    double verify_seconds, sync_seconds;     /* reading back; bringing to the disk */
    char source_hash[PVR_CONVERT_HASH_SIZE]; /* XXH3, 128 bits, as xxhsum prints it */
    char target_hash[PVR_CONVERT_HASH_SIZE];
};

struct pvr_convert_entry {
    int number;   /* of the output */
    char *name;   /* of the target: output_00012.jld2 */
    char *source; /* path: a Mera file, or an output's folder */
    char *target; /* path */
    uint64_t source_bytes;
    bool exists;    /* the target does */
    bool duplicate; /* the entry before has the same number (output_12.jld2) */

    /* Set by pvr_convert_estimate. */
    bool estimated;
    uint64_t need;        /* bytes of memory, from the file's headers; 0: they cannot be read */
    uint64_t thread_need; /* and for each thread */
    int threads;          /* that converted it */

    /* Set while converting. */
    enum pvr_convert_state state;
    uint64_t bytes_done; /* of source_bytes; atomic */
    double seconds;
    char *message; /* why it failed; null: it did not */
    struct pvr_convert_facts facts;
};

struct pvr_convert_list {
    size_t count; /* by number, then by name */
    struct pvr_convert_entry *entry;
    size_t nforeign; /* other files in the folder, by name; unfinished outputs of a run */
    char **foreign;
};

/* Lists the outputs with numbers from `from` to `to` of the folder `in`: files called
 * output_NNNNN.jld2, or, with `ramses`, the finished outputs of a run. Targets stand in `out`,
 * which need not exist. Free the list, also after a failure. */
enum pvr_status pvr_convert_find(const char *in, const char *out, int from, int to, bool ramses,
                                 struct pvr_convert_list *list, struct pvr_error *error);
void pvr_convert_list_free(struct pvr_convert_list *list);

/* Numbers between the list's first and last that it lacks: returns how many, and the first `room`
 * of them in `gap`. */
size_t pvr_convert_gaps(const struct pvr_convert_list *list, int *gap, size_t room);

/* ---- converting -------------------------------------------------------------------------------
 */

/* One file that is to be converted. */
struct pvr_convert_call {
    const char *source, *target;
    const struct pvr_threads *threads;
    pvr_progress_fn progress; /* asks to stop by returning non-zero */
    void *progress_context;
    /* To be called when the target is whole and compared, before it gets its name, with a
     * descriptor that reads it. Unless it returns PVR_OK the target must not appear. */
    enum pvr_status (*whole)(void *context, int file, struct pvr_error *error);
    void *whole_context;
};

/* How one file is converted: the two kinds of sources each have one. */
struct pvr_convert_engine {
    /* Bytes of memory that converting `source` takes, and those for each thread of a team, from its
     * headers alone (which `threads` may read). Called by one thread at a time. */
    enum pvr_status (*need)(void *context, const char *source, int threads, uint64_t *need,
                            uint64_t *thread_need, struct pvr_error *error);
    /* Converts; fills `facts` but for the hashes and the target's size: the versions before `whole`
     * is called. Called by several threads at once. */
    enum pvr_status (*convert)(void *context, const struct pvr_convert_call *call,
                               struct pvr_convert_facts *facts, struct pvr_error *error);
    void *context;
};

struct pvr_convert_options {
    const char *out; /* folder, made if it is missing, with those above it */
    bool force;      /* convert also what is there already */
    struct pvr_batch_options batch;
    /* As in pvr_batch.h; both may be null. */
    void (*tell)(void *context, const struct pvr_convert_list *list,
                 const struct pvr_batch_news *news);
    bool (*stopped)(void *context);
    void *context;
};

struct pvr_convert_report {
    size_t files, converted, failed, skipped, pending;
    uint64_t bytes_in, bytes_out; /* of those that were converted */
    struct pvr_batch_report batch;
};

/* Finds out how much memory each entry takes that is to be converted, unless that is known. For
 * those whose headers cannot be read none is set aside: they will fail at once, with their reason.
 */
void pvr_convert_estimate(const struct pvr_convert_options *options,
                          const struct pvr_convert_engine *engine, struct pvr_convert_list *list);

/* Converts what `list` has. `news->changed` and `news->items` are places in the list. Fails when
 * nothing can be done at all (the folder cannot be made or is locked); files that fail have their
 * reason in the list, and the others go on. */
enum pvr_status pvr_convert_run(const struct pvr_convert_options *options,
                                const struct pvr_convert_engine *engine,
                                struct pvr_convert_list *list, struct pvr_convert_report *report,
                                struct pvr_error *error);

/* What to do better the next time, by Mera.jl's rules: with more than a fifth of violations of the
 * margin per file half the threads, with more than a tenth a quarter less, with any one or two
 * less; with none, and less than 60 % of the memory in use at the end, more. One line, without a
 * line break; `threads` were asked for. Like snprintf. */
int pvr_convert_advice(const struct pvr_convert_report *report, int threads, char *text,
                       size_t size);

/* XXH3 (128 bits) of a file, as `xxhsum -H2` prints it; of one that is open, from its beginning,
 * under the name `path`. */
enum pvr_status pvr_convert_hash(const char *path, char hash[PVR_CONVERT_HASH_SIZE],
                                 struct pvr_error *error);
enum pvr_status pvr_convert_hash_open(int file, const char *path, char hash[PVR_CONVERT_HASH_SIZE],
                                      struct pvr_error *error);

/* ---- the log: also the lock -------------------------------------------------------------------
 */

struct pvr_convert_log {
    int fd;
    char *path;
};

/* Opens the log of folder `out`, made if it is missing, and takes its lock. Fails with a message
 * that says so where another converter works there. The lock ends with the process. */
enum pvr_status pvr_convert_log_open(const char *out, struct pvr_convert_log *log,
                                     struct pvr_error *error);
/* Adds a line with the time before it, in one piece. Thread-safe. */
enum pvr_status pvr_convert_log_line(const struct pvr_convert_log *log, struct pvr_error *error,
                                     const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;
void pvr_convert_log_close(struct pvr_convert_log *log);

#ifdef __cplusplus
}
#endif
#endif
