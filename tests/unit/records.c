/* records.c - the Fortran records of a file, read and written one by one without the library. */
#include "records.h"

#include "support.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

void records_read(const char *path, struct records *records) {
    memset(records, 0, sizeof *records);
    records->bytes = unit_read_file(path, &records->size);
    size_t room = 0;
    for (size_t at = 0; at < records->size;) {
        if (records->count == room) {
            room = room * 2 + 256;
            records->at = realloc(records->at, room * sizeof *records->at);
            records->length = realloc(records->length, room * sizeof *records->length);
            assert_non_null(records->at);
            assert_non_null(records->length);
        }
        uint32_t length, behind;
        memcpy(&length, records->bytes + at, 4);
        assert_true(at + 8 + length <= records->size);
        memcpy(&behind, records->bytes + at + 4 + length, 4);
        assert_int_equal(length, behind);
        records->at[records->count] = at;
        records->length[records->count++] = length;
        at += 8 + length;
    }
}

void records_free(struct records *records) {
    free(records->bytes);
    free(records->at);
    free(records->length);
}

char *record_data(const struct records *records, size_t number) {
    assert_in_range(number, 0, records->count - 1);
    return records->bytes + records->at[number] + 4;
}

int32_t record_int(const struct records *records, size_t number, size_t item) {
    int32_t value;
    assert_true(4 * (item + 1) <= records->length[number]);
    memcpy(&value, record_data(records, number) + 4 * item, 4);
    return value;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

static void append(struct record_writer *writer, const void *data, size_t item, size_t count) {
    size_t bytes = item * count;
    if (writer->size + bytes > writer->room) {
        writer->room = 2 * (writer->size + bytes) + 4096;
        writer->bytes = realloc(writer->bytes, writer->room);
        assert_non_null(writer->bytes);
    }
    const char *from = data;
    char *to = writer->bytes + writer->size;
    for (size_t i = 0; i < bytes; i++) {
        size_t in = i % item;
        to[i] = from[writer->swap ? i - in + (item - 1 - in) : i];
    }
    writer->size += bytes;
}

static void append_marker(struct record_writer *writer, size_t length) {
    uint64_t wide = length;
    uint32_t narrow = (uint32_t)length;
    append(writer, writer->marker == 8 ? (const void *)&wide : (const void *)&narrow,
           writer->marker, 1);
}

void record_write(struct record_writer *writer, const void *data, size_t length, size_t item,
                  int real) {
    assert_int_equal(length % item, 0);
    size_t count = length / item;
    size_t written = real && item == 8 && writer->single_reals ? 4 : item;
    append_marker(writer, written * count);
    for (size_t i = 0; i < count; i++) {
        const char *value = (const char *)data + i * item;
        double wide;
        float narrow;
        if (written != item) {
            memcpy(&wide, value, 8);
            narrow = (float)wide;
            append(writer, &narrow, 4, 1);
        } else {
            append(writer, value, item, 1);
        }
    }
    append_marker(writer, written * count);
}

/* ---- whole files ------------------------------------------------------------------------------
 */

/* Takes records of a file one after the other. */
struct conversion {
    struct records from;
    size_t next;
    struct record_writer to;
};

static void begin(struct conversion *conversion, const char *from,
                  const struct record_writer *way) {
    memset(conversion, 0, sizeof *conversion);
    records_read(from, &conversion->from);
    conversion->to = *way;
    conversion->to.bytes = NULL;
    conversion->to.size = conversion->to.room = 0;
}

static void end(struct conversion *conversion, const char *to) {
    assert_int_equal(conversion->next, conversion->from.count);
    unit_write_file(to, conversion->to.bytes, conversion->to.size);
    free(conversion->to.bytes);
    records_free(&conversion->from);
}

static void take(struct conversion *conversion, size_t count, size_t item, int real) {
    for (size_t i = 0; i < count; i++, conversion->next++) {
        record_write(&conversion->to, record_data(&conversion->from, conversion->next),
                     conversion->from.length[conversion->next], item, real);
    }
}

/* The name of the ordering and the bound keys, of 8 bytes in builds of either precision. */
static void take_ordering(struct conversion *c, int ncpu) {
    if (!c->to.bisection && !c->to.wide_keys) {
        take(c, 1, 1, 0);
        take(c, 1, 8, 0);
        return;
    }
    char name[128];
    memset(name, ' ', sizeof name);
    memcpy(name, c->to.bisection ? "bisection" : "hilbert", c->to.bisection ? 9 : 7);
    record_write(&c->to, name, sizeof name, 1, 0);
    char *filling = calloc((size_t)ncpu + 1, 64);
    assert_non_null(filling);
    for (int i = 0; i < (c->to.bisection ? 5 : 1); i++) {
        record_write(&c->to, filling, (size_t)(ncpu + 1) * 16 + (size_t)i * 8, 8, 0);
    }
    free(filling);
    c->next += 2;
}

void convert_amr(const char *from, const char *to, const struct record_writer *way) {
    struct conversion c;
    begin(&c, from, way);
    int ncpu = record_int(&c.from, 0, 0), ndim = record_int(&c.from, 1, 0);
    int nlevelmax = record_int(&c.from, 3, 0), nboundary = record_int(&c.from, 5, 0);
    take(&c, 7, 4, 0);
    take(&c, 1, 8, 1); /* boxlen */
    take(&c, 1, 4, 0); /* noutput, iout, ifout */
    take(&c, 5, 8, 1); /* tout, aout, t, dtold, dtnew */
    take(&c, 1, 4, 0); /* nstep, nstep_coarse */
    take(&c, 4, 8, 1); /* const ..., omega_m ..., aexp ..., mass_sph */
    take(&c, 2, 4, 0); /* headl, taill */
    size_t numbl = c.next, numbb = 0;
    take(&c, 2, 4, 0); /* numbl, numbtot */
    if (nboundary > 0) {
        numbb = c.next + 2;
        take(&c, 3, 4, 0); /* headb, tailb, numbb */
    }
    take(&c, 1, 4, 0); /* free list */
    take_ordering(&c, ncpu);
    take(&c, 3, 4, 0); /* son, flag1, cpu_map of the coarse level */
    for (int level = 0; level < nlevelmax; level++) {
        for (int domain = 0; domain < ncpu + nboundary; domain++) {
            int noct = domain < ncpu ? record_int(&c.from, numbl, (size_t)(level * ncpu + domain))
                                     : record_int(&c.from, numbb,
                                                  (size_t)(level * nboundary + domain - ncpu));
            if (noct > 0) {
                take(&c, 3, 4, 0);
                take(&c, (size_t)ndim, 8, 1);
                take(&c, 1 + 2 * (size_t)ndim + ((size_t)3 << ndim), 4, 0);
            }
        }
    }
    end(&c, to);
}

/* What follows a header: per level and domain ilevel, ncache, and for each cell its variables. */
static void take_values(struct conversion *c, int nvar, int ndim) {
    while (c->next < c->from.count) {
        int ncache = record_int(&c->from, c->next + 1, 0);
        take(c, 2, 4, 0);
        take(c, ncache > 0 ? (size_t)nvar << ndim : 0, 8, 1);
    }
}

void convert_hydro(const char *from, const char *to, const struct record_writer *way) {
    struct conversion c;
    begin(&c, from, way);
    take(&c, 5, 4, 0);
    take(&c, 1, 8, 1); /* gamma */
    take_values(&c, record_int(&c.from, 1, 0), record_int(&c.from, 2, 0));
    end(&c, to);
}

void convert_gravity(const char *from, const char *to, const struct record_writer *way) {
    struct conversion c;
    begin(&c, from, way);
    take(&c, 4, 4, 0);
    int nvar = record_int(&c.from, 1, 0); /* potential and acceleration */
    take_values(&c, nvar, nvar - 1);
    end(&c, to);
}

void convert_output(const char *from, const char *to, const struct record_writer *way) {
    unit_make_folder(to);
    DIR *folder = opendir(from);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name;
        const char *in = unit_path("%s/%s", from, name), *out = unit_path("%s/%s", to, name);
        if (strncmp(name, "amr_", 4) == 0) {
            convert_amr(in, out, way);
        } else if (strncmp(name, "hydro_", 6) == 0 && strstr(name, ".out") != NULL) {
            convert_hydro(in, out, way);
        } else if (strncmp(name, "grav_", 5) == 0) {
            convert_gravity(in, out, way);
        } else if (name[0] != '.') {
            unit_copy(in, out);
        }
    }
    closedir(folder);
}
