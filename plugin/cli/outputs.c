/* outputs.c - which outputs of a run --outputs names, and how many run at a time. */
#include "outputs.h"

#include "pvr_threads.h"

#include <stdio.h>
#include <string.h>

bool outputs_parse(const char *text, struct outputs_range *range) {
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

bool outputs_has(const struct outputs_range *range, int number) {
    return number >= range->first && number <= range->last &&
           (number - range->first) % range->step == 0;
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
