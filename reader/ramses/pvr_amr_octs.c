/* pvr_amr_octs.c - the amr files of an output: reading octs. */
#include "pvr_amr.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef unsigned long long ull;

enum { WHAT_SIZE = 96 };

uint64_t pvr_amr_block_offset(const struct pvr_amr_header *header, uint32_t marker, uint64_t body,
                              const struct pvr_place *place) {
    struct pvr_amr_block empty = pvr_amr_block(header, marker, 0);
    struct pvr_amr_block one = pvr_amr_block(header, marker, 1);
    return body + place->blocks_before * empty.all + place->octs_before * (one.all - empty.all);
}

size_t pvr_amr_scratch_bytes(uint64_t count) {
    return (size_t)count * 8 + 16;
}

/* A run of records of one own block. */
struct block {
    const struct pvr_file *file;
    int level;
    uint64_t noct, first, count;
    char *scratch;
    uint64_t bytes_read;
};

/* Reads items first .. first+count-1 of the record at `offset`, which has block->noct items, and
 * checks the markers that these touch. *result points at the items in the scratch memory. */
static enum pvr_status read_items(struct block *block, uint64_t offset, size_t item,
                                  const char *name, int component, const char **result,
                                  struct pvr_error *error) {
    const struct pvr_file *file = block->file;
    uint32_t marker = file->encoding.marker;
    bool leading = block->first == 0, trailing = block->first + block->count == block->noct;
    uint64_t from = offset + marker + block->first * item - (leading ? marker : 0);
    size_t bytes = (size_t)(block->count * item) + (leading ? marker : 0) + (trailing ? marker : 0);
    char what[WHAT_SIZE];
    snprintf(what, sizeof what, "%s %d of the octs of level %d", name, component + 1, block->level);
    enum pvr_status status = pvr_file_read(file, from, block->scratch, bytes, what, error);
    if (status != PVR_OK) {
        return status;
    }
    block->bytes_read += bytes;
    const char *items = block->scratch + (leading ? marker : 0);
    const char *ends[2] = {block->scratch, items + block->count * item};
    const bool present[2] = {leading, trailing};
    for (int i = 0; i < 2; i++) {
        uint64_t length = present[i] ? pvr_marker_value(&file->encoding, ends[i]) : 0;
        if (present[i] && length != block->noct * item) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: record %s at byte %llu %s with length %llu where %llu is expected",
                            file->path, what, (ull)offset, i == 0 ? "begins" : "ends", (ull)length,
                            (ull)(block->noct * item));
        }
    }
    if (file->encoding.swap) {
        pvr_swap(block->scratch + (leading ? marker : 0), item, (size_t)block->count);
    }
    *result = items;
    return PVR_OK;
}

static double centre_at(const char *centres, uint32_t real_bytes, uint64_t i) {
    if (real_bytes == 4) {
        float single;
        memcpy(&single, centres + 4 * i, 4);
        return (double)single;
    }
    double centre;
    memcpy(&centre, centres + 8 * i, 8);
    return centre;
}

/* Says which centre is wrong, and how. */
static enum pvr_status fail_centre(const struct block *block, const char *centres,
                                   uint32_t real_bytes, int axis, const struct pvr_coarse_box *box,
                                   struct pvr_error *error) {
    double scale = ldexp(1.0, block->level - 1), corner = (double)box->corner[axis];
    double top = corner + (double)box->count[axis];
    for (uint64_t i = 0; i < block->count; i++) {
        double centre = centre_at(centres, real_bytes, i);
        if (!(centre > corner && centre < top)) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: oct %llu of level %d has its centre at %g on axis %d, outside of "
                            "the box (%g to %g coarse cells)",
                            block->file->path, (ull)(block->first + i + 1), block->level, centre,
                            axis + 1, corner, top);
        }
        double at = (centre - corner) * scale;
        if (!(fabs(at - floor(at) - 0.5) <= 0.25)) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: oct %llu of level %d has its centre at %.9g on axis %d, which is "
                            "not the centre of a cell of level %d",
                            block->file->path, (ull)(block->first + i + 1), block->level, centre,
                            axis + 1, block->level - 1);
        }
    }
    return pvr_fail(error, PVR_ERROR_FORMAT, "%s: wrong centres on level %d", block->file->path,
                    block->level);
}

/* Turns centres into places on the grid of level - 1. */
static enum pvr_status place_octs(const struct block *block, const char *centres,
                                  uint32_t real_bytes, int axis, const struct pvr_coarse_box *box,
                                  uint32_t (*coordinate)[3], struct pvr_error *error) {
    /* an oct of level l has the size of a cell of level l - 1: 2^-(l-1) of a coarse cell */
    double scale = ldexp(1.0, block->level - 1);
    double corner = (double)box->corner[axis];
    double limit = scale * (double)box->count[axis]; /* below 2^31 */
    int bad = 0;                                     /* no branch in the loop: it is hot */
    for (uint64_t i = 0; i < block->count; i++) {
        double at = (centre_at(centres, real_bytes, i) - corner) * scale;
        int inside = (at > 0) & (at < limit);
        int32_t whole = (int32_t)(inside ? at : 0);
        int centred = fabs(at - whole - 0.5) <= 0.25;
        bad |= !(inside & centred);
        coordinate[i][axis] = (uint32_t)whole;
    }
    return bad ? fail_centre(block, centres, real_bytes, axis, box, error) : PVR_OK;
}

/* Sets bit `cell` of the octs whose cell has a son. */
static enum pvr_status mark_refined(const struct block *block, const char *sons, int cell,
                                    int32_t ngridmax, uint8_t *refined, struct pvr_error *error) {
    int32_t bad = 0;
    for (uint64_t i = 0; i < block->count; i++) {
        int32_t son;
        memcpy(&son, sons + 4 * i, 4);
        bad |= (son < 0) | (son > ngridmax);
        refined[i] = (uint8_t)(refined[i] | (son != 0) << cell);
    }
    for (uint64_t i = 0; bad && i < block->count; i++) {
        int32_t son;
        memcpy(&son, sons + 4 * i, 4);
        if (son < 0 || son > ngridmax) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: record son %d of the octs of level %d holds %d for oct %llu where "
                            "0 to ngridmax = %d is expected",
                            block->file->path, cell + 1, block->level, (int)son,
                            (ull)(block->first + i + 1), (int)ngridmax);
        }
    }
    return PVR_OK;
}

enum pvr_status pvr_amr_read_octs(const struct pvr_file *file, const struct pvr_amr_header *header,
                                  uint64_t body, const struct pvr_place *place, int level,
                                  const struct pvr_coarse_box *box, uint64_t first, uint64_t count,
                                  void *scratch, uint32_t (*coordinate)[3], uint8_t *refined,
                                  uint64_t *bytes_read, struct pvr_error *error) {
    uint64_t offset = pvr_amr_block_offset(header, file->encoding.marker, body, place);
    struct pvr_amr_block sizes = pvr_amr_block(header, file->encoding.marker, place->noct);
    struct block block = {file, level, place->noct, first, count, scratch, 0};
    int ndim = header->ndim;
    enum pvr_status status = PVR_OK;
    for (uint64_t i = 0; coordinate != NULL && ndim < 3 && i < count; i++) {
        coordinate[i][1] = coordinate[i][2] = 0;
    }
    for (int axis = 0; coordinate != NULL && axis < ndim; axis++) {
        const char *centres;
        status = read_items(&block, offset + sizes.centres + (uint64_t)axis * sizes.real,
                            header->real_bytes, "centre", axis, &centres, error);
        if (status == PVR_OK) {
            status = place_octs(&block, centres, header->real_bytes, axis, box, coordinate, error);
        }
        if (status != PVR_OK) {
            return status;
        }
    }
    if (refined != NULL) {
        memset(refined, 0, (size_t)count);
    }
    for (int cell = 0; refined != NULL && cell < 1 << ndim; cell++) {
        const char *sons;
        status = read_items(&block, offset + sizes.sons + (uint64_t)cell * sizes.integer, 4, "son",
                            cell, &sons, error);
        if (status != PVR_OK) {
            return status;
        }
        status = mark_refined(&block, sons, cell, header->ngridmax, refined, error);
        if (status != PVR_OK) {
            return status;
        }
    }
    *bytes_read += block.bytes_read;
    return PVR_OK;
}

void pvr_amr_prefetch(const struct pvr_file *file, const struct pvr_amr_header *header,
                      uint64_t body, const struct pvr_place *place, uint64_t first, uint64_t count,
                      bool centres, bool sons) {
    uint32_t marker = file->encoding.marker;
    struct pvr_amr_block sizes = pvr_amr_block(header, marker, place->noct);
    uint64_t offset = pvr_amr_block_offset(header, marker, body, place);
    for (int axis = 0; centres && axis < header->ndim; axis++) {
        pvr_file_prefetch(
            file, offset + sizes.centres + (uint64_t)axis * sizes.real + first * header->real_bytes,
            count * header->real_bytes);
    }
    for (int cell = 0; sons && cell < 1 << header->ndim; cell++) {
        pvr_file_prefetch(file, offset + sizes.sons + (uint64_t)cell * sizes.integer + first * 4,
                          count * 4);
    }
}
