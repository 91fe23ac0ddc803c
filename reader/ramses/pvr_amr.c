/* pvr_amr.c - the amr files of an output: header, counts and where each block stands. */
#include "pvr_amr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

static enum pvr_status read_integers(const struct pvr_file *file, uint64_t *offset, int32_t *value,
                                     size_t count, const char *what, struct pvr_error *error) {
    return pvr_record_read(file, offset, value, sizeof *value, count, what, error);
}

/* Skips a record, whatever its length. */
static enum pvr_status skip_record(const struct pvr_file *file, uint64_t *offset, const char *what,
                                   struct pvr_error *error) {
    uint64_t length;
    return pvr_record_next(file, *offset, &length, offset, what, error);
}

/* Reads one real(dp) of 4 or 8 bytes; tells its size. */
static enum pvr_status read_real(const struct pvr_file *file, uint64_t *offset, double *value,
                                 uint32_t *real_bytes, const char *what, struct pvr_error *error) {
    uint64_t length, next;
    enum pvr_status status = pvr_record_next(file, *offset, &length, &next, what, error);
    if (status != PVR_OK) {
        return status;
    }
    if (length != 4 && length != 8) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: record %s at byte %llu has %llu bytes where one real of 4 or 8 is "
                        "expected",
                        file->path, what, (ull)*offset, (ull)length);
    }
    *real_bytes = (uint32_t)length;
    if (length == 8) {
        return pvr_record_read(file, offset, value, 8, 1, what, error);
    }
    float single = 0;
    status = pvr_record_read(file, offset, &single, 4, 1, what, error);
    *value = (double)single;
    return status;
}

static enum pvr_status out_of_range(const struct pvr_file *file, const char *what, int32_t value,
                                    int32_t low, int32_t high, struct pvr_error *error) {
    return pvr_fail(error, PVR_ERROR_FORMAT, "%s: record %s holds %d where %d to %d is expected",
                    file->path, what, (int)value, (int)low, (int)high);
}

static enum pvr_status compare_header(const struct pvr_file *file,
                                      const struct pvr_amr_header *first,
                                      const struct pvr_amr_header *header,
                                      struct pvr_error *error) {
    const struct {
        const char *what;
        double expected, found;
    } value[] = {{"ncpu", first->ncpu, header->ncpu},
                 {"ndim", first->ndim, header->ndim},
                 {"nx", first->ncoarse[0], header->ncoarse[0]},
                 {"ny", first->ncoarse[1], header->ncoarse[1]},
                 {"nz", first->ncoarse[2], header->ncoarse[2]},
                 {"nlevelmax", first->nlevelmax, header->nlevelmax},
                 {"nboundary", first->nboundary, header->nboundary},
                 {"size of a real", first->real_bytes, header->real_bytes},
                 {"boxlen", first->boxlen, header->boxlen},
                 {"time", first->time, header->time},
                 {"nstep", first->nstep, header->nstep},
                 {"nstep_coarse", first->nstep_coarse, header->nstep_coarse}};
    for (size_t i = 0; i < sizeof value / sizeof *value; i++) {
        if (value[i].expected != value[i].found) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: %s is %.15g where the first file of the output has %.15g: a file "
                            "of another output",
                            file->path, value[i].what, value[i].found, value[i].expected);
        }
    }
    return PVR_OK;
}

enum pvr_status pvr_amr_read_header(struct pvr_file *file, const struct pvr_amr_header *first,
                                    struct pvr_amr_header *header, struct pvr_error *error) {
    memset(header, 0, sizeof *header);
    enum pvr_status status = PVR_OK;
    if (first == NULL) {
        status = pvr_file_detect(file, 4, "1 (ncpu)", error);
    }
    uint64_t at = 0;
    int32_t grid_current, steps[2];
    uint32_t time_bytes;
    const struct {
        const char *what;
        int32_t *value;
        size_t count;
        int32_t low, high;
    } whole[] = {{"1 (ncpu)", &header->ncpu, 1, 1, 10000000},
                 {"2 (ndim)", &header->ndim, 1, 1, 3},
                 {"3 (nx, ny, nz)", header->ncoarse, 3, 1, 1024},
                 {"4 (nlevelmax)", &header->nlevelmax, 1, 1, 63},
                 {"5 (ngridmax)", &header->ngridmax, 1, 1, INT32_MAX},
                 {"6 (nboundary)", &header->nboundary, 1, 0, 1024},
                 {"7 (ngrid_current)", &grid_current, 1, 0, INT32_MAX}};
    for (size_t i = 0; status == PVR_OK && i < sizeof whole / sizeof *whole; i++) {
        status = read_integers(file, &at, whole[i].value, whole[i].count, whole[i].what, error);
        for (size_t j = 0; status == PVR_OK && j < whole[i].count; j++) {
            if (whole[i].value[j] < whole[i].low || whole[i].value[j] > whole[i].high) {
                status = out_of_range(file, whole[i].what, whole[i].value[j], whole[i].low,
                                      whole[i].high, error);
            }
        }
    }
    if (status == PVR_OK) {
        status = read_real(file, &at, &header->boxlen, &header->real_bytes, "8 (boxlen)", error);
    }
    if (status == PVR_OK && !(isfinite(header->boxlen) && header->boxlen > 0)) {
        status = pvr_fail(error, PVR_ERROR_FORMAT,
                          "%s: record 8 (boxlen) holds %g where a size is expected", file->path,
                          header->boxlen);
    }
    static const char *const skipped[] = {"9 (noutput, iout, ifout)", "10 (tout)", "11 (aout)"};
    for (size_t i = 0; status == PVR_OK && i < sizeof skipped / sizeof *skipped; i++) {
        status = skip_record(file, &at, skipped[i], error);
    }
    if (status == PVR_OK) {
        status = read_real(file, &at, &header->time, &time_bytes, "12 (t)", error);
    }
    if (status == PVR_OK && !isfinite(header->time)) {
        status =
            pvr_fail(error, PVR_ERROR_FORMAT, "%s: record 12 (t) holds %g where a time is expected",
                     file->path, header->time);
    }
    if (status == PVR_OK) {
        status = skip_record(file, &at, "13 (dtold)", error);
    }
    if (status == PVR_OK) {
        status = skip_record(file, &at, "14 (dtnew)", error);
    }
    if (status == PVR_OK) {
        status = read_integers(file, &at, steps, 2, "15 (nstep, nstep_coarse)", error);
    }
    if (status == PVR_OK) {
        header->nstep = steps[0];
        header->nstep_coarse = steps[1];
    }
    static const char *const rest[] = {"16 (const, mass_tot_0, rho_tot)",
                                       "17 (cosmology)",
                                       "18 (aexp, hexp)",
                                       "19 (mass_sph)",
                                       "20 (headl)",
                                       "21 (taill)"};
    for (size_t i = 0; status == PVR_OK && i < sizeof rest / sizeof *rest; i++) {
        status = skip_record(file, &at, rest[i], error);
    }
    header->counts = at;
    if (status == PVR_OK && first != NULL) {
        status = compare_header(file, first, header, error);
    }
    return status;
}

/* ---- counts and places ----------------------------------------------------------------------- */

/* Reads a record of counts, whose length must be `count` integers, into new memory. */
static enum pvr_status read_counts(const struct pvr_file *file, uint64_t *offset, uint64_t count,
                                   const char *what, int32_t **value, struct pvr_error *error) {
    uint64_t length, next;
    *value = NULL;
    enum pvr_status status = pvr_record_next(file, *offset, &length, &next, what, error);
    if (status != PVR_OK) {
        return status;
    }
    if (length != 4 * count) { /* compared with the file before anything is allocated */
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: record %s at byte %llu has %llu bytes where %llu are expected",
                        file->path, what, (ull)*offset, (ull)length, (ull)(4 * count));
    }
    *value = malloc((size_t)length + 1);
    if (*value == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for record %s of %s", what, file->path);
    }
    return read_integers(file, offset, *value, (size_t)count, what, error);
}

/* The physical coarse cells have a domain, boundary cells have none (0). */
static enum pvr_status find_box(const struct pvr_file *file, const struct pvr_amr_header *header,
                                const int32_t *cpu_map, struct pvr_coarse_box *box,
                                struct pvr_error *error) {
    const int32_t *n = header->ncoarse;
    uint32_t low[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX}, high[3] = {0, 0, 0};
    uint64_t physical = 0;
    for (int32_t k = 0, i = 0; k < n[2]; k++) {
        for (int32_t j = 0; j < n[1]; j++) {
            for (int32_t l = 0; l < n[0]; l++, i++) {
                if (cpu_map[i] <= 0) {
                    continue;
                }
                const uint32_t at[3] = {(uint32_t)l, (uint32_t)j, (uint32_t)k};
                physical++;
                for (int a = 0; a < 3; a++) {
                    low[a] = at[a] < low[a] ? at[a] : low[a];
                    high[a] = at[a] > high[a] ? at[a] : high[a];
                }
            }
        }
    }
    uint64_t filled = physical > 0;
    for (int a = 0; a < 3 && physical > 0; a++) {
        box->corner[a] = low[a];
        box->count[a] = high[a] - low[a] + 1;
        filled *= box->count[a];
    }
    if (physical == 0 || filled != physical) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: record cpu_map of the coarse level names %llu physical cells that do "
                        "not fill a box",
                        file->path, (ull)physical);
    }
    return PVR_OK;
}

/* Reads the name of the ordering, which stands behind one or more records on free memory; *offset
 * moves from there to behind it. */
static enum pvr_status read_ordering(const struct pvr_file *file, uint64_t *offset,
                                     char ordering[PVR_ORDERING_LENGTH + 1],
                                     struct pvr_error *error) {
    uint64_t length = 0, next = *offset;
    for (int i = 0; i < 4 && length != PVR_ORDERING_LENGTH; i++) {
        *offset = next;
        enum pvr_status status =
            pvr_record_next(file, *offset, &length, &next, "ordering (128 characters)", error);
        if (status != PVR_OK) {
            return status;
        }
    }
    if (length != PVR_ORDERING_LENGTH) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: no record with the ordering's name (128 characters) before byte %llu",
                        file->path, (ull)next);
    }
    ordering[PVR_ORDERING_LENGTH] = '\0';
    return pvr_record_read(file, offset, ordering, 1, PVR_ORDERING_LENGTH, "ordering", error);
}

/* Reads what stands between the counts and the first block. */
static enum pvr_status read_coarse_level(const struct pvr_file *file,
                                         const struct pvr_amr_header *header, uint64_t *offset,
                                         struct pvr_coarse_box *box, struct pvr_error *error) {
    char ordering[PVR_ORDERING_LENGTH + 1];
    enum pvr_status status = read_ordering(file, offset, ordering, error);
    int nkeys = status == PVR_OK && strncmp(ordering, "bisection", 9) == 0 ? 5 : 1;
    for (int i = 0; status == PVR_OK && i < nkeys; i++) {
        status = skip_record(file, offset, "bound keys", error);
    }
    uint64_t ncoarse =
        (uint64_t)header->ncoarse[0] * (uint64_t)header->ncoarse[1] * (uint64_t)header->ncoarse[2];
    static const char *const what[] = {"son of the coarse level", "flag1 of the coarse level",
                                       "cpu_map of the coarse level"};
    int32_t *value = NULL;
    for (int i = 0; status == PVR_OK && i < 3; i++) {
        free(value);
        status = read_counts(file, offset, ncoarse, what[i], &value, error);
    }
    if (status == PVR_OK && box != NULL) {
        status = find_box(file, header, value, box, error);
    }
    free(value);
    return status;
}

struct pvr_amr_block pvr_amr_block(const struct pvr_amr_header *header, uint32_t marker,
                                   uint64_t noct) {
    struct pvr_amr_block sizes;
    uint64_t ndim = (uint64_t)header->ndim, cells = (uint64_t)1 << ndim;
    sizes.integer = 4 * noct + 2 * (uint64_t)marker;
    sizes.real = header->real_bytes * noct + 2 * (uint64_t)marker;
    sizes.centres = 3 * sizes.integer;
    sizes.sons = sizes.centres + ndim * sizes.real + (1 + 2 * ndim) * sizes.integer;
    sizes.all = sizes.sons + 3 * cells * sizes.integer;
    return sizes;
}

/* Names the block in which a file that is too short ends. */
static enum pvr_status fail_short(const struct pvr_file *file, const struct pvr_amr_header *header,
                                  const int32_t *numbl, const int32_t *numbb, uint64_t body,
                                  struct pvr_error *error) {
    uint64_t at = body;
    for (int32_t level = 1; level <= header->nlevelmax; level++) {
        for (int32_t domain = 1; domain <= header->ncpu + header->nboundary; domain++) {
            int64_t l = level - 1;
            int32_t noct = domain <= header->ncpu
                               ? numbl[l * header->ncpu + domain - 1]
                               : numbb[l * header->nboundary + domain - header->ncpu - 1];
            uint64_t all = pvr_amr_block(header, file->encoding.marker, (uint64_t)noct).all;
            if (noct > 0 && all > file->size - at) {
                return pvr_fail(error, PVR_ERROR_FORMAT,
                                "%s: the file ends at byte %llu, within the records of level %d, "
                                "domain %d (%d octs, bytes %llu to %llu)",
                                file->path, (ull)file->size, (int)level, (int)domain, (int)noct,
                                (ull)at, (ull)(at + all));
            }
            at += noct > 0 ? all : 0;
        }
    }
    return pvr_fail(error, PVR_ERROR_FORMAT, "%s: the file is shorter than its counts ask",
                    file->path);
}

/* Octs and blocks with octs in a row of counts; *any has the sign bit if one is negative. */
static void add_counts(const int32_t *count, int n, uint64_t *octs, uint64_t *blocks,
                       int32_t *any) {
    uint64_t sum = 0;
    uint32_t nonzero = 0;
    int32_t all = 0;
    for (int i = 0; i < n; i++) {
        sum += (uint32_t)count[i];
        nonzero += count[i] != 0;
        all |= count[i];
    }
    *octs += sum;
    *blocks += nonzero;
    *any |= all;
}

static enum pvr_status make_places(const struct pvr_file *file, const struct pvr_amr_header *header,
                                   const int32_t *numbl, const int32_t *numbb, int domain,
                                   uint64_t body, struct pvr_place *place,
                                   struct pvr_error *error) {
    struct pvr_amr_block empty = pvr_amr_block(header, file->encoding.marker, 0);
    struct pvr_amr_block one = pvr_amr_block(header, file->encoding.marker, 1);
    uint64_t octs = 0, blocks = 0, per_oct = one.all - empty.all, limit = file->size / per_oct;
    for (int32_t level = 1; level <= header->nlevelmax; level++) {
        const int32_t *row = numbl + (int64_t)(level - 1) * header->ncpu;
        int32_t any = 0;
        uint64_t before = octs;
        add_counts(row, domain - 1, &octs, &blocks, &any);
        place[level - 1] = (struct pvr_place){(uint32_t)row[domain - 1], (uint32_t)blocks, octs};
        add_counts(row + domain - 1, header->ncpu - domain + 1, &octs, &blocks, &any);
        if (header->nboundary > 0) {
            add_counts(numbb + (int64_t)(level - 1) * header->nboundary, header->nboundary, &octs,
                       &blocks, &any);
        }
        if (any < 0 || octs - before > limit) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: record 22 (numbl) counts more octs on level %d than the file's "
                            "%llu bytes can hold, or less than none",
                            file->path, (int)level, (ull)file->size);
        }
        if (octs > limit) {
            return fail_short(file, header, numbl, numbb, body, error);
        }
    }
    place[header->nlevelmax] = (struct pvr_place){0, (uint32_t)blocks, octs};
    if (blocks * empty.all + octs * per_oct > file->size - body) {
        return fail_short(file, header, numbl, numbb, body, error);
    }
    return PVR_OK;
}

enum pvr_status pvr_amr_read_places(const struct pvr_file *file,
                                    const struct pvr_amr_header *header, int domain,
                                    struct pvr_place *place, uint64_t *body,
                                    struct pvr_coarse_box *box, struct pvr_error *error) {
    uint64_t at = header->counts;
    int32_t *numbl = NULL, *numbb = NULL;
    enum pvr_status status =
        read_counts(file, &at, (uint64_t)header->ncpu * (uint64_t)header->nlevelmax, "22 (numbl)",
                    &numbl, error);
    if (status == PVR_OK) {
        status = skip_record(file, &at, "23 (numbtot)", error);
    }
    if (status == PVR_OK && header->nboundary > 0) {
        status = skip_record(file, &at, "24 (headb)", error);
        if (status == PVR_OK) {
            status = skip_record(file, &at, "25 (tailb)", error);
        }
        if (status == PVR_OK) {
            status =
                read_counts(file, &at, (uint64_t)header->nboundary * (uint64_t)header->nlevelmax,
                            "26 (numbb)", &numbb, error);
        }
    }
    if (status == PVR_OK) {
        status = read_coarse_level(file, header, &at, box, error);
    }
    if (status == PVR_OK) {
        *body = at;
        status = make_places(file, header, numbl, numbb, domain, at, place, error);
    }
    free(numbl);
    free(numbb);
    return status;
}

/* ---- domains ----------------------------------------------------------------------------------
 */

/* A real of 16 bytes (IEEE binary128, this machine's byte order) as one of 8, cut off. */
static double from_quad(const unsigned char *bytes) {
    uint64_t half[2];
    memcpy(half, bytes, sizeof half);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    uint64_t high = half[0];
#else
    uint64_t high = half[1];
#endif
    int exponent = (int)(high >> 48 & 0x7fff) - 16383;
    if (exponent < -1022) {
        return 0;
    }
    uint64_t rest = high & 0xffffffffffff; /* 48 bits; 4 and 60 more follow */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    rest = rest << 5 | half[1] >> 59;
#else
    rest = rest << 5 | half[0] >> 59;
#endif
    double value = ldexp(1 + ldexp((double)rest, -53), exponent);
    return high >> 63 != 0 ? -value : value;
}

/* Reads a record of keys of 8 or 16 bytes. Their size follows from their number: one more than the
 * domains, or than a multiple of these. */
static enum pvr_status read_keys(const struct pvr_file *file, const struct pvr_amr_header *header,
                                 uint64_t offset, double **keys, uint64_t *nkeys,
                                 struct pvr_error *error) {
    uint64_t length, next, ncpu = (uint64_t)header->ncpu;
    enum pvr_status status = pvr_record_next(file, offset, &length, &next, "bound keys", error);
    if (status != PVR_OK || length < 16 || length % 8 != 0) {
        return status; /* none */
    }
    bool wide = (length / 8 - 1) % ncpu != 0 || (ncpu == 1 && length == 32);
    uint64_t count = length / (wide ? 16 : 8);
    unsigned char *bytes = malloc((size_t)length);
    *keys = malloc((size_t)count * sizeof **keys);
    if (bytes == NULL || *keys == NULL) {
        free(bytes);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the bound keys of %s", file->path);
    }
    status = pvr_file_read(file, offset + file->encoding.marker, bytes, (size_t)length,
                           "bound keys", error);
    for (uint64_t i = 0; status == PVR_OK && i < count; i++) {
        unsigned char key[16];
        size_t size = wide ? 16 : 8;
        for (size_t b = 0; b < size; b++) {
            key[b] = bytes[i * size + (file->encoding.swap ? size - 1 - b : b)];
        }
        if (wide) {
            (*keys)[i] = from_quad(key);
        } else {
            memcpy(&(*keys)[i], key, sizeof **keys);
        }
    }
    *nkeys = status == PVR_OK ? count : 0;
    free(bytes);
    return status;
}

enum pvr_status pvr_amr_read_cuts(const struct pvr_file *file, const struct pvr_amr_header *header,
                                  uint64_t total[64], char ordering[PVR_ORDERING_LENGTH + 1],
                                  double **keys, uint64_t *nkeys, struct pvr_error *error) {
    uint64_t at = header->counts;
    int32_t *count = NULL;
    *keys = NULL;
    *nkeys = 0;
    memset(total, 0, 64 * sizeof *total);
    enum pvr_status status = skip_record(file, &at, "22 (numbl)", error);
    if (status == PVR_OK) {
        uint64_t nlevels = (uint64_t)header->nlevelmax, length, next;
        status = pvr_record_next(file, at, &length, &next, "23 (numbtot)", error);
        if (status == PVR_OK && length == 40 * nlevels) {
            status = read_counts(file, &at, 10 * nlevels, "23 (numbtot)", &count, error);
        }
        at = next;
        for (uint64_t l = 0; count != NULL && status == PVR_OK && l < nlevels; l++) {
            total[l] = count[10 * l] > 0 ? (uint64_t)count[10 * l] : 0;
        }
        free(count);
    }
    static const char *const skipped[] = {"24 (headb)", "25 (tailb)", "26 (numbb)"};
    for (int i = 0; status == PVR_OK && header->nboundary > 0 && i < 3; i++) {
        status = skip_record(file, &at, skipped[i], error);
    }
    if (status == PVR_OK) {
        status = read_ordering(file, &at, ordering, error);
    }
    if (status == PVR_OK && strncmp(ordering, "bisection", 9) != 0) {
        status = read_keys(file, header, at, keys, nkeys, error);
    }
    return status;
}
