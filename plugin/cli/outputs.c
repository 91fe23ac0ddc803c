/* outputs.c - the outputs of a run that a command works on, and how many run at a time. */
#include "outputs.h"

#include "progress.h"
#include "pvr_threads.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MISSING = 100000 /* that are told of one by one */ };

struct range {
    int first, last, step;
};

static bool parse(const char *text, struct range *range) {
    int *first = &range->first, *last = &range->last;
    char rest;
    range->step = 1;
    int n = sscanf(text, "%d:%d:%d%c", first, last, &range->step, &rest);
    if (n == 1) {
        n = strchr(text, ':') == NULL && sscanf(text, "%d%c", first, &rest) == 1 ? 3 : 0;
        *last = *first;
    } else if (n == 2) {
        n = sscanf(text, "%d:%d%c", first, last, &rest) == 2 ? 3 : 0;
    }
    return n == 3 && *first >= 0 && *last >= *first && range->step > 0;
}

static bool has(const struct range *range, int number) {
    return number >= range->first && number <= range->last &&
           (number - range->first) % range->step == 0;
}

/* The first number of a range that is at least `least`; it may be beyond the last. */
static int64_t next_of(const struct range *range, int64_t least) {
    const int64_t steps = (least - range->first + range->step - 1) / range->step;
    return least <= range->first ? range->first : range->first + steps * range->step;
}

/* How many numbers of the range lie between two others, which do not count. */
static uint64_t between(const struct range *range, int before, int behind) {
    const int64_t first = next_of(range, (int64_t)before + 1);
    const int64_t last = range->last < behind ? range->last : (int64_t)behind - 1;
    return first <= last ? (uint64_t)((last - first) / range->step) + 1 : 0;
}

/* Takes what the range names of the series, and its numbers that lie in gaps. */
static enum pvr_status choose(const struct range *range, struct outputs *outputs,
                              struct pvr_error *error) {
    const struct pvr_series *series = &outputs->series;
    uint64_t missing = 0, there = 0;
    for (size_t i = 0; i < series->count; i++) {
        const int number = series->output[i].number;
        missing += i > 0 ? between(range, series->output[i - 1].number, number) : 0;
        there += has(range, number);
    }
    if (there == 0) {
        return PVR_OK;
    }
    if (missing > MOST_MISSING) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "%s: %" PRIu64 " of the outputs %d to %d in steps of %d are not there",
                        outputs->path, missing, range->first, range->last, range->step);
    }
    outputs->one = calloc(there + missing, sizeof *outputs->one);
    if (outputs->one == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < series->count; i++) {
        const struct pvr_output *output = &series->output[i];
        int64_t n = i > 0 ? next_of(range, (int64_t)output[-1].number + 1) : output->number;
        for (; n < output->number && n <= range->last; n += range->step) {
            outputs->one[outputs->count++] = (struct outputs_one){.number = (int)n};
        }
        if (has(range, output->number)) {
            outputs->one[outputs->count++] = (struct outputs_one){output->number, output};
        }
    }
    return PVR_OK;
}

static enum pvr_status choose_all(struct outputs *outputs, struct pvr_error *error) {
    outputs->one = calloc(outputs->series.count + 1, sizeof *outputs->one);
    if (outputs->one == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < outputs->series.count; i++) {
        const struct pvr_output *output = &outputs->series.output[i];
        outputs->one[outputs->count++] = (struct outputs_one){output->number, output};
    }
    return PVR_OK;
}

enum pvr_status outputs_find(const char *path, const char *range_text, struct outputs *outputs,
                             struct pvr_error *error) {
    struct range range;
    *outputs = (struct outputs){.path = path};
    if (range_text != NULL && !parse(range_text, &range)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "'%.100s' is no range of outputs: FIRST:LAST:STEP, as 100:200:5",
                        range_text);
    }
    enum pvr_status status = pvr_series_find(path, &outputs->series, error);
    if (status == PVR_OK) {
        status = range_text != NULL ? choose(&range, outputs, error) : choose_all(outputs, error);
    }
    if (status == PVR_OK && outputs->count == 0) {
        status = pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: has no outputs %s", path,
                          range_text != NULL ? range_text : "");
    }
    return status;
}

void outputs_free(struct outputs *outputs) {
    free(outputs->one);
    pvr_series_free(&outputs->series);
    *outputs = (struct outputs){.count = 0};
}

enum pvr_status outputs_open(const struct outputs *outputs, size_t item,
                             struct pvr_snapshot **snapshot, struct pvr_error *error) {
    const struct pvr_output *output = outputs->one[item].output;
    if (output == NULL) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: has no output %d", outputs->path,
                        outputs->one[item].number);
    }
    if (!output->finished) {
        return output->problem != NULL
                   ? pvr_fail(error, PVR_ERROR_FORMAT, "%s", output->problem)
                   : pvr_fail(error, PVR_ERROR_FORMAT, "%s: is not finished", output->folder);
    }
    return pvr_snapshot_open(output->info_path, snapshot, error);
}

struct pvr_batch_options outputs_limits(int jobs, int threads_each) {
    const int available = pvr_threads_available();
    struct pvr_batch_options limits = {
        .threads = available, .min_threads = 1, .jobs = jobs, .margin = 0.8};
    if (jobs == 0 && threads_each > 0) {
        limits.jobs = threads_each < available ? available / threads_each : 1;
    }
    if (threads_each > 0 && threads_each <= available / limits.jobs) {
        limits.threads = threads_each * limits.jobs;
    }
    return limits;
}

int outputs_stop_with_batch(void *batch, double fraction, uint64_t done, uint64_t expected) {
    (void)fraction;
    (void)done;
    (void)expected;
    return pvr_batch_stopped(batch);
}

bool outputs_interrupted(void *context) {
    (void)context;
    return interrupt_caught() != 0;
}

void outputs_tell(const char *doing, const struct pvr_batch_news *news) {
    fprintf(stderr, "\r%s: %zu done, %zu failed, %zu running (%d threads), %zu to go%s ", doing,
            news->done, news->failed, news->running, news->threads, news->pending,
            news->waiting ? ", waiting for memory" : "");
}
