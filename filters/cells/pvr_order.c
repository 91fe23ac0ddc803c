/* pvr_order.c - sorting rows by all threads. */
#include "pvr_order.h"

#include "pvr_memory.h"

#include <stdlib.h>

enum { BUCKET_ROWS = 1 << 14, BUCKETS_MOST = 1 << 12, SAMPLES = 16, SLICE_ROWS = 1 << 16 };

struct sorting {
    pvr_order_fn compare;
    const void *context;
    uint64_t n, *order;
    size_t nbuckets, nslices;
    uint64_t *splitter; /* rows between the buckets, nbuckets - 1 of them */
    uint16_t *bucket;   /* of each row */
    uint64_t *count;    /* [slice][bucket]: rows; then where the next one goes */
    uint64_t *first;    /* [bucket] */
};

static int compare_rows(const void *a, const void *b, void *sorting_) {
    const struct sorting *sorting = sorting_;
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    const int result = sorting->compare(sorting->context, x, y);
    return result != 0 ? result : (x > y) - (x < y);
}

static enum pvr_status count_task(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    struct sorting *sorting = context;
    const uint64_t begin = task * (uint64_t)SLICE_ROWS;
    const uint64_t end = sorting->n - begin < SLICE_ROWS ? sorting->n : begin + SLICE_ROWS;
    (void)worker, (void)error;
    for (uint64_t row = begin; row < end; row++) {
        size_t low = 0,
               high = sorting->nbuckets; /* splitter[low - 1] <= row < splitter[high - 1] */
        while (high - low > 1) {
            const size_t middle = low + (high - low) / 2;
            if (compare_rows(&sorting->splitter[middle - 1], &row, sorting) <= 0) {
                low = middle;
            } else {
                high = middle;
            }
        }
        sorting->bucket[row] = (uint16_t)low;
        sorting->count[task * sorting->nbuckets + low]++;
    }
    return PVR_OK;
}

static enum pvr_status spread_task(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    struct sorting *sorting = context;
    const uint64_t begin = task * (uint64_t)SLICE_ROWS;
    const uint64_t end = sorting->n - begin < SLICE_ROWS ? sorting->n : begin + SLICE_ROWS;
    uint64_t *next = sorting->count + task * sorting->nbuckets;
    (void)worker, (void)error;
    for (uint64_t row = begin; row < end; row++) {
        sorting->order[next[sorting->bucket[row]]++] = row;
    }
    return PVR_OK;
}

static enum pvr_status sort_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    struct sorting *sorting = context;
    const uint64_t begin = sorting->first[task], end = sorting->first[task + 1];
    (void)worker, (void)error;
    qsort_r(sorting->order + begin, end - begin, sizeof *sorting->order, compare_rows, sorting);
    return PVR_OK;
}

static void find_splitters(struct sorting *sorting, uint64_t *sample, size_t nsamples) {
    for (size_t i = 0; i < nsamples; i++) {
        sample[i] = (uint64_t)((double)i * (double)sorting->n / (double)nsamples);
    }
    qsort_r(sample, nsamples, sizeof *sample, compare_rows, sorting);
    for (size_t b = 1; b < sorting->nbuckets; b++) {
        sorting->splitter[b - 1] = sample[b * nsamples / sorting->nbuckets];
    }
}

static enum pvr_status run(struct sorting *sorting, struct pvr_job *job, struct pvr_error *error) {
    enum pvr_status status =
        pvr_job_run(job, sorting->nslices, NULL, count_task, NULL, sorting, error);
    uint64_t sum = 0;
    for (size_t b = 0; b < sorting->nbuckets; b++) {
        sorting->first[b] = sum;
        for (size_t s = 0; s < sorting->nslices; s++) {
            uint64_t *count = &sorting->count[s * sorting->nbuckets + b];
            const uint64_t rows = *count;
            *count = sum;
            sum += rows;
        }
    }
    sorting->first[sorting->nbuckets] = sum;
    if (status == PVR_OK) {
        status = pvr_job_run(job, sorting->nslices, NULL, spread_task, NULL, sorting, error);
    }
    if (status == PVR_OK) {
        status = pvr_job_run(job, sorting->nbuckets, NULL, sort_task, NULL, sorting, error);
    }
    return status;
}

enum pvr_status pvr_order_rows(uint64_t n, pvr_order_fn compare, const void *context,
                               struct pvr_job *job, uint64_t *order, struct pvr_error *error) {
    struct sorting sorting = {.compare = compare, .context = context, .n = n, .order = order};
    const uint64_t wanted = n / BUCKET_ROWS + 1;
    sorting.nbuckets = (size_t)(wanted < BUCKETS_MOST ? wanted : BUCKETS_MOST);
    sorting.nslices = (size_t)((n + SLICE_ROWS - 1) / SLICE_ROWS);
    const size_t nsamples = sorting.nbuckets * SAMPLES;
    const size_t bucket_bytes = n * sizeof *sorting.bucket;
    uint64_t *sample = calloc(nsamples, sizeof *sample);
    sorting.splitter = calloc(sorting.nbuckets, sizeof *sorting.splitter);
    sorting.first = calloc(sorting.nbuckets + 1, sizeof *sorting.first);
    sorting.count = calloc(sorting.nslices * sorting.nbuckets + 1, sizeof *sorting.count);
    sorting.bucket = pvr_large_alloc(bucket_bytes);
    enum pvr_status status = PVR_OK;
    if (sample == NULL || sorting.splitter == NULL || sorting.first == NULL ||
        sorting.count == NULL || (sorting.bucket == NULL && n > 0)) {
        status =
            pvr_fail(error, PVR_ERROR_MEMORY, "no memory to sort %llu rows", (unsigned long long)n);
    } else if (n > 0) {
        find_splitters(&sorting, sample, n < nsamples ? (size_t)n : nsamples);
        status = run(&sorting, job, error);
    }
    free(sample);
    free(sorting.splitter);
    free(sorting.first);
    free(sorting.count);
    pvr_large_free(sorting.bucket, bucket_bytes);
    return status;
}
