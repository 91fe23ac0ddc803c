/* parts.c - loading particles in tests, and particle files written column by column. */
#include "parts.h"

#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pvr_snapshot *parts_open(const char *path) {
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    unit_ok(pvr_snapshot_open(path, &snapshot, &error), &error);
    return snapshot;
}

void parts_describe(const char *path, struct pvr_particle_table *table) {
    struct pvr_snapshot *snapshot = parts_open(path);
    struct pvr_error error;
    unit_ok(pvr_particles_describe(snapshot, table, &error), &error);
    pvr_snapshot_release(snapshot);
}

struct pvr_particle_request parts_request(void) {
    return (struct pvr_particle_request){
        .precision = PVR_FLOAT64, .position_precision = PVR_FLOAT64, .totals = true};
}

static enum pvr_status load_all(struct pvr_snapshot *snapshot, struct pvr_particle_request request,
                                int threads, struct pvr_particles **particles,
                                struct pvr_error *error) {
    struct pvr_particle_table table;
    enum pvr_status status = pvr_particles_describe(snapshot, &table, error);
    *particles = NULL;
    if (status != PVR_OK) {
        return status;
    }
    const char **name = calloc((size_t)table.nfields + 1, sizeof *name);
    assert_non_null(name);
    for (int i = 0; i < table.nfields; i++) {
        name[i] = table.field[i].name;
    }
    request.fields = name;
    request.nfields = table.nfields;
    const struct pvr_threads settings = {.max = threads};
    status = pvr_particles_load(snapshot, &request, &settings, NULL, NULL, particles, error);
    free(name);
    pvr_particle_table_free(&table);
    return status;
}

struct pvr_particles *parts_load(const char *path, const char *fields,
                                 const struct pvr_particle_request *request, int threads) {
    struct pvr_snapshot *snapshot = parts_open(path);
    struct pvr_particle_request wanted = request != NULL ? *request : parts_request();
    struct pvr_particles *particles;
    struct pvr_error error;
    const struct pvr_threads settings = {.max = threads};
    if (fields == NULL) {
        unit_ok(load_all(snapshot, wanted, threads, &particles, &error), &error);
    } else {
        const char *name[32];
        char *copy = strdup(fields), *rest = copy;
        wanted.nfields = 0;
        wanted.fields = name;
        for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;) {
            name[wanted.nfields++] = word;
        }
        unit_ok(pvr_particles_load(snapshot, &wanted, &settings, NULL, NULL, &particles, &error),
                &error);
        free(copy);
    }
    unit_ok(pvr_particles_find_ranges(particles, &settings, &error), &error);
    pvr_snapshot_release(snapshot);
    return particles;
}

void parts_must_fail(const char *path, const char *part) {
    struct pvr_snapshot *snapshot = parts_open(path);
    struct pvr_particles *particles;
    struct pvr_error error;
    enum pvr_status status = load_all(snapshot, parts_request(), 2, &particles, &error);
    assert_null(particles);
    unit_failed(status, &error, part);
    pvr_snapshot_release(snapshot);
}

const struct pvr_particle_array *parts_array(const struct pvr_particles *particles,
                                             const char *name) {
    for (int i = 0; i < particles->narrays; i++) {
        if (strcmp(particles->arrays[i].name, name) == 0) {
            return &particles->arrays[i];
        }
    }
    fail_msg("no array %s", name);
    return NULL;
}

static void same_array(const struct pvr_particle_array *a, const struct pvr_particle_array *b) {
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->array->type, b->array->type);
    assert_int_equal(a->array->bytes, b->array->bytes);
    assert_memory_equal(a->array->data, b->array->data, a->array->bytes);
    assert_int_equal(a->has_ranges, b->has_ranges);
    size_t ncomponents = (size_t)a->array->ncomponents;
    assert_memory_equal(a->range, b->range, ncomponents * sizeof a->range[0]);
    assert_memory_equal(a->sum, b->sum, ncomponents * sizeof a->sum[0]);
    assert_memory_equal(a->norm, b->norm, sizeof a->norm);
}

void parts_same(const struct pvr_particles *a, const struct pvr_particles *b) {
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->matching, b->matching);
    assert_int_equal(a->narrays, b->narrays);
    same_array(&a->position, &b->position);
    for (int i = 0; i < a->narrays; i++) {
        same_array(&a->arrays[i], &b->arrays[i]);
    }
    assert_int_equal(a->nfamilies, b->nfamilies);
    for (int i = 0; i < a->nfamilies; i++) {
        assert_int_equal(a->family[i].code, b->family[i].code);
        assert_int_equal(a->family[i].count, b->family[i].count);
        assert_memory_equal(&a->family[i].mass, &b->family[i].mass, 8);
    }
    assert_memory_equal(&a->mass, &b->mass, 8);
    assert_memory_equal(&a->matter_mass, &b->matter_mass, 8);
}

/* ---- files ------------------------------------------------------------------------------------
 */

void parts_copy_mesh(const char *from, const char *to) {
    DIR *folder = opendir(from);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name;
        if (strncmp(name, "info_", 5) == 0 || strncmp(name, "amr_", 4) == 0) {
            unit_copy(unit_path("%s/%s", from, name), unit_path("%s/%s", to, name));
        }
    }
    closedir(folder);
}

double part_value(int column, uint64_t i) {
    uint64_t state = (uint64_t)column * 1000003u + i;
    return (double)(int64_t)(unit_random(&state) % 200) - 99; /* fits into every type */
}

static void write_column(struct record_writer *writer, const struct part_column *column, int number,
                         uint64_t first, uint64_t count) {
    char *data = calloc(count + 1, column->item);
    assert_non_null(data);
    bool real = column->type == 'd' || column->type == 'f';
    for (uint64_t i = 0; i < count; i++) {
        double value = part_value(number, first + i);
        float narrow = (float)value;
        int8_t byte = (int8_t)value;
        int16_t small = (int16_t)value;
        int32_t whole = (int32_t)value;
        int64_t wide = (int64_t)value;
        const void *from = real ? (column->item == 8 ? (const void *)&value : (const void *)&narrow)
                           : column->item == 1 ? (const void *)&byte
                           : column->item == 2 ? (const void *)&small
                           : column->item == 4 ? (const void *)&whole
                                               : (const void *)&wide;
        memcpy(data + i * column->item, from, column->item < 8 ? column->item : 8);
    }
    record_write(writer, data, count * column->item, column->item, real);
    free(data);
}

static void write_header(struct record_writer *writer, int ncpu, int ndim, int npart, int nsink) {
    const int32_t seed[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const int32_t header[] = {ncpu, ndim, npart};
    const double zero = 0;
    for (int i = 0; i < 3; i++) {
        record_write(writer, &header[i], 4, 4, 0);
    }
    record_write(writer, seed, npart % 2 == 1 ? 16 : 32, 4, 0); /* both forms */
    record_write(writer, seed, npart % 3 == 0 ? 4 : 8, 4, 0);
    record_write(writer, &zero, 8, 8, 1);
    record_write(writer, &zero, 8, 8, 1);
    record_write(writer, &nsink, 4, 4, 0);
}

void part_write(const char *path, int ncpu, int ndim, int nsink, const struct part_column *column,
                int ncolumns, uint64_t first, uint64_t count, const struct record_writer *way) {
    struct record_writer writer = *way;
    writer.bytes = NULL;
    writer.size = writer.room = 0;
    write_header(&writer, ncpu, ndim, (int)count, nsink);
    for (int i = 0; i < ncolumns; i++) {
        write_column(&writer, &column[i], i, first, count);
    }
    unit_write_file(path, writer.bytes, writer.size);
    free(writer.bytes);
}

void parts_write(const char *folder, int number, int ncpu, int ndim, int nsink,
                 const struct part_column *column, int ncolumns, const struct record_writer *way,
                 bool descriptor) {
    uint64_t first = 0;
    for (int domain = 1; domain <= ncpu; domain++) {
        uint64_t count = 7 + (uint64_t)domain;
        part_write(unit_path("%s/part_%05d.out%05d", folder, number, domain), ncpu, ndim, nsink,
                   column, ncolumns, first, count, way);
        first += count;
    }
    if (descriptor) {
        char text[4096] = "# version:  1\n# ivar, variable_name, variable_type\n";
        for (int i = 0; i < ncolumns; i++) {
            size_t length = strlen(text);
            snprintf(text + length, sizeof text - length, "%2d, %s, %c\n", i + 1, column[i].name,
                     column[i].type);
        }
        unit_write_text(unit_path("%s/part_file_descriptor.txt", folder), text);
    }
}

void parts_write_stars(const char *folder, int number, int ncpu, const double *birth, int count) {
    static const struct part_column column[] = {{"position_x", 'd', 8},
                                                {"position_y", 'd', 8},
                                                {"position_z", 'd', 8},
                                                {"birth_time", 'd', 8},
                                                {"family", 'b', 1}};
    const struct record_writer way = {.marker = 4};
    parts_write(folder, number, ncpu, 3, 0, column, 5, &way, true);
    for (int domain = 1; domain <= ncpu; domain++) {
        struct record_writer writer = way;
        uint64_t here = domain == 1 ? (uint64_t)count : 0;
        write_header(&writer, ncpu, 3, (int)here, 0);
        for (int i = 0; i < 3; i++) {
            write_column(&writer, &column[i], i, 0, here);
        }
        record_write(&writer, birth, here * 8, 8, 1);
        char *family = malloc(here + 1);
        assert_non_null(family);
        memset(family, PVR_FAMILY_STAR, here);
        record_write(&writer, family, here, 1, 0);
        free(family);
        unit_write_file(unit_path("%s/part_%05d.out%05d", folder, number, domain), writer.bytes,
                        writer.size);
        free(writer.bytes);
    }
}
