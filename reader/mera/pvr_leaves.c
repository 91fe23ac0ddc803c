/* pvr_leaves.c - keys of leaf cells, and sorting by them. */
#include "pvr_leaves.h"

#include "pvr_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

enum { LEAST_CHUNK = 1 << 18, MOST_CHUNKS = 256, DIGIT = 11, DIGITS = 1 << DIGIT };

enum pvr_status pvr_leaves_begin(struct pvr_leaves *leaves, int ndim, uint64_t count, size_t buffer,
                                 const char *path, struct pvr_error *error) {
    *leaves = (struct pvr_leaves){
        .ndim = ndim, .count = count, .room = count, .buffer = buffer, .path = path};
    if (count == 0 || count >= PVR_NO_ROW) {
        return pvr_fail(error, count == 0 ? PVR_ERROR_FORMAT : PVR_ERROR_UNSUPPORTED,
                        "%s: has %llu cells where 1 to %llu can be read", path, (ull)count,
                        (ull)PVR_NO_ROW - 1);
    }
    leaves->key = pvr_large_alloc(buffer);
    leaves->spare[0] = pvr_large_alloc(buffer);
    leaves->spare[1] = pvr_large_alloc(buffer);
    if (leaves->key == NULL || leaves->spare[0] == NULL || leaves->spare[1] == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %llu cells", (ull)count);
    }
    return PVR_OK;
}

void pvr_leaves_free(struct pvr_leaves *leaves) {
    pvr_large_free(leaves->key, leaves->buffer);
    pvr_large_free(leaves->spare[0], leaves->buffer);
    pvr_large_free(leaves->spare[1], leaves->buffer);
    leaves->key = leaves->spare[0] = leaves->spare[1] = NULL;
    leaves->row = NULL;
}

static uint64_t chunk_of(uint64_t count) {
    uint64_t chunk = count / MOST_CHUNKS + 1;
    return chunk > LEAST_CHUNK ? chunk : LEAST_CHUNK;
}

/* ---- keys -------------------------------------------------------------------------------------
 */

/* What is found in a chunk of rows. */
struct found {
    uint64_t per_level[PVR_MAX_LEVELS + 1];
    uint32_t first[3], last[3];
    uint64_t hash;
};

struct taking {
    struct pvr_leaves *leaves;
    struct pvr_whole_column column[3]; /* level, x; y, z */
    uint64_t chunk;
    struct found *found; /* [chunk] */
};

static inline int64_t value_at(struct pvr_whole_column column, uint64_t i) {
    return column.bytes == 8 ? ((const int64_t *)column.data)[i]
                             : ((const int32_t *)column.data)[i];
}

static enum pvr_status fail_cell(const struct pvr_leaves *leaves, uint64_t row, int axis,
                                 int64_t value, int level, struct pvr_error *error) {
    return pvr_fail(error, PVR_ERROR_FORMAT,
                    "%s: row %llu: a cell of level %d with c%c = %lld, which lies outside of its "
                    "level (1 to 2^%d)",
                    leaves->path, (ull)row + 1, level, "xyz"[axis], (long long)value, level);
}

/* First look: a key is level << 32 | x. */
static enum pvr_status take_first(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    (void)worker;
    const struct taking *taking = context;
    struct pvr_leaves *leaves = taking->leaves;
    struct found *found = &taking->found[task];
    uint64_t begin = task * taking->chunk, end = begin + taking->chunk;
    end = end < leaves->count ? end : leaves->count;
    for (uint64_t i = begin; i < end; i++) {
        int64_t level = value_at(taking->column[0], i), x = value_at(taking->column[1], i);
        if (level < 1 || level >= PVR_MAX_LEVELS) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: row %llu: a cell of level %lld where 1 to %d exist", leaves->path,
                            (ull)i + 1, (long long)level, PVR_MAX_LEVELS - 1);
        }
        if (x < 1 || x > (int64_t)1 << level) {
            return fail_cell(leaves, i, 0, x, (int)level, error);
        }
        found->per_level[level]++;
        leaves->key[i] = (uint64_t)level << 32 | (uint64_t)(x - 1);
    }
    return PVR_OK;
}

/* Every third (second, first) bit of the result is one of `value`. */
static inline uint64_t spread(uint64_t value, int ndim) {
    if (ndim == 3) {
        value &= 0x1fffff;
        value = (value | value << 32) & 0x1f00000000ffff;
        value = (value | value << 16) & 0x1f0000ff0000ff;
        value = (value | value << 8) & 0x100f00f00f00f00f;
        value = (value | value << 4) & 0x10c30c30c30c30c3;
        value = (value | value << 2) & 0x1249249249249249;
    } else if (ndim == 2) {
        value = (value | value << 16) & 0x0000ffff0000ffff;
        value = (value | value << 8) & 0x00ff00ff00ff00ff;
        value = (value | value << 4) & 0x0f0f0f0f0f0f0f0f;
        value = (value | value << 2) & 0x3333333333333333;
        value = (value | value << 1) & 0x5555555555555555;
    }
    return value;
}

/* Scatters the bits of a number (the finaliser of MurmurHash3). */
static inline uint64_t mix(uint64_t bits) {
    bits = (bits ^ bits >> 33) * 0xff51afd7ed558ccd;
    bits = (bits ^ bits >> 33) * 0xc4ceb9fe1a85ec53;
    return bits ^ bits >> 33;
}

/* Second look: the key itself, and where the leaves lie. */
static inline enum pvr_status take_rest_of(const struct taking *taking, size_t task, int ndim,
                                           struct pvr_error *error) {
    struct pvr_leaves *leaves = taking->leaves;
    struct found *found = &taking->found[task];
    uint64_t begin = task * taking->chunk, end = begin + taking->chunk;
    end = end < leaves->count ? end : leaves->count;
    for (int axis = 0; axis < 3; axis++) {
        found->first[axis] = UINT32_MAX;
        found->last[axis] = 0;
    }
    for (uint64_t i = begin; i < end; i++) {
        int level = (int)(leaves->key[i] >> 32), shift = leaves->high - level;
        uint64_t key = 0;
        for (int axis = 0; axis < ndim; axis++) {
            uint64_t at = leaves->key[i] & UINT32_MAX;
            if (axis > 0) {
                int64_t value = value_at(taking->column[axis - 1], i);
                if (value < 1 || value > (int64_t)1 << level) {
                    return fail_cell(leaves, i, axis, value, level, error);
                }
                at = (uint64_t)(value - 1);
            }
            uint32_t low = (uint32_t)(at << shift), high = (uint32_t)(((at + 1) << shift) - 1);
            found->first[axis] = low < found->first[axis] ? low : found->first[axis];
            found->last[axis] = high > found->last[axis] ? high : found->last[axis];
            key |= spread(low, ndim) << axis;
        }
        key = key << PVR_KEY_LEVEL_BITS | (uint64_t)level;
        leaves->key[i] = key;
        found->hash += mix(key + mix(i)); /* a sum: chunks may come in any order */
    }
    return PVR_OK;
}

static enum pvr_status take_rest(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    (void)worker;
    const struct taking *taking = context;
    int ndim = taking->leaves->ndim;
    return ndim == 3   ? take_rest_of(taking, task, 3, error)
           : ndim == 2 ? take_rest_of(taking, task, 2, error)
                       : take_rest_of(taking, task, 1, error);
}

static enum pvr_status take(struct taking *taking, pvr_task_fn task, struct pvr_job *job,
                            struct pvr_error *error) {
    struct pvr_leaves *leaves = taking->leaves;
    taking->chunk = chunk_of(leaves->count);
    size_t ntasks = (size_t)((leaves->count + taking->chunk - 1) / taking->chunk);
    taking->found = calloc(ntasks, sizeof *taking->found);
    if (taking->found == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the levels of chunks");
    }
    enum pvr_status status = pvr_job_run(job, ntasks, NULL, task, NULL, taking, error);
    for (int axis = 0; axis < 3; axis++) {
        leaves->first[axis] = axis < leaves->ndim ? UINT32_MAX : 0;
        leaves->last[axis] = 0;
    }
    for (size_t i = 0; i < ntasks; i++) {
        const struct found *found = &taking->found[i];
        for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
            leaves->per_level[l] += found->per_level[l];
        }
        leaves->hash += found->hash;
        for (int axis = 0; axis < leaves->ndim; axis++) {
            uint32_t first = found->first[axis], last = found->last[axis];
            leaves->first[axis] = first < leaves->first[axis] ? first : leaves->first[axis];
            leaves->last[axis] = last > leaves->last[axis] ? last : leaves->last[axis];
        }
    }
    free(taking->found);
    return status;
}

enum pvr_status pvr_leaves_take_first(struct pvr_leaves *leaves, struct pvr_whole_column level,
                                      struct pvr_whole_column x, struct pvr_job *job,
                                      struct pvr_error *error) {
    struct taking taking = {.leaves = leaves, .column = {level, x}};
    enum pvr_status status = take(&taking, take_first, job, error);
    if (status != PVR_OK) {
        return status;
    }
    leaves->low = PVR_MAX_LEVELS;
    for (int l = PVR_MAX_LEVELS; l > 0; l--) {
        leaves->low = leaves->per_level[l] > 0 ? l : leaves->low;
        leaves->high = leaves->per_level[l] > 0 && l > leaves->high ? l : leaves->high;
    }
    int most = leaves->ndim == 1 ? PVR_MAX_LEVELS - 1 : (64 - PVR_KEY_LEVEL_BITS) / leaves->ndim;
    if (leaves->high > most) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                        "%s: has cells of level %d; lists of leaf cells are read down to level %d",
                        leaves->path, leaves->high, most);
    }
    return PVR_OK;
}

enum pvr_status pvr_leaves_take_rest(struct pvr_leaves *leaves, struct pvr_whole_column y,
                                     struct pvr_whole_column z, struct pvr_job *job,
                                     struct pvr_error *error) {
    struct taking taking = {.leaves = leaves, .column = {y, z}};
    return take(&taking, take_rest, job, error);
}

/* ---- sorting ----------------------------------------------------------------------------------
 */

struct sorting {
    const uint64_t *key;
    const uint32_t *row; /* null: rows stand in order */
    uint64_t *key_out;
    uint32_t *row_out;
    uint64_t count, chunk;
    int shift;
    uint64_t (*place)[DIGITS]; /* [chunk]: counts, then where the next goes */
};

static uint64_t end_of(const struct sorting *sorting, size_t task) {
    uint64_t end = (task + 1) * sorting->chunk;
    return end < sorting->count ? end : sorting->count;
}

static enum pvr_status count_digits(void *context, size_t task, struct pvr_worker *worker,
                                    struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct sorting *sorting = context;
    uint64_t *place = sorting->place[task];
    memset(place, 0, sizeof sorting->place[task]);
    for (uint64_t i = task * sorting->chunk; i < end_of(sorting, task); i++) {
        place[sorting->key[i] >> sorting->shift & (DIGITS - 1)]++;
    }
    return PVR_OK;
}

static enum pvr_status move_rows(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct sorting *sorting = context;
    uint64_t *place = sorting->place[task];
    for (uint64_t i = task * sorting->chunk; i < end_of(sorting, task); i++) {
        uint64_t key = sorting->key[i], to = place[key >> sorting->shift & (DIGITS - 1)]++;
        sorting->key_out[to] = key;
        sorting->row_out[to] = sorting->row != NULL ? sorting->row[i] : (uint32_t)i;
    }
    return PVR_OK;
}

/* Counts become places; true if all keys have the same digit. */
static bool make_places(struct sorting *sorting, size_t ntasks) {
    uint64_t at = 0;
    for (int digit = 0; digit < DIGITS; digit++) {
        uint64_t begin = at;
        for (size_t i = 0; i < ntasks; i++) {
            uint64_t count = sorting->place[i][digit];
            sorting->place[i][digit] = at;
            at += count;
        }
        if (at - begin == sorting->count) {
            return true;
        }
    }
    return false;
}

int pvr_leaf_cell(const struct pvr_leaves *leaves, uint64_t key, uint32_t low[3]) {
    low[0] = low[1] = low[2] = 0;
    for (int bit = 0; bit < leaves->high; bit++) {
        for (int axis = 0; axis < leaves->ndim; axis++) {
            int from = bit * leaves->ndim + axis + PVR_KEY_LEVEL_BITS;
            low[axis] |= (uint32_t)(key >> from & 1) << bit;
        }
    }
    for (int axis = 0; axis < leaves->ndim; axis++) {
        low[axis] ^= leaves->turned[axis];
    }
    return (int)(key & ((1 << PVR_KEY_LEVEL_BITS) - 1));
}

/* The cell of a key, for a message. */
static void name_cell(const struct pvr_leaves *leaves, uint64_t key, char *text, size_t size) {
    uint32_t low[3];
    int level = pvr_leaf_cell(leaves, key, low), used = snprintf(text, size, "level %d", level);
    for (int axis = 0; axis < leaves->ndim && used > 0 && (size_t)used < size; axis++) {
        used += snprintf(text + used, size - (size_t)used, " c%c %u", "xyz"[axis],
                         (low[axis] >> (leaves->high - level)) + 1);
    }
}

/* Each leaf must begin where the one before it ends, or later. */
static enum pvr_status check_chunk(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    (void)worker;
    const struct taking *taking = context;
    const struct pvr_leaves *leaves = taking->leaves;
    uint64_t begin = task * taking->chunk, end = begin + taking->chunk;
    end = end < leaves->count - 1 ? end : leaves->count - 1;
    for (uint64_t i = begin; i < end; i++) {
        uint64_t level = leaves->key[i] & ((1 << PVR_KEY_LEVEL_BITS) - 1);
        int bits = leaves->ndim * (leaves->high - (int)level);
        uint64_t next = (leaves->key[i] >> PVR_KEY_LEVEL_BITS) + ((uint64_t)1 << bits);
        if (leaves->key[i + 1] >> PVR_KEY_LEVEL_BITS < next) {
            char one[96], other[96];
            name_cell(leaves, leaves->key[i], one, sizeof one);
            name_cell(leaves, leaves->key[i + 1], other, sizeof other);
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: rows %llu and %llu: the cells (%s) and (%s) overlap", leaves->path,
                            (ull)leaves->row[i] + 1, (ull)leaves->row[i + 1] + 1, one, other);
        }
    }
    return PVR_OK;
}

/* One pass of the sort by the digit at `shift`. */
static enum pvr_status sort_by_digit(struct sorting *sorting, size_t ntasks, bool *same,
                                     struct pvr_job *job, struct pvr_error *error) {
    enum pvr_status status = pvr_job_run(job, ntasks, NULL, count_digits, NULL, sorting, error);
    *same = status == PVR_OK && make_places(sorting, ntasks);
    if (status == PVR_OK && !*same) {
        status = pvr_job_run(job, ntasks, NULL, move_rows, NULL, sorting, error);
    }
    return status;
}

enum pvr_status pvr_leaves_sort(struct pvr_leaves *leaves, struct pvr_job *job,
                                struct pvr_error *error) {
    struct sorting sorting = {
        .count = leaves->count, .chunk = chunk_of(leaves->count), .row = leaves->row};
    if (leaves->count == 0) {
        return PVR_OK;
    }
    size_t ntasks = (size_t)((leaves->count + sorting.chunk - 1) / sorting.chunk);
    sorting.place = malloc(ntasks * sizeof *sorting.place);
    if (sorting.place == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a sort's counts");
    }
    uint32_t *rows[2] = {(uint32_t *)leaves->spare[1], (uint32_t *)leaves->spare[1] + leaves->room};
    int turn = leaves->row != NULL ? 1 : 0, end = PVR_KEY_LEVEL_BITS + leaves->ndim * leaves->high;
    enum pvr_status status = PVR_OK;
    for (int shift = PVR_KEY_LEVEL_BITS; status == PVR_OK && shift < end; shift += DIGIT) {
        bool same;
        sorting.shift = shift;
        sorting.key = leaves->key;
        sorting.key_out = leaves->spare[0];
        sorting.row_out = rows[turn];
        status = sort_by_digit(&sorting, ntasks, &same, job, error);
        if (status == PVR_OK && !same) {
            uint64_t *before = leaves->key;
            leaves->key = leaves->spare[0];
            leaves->spare[0] = before;
            sorting.row = rows[turn];
            turn = 1 - turn;
        }
    }
    free(sorting.place);
    for (uint64_t i = 0; sorting.row == NULL && i < leaves->count; i++) { /* all keys are one */
        rows[0][i] = (uint32_t)i;
    }
    sorting.row = sorting.row != NULL ? sorting.row : rows[0];
    leaves->row = (uint32_t *)(uintptr_t)sorting.row;
    if (status == PVR_OK) {
        struct taking taking = {.leaves = leaves, .chunk = sorting.chunk};
        status = pvr_job_run(job, ntasks, NULL, check_chunk, NULL, &taking, error);
    }
    return status;
}
