/* test_mera.c - Mera files: every column as Julia wrote it, and the meshes, particles and lists
 * that are made of them. */
#include "mera.h"

#include "pvr_derived.h"
#include "pvr_particles.h"
#include "pvr_series.h"
#include "pvr_stream.h"
#include "pvr_tables.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- columns ----------------------------------------------------------------------------------
 */

static enum pvr_mera_kind kind_called(const char *name) {
    for (int kind = 0; kind < PVR_MERA_KINDS; kind++) {
        if (strcmp(pvr_mera_kind_name((enum pvr_mera_kind)kind), name) == 0) {
            return (enum pvr_mera_kind)kind;
        }
    }
    fail_msg("no kind %s", name);
    return PVR_MERA_KINDS;
}

static const char *type_of(const struct pvr_jld2_type *type) {
    static char text[16];
    snprintf(text, sizeof text, "%s%u", type->kind == PVR_JLD2_FLOAT ? "Float" : "Int",
             8 * type->size);
    return text;
}

static uint64_t fnv(const void *data, size_t bytes) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < bytes; i++) {
        hash = (hash ^ ((const uint8_t *)data)[i]) * 0x100000001b3u;
    }
    return hash;
}

/* Names, types, rows and bytes of all columns are those that Julia itself has of them. */
static void columns_of_data(void **state) {
    (void)state;
    size_t size;
    char *list = unit_read_file(unit_path("%s/mera/COLUMNS.txt", PVR_TEST_DATA), &size);
    char *rest = list;
    int checked = 0;
    for (char *line; (line = strtok_r(rest, "\n", &rest)) != NULL;) {
        char file[64], kind[16], name[32], type[16];
        unsigned long long rows, hash;
        if (line[0] == '#') {
            continue;
        }
        assert_int_equal(
            sscanf(line, "%63s %15s %31s %15s %llu %llx", file, kind, name, type, &rows, &hash), 6);
        struct pvr_mera *mera = mera_open(mera_path(file));
        struct mera_columns columns = mera_read(mera, kind_called(kind), 1 + checked % 3);
        int i = pvr_mera_column_find(columns.table, name);
        assert_true(i >= 0);
        assert_int_equal(columns.table->nrows, rows);
        assert_string_equal(type_of(columns.table->column[i].object.type), type);
        size_t bytes = (size_t)pvr_jld2_bytes(&columns.table->column[i].object);
        if (fnv(columns.data[i], bytes) != hash) {
            fail_msg("%s", line);
        }
        checked++;
        mera_columns_free(&columns);
        pvr_mera_free(mera);
    }
    assert_int_equal(checked, 72);
    free(list);
}

/* Compares a table with ref/NAME.schema and ref/NAME.bin. */
static int compare_with(const struct pvr_mera *mera, enum pvr_mera_kind kind, const char *folder,
                        const char *name) {
    size_t size, at = 0;
    char *schema = unit_read_file(unit_path("%s/ref/%s.schema", folder, name), &size);
    char *bytes = unit_read_file(unit_path("%s/ref/%s.bin", folder, name), &size), *rest = schema;
    int place = 0;
    struct mera_columns columns = mera_read(mera, kind, 2);
    for (char *line; (line = strtok_r(rest, "\n", &rest)) != NULL; place++) {
        char column[32], type[16];
        unsigned long long rows;
        assert_int_equal(sscanf(line, "%31s %15s %llu", column, type, &rows), 3);
        assert_true(place < columns.table->ncolumns);
        const struct pvr_mera_column *found = &columns.table->column[place];
        assert_string_equal(found->name, column);
        assert_string_equal(type_of(found->object.type), type);
        assert_int_equal(found->object.count, rows);
        size_t length = (size_t)pvr_jld2_bytes(&found->object);
        assert_true(at + length <= size);
        if (memcmp(columns.data[place], bytes + at, length) != 0) {
            fail_msg("%s: column %s", mera->path, column);
        }
        at += length;
    }
    assert_int_equal(place, columns.table->ncolumns);
    assert_int_equal(at, size);
    mera_columns_free(&columns);
    free(schema);
    free(bytes);
    return place;
}

static void columns_of_fixtures(void **state) {
    (void)state;
    static const char *const files[] = {
        "mera144/clumps_lz4 clumps:clumps",
        "mera144/gravity_lz4 gravity:gravity",
        "mera144/hydro-mhdtube3d_lz4 hydro:hydro-mhdtube3d-2",
        "mera144/hydro_bzip2 hydro:hydro",
        "mera144/hydro_lz4 hydro:hydro",
        "mera144/hydro_none hydro:hydro",
        "mera144/hydro_zlib hydro:hydro",
        "mera144/hydrosub_lz4 hydro:hydrosub",
        "mera144/multi_lz4 hydro:hydro gravity:gravity particles:particles",
        "mera144/particles_lz4 particles:particles",
        "mera144/particles_zlib particles:particles",
        "mera190/clumps_lz4 clumps:clumps",
        "mera190/gravity_lz4 gravity:gravity",
        "mera190/hydro_lz4 hydro:hydro",
        "mera190/hydro_none hydro:hydro",
        "mera190/hydro_zlib hydro:hydro",
        "mera190/hydro_zstd hydro:hydro",
        "mera190/multi_lz4 hydro:hydro gravity:gravity particles:particles",
        "mera190/particles_lz4 particles:particles",
        "mera190/rt_lz4 rt:rt",
    };
    if (mera_fixtures() == NULL) {
        skip();
    }
    int columns = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char line[160], folder[300], *rest = line;
        snprintf(line, sizeof line, "%s", files[i]);
        char *file = strtok_r(rest, " ", &rest);
        snprintf(folder, sizeof folder, "%s/%.7s", mera_fixtures(), file);
        struct pvr_mera *mera = mera_open(unit_path("%s/%s_00002.jld2", mera_fixtures(), file));
        for (char *part; (part = strtok_r(rest, " ", &rest)) != NULL;) {
            char *name = strchr(part, ':');
            *name++ = '\0';
            columns += compare_with(mera, kind_called(part), folder, name);
        }
        pvr_mera_free(mera);
    }
    assert_int_equal(columns, 13 + 8 + 15 + 9 * 4 + 6 + 29 + 24 + 13 + 8 + 9 * 4 + 29 + 12 + 16);
}

/* ---- information ------------------------------------------------------------------------------
 */

static const char *fact(const struct pvr_mera_table *table, const char *name) {
    for (int i = 0; i < table->nfacts; i++) {
        if (strcmp(table->fact[i].name, name) == 0) {
            return table->fact[i].text;
        }
    }
    fail_msg("no fact %s", name);
    return NULL;
}

static void information(void **state) {
    (void)state;
    struct pvr_mera *mera = mera_open(mera_path("mera190_multi_00002"));
    assert_string_equal(mera->title,
                        "HDF5-based Julia Data Format, version 0.2.0 (Julia 1.10.8 64-bit LE)");
    assert_string_equal(mera->code, "RAMSES");
    assert_non_null(strstr(mera->simulation, "sedov3d_grav_part"));
    assert_int_equal(mera->number, 2);
    assert_int_equal(mera->info.ncpu, 3);
    assert_int_equal(mera->info.ndim, 3);
    assert_int_equal(mera->info.levelmin, 4);
    assert_int_equal(mera->info.levelmax, 7);
    assert_true(mera->info.boxlen == 0.5 && mera->info.time == 0.0024220045996151498);
    assert_true(mera->info.unit_l == 1 && mera->info.unit_d == 1 && mera->info.unit_t == 1);
    assert_true(mera->gamma == 1.4);
    assert_int_equal(mera->descriptor[PVR_MERA_HYDRO].count, 5);
    assert_string_equal(mera->descriptor[PVR_MERA_HYDRO].name[4], "pressure");
    const struct pvr_mera_table *hydro = &mera->table[PVR_MERA_HYDRO];
    assert_string_equal(hydro->comments, "hydro part");
    assert_string_equal(fact(hydro, "Mera"), "1.9.0");
    assert_string_equal(fact(hydro, "JLD2"), "0.6.5");
    assert_string_equal(fact(hydro, "merafile_version"), "1");
    assert_string_equal(hydro->storage[0].name, "folder");
    assert_true(hydro->storage[0].bytes == 1619666);
    assert_string_equal(hydro->memory_unit, "KB");
    assert_true(fabs(hydro->memory - 482.7197265625) < 1e-9);
    assert_true(hydro->lmin == 4 && hydro->lmax == 7 && hydro->boxlen == 0.5);
    assert_null(mera->table[PVR_MERA_GRAVITY].comments);
    assert_false(mera->table[PVR_MERA_RT].present);
    pvr_mera_free(mera);

    mera = mera_open(mera_path("mera144_part_00002"));
    const double ranges[] = {0.2, 0.8, 0.1, 0.9, 0.3, 0.6};
    assert_true(mera->table[PVR_MERA_HYDRO].has_ranges);
    for (int i = 0; i < 6; i++) {
        assert_true(fabs(mera->table[PVR_MERA_HYDRO].ranges[i] - ranges[i]) < 1e-15);
    }
    assert_string_equal(fact(&mera->table[PVR_MERA_HYDRO], "JLD2"), "0.4.31");
    assert_string_equal(fact(&mera->table[PVR_MERA_HYDRO], "Mera"), "1.4.4");
    assert_int_equal(mera->table[PVR_MERA_HYDRO].nselected, 2);
    pvr_mera_free(mera);
}

/* ---- meshes -----------------------------------------------------------------------------------
 */

/* The mesh's value of the cell that a row is, or lies in. */
static struct pvr_cell cell_of(const struct pvr_octree *octree, const struct mera_columns *columns,
                               uint64_t row) {
    static const char *const names[] = {"cx", "cy", "cz"};
    int level = (int)mera_value(columns, "level", row), most = octree->max_level;
    uint32_t at[3];
    double side = octree->size[0] / octree->root_dims[0];
    for (int axis = 0; axis < 3; axis++) {
        double first = octree->origin[axis] / ldexp(side, octree->root_level - level);
        at[axis] = (uint32_t)(mera_value(columns, names[axis], row) - 1 - first);
        at[axis] >>= level > most ? level - most : 0;
    }
    struct pvr_cell cell;
    assert_true(pvr_octree_cell(octree, level > most ? most : level, at, &cell));
    assert_int_equal(cell.level, level > most ? most : level);
    return cell;
}

/* One field of the mesh, and its column. */
struct pair {
    const char *field;
    int component;
    const char *column;
    bool by_mass;
};

static const struct pair hydro_pairs[] = {{"density", 0, "rho", false}, {"velocity", 0, "vx", true},
                                          {"velocity", 1, "vy", true},  {"velocity", 2, "vz", true},
                                          {"pressure", 0, "p", false},  {NULL, 0, NULL, false}};
static const struct pair gravity_pairs[] = {{"potential", 0, "epot", false},
                                            {"acceleration", 0, "ax", false},
                                            {"acceleration", 1, "ay", false},
                                            {"acceleration", 2, "az", false},
                                            {NULL, 0, NULL, false}};

/* Every leaf has its row's value, bit for bit; every cell at the last level that is asked for the
 * mean over the rows in it; every cell that is refined the mean over the leaves below it. */
static void check_mesh(const struct pvr_mesh *mesh, const struct mera_columns *columns,
                       const struct pair *pairs) {
    const struct pvr_octree *octree = mesh->octree;
    uint64_t ncells = octree->ncells;
    struct pvr_cell *shown = calloc(ncells, sizeof *shown); /* of the leaves */
    double *rows = calloc(ncells, sizeof *rows), *value = calloc(ncells, sizeof *value);
    double *density = calloc(ncells, sizeof *density), *sum = calloc(ncells, sizeof *sum);
    double *weight = calloc(ncells, sizeof *weight);
    for (; pairs->field != NULL; pairs++) {
        const struct pvr_array *array = unit_array(mesh, pairs->field)->array;
        double *const all[] = {rows, value, density, sum, weight};
        for (int i = 0; i < 5; i++) {
            memset(all[i], 0, ncells * sizeof *all[i]);
        }
        for (uint64_t row = 0; row < columns->table->nrows; row++) {
            struct pvr_cell cell = cell_of(octree, columns, row);
            double of_row = mera_value(columns, pairs->column, row);
            int level = (int)mera_value(columns, "level", row);
            assert_false(cell.outside || cell.refined);
            if (cell.level == level) {
                assert_true(unit_value(array, cell.index, pairs->component) == of_row);
            }
            double size = ldexp(1, -3 * level);
            double mass = pairs->by_mass ? mera_value(columns, "rho", row) : 1;
            shown[cell.index] = cell;
            rows[cell.index] += size;
            density[cell.index] += size * mass;
            value[cell.index] += size * mass * of_row;
        }
        double scale = 0;
        for (uint64_t i = 0; i < ncells; i++) {
            const struct pvr_cell *cell = &shown[i];
            double of_cell = unit_value(array, i, pairs->component);
            scale = fmax(scale, isnan(of_cell) ? 0 : fabs(of_cell));
            for (int l = cell->level; rows[i] > 0 && l >= octree->root_level; l--) {
                const uint32_t at[3] = {cell->coordinate[0] >> (cell->level - l),
                                        cell->coordinate[1] >> (cell->level - l),
                                        cell->coordinate[2] >> (cell->level - l)};
                struct pvr_cell above;
                assert_true(pvr_octree_cell(octree, l, at, &above));
                double mass = ldexp(1, -3 * cell->level) * density[i] / rows[i];
                weight[above.index] += mass;
                sum[above.index] += mass * value[i] / density[i];
            }
        }
        for (uint64_t i = 0; i < ncells; i++) {
            double of_cell = unit_value(array, i, pairs->component);
            if (weight[i] == 0) { /* outside */
                assert_true(isnan(of_cell));
            } else {
                assert_true(fabs(of_cell - sum[i] / weight[i]) <= 1e-12 * scale);
            }
        }
    }
    double *const all[] = {rows, value, density, sum, weight};
    for (int i = 0; i < 5; i++) {
        free(all[i]);
    }
    free(shown);
}

static void meshes(void **state) {
    (void)state;
    static const struct {
        const char *file, *fields;
        enum pvr_mera_kind kind;
        const struct pair *pairs;
        double volume; /* of the leaves */
    } cases[] = {
        {"mera144_hydro_00002", "density velocity pressure", PVR_MERA_HYDRO, hydro_pairs, 0.125},
        {"mera190_multi_00002", "density velocity pressure", PVR_MERA_HYDRO, hydro_pairs, 0.125},
        {"mera190_multi_00002", "potential acceleration", PVR_MERA_GRAVITY, gravity_pairs, 0.125},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pvr_mera *mera = mera_open(mera_path(cases[i].file));
        struct mera_columns columns = mera_read(mera, cases[i].kind, 2);
        for (int max_level = 0; max_level < 7; max_level++) {
            struct pvr_mesh *mesh =
                unit_load(mera_path(cases[i].file), cases[i].fields, PVR_FLOAT64, max_level, 2);
            const struct pvr_octree *octree = mesh->octree;
            assert_int_equal(octree->noutside, 0);
            assert_int_equal(octree->max_level, max_level > 0 ? max_level : 6);
            if (max_level == 0 || max_level > 5) {
                assert_int_equal(octree->nleaves, columns.table->nrows);
            }
            assert_true(octree->origin[1] == 0 && octree->size[1] == 0.5);
            check_mesh(mesh, &columns, cases[i].pairs);
            pvr_mesh_free(mesh);
        }
        mera_columns_free(&columns);
        pvr_mera_free(mera);
    }
}

/* A part of a box: what it leaves out is outside, and the grid ends about where it does. */
static void part_of_a_box(void **state) {
    (void)state;
    static const struct pair pairs[] = {
        {"density", 0, "rho", false}, {"pressure", 0, "p", false}, {NULL, 0, NULL, false}};
    const char *path = mera_path("mera144_part_00002");
    struct pvr_mera *mera = mera_open(path);
    struct mera_columns columns = mera_read(mera, PVR_MERA_HYDRO, 1);
    for (int max_level = 0; max_level < 5; max_level += 4) {
        struct pvr_mesh *mesh =
            unit_load(path, "density pressure level", PVR_FLOAT64, max_level, 3);
        check_mesh(mesh, &columns, pairs);
        const double low[] = {0.1, 0.05, 0.15}, high[] = {0.4, 0.45, 0.3};
        double tree = mesh->octree->size[0] / mesh->octree->root_dims[0];
        for (int axis = 0; axis < 3; axis++) {
            double begin = mesh->octree->origin[axis], end = begin + mesh->octree->size[axis];
            assert_true(begin <= low[axis] && begin > low[axis] - tree - 1e-12);
            assert_true(end >= high[axis] && end < high[axis] + tree + 1e-12);
        }
        pvr_mesh_free(mesh);
    }
    struct pvr_mesh *mesh = unit_load(path, "level", PVR_FLOAT32, 0, 1);
    const struct pvr_array *levels = unit_array(mesh, "level")->array;
    for (uint64_t row = 0; row < columns.table->nrows; row++) {
        assert_int_equal(unit_value(levels, cell_of(mesh->octree, &columns, row).index, 0),
                         mera_value(&columns, "level", row));
    }
    pvr_mesh_free(mesh);
    mera_columns_free(&columns);
    pvr_mera_free(mera);
}

static void same_for_any_threads(void **state) {
    (void)state;
    static const int threads[] = {2, 3, 8};
    static const char fields[] = "density velocity pressure potential acceleration level";
    const char *path = mera_path("mera190_multi_00002");
    for (int max_level = 0; max_level < 6; max_level += 5) {
        struct pvr_mesh *first = unit_load(path, fields, PVR_FLOAT32, max_level, 1);
        for (int i = 0; i < 3; i++) {
            struct pvr_mesh *other = unit_load(path, fields, PVR_FLOAT32, max_level, threads[i]);
            unit_same_mesh(first, other);
            pvr_mesh_free(other);
        }
        pvr_mesh_free(first);
    }
    /* what a field is does not hang on which others are asked for */
    struct pvr_mesh *all = unit_load(path, "density velocity", PVR_FLOAT64, 0, 2);
    struct pvr_mesh *alone = unit_load(path, "velocity", PVR_FLOAT64, 0, 2);
    assert_memory_equal(all->arrays[1].array->data, alone->arrays[0].array->data,
                        alone->arrays[0].array->bytes);
    pvr_mesh_free(all);
    pvr_mesh_free(alone);
}

/* Versions that named columns by their place: the file's descriptor knows what they are. */
static void names(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    const char *path = mera_path("mera144_mhd_00002");
    unit_ok(pvr_snapshot_open(path, &snapshot, &error), &error);
    const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
    static const char *const fields[] = {"density", "velocity", "B_left",
                                         "B_right", "pressure", "B_field"};
    assert_int_equal(table->nfields, 6);
    for (int i = 0; i < 6; i++) {
        assert_true(pvr_field_find(table, fields[i]) >= 0);
    }
    assert_non_null(strstr(pvr_snapshot_warnings(snapshot), "column p of hydro is B_x_left"));
    assert_true(pvr_snapshot_has_mesh(snapshot) && !pvr_snapshot_has_domains(snapshot));
    assert_non_null(pvr_snapshot_mera(snapshot));
    pvr_snapshot_release(snapshot);

    struct pvr_mesh *mesh = unit_load(path, "pressure B_left B_right B_field", PVR_FLOAT64, 0, 2);
    struct pvr_mera *mera = mera_open(path);
    struct mera_columns columns = mera_read(mera, PVR_MERA_HYDRO, 2);
    for (uint64_t row = 0; row < columns.table->nrows; row++) {
        uint64_t cell = cell_of(mesh->octree, &columns, row).index;
        double left = mera_value(&columns, "var6", row), right = mera_value(&columns, "var9", row);
        assert_true(unit_value(mesh->arrays[0].array, cell, 0) ==
                    mera_value(&columns, "var11", row));
        assert_true(unit_value(mesh->arrays[1].array, cell, 0) == 1); /* of a tube along x */
        assert_true(unit_value(mesh->arrays[1].array, cell, 1) == left);
        assert_true(unit_value(mesh->arrays[2].array, cell, 1) == right);
        assert_true(unit_value(mesh->arrays[3].array, cell, 1) == 0.5 * (left + right));
    }
    mera_columns_free(&columns);
    pvr_mera_free(mera);
    pvr_mesh_free(mesh);
}

/* What stands on meshes takes those of Mera files. */
static void derived_and_units(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    unit_ok(pvr_snapshot_open(mera_path("mera190_multi_00002"), &snapshot, &error), &error);
    static const char *const fields[] = {"density", "pressure"};
    const struct pvr_mesh_request request = {
        .fields = fields, .nfields = 2, .precision = PVR_FLOAT64, .units = PVR_UNITS_CGS};
    struct pvr_mesh *mesh;
    unit_ok(pvr_mesh_load(snapshot, &request, NULL, NULL, NULL, &mesh, &error), &error);
    static const char *const name[] = {"sound_speed", "mass"};
    const struct pvr_derived_request derived = {
        .names = name, .count = 2, .precision = PVR_FLOAT64};
    const struct pvr_derived_options options = pvr_derived_defaults(snapshot);
    struct pvr_mesh_array out[2];
    unit_ok(pvr_derive(mesh, pvr_snapshot_info(snapshot), &derived, &options, NULL, NULL, NULL, out,
                       NULL, &error),
            &error);
    double mass = 0;
    for (uint64_t i = 0; i < mesh->octree->ncells; i++) {
        double c = sqrt(1.4 * unit_value(mesh->arrays[1].array, i, 0) /
                        unit_value(mesh->arrays[0].array, i, 0));
        assert_true(fabs(unit_value(out[0].array, i, 0) - c) <= 1e-12 * c);
        double m = unit_value(out[1].array, i, 0);
        mass += isnan(m) ? 0 : m;
    }
    assert_true(fabs(mass - 0.125) < 1e-12); /* of the whole box, at mean density 1 */
    for (int i = 0; i < 2; i++) {
        pvr_array_release(out[i].array);
    }
    pvr_mesh_free(mesh);

    /* as a whole alone */
    const struct pvr_stream_request stream = {.nvariables = 0};
    size_t nblocks;
    unit_failed(pvr_stream_count(snapshot, &stream, NULL, &nblocks, &error), &error,
                "it can be read as a whole alone");
    uint64_t bytes;
    unit_ok(pvr_mesh_bytes(snapshot, &request, NULL, &bytes, &error), &error);
    assert_in_range(bytes, 7320 * 2 * 8, 7320 * 2 * 8 + 5000);
    struct pvr_level_count levels[64];
    int nlevels;
    unit_ok(pvr_snapshot_levels(snapshot, NULL, levels, &nlevels, &error), &error);
    assert_int_equal(nlevels, 6);
    assert_int_equal(levels[3].leaf_cells, 3902);
    assert_int_equal(levels[4].leaf_cells, 1407);
    assert_int_equal(levels[5].leaf_cells, 1160);
    assert_int_equal(levels[3].octs, 512);
    pvr_snapshot_release(snapshot);
}

/* The output itself, read from RAMSES' files, is the same mesh: leaves bit for bit, coarse cells
 * (which RAMSES restricts as we do) but for rounding. */
static void same_as_the_output(void **state) {
    (void)state;
    const char *path =
        unit_path("%s/../../shared/fixtures/sedov3d_grav_part/output_00002", PVR_TEST_DATA);
    if (mera_fixtures() == NULL) {
        skip();
    }
    static const char fields[] = "density velocity pressure";
    for (int max_level = 0; max_level < 7; max_level += 3) {
        struct pvr_mesh *output = unit_load(path, fields, PVR_FLOAT64, max_level, 2);
        struct pvr_mesh *mera =
            unit_load(mera_path("mera190_multi_00002"), fields, PVR_FLOAT64, max_level, 2);
        unit_same_octree(output->octree, mera->octree);
        for (int a = 0; a < 3; a++) {
            const struct pvr_array *one = output->arrays[a].array, *other = mera->arrays[a].array;
            for (uint64_t i = 0; i < one->ntuples * (uint64_t)one->ncomponents; i++) {
                double x = ((const double *)one->data)[i], y = ((const double *)other->data)[i];
                assert_true(fabs(x - y) <= 1e-13 * 55);
            }
        }
        pvr_mesh_free(output);
        pvr_mesh_free(mera);
    }
}

/* ---- particles and clumps ---------------------------------------------------------------------
 */

static void particles(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    const char *path = mera_path("mera190_multi_00002");
    unit_ok(pvr_snapshot_open(path, &snapshot, &error), &error);
    struct pvr_particle_table table;
    unit_ok(pvr_particles_describe(snapshot, &table, &error), &error);
    assert_true(table.present);
    static const char *const fields[] = {"velocity", "mass", "id", "family", "level", "birth_time"};
    for (int i = 0; i < 6; i++) {
        assert_true(pvr_particle_field_find(&table, fields[i]) >= 0);
    }
    pvr_particle_table_free(&table);

    struct pvr_mera *mera = mera_open(path);
    struct mera_columns columns = mera_read(mera, PVR_MERA_PARTICLES, 2);
    const int families[] = {PVR_FAMILY_GAS_TRACER};
    struct pvr_particle_request request = {.fields = fields,
                                           .nfields = 6,
                                           .families = families,
                                           .nfamilies = 1,
                                           .precision = PVR_FLOAT64,
                                           .position_precision = PVR_FLOAT64,
                                           .totals = true};
    for (int boxed = 0; boxed < 2; boxed++) {
        struct pvr_particles *loaded;
        const struct pvr_region region = {
            .type = PVR_REGION_BOX, .centre = {0.125, 0.25, 0.25}, .size = {0.25, 1, 1}};
        request.region = boxed ? &region : NULL;
        unit_ok(pvr_particles_load(snapshot, &request, NULL, NULL, NULL, &loaded, &error), &error);
        uint64_t at = 0;
        for (uint64_t row = 0; row < columns.table->nrows; row++) {
            double x = mera_value(&columns, "x", row);
            if (boxed && x > 0.25) {
                continue;
            }
            assert_true(unit_value(loaded->position.array, at, 0) == x);
            assert_true(unit_value(loaded->position.array, at, 2) ==
                        mera_value(&columns, "z", row));
            assert_true(unit_value(loaded->arrays[0].array, at, 1) ==
                        mera_value(&columns, "vy", row));
            assert_true(unit_value(loaded->arrays[1].array, at, 0) ==
                        mera_value(&columns, "mass", row));
            assert_true(unit_value(loaded->arrays[2].array, at, 0) ==
                        mera_value(&columns, "id", row));
            assert_true(unit_value(loaded->arrays[4].array, at, 0) ==
                        mera_value(&columns, "level", row));
            at++;
        }
        assert_int_equal(loaded->count, at);
        assert_int_equal(loaded->nfamilies, 1);
        assert_true(fabs(loaded->mass - 4e-5 * (double)at) < 1e-12);
        pvr_particles_free(loaded);
    }
    mera_columns_free(&columns);
    pvr_mera_free(mera);
    pvr_snapshot_release(snapshot);
}

static void clumps(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    struct pvr_table *table;
    unit_ok(pvr_snapshot_open(mera_path("mera190_clumps_00002"), &snapshot, &error), &error);
    assert_false(pvr_snapshot_has_mesh(snapshot));
    unit_ok(pvr_table_load(snapshot, PVR_TABLE_CLUMPS, NULL, &table, &error), &error);
    assert_int_equal(table->nrows, 4);
    assert_int_equal(table->ncolumns, 13);
    assert_true(pvr_table_column_find(table, "rho-") >= 0);
    double mass = 0;
    for (int i = 0; i < 4;
         i++) { /* a blob in the middle of a quarter of the box, half of it 0.08 */
        mass += unit_value(table->mass, (uint64_t)i, 0);
        for (int axis = 0; axis < 3; axis++) {
            double x = unit_value(table->position, (uint64_t)i, axis);
            assert_true(fmin(fabs(x - 0.25), fabs(x - 0.75)) <= 0.08);
        }
    }
    assert_true(mass > 0.85 * 1.6384 * 1.6 && mass < 1.05 * 1.6384 * 1.6);
    pvr_table_free(table);
    unit_ok(pvr_table_load(snapshot, PVR_TABLE_SINKS, NULL, &table, &error), &error);
    assert_int_equal(table->nrows, 0);
    pvr_table_free(table);
    static const char *const field[] = {"density"};
    const struct pvr_mesh_request request = {.fields = field, .nfields = 1};
    struct pvr_mesh *mesh;
    unit_failed(pvr_mesh_load(snapshot, &request, NULL, NULL, NULL, &mesh, &error), &error,
                "has no cells");
    pvr_snapshot_release(snapshot);
}

/* ---- series -----------------------------------------------------------------------------------
 */

static void series(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    char path[512];
    snprintf(path, sizeof path, "%s", mera_path("mera144_hydro_00002"));
    unit_copy(path, unit_path("%s/output_00002.jld2", folder));
    unit_copy(path, unit_path("%s/output_00010.jld2", folder));
    unit_copy(path, unit_path("%s/other_00003.jld2", folder));
    unit_write_text(unit_path("%s/output_00011.jld2", folder), "no such file");
    struct pvr_series found;
    struct pvr_error error;
    for (int by_file = 0; by_file < 2; by_file++) {
        const char *from = by_file ? unit_path("%s/output_00010.jld2", folder) : folder;
        unit_ok(pvr_series_find(from, &found, &error), &error);
        assert_int_equal(found.count, 3);
        assert_int_equal(found.output[0].number, 2);
        assert_int_equal(found.output[1].number, 10);
        assert_true(found.output[0].finished && found.output[1].finished);
        assert_false(found.output[2].finished);
        assert_non_null(strstr(found.output[2].problem, "neither HDF5 nor JLD2"));
        assert_int_equal(found.output[0].info.levelmin, 4);
        double times[3];
        size_t index[3];
        assert_int_equal(pvr_series_times(&found, PVR_TIME_OUTPUT, times, index), 2);
        pvr_series_free(&found);
    }
    assert_true(pvr_mera_recognized(unit_path("%s/output_00010.jld2", folder)));
    assert_false(pvr_mera_recognized(unit_path("%s/output_00011.jld2", folder)));
    assert_false(pvr_output_recognized(unit_path("%s/output_00010.jld2", folder)));
    unit_drop_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_data),
        cmocka_unit_test(columns_of_fixtures),
        cmocka_unit_test(information),
        cmocka_unit_test(meshes),
        cmocka_unit_test(part_of_a_box),
        cmocka_unit_test(same_for_any_threads),
        cmocka_unit_test(names),
        cmocka_unit_test(derived_and_units),
        cmocka_unit_test(same_as_the_output),
        cmocka_unit_test(particles),
        cmocka_unit_test(clumps),
        cmocka_unit_test(series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
