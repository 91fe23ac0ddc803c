/* pvr_split_sample.c - how many octs trees have, by a sample of the octs' positions. */
#include "pvr_pieces.h"
#include "pvr_split_private.h"

#include <stdlib.h>
#include <string.h>

enum { RUN = 512 /* octs that stand one after another: a page of a file for each axis */ };

struct sampling {
    const struct pvr_split_frame *frame;
    int first_domain;
    uint64_t budget, octs; /* to look at, of so many */
    uint64_t *tree;        /* atomic */
};

/* Adds what `count` octs of a sample of `seen` out of `noct` stand for to their trees. What does
 * not divide evenly is given to the first ones, so that all together are noct. */
static void add_octs(struct sampling *sampling, int level, uint32_t (*coordinate)[3],
                     uint64_t count, uint64_t before, uint64_t seen, uint64_t noct) {
    const struct pvr_split_frame *frame = sampling->frame;
    uint64_t each = noct * PVR_SPLIT_UNIT / seen, more = noct * PVR_SPLIT_UNIT % seen;
    int shift = level - 1 - frame->root_most;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t at[3];
        for (int axis = 0; axis < 3; axis++) {
            at[axis] = axis < frame->ndim ? coordinate[i][axis] >> shift : 0;
        }
        __atomic_fetch_add(&sampling->tree[pvr_split_tree(frame, frame->root_most, at)],
                           each + (before + i < more), __ATOMIC_RELAXED);
    }
}

static enum pvr_status sample_level(struct sampling *sampling, const struct pvr_file *file,
                                    int domain, int level, struct pvr_worker *worker,
                                    struct pvr_error *error) {
    const struct pvr_split_frame *frame = sampling->frame;
    uint64_t noct = pvr_domains_place(frame->domains, domain, level)->noct, runs = noct / RUN + 1;
    uint64_t wanted =
        sampling->budget >= sampling->octs
            ? runs
            : (uint64_t)((double)runs * (double)sampling->budget / (double)sampling->octs);
    wanted = wanted > 0 ? wanted : 1;
    uint64_t seen = 0, before = 0;
    enum pvr_status status = PVR_OK;
    for (int pass = 0; pass < 2; pass++) { /* the first counts what the second reads */
        for (uint64_t i = 0; status == PVR_OK && i < wanted; i++) {
            uint64_t run = i * runs / wanted, first = run * RUN;
            uint64_t count = first >= noct ? 0 : noct - first < RUN ? noct - first : RUN;
            seen += pass == 0 ? count : 0;
            if (pass == 0 || count == 0) {
                continue;
            }
            uint32_t coordinate[RUN][3];
            struct pvr_piece piece = {
                .domain = domain, .level = level, .first = first, .count = count};
            status = pvr_piece_read_octs(frame->layout, frame->domains, file, &piece, worker,
                                         coordinate, NULL, error);
            for (uint64_t j = 0; status == PVR_OK && j < count; j++) {
                for (int axis = 0; axis < frame->ndim; axis++) {
                    if (coordinate[j][axis] >> (level - 1) >= frame->layout->box.count[axis]) {
                        status = pvr_fail(error, PVR_ERROR_FORMAT,
                                          "%s: oct %llu of level %d lies outside of the box",
                                          file->path, (unsigned long long)(first + j + 1), level);
                    }
                }
            }
            if (status == PVR_OK) {
                add_octs(sampling, level, coordinate, count, before, seen, noct);
            }
            before += count;
        }
    }
    return status;
}

static enum pvr_status sample_domain(void *context, size_t task, struct pvr_worker *worker,
                                     struct pvr_error *error) {
    struct sampling *sampling = context;
    const struct pvr_split_frame *frame = sampling->frame;
    int domain = sampling->first_domain + (int)task;
    struct pvr_file file;
    char *path;
    enum pvr_status status = pvr_pieces_open(frame->layout, "amr", domain, &file, &path, error);
    for (int l = frame->full_level + 1; status == PVR_OK && l <= frame->max_level; l++) {
        if (pvr_domains_place(frame->domains, domain, l)->noct > 0) {
            status = pvr_job_stopped(worker->job)
                         ? PVR_CANCELLED
                         : sample_level(sampling, &file, domain, l, worker, error);
        }
    }
    pvr_file_close(&file);
    free(path);
    return status;
}

enum pvr_status pvr_split_take_sample(struct pvr_snapshot *snapshot,
                                      const struct pvr_split_wish *wish, int first_domain,
                                      int last_domain, const struct pvr_threads *threads,
                                      struct pvr_split_sample *sample, struct pvr_error *error) {
    struct pvr_split_frame frame;
    memset(sample, 0, sizeof *sample);
    enum pvr_status status = pvr_split_frame_make(snapshot, wish, threads, &frame, error);
    if (status != PVR_OK) {
        return status;
    }
    struct sampling sampling = {.frame = &frame, .first_domain = first_domain};
    for (int l = frame.full_level + 1; l <= frame.max_level; l++) {
        sampling.octs += frame.domains->level_octs[l - 1];
    }
    /* few ranks read few files each: they can look at more */
    sampling.budget = (uint64_t)(wish->nranks > 32 ? wish->nranks : 32) * PVR_SPLIT_SAMPLE;
    sample->level = frame.root_most;
    sample->ntrees = (size_t)pvr_split_cells(&frame, frame.root_most);
    sample->octs = sampling.tree = calloc(sample->ntrees, sizeof *sample->octs);
    if (sample->octs == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %zu trees",
                        sample->ntrees);
    }
    struct pvr_job job;
    struct pvr_report report;
    status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status == PVR_OK) {
        int count = last_domain - first_domain + 1;
        status = pvr_job_run(&job, count > 0 ? (size_t)count : 0, NULL, sample_domain, NULL,
                             &sampling, error);
        pvr_job_end(&job, &report);
        sample->bytes_read = report.bytes_read;
        pvr_report_free(&report);
    }
    if (status != PVR_OK) {
        pvr_split_sample_free(sample);
    }
    return status;
}

void pvr_split_sample_free(struct pvr_split_sample *sample) {
    free(sample->octs);
    memset(sample, 0, sizeof *sample);
}
