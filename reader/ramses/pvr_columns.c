/* pvr_columns.c - the files with values for the cells. */
#include "pvr_columns.h"

#include <stdio.h>
#include <string.h>

typedef unsigned long long ull;

/* How the headers of the kinds differ. */
static const struct {
    const char *name;
    bool header, ndim, gamma; /* has a header; with ndim; with gamma */
    bool integers;
} kinds[PVR_FILE_KINDS] = {[PVR_HYDRO] = {"hydro", true, true, true, false},
                           [PVR_GRAVITY] = {"grav", true, false, false, false},
                           [PVR_RADIATION] = {"rt", true, true, true, false},
                           [PVR_CLUMP_FIELD] = {"clump_field", false, false, false, true}};

const char *pvr_file_kind_name(enum pvr_file_kind kind) {
    return kinds[kind].name;
}

static enum pvr_status read_gamma(const struct pvr_file *file, uint64_t *at, uint32_t real_bytes,
                                  double *gamma, struct pvr_error *error) {
    uint64_t length, next;
    enum pvr_status status = pvr_record_next(file, *at, &length, &next, "6 (gamma)", error);
    if (status != PVR_OK) {
        return status;
    }
    if (length != real_bytes) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: record 6 (gamma) has %llu bytes where reals of %u are expected",
                        file->path, (ull)length, real_bytes);
    }
    if (length == 8) {
        return pvr_record_read(file, at, gamma, 8, 1, "6 (gamma)", error);
    }
    float single = 0;
    status = pvr_record_read(file, at, &single, 4, 1, "6 (gamma)", error);
    *gamma = (double)single;
    return status;
}

enum pvr_status pvr_columns_read_header(const struct pvr_file *file, enum pvr_file_kind kind,
                                        const struct pvr_amr_header *amr, int nvar,
                                        struct pvr_columns_header *header,
                                        struct pvr_error *error) {
    memset(header, 0, sizeof *header);
    header->value_bytes = kinds[kind].integers ? 4 : amr->real_bytes;
    header->nvar = nvar;
    const struct {
        const char *what;
        bool present;
        int32_t expected;
    } whole[] = {{"ncpu", true, amr->ncpu},
                 {"nvar", true, 0},
                 {"ndim", kinds[kind].ndim, amr->ndim},
                 {"nlevelmax", true, amr->nlevelmax},
                 {"nboundary", true, amr->nboundary}};
    for (int i = 0, number = 0; kinds[kind].header && i < 5; i++) {
        if (!whole[i].present) {
            continue;
        }
        char what[32];
        int32_t value;
        snprintf(what, sizeof what, "%d (%s)", ++number, whole[i].what);
        enum pvr_status status = pvr_record_read(file, &header->body, &value, 4, 1, what, error);
        if (status != PVR_OK) {
            return status;
        }
        if (i == 1) {
            header->nvar = value;
        } else if (value != whole[i].expected) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: record %s holds %d where the amr file has %d: a file of another "
                            "output",
                            file->path, what, (int)value, (int)whole[i].expected);
        }
    }
    if (header->nvar < 1 || header->nvar > PVR_MAX_VARIABLES) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: record 2 (nvar) of the %s file holds %d where 1 to %d is expected",
                        file->path, kinds[kind].name, (int)header->nvar, PVR_MAX_VARIABLES);
    }
    return kinds[kind].gamma
               ? read_gamma(file, &header->body, amr->real_bytes, &header->gamma, error)
               : PVR_OK;
}

/* Bytes of the records ilevel and ncache. */
static uint64_t opening_bytes(uint32_t marker) {
    return 2 * (4 + 2 * (uint64_t)marker);
}

/* Offset of the records ilevel and ncache of the block of `level` and `domain` (from 1). */
static uint64_t opening_offset(uint32_t marker, const struct pvr_amr_header *amr,
                               const struct pvr_columns_header *header, int level, int domain,
                               const struct pvr_place *place) {
    uint64_t openings =
        (uint64_t)(level - 1) * (uint64_t)(amr->ncpu + amr->nboundary) + (uint64_t)(domain - 1);
    uint64_t records = ((uint64_t)1 << amr->ndim) * (uint64_t)header->nvar;
    return header->body + openings * opening_bytes(marker) +
           records * (place->octs_before * header->value_bytes +
                      (uint64_t)place->blocks_before * 2 * marker);
}

enum pvr_status pvr_columns_check_size(const struct pvr_file *file,
                                       const struct pvr_amr_header *amr,
                                       const struct pvr_columns_header *header,
                                       const struct pvr_place *place, struct pvr_error *error) {
    uint32_t marker = file->encoding.marker;
    uint64_t end =
        opening_offset(marker, amr, header, amr->nlevelmax + 1, 1, &place[amr->nlevelmax]);
    if (file->size >= end) {
        return PVR_OK;
    }
    int level = 1;
    while (level < amr->nlevelmax &&
           opening_offset(marker, amr, header, level + 1, 1, &place[level]) <= file->size) {
        level++;
    }
    return pvr_fail(error, PVR_ERROR_FORMAT,
                    "%s: the file ends at byte %llu, about level %d, where the counts of the amr "
                    "file ask for %llu bytes",
                    file->path, (ull)file->size, level, (ull)end);
}

static uint64_t piece_opening(uint32_t marker, const struct pvr_amr_header *amr,
                              const struct pvr_columns_header *header,
                              const struct pvr_columns_piece *piece) {
    return opening_offset(marker, amr, header, piece->level, piece->domain, &piece->place);
}

enum pvr_status pvr_columns_check_block(const struct pvr_file *file,
                                        const struct pvr_amr_header *amr,
                                        const struct pvr_columns_header *header,
                                        const struct pvr_columns_piece *piece, uint64_t *bytes_read,
                                        struct pvr_error *error) {
    uint32_t m = file->encoding.marker;
    uint64_t at = piece_opening(m, amr, header, piece);
    unsigned char opening[2 * (4 + 16)];
    const char *const what[2] = {"ilevel", "ncache"};
    const uint32_t expected[2] = {(uint32_t)piece->level, piece->place.noct};
    enum pvr_status status =
        pvr_file_read(file, at, opening, (size_t)opening_bytes(m), "ilevel and ncache", error);
    for (int i = 0; status == PVR_OK && i < 2; i++) {
        const unsigned char *record = opening + (size_t)i * (4 + 2 * m);
        uint32_t value;
        memcpy(&value, record + m, 4);
        value = file->encoding.swap ? __builtin_bswap32(value) : value;
        if (pvr_marker_value(&file->encoding, record) != 4 ||
            pvr_marker_value(&file->encoding, record + m + 4) != 4 || value != expected[i]) {
            status = pvr_fail(error, PVR_ERROR_FORMAT,
                              "%s: record %s of level %d at byte %llu holds %u where the amr file "
                              "has %u",
                              file->path, what[i], piece->level,
                              (ull)(at + (uint64_t)i * (4 + 2 * (uint64_t)m)), value, expected[i]);
        }
    }
    *bytes_read += opening_bytes(m);
    return status;
}

static enum pvr_status fail_marker(const struct pvr_file *file,
                                   const struct pvr_columns_piece *piece, int cell, int column,
                                   uint64_t offset, uint64_t found, uint64_t expected,
                                   struct pvr_error *error) {
    return pvr_fail(error, PVR_ERROR_FORMAT,
                    "%s: the record of variable %d, cell %d, level %d at byte %llu has length %llu "
                    "where %llu is expected",
                    file->path, column + 1, cell + 1, piece->level, (ull)offset, (ull)found,
                    (ull)expected);
}

size_t pvr_columns_scratch_bytes(const struct pvr_amr_header *amr,
                                 const struct pvr_columns_header *header, uint64_t count,
                                 int ncolumns) {
    return ((size_t)ncolumns << amr->ndim) * ((size_t)count * header->value_bytes + 16);
}

enum pvr_status pvr_columns_read(const struct pvr_file *file, const struct pvr_amr_header *amr,
                                 const struct pvr_columns_header *header,
                                 const struct pvr_columns_piece *piece, const int *column,
                                 int ncolumns, void *scratch, const char **data,
                                 struct pvr_worker *worker, struct pvr_error *error) {
    const struct pvr_encoding *encoding = &file->encoding;
    uint32_t m = encoding->marker, real = header->value_bytes;
    uint64_t length = (uint64_t)piece->place.noct * real, record = length + 2 * (uint64_t)m;
    uint64_t values = piece_opening(m, amr, header, piece) + opening_bytes(m);
    bool leading = piece->first == 0, trailing = piece->first + piece->count == piece->place.noct;
    size_t before = leading ? m : 0, bytes = (size_t)piece->count * real;
    char *at = scratch;
    for (int v = 0; v < ncolumns; v++) {
        for (int c = 0; c < 1 << amr->ndim; c++) {
            if (pvr_worker_stopped(worker)) {
                return PVR_CANCELLED;
            }
            uint64_t offset =
                values + record * ((uint64_t)c * (uint64_t)header->nvar + (uint64_t)column[v]);
            size_t whole = before + bytes + (trailing ? m : 0);
            enum pvr_status status = pvr_file_read(file, offset + m + piece->first * real - before,
                                                   at, whole, "a variable's record", error);
            if (status != PVR_OK) {
                return status;
            }
            uint64_t first = leading ? pvr_marker_value(encoding, at) : length;
            uint64_t last = trailing ? pvr_marker_value(encoding, at + before + bytes) : length;
            if (first != length || last != length) {
                return fail_marker(file, piece, c, column[v], offset,
                                   first != length ? first : last, length, error);
            }
            if (encoding->swap) {
                pvr_swap(at + before, real, (size_t)piece->count);
            }
            data[(v << amr->ndim) + c] = at + before;
            at += whole;
            pvr_job_add_read(worker, whole);
        }
    }
    return PVR_OK;
}

size_t pvr_columns_block_bytes(const struct pvr_amr_header *amr, uint32_t marker,
                               const struct pvr_columns_header *header, uint64_t noct) {
    return ((size_t)header->nvar << amr->ndim) *
           ((size_t)noct * header->value_bytes + 2 * (size_t)marker);
}

enum pvr_status pvr_columns_read_block(const struct pvr_file *file,
                                       const struct pvr_amr_header *amr,
                                       const struct pvr_columns_header *header,
                                       const struct pvr_columns_piece *piece, void *scratch,
                                       const char **data, uint64_t *bytes_read,
                                       struct pvr_error *error) {
    const struct pvr_encoding *encoding = &file->encoding;
    uint32_t m = encoding->marker, real = header->value_bytes;
    uint64_t length = (uint64_t)piece->place.noct * real, record = length + 2 * (uint64_t)m;
    uint64_t values = piece_opening(m, amr, header, piece) + opening_bytes(m);
    size_t bytes = pvr_columns_block_bytes(amr, m, header, piece->place.noct);
    enum pvr_status status =
        pvr_file_read(file, values, scratch, bytes, "the values of a level", error);
    if (status != PVR_OK) {
        return status;
    }
    char *at = scratch;
    for (int c = 0; c < 1 << amr->ndim; c++) {
        for (int v = 0; v < header->nvar; v++, at += record) {
            uint64_t first = pvr_marker_value(encoding, at);
            uint64_t last = pvr_marker_value(encoding, at + m + length);
            if (first != length || last != length) {
                return fail_marker(file, piece, c, v, values + (uint64_t)(at - (char *)scratch),
                                   first != length ? first : last, length, error);
            }
            if (encoding->swap) {
                pvr_swap(at + m, real, (size_t)piece->place.noct);
            }
            data[(v << amr->ndim) + c] = at + m;
        }
    }
    *bytes_read += bytes;
    return PVR_OK;
}

uint64_t pvr_columns_record(const struct pvr_encoding *encoding, const struct pvr_amr_header *amr,
                            const struct pvr_columns_header *header,
                            const struct pvr_columns_piece *piece, int column, int cell,
                            uint64_t *bytes) {
    uint32_t m = encoding->marker;
    *bytes = (uint64_t)piece->place.noct * header->value_bytes + 2 * (uint64_t)m;
    return piece_opening(m, amr, header, piece) + opening_bytes(m) +
           *bytes * ((uint64_t)cell * (uint64_t)header->nvar + (uint64_t)column);
}

void pvr_columns_prefetch(const struct pvr_file *file, const struct pvr_amr_header *amr,
                          const struct pvr_columns_header *header,
                          const struct pvr_columns_piece *piece, const int *column, int ncolumns) {
    const struct pvr_encoding *encoding = &file->encoding;
    uint64_t bytes;
    if (ncolumns == header->nvar && piece->count == piece->place.noct) { /* all stand together */
        uint64_t offset = pvr_columns_record(encoding, amr, header, piece, 0, 0, &bytes);
        pvr_file_prefetch(file, offset, (bytes * (uint64_t)ncolumns) << amr->ndim);
        return;
    }
    for (int c = 0; c < 1 << amr->ndim; c++) {
        for (int v = 0; v < ncolumns; v++) {
            uint64_t offset =
                pvr_columns_record(encoding, amr, header, piece, column[v], c, &bytes);
            pvr_file_prefetch(file, offset + encoding->marker + piece->first * header->value_bytes,
                              piece->count * header->value_bytes);
        }
    }
}
