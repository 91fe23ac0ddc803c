/*
 * pvr_gen_write.c - the amr and hydro files of each domain, in the record order of RAMSES.
 *
 * Every file is written by one thread and depends on nothing but the tree, so the bytes do not
 * depend on the number of threads. Large blocks are written in tiles of octs, straight to the
 * places of their records.
 */
#include "pvr_gen_write.h"

#include "pvr_gen_file.h"
#include "pvr_gen_ghosts.h"
#include "pvr_gen_text.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TILE = 2048, /* octs worked on at a time */
    INTEGERS = 34,
    INDEX = 0, /* the integer records of an oct, in the order of the file */
    NEXT = 1,
    PREVIOUS = 2,
    FATHER = 3,
    NEIGHBOUR = 4,
    SON = 10,
    CPU_MAP = 18,
    FLAG = 26,
    PATH_LENGTH = 4200,
    SPARSE_FROM = 1 << 18 /* smaller blocks of zeros are written out */
};

typedef struct {
    const gen_tree *tree;
    const gen_model *model;
    const gen_output *output;
    uint32_t ngridmax;
    const gen_file_octs *domains;
} job;

/* Buffers of one thread. */
typedef struct {
    int32_t integer[INTEGERS][TILE];
    double center[3][TILE];
    double field[]; /* 8 * nvar records of TILE */
} tile;

static void record_int(gen_file *file, int value) {
    int32_t number = value;
    gen_file_record(file, &number, sizeof number);
}

static void record_double(gen_file *file, double value) {
    gen_file_record(file, &value, sizeof value);
}

/* headl, taill, numbl and numbtot. */
static int write_level_tables(gen_file *file, const job *j, const gen_file_octs *octs) {
    const gen_tree *tree = j->tree;
    size_t ncpu = (size_t)tree->ncpu, n = ncpu * (size_t)tree->level_max;
    int32_t *table = calloc(3 * n, sizeof *table);
    if (!table)
        return -1;
    int32_t total[GEN_MAX_LEVEL][10] = {{0}};
    for (int level = 1; level <= tree->level_max; level++) {
        uint32_t from = 0, base = octs->level[level].base;
        for (;;) {
            gen_block block = gen_ghosts_block(octs, tree, level, &from);
            if (block.count == 0)
                break;
            int32_t *entry = table + ncpu * (size_t)(level - 1) + block.cpu;
            entry[0] = (int32_t)(base + block.first);
            entry[n] = (int32_t)(base + block.first + block.count - 1);
            entry[2 * n] = (int32_t)block.count;
        }
        const uint32_t *first = tree->level[level].first;
        uint32_t least = UINT32_MAX, most = 0;
        for (size_t cpu = 0; cpu < ncpu; cpu++) {
            uint32_t own = first[cpu + 1] - first[cpu];
            least = own < least ? own : least;
            most = own > most ? own : most;
        }
        total[level - 1][0] = (int32_t)tree->level[level].count;
        total[level - 1][1] = (int32_t)least;
        total[level - 1][2] = (int32_t)most;
        total[level - 1][3] = (int32_t)(tree->level[level].count / ncpu);
    }
    for (size_t i = 0; i < 3; i++) {
        if (!j->output->tables) {
            gen_file_record(file, table + i * n, n * sizeof *table);
            continue;
        }
        uint64_t bytes = n * sizeof *table, place = gen_file_skip(file, bytes + 8);
        gen_file_markers(file, place, bytes);
        for (size_t k = 0; k < n && i == 2; k++) { /* of numbl; the rest stay holes */
            if (table[i * n + k] != 0)
                gen_file_put(file, place + 4 + 4 * k, &table[i * n + k], sizeof *table);
        }
    }
    gen_file_record(file, total, (size_t)tree->level_max * sizeof total[0]);
    free(table);
    return 0;
}

static int write_amr_header(gen_file *file, const job *j, const gen_file_octs *octs) {
    const gen_tree *tree = j->tree;
    int32_t size[3] = {1, 1, 1}, outputs[3] = {2, 2, j->output->output + 1}, steps[2] = {26, 8};
    double tout[2] = {GEN_TIME, 2 * GEN_TIME}, aout[2] = {DBL_MAX, DBL_MAX};
    double dt[GEN_MAX_LEVEL];
    for (int level = 0; level < tree->level_max; level++)
        dt[level] = 1e-3 / (double)(1 << level);
    double masses[3] = {1, tree->total_mass, 0};
    double cosmology[7] = {1, 0, 0, 0.045, 1, 10, 0}, expansion[5] = {1, 0, 1, 0, 0};
    record_int(file, tree->ncpu);
    record_int(file, 3);
    gen_file_record(file, size, sizeof size);
    record_int(file, tree->level_max);
    record_int(file, (int)j->ngridmax);
    record_int(file, 0);
    record_int(file, (int)octs->octs);
    record_double(file, 1);
    gen_file_record(file, outputs, sizeof outputs);
    gen_file_record(file, tout, sizeof tout);
    gen_file_record(file, aout, sizeof aout);
    record_double(file, GEN_TIME);
    gen_file_record(file, dt, (size_t)tree->level_max * sizeof dt[0]);
    gen_file_record(file, dt, (size_t)tree->level_max * sizeof dt[0]);
    gen_file_record(file, steps, sizeof steps);
    gen_file_record(file, masses, sizeof masses);
    gen_file_record(file, cosmology, sizeof cosmology);
    gen_file_record(file, expansion, sizeof expansion);
    record_double(file, 0);
    if (write_level_tables(file, j, octs) != 0)
        return -1;
    uint32_t most = 0;
    for (int cpu = 0; cpu < tree->ncpu; cpu++)
        most = j->domains[cpu].octs > most ? j->domains[cpu].octs : most;
    int32_t free_list[5] = {(int32_t)octs->octs + 1, (int32_t)j->ngridmax,
                            (int32_t)(j->ngridmax - octs->octs), (int32_t)octs->octs,
                            (int32_t)most};
    gen_file_record(file, free_list, sizeof free_list);
    char ordering[128];
    memset(ordering, ' ', sizeof ordering);
    memcpy(ordering, "hilbert", 7);
    gen_file_record(file, ordering, sizeof ordering);
    double *bound = malloc(((size_t)tree->ncpu + 1) * sizeof *bound);
    if (!bound)
        return -1;
    for (int cpu = 0; cpu <= tree->ncpu; cpu++)
        bound[cpu] = (double)tree->bound[cpu];
    gen_file_record(file, bound, ((size_t)tree->ncpu + 1) * sizeof *bound);
    free(bound);
    record_int(file, 1); /* the coarse cell: son, flag, cpu */
    record_int(file, 1);
    record_int(file, j->output->tables ? 1 : 1 + gen_tree_owner(tree, 1, 0));
    return 0;
}

/* Number of a cell in a file: 1 is the coarse cell. */
static int32_t cell_number(const job *j, uint32_t local, int cell) {
    return local == 0 ? 0 : (int32_t)(1 + (uint32_t)cell * j->ngridmax + local);
}

/* Domains of the 8 cells of an oct. */
static void fill_cpu_map(tile *t, const gen_tree *tree, int level, const uint32_t *position,
                         uint32_t i) {
    uint64_t key = gen_tree_key(tree, level - 1, position, 0);
    uint64_t size = UINT64_C(1) << 3 * (tree->level_max + 2 - level);
    int domain = gen_tree_domain(tree, key);
    int whole = key + size <= tree->bound[domain + 1];
    for (int cell = 0; cell < 8; cell++) {
        if (!whole) {
            uint32_t x[3];
            for (int d = 0; d < 3; d++)
                x[d] = 2 * position[d] + (uint32_t)(cell >> d & 1);
            domain = gen_tree_domain(tree, gen_tree_key(tree, level, x, 1));
        }
        t->integer[CPU_MAP + cell][i] = domain + 1;
    }
}

static void fill_amr(tile *t, const job *j, const gen_file_octs *octs, int level, gen_block block,
                     uint32_t start, uint32_t count) {
    const gen_tree *tree = j->tree;
    const gen_level *lev = &tree->level[level];
    double father_size = 1.0 / (double)(1U << (level - 1));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = block.first + start + i;
        uint32_t oct = gen_ghosts_oct(octs, level, place);
        int32_t local = (int32_t)(octs->level[level].base + place);
        const uint32_t *position = lev->position + 3 * (size_t)oct;
        t->integer[INDEX][i] = local;
        t->integer[NEXT][i] = start + i + 1 < block.count ? local + 1 : 0;
        t->integer[PREVIOUS][i] = start + i > 0 ? local - 1 : 0;
        int bits = 0;
        for (int d = 0; d < 3; d++) {
            t->center[d][i] = (position[d] + 0.5) * father_size;
            bits |= (int)(position[d] & 1) << d;
        }
        uint32_t parent = level > 1 ? gen_ghosts_local(octs, level - 1, lev->parent[oct]) : 0;
        t->integer[FATHER][i] = level > 1 ? cell_number(j, parent, bits) : 1;
        for (int direction = 0; direction < 6; direction++) {
            int axis = direction / 2;
            int32_t number = 1;
            if (level > 1) {
                uint32_t beside = parent;
                if ((bits >> axis & 1) == (direction & 1)) {
                    const gen_level *coarser = &tree->level[level - 1];
                    uint32_t other =
                        coarser->neighbour[6 * (size_t)lev->parent[oct] + (size_t)direction];
                    beside = other == GEN_NONE ? 0 : gen_ghosts_local(octs, level - 1, other);
                }
                number = cell_number(j, beside, bits ^ 1 << axis);
            }
            t->integer[NEIGHBOUR + direction][i] = number;
        }
        for (int cell = 0; cell < 8; cell++) {
            uint32_t child = gen_tree_child(tree, level, oct, cell);
            t->integer[SON + cell][i] =
                child == GEN_NONE ? 0 : (int32_t)gen_ghosts_local(octs, level + 1, child);
            t->integer[FLAG + cell][i] = child != GEN_NONE;
        }
        fill_cpu_map(t, tree, level, position, i);
    }
}

static void write_amr_block(gen_file *file, tile *t, const job *j, const gen_file_octs *octs,
                            int level, gen_block block) {
    uint64_t n = block.count, integers = 4 * n + 8, reals = 8 * n + 8;
    if (j->output->tables) {
        gen_file_skip(file, INTEGERS * integers + 3 * reals);
        return;
    }
    uint64_t place = gen_file_reserve(file, INTEGERS * integers + 3 * reals);
    uint64_t at[INTEGERS + 3]; /* of the integer records, then of the three centres */
    for (int r = 0; r < INTEGERS + 3; r++) {
        int center = r >= FATHER && r < FATHER + 3;
        at[center ? INTEGERS + r - FATHER : r < FATHER ? r : r - 3] = place;
        gen_file_markers(file, place, center ? 8 * n : 4 * n);
        place += center ? reals : integers;
    }
    for (uint32_t start = 0; start < block.count; start += TILE) {
        uint32_t count = block.count - start < TILE ? block.count - start : TILE;
        fill_amr(t, j, octs, level, block, start, count);
        for (int r = 0; r < INTEGERS; r++)
            gen_file_put(file, at[r] + 4 + 4 * (uint64_t)start, t->integer[r], 4 * (size_t)count);
        for (int d = 0; d < 3; d++)
            gen_file_put(file, at[INTEGERS + d] + 4 + 8 * (uint64_t)start, t->center[d],
                         8 * (size_t)count);
    }
}

static int write_amr(gen_file *file, tile *t, const job *j, const gen_file_octs *octs) {
    if (write_amr_header(file, j, octs) != 0)
        return -1;
    for (int level = 1; level <= j->tree->level_max; level++) {
        uint32_t from = 0;
        for (;;) {
            gen_block block = gen_ghosts_block(octs, j->tree, level, &from);
            if (block.count == 0)
                break;
            write_amr_block(file, t, j, octs, level, block);
        }
    }
    return 0;
}

static void write_hydro_block(gen_file *file, tile *t, const job *j, const gen_file_octs *octs,
                              int level, gen_block block) {
    int nvar = j->tree->nvar;
    uint64_t record = 8 * (uint64_t)block.count + 8, bytes = record * 8 * (uint64_t)nvar;
    uint64_t place = j->output->sparse && bytes > SPARSE_FROM ? gen_file_skip(file, bytes)
                                                              : gen_file_reserve(file, bytes);
    for (int r = 0; r < 8 * nvar; r++)
        gen_file_markers(file, place + record * (uint64_t)r, 8 * (uint64_t)block.count);
    if (j->output->sparse)
        return;
    double values[8 * GEN_MAX_NVAR];
    for (uint32_t start = 0; start < block.count; start += TILE) {
        uint32_t count = block.count - start < TILE ? block.count - start : TILE;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t oct = gen_ghosts_oct(octs, level, block.first + start + i);
            gen_tree_values(j->tree, j->model, level, oct, values);
            for (int cell = 0; cell < 8; cell++)
                for (int v = 0; v < nvar; v++)
                    t->field[(size_t)(cell * nvar + v) * TILE + i] = values[8 * v + cell];
        }
        for (int r = 0; r < 8 * nvar; r++)
            gen_file_put(file, place + record * (uint64_t)r + 4 + 8 * (uint64_t)start,
                         t->field + (size_t)r * TILE, 8 * (size_t)count);
    }
}

static void write_hydro(gen_file *file, tile *t, const job *j, const gen_file_octs *octs) {
    const gen_tree *tree = j->tree;
    record_int(file, tree->ncpu);
    record_int(file, tree->nvar);
    record_int(file, 3);
    record_int(file, tree->level_max);
    record_int(file, 0);
    record_double(file, 1.4);
    for (int level = 1; j->output->tables && level <= tree->level_max; level++) {
        uint64_t record = 8 * (uint64_t)(octs->level[level].own_end - octs->level[level].own_begin);
        gen_file_skip(file, (uint64_t)tree->ncpu * 24 + (record + 8) * 8 * (uint64_t)tree->nvar);
    }
    for (int level = 1; !j->output->tables && level <= tree->level_max; level++) {
        uint32_t from = 0;
        gen_block block = gen_ghosts_block(octs, tree, level, &from);
        for (int cpu = 0; cpu < tree->ncpu; cpu++) {
            int here = block.cpu == cpu;
            record_int(file, level);
            record_int(file, here ? (int)block.count : 0);
            if (!here)
                continue;
            write_hydro_block(file, t, j, octs, level, block);
            block = gen_ghosts_block(octs, tree, level, &from);
        }
    }
}

static int write_domain(const job *j, const gen_file_octs *octs, uint64_t bytes[2]) {
    size_t fields = 8 * (size_t)j->tree->nvar * TILE;
    tile *t = malloc(sizeof *t + fields * sizeof t->field[0]);
    int status = t ? 0 : -1;
    for (int kind = 0; kind < 2 && status == 0; kind++) {
        char path[PATH_LENGTH];
        snprintf(path, sizeof path, "%s/%s_%05d.out%05d", j->output->folder, kind ? "hydro" : "amr",
                 j->output->output, octs->cpu + 1);
        gen_file file;
        if (gen_file_open(&file, path) != 0) {
            status = -1;
        } else {
            if (kind)
                write_hydro(&file, t, j, octs);
            else
                status = write_amr(&file, t, j, octs);
            bytes[kind] = file.end;
            if (gen_file_close(&file) != 0)
                status = -1;
        }
        if (status != 0)
            fprintf(stderr, "pvr_generate: cannot write %s\n", path);
    }
    free(t);
    return status;
}

int gen_write(const gen_tree *tree, const gen_model *model, gen_output *output) {
    int ncpu = tree->ncpu, failed = 0;
    gen_file_octs *domains = calloc((size_t)ncpu, sizeof *domains);
    if (!domains) {
        fprintf(stderr, "pvr_generate: out of memory\n");
        return -1;
    }
    for (int cpu = 0; output->tables && cpu < ncpu; cpu++) {
        domains[cpu].cpu = cpu;
        for (int level = 1; level <= tree->level_max; level++) {
            gen_file_level *own = &domains[cpu].level[level];
            own->own_begin = tree->level[level].first[cpu];
            own->own_end = tree->level[level].first[cpu + 1];
            own->base = domains[cpu].octs + 1;
            domains[cpu].octs += own->own_end - own->own_begin;
        }
    }
#pragma omp parallel for schedule(dynamic, 1) reduction(| : failed)
    for (int cpu = 0; cpu < ncpu; cpu++)
        failed |=
            !output->tables && gen_ghosts_find(&domains[cpu], tree, model->level_min, cpu) != 0;
    uint32_t most = 0;
    for (int cpu = 0; cpu < ncpu; cpu++)
        most = domains[cpu].octs > most ? domains[cpu].octs : most;
    uint32_t ngridmax = (most / 1000 + 2) * 1000;
    if (!failed && ngridmax > 268000000U) {
        fprintf(stderr, "pvr_generate: too many octs in one domain; take more domains\n");
        failed = 1;
    }
    job j = {tree, model, output, ngridmax, domains};
    uint64_t amr = 0, hydro = 0;
    if (!failed && gen_text_write(tree, model, output, ngridmax) != 0)
        failed = 1;
    if (!failed) {
#pragma omp parallel for schedule(dynamic, 1) reduction(| : failed) reduction(+ : amr, hydro)
        for (int cpu = 0; cpu < ncpu; cpu++) {
            uint64_t bytes[2] = {0, 0};
            failed |= write_domain(&j, &domains[cpu], bytes) != 0;
            amr += bytes[0];
            hydro += bytes[1];
        }
    }
    output->amr_bytes = amr;
    output->hydro_bytes = hydro;
    for (int cpu = 0; cpu < ncpu; cpu++)
        gen_ghosts_free(&domains[cpu]);
    free(domains);
    return failed ? -1 : 0;
}
