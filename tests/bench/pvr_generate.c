/*
 * pvr_generate.c - makes RAMSES outputs of any size for benchmarks and tests.
 *
 * Usage: pvr_generate OUTDIR [options]; see the text below. The same options give the same bytes,
 * whatever the number of threads. The folder OUTDIR/output_NNNNN is written (files that are already
 * there are overwritten, others are left) and a line of JSON that describes it is printed.
 *
 * What the outputs are like: 3-D, periodic, boxlen 1, all units 1, 8-byte reals, Hilbert domains.
 * A refined cell holds the plain mean of its 8 cells in every field. With --sparse the amr files
 * are complete but the hydro files hold only their counts and record markers: all fields read as 0.
 */
#include "pvr_gen_write.h"

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char USAGE[] =
    "usage: pvr_generate OUTDIR [options]\n"
    "  --cells N      leaf cells, met within about 1 % (default 1e6)\n"
    "  --levelmin L   level that is refined everywhere (default 6, zoom 7; less for few cells)\n"
    "  --levelmax L   finest level, at most 20 (default 11, zoom 18; less for few cells)\n"
    "  --ncpu N       domains (default 8 to 64 by the number of cells, zoom 1024)\n"
    "  --kind K       clustered (default), zoom or uniform (levelmin = levelmax)\n"
    "  --nvar N       hydro variables, 5 to 64 (default 5)\n"
    "  --output N     number of the output (default 2)\n"
    "  --seed S       places of the clumps (default 1)\n"
    "  --sparse       hydro files with holes instead of values\n"
    "  --tables       headers and tables of domains alone, for planning: octs are counted, but\n"
    "                 neither in memory nor in the files. Writes trees.txt besides: the octs "
    "below\n"
    "                 levelmin in each cell of level 5, x fastest\n"
    "  --scale X      size of the refined places, instead of one that meets --cells\n"
    "  --threads N    threads (default: all)\n";

typedef struct {
    const char *folder;
    double cells;
    int level_min, level_max, ncpu; /* 0: not given */
    int nvar, output, sparse, tables, threads;
    double scale;
    gen_kind kind;
    uint64_t seed;
} options;

static void fail(const char *message, const char *about) {
    fprintf(stderr, "pvr_generate: %s%s%s\n", message, about ? ": " : "", about ? about : "");
    exit(2);
}

static double number(const char *name, const char *text, double low, double high) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= low && value <= high) || value != floor(value))
        fail("not a number that is allowed here", name);
    return value;
}

static options parse(int argc, char **argv) {
    options o = {.cells = 1e6, .nvar = 5, .output = 2, .seed = 1};
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (strcmp(name, "--help") == 0) {
            fputs(USAGE, stdout);
            exit(0);
        } else if (strcmp(name, "--sparse") == 0) {
            o.sparse = 1;
            continue;
        } else if (strcmp(name, "--tables") == 0) {
            o.tables = o.sparse = 1;
            continue;
        } else if (strncmp(name, "--", 2) != 0) {
            if (o.folder)
                fail("more than one folder", name);
            o.folder = name;
            continue;
        }
        if (i + 1 == argc)
            fail("no value", name);
        const char *text = argv[++i];
        if (strcmp(name, "--cells") == 0)
            o.cells = number(name, text, 1, 1e11);
        else if (strcmp(name, "--levelmin") == 0)
            o.level_min = (int)number(name, text, 1, GEN_MAX_LEVEL);
        else if (strcmp(name, "--levelmax") == 0)
            o.level_max = (int)number(name, text, 1, GEN_MAX_LEVEL);
        else if (strcmp(name, "--ncpu") == 0)
            o.ncpu = (int)number(name, text, 1, 1e7);
        else if (strcmp(name, "--nvar") == 0)
            o.nvar = (int)number(name, text, 5, GEN_MAX_NVAR);
        else if (strcmp(name, "--output") == 0)
            o.output = (int)number(name, text, 0, 1e8);
        else if (strcmp(name, "--scale") == 0)
            o.scale = strtod(text, NULL);
        else if (strcmp(name, "--seed") == 0)
            o.seed = (uint64_t)number(name, text, 0, 0x1p53);
        else if (strcmp(name, "--threads") == 0)
            o.threads = (int)number(name, text, 1, 4096);
        else if (strcmp(name, "--kind") == 0 && strcmp(text, "clustered") == 0)
            o.kind = GEN_CLUSTERED;
        else if (strcmp(name, "--kind") == 0 && strcmp(text, "zoom") == 0)
            o.kind = GEN_ZOOM;
        else if (strcmp(name, "--kind") == 0 && strcmp(text, "uniform") == 0)
            o.kind = GEN_UNIFORM;
        else
            fail("unknown option or value", name);
    }
    if (!o.folder) {
        fputs(USAGE, stderr);
        exit(2);
    }
    return o;
}

/* Levels that suit the number of cells where none were asked for. */
static void choose_levels(options *o, int *level_min, int *level_max) {
    int zoom = o->kind == GEN_ZOOM;
    *level_min = o->level_min ? o->level_min : zoom ? 7 : 6;
    *level_max = o->level_max ? o->level_max : zoom ? 18 : 11;
    if (o->kind == GEN_UNIFORM) {
        if (o->level_min && o->level_max && o->level_min != o->level_max)
            fail("levelmin and levelmax differ in a uniform mesh", NULL);
        *level_min = o->level_min   ? o->level_min
                     : o->level_max ? o->level_max
                                    : (int)lround(log2(o->cells) / 3);
        *level_min = *level_min < 1 ? 1 : *level_min;
        *level_max = *level_min;
        return;
    }
    if (o->level_min && *level_max < *level_min && !o->level_max)
        *level_max = *level_min;
    if (!o->level_min) {
        if (*level_min > *level_max)
            *level_min = *level_max;
        while (*level_min > 1 && exp2(3 * *level_min) > (zoom ? 0.04 : 0.35) * o->cells)
            --*level_min;
    }
    if (*level_min > *level_max)
        fail("levelmin is above levelmax", NULL);
}

static uint64_t make_model(options *o, gen_model *model) {
    int level_min, level_max;
    choose_levels(o, &level_min, &level_max);
    int clumps = gen_model_clump_count(o->kind, o->cells);
    uint64_t wanted = (uint64_t)o->cells, count;
    if (o->scale > 0) {
        gen_model_init(model, o->kind, level_min, level_max, clumps, o->seed);
        gen_model_scale(model, o->scale);
        return wanted;
    }
    for (;; level_max--) {
        gen_model_init(model, o->kind, level_min, level_max, clumps, o->seed);
        count = gen_model_tune(model, wanted);
        /* Too few cells for so many levels: take one less, if that is free. */
        if (count <= wanted + wanted / 50 || o->level_max || o->kind == GEN_UNIFORM ||
            level_max <= level_min + 1)
            break;
    }
    if (o->kind != GEN_UNIFORM && fabs((double)count - o->cells) > 0.03 * o->cells)
        fprintf(stderr, "pvr_generate: %.0f cells are out of reach with levels %d to %d\n",
                o->cells, level_min, level_max);
    return count;
}

/* Makes a folder and those above it. */
static void make_folder(char *path) {
    struct stat status;
    for (char *c = path + 1; *c; c++)
        if (*c == '/') {
            *c = '\0';
            mkdir(path, 0777); /* what fails here shows below */
            *c = '/';
        }
    if (mkdir(path, 0777) != 0 &&
        (errno != EEXIST || stat(path, &status) != 0 || !S_ISDIR(status.st_mode)))
        fail("cannot make the folder", path);
}

static int write_trees(const char *folder, const uint64_t trees[GEN_TREES]) {
    char path[4200];
    snprintf(path, sizeof path, "%s/trees.txt", folder);
    FILE *file = fopen(path, "w");
    for (int i = 0; file && i < GEN_TREES; i++)
        fprintf(file, "%llu\n", (unsigned long long)trees[i]);
    if (!file || fclose(file) != 0) {
        fprintf(stderr, "pvr_generate: cannot write %s\n", path);
        return -1;
    }
    return 0;
}

static void print_json(const gen_tree *tree, const gen_output *output) {
    printf("{\"path\": \"");
    for (const char *c = output->folder; *c; c++) {
        if (*c == '"' || *c == '\\')
            putchar('\\');
        putchar(*c);
    }
    printf("\", \"leaf_cells\": %llu, \"leaf_cells_per_level\": {",
           (unsigned long long)tree->leaf_cells);
    const char *separator = "";
    for (int level = 1; level <= tree->level_max; level++) {
        if (tree->leaves[level] == 0)
            continue;
        printf("%s\"%d\": %llu", separator, level, (unsigned long long)tree->leaves[level]);
        separator = ", ";
    }
    printf("}, \"octs\": %llu, \"ncpu\": %d, \"total_mass\": %.17g, \"amr_bytes\": %llu, "
           "\"hydro_bytes\": %llu, \"min_density\": %.17g, \"max_density\": %.17g}\n",
           (unsigned long long)tree->octs, tree->ncpu, tree->total_mass,
           (unsigned long long)output->amr_bytes, (unsigned long long)output->hydro_bytes,
           tree->min_density, tree->max_density);
}

int main(int argc, char **argv) {
    options o = parse(argc, argv);
    if (o.threads)
        omp_set_num_threads(o.threads);
    static gen_model model;
    static gen_tree tree;
    uint64_t cells = make_model(&o, &model);
    int ncpu = o.ncpu;
    if (ncpu == 0) {
        double by_cells = (double)cells / 200000;
        ncpu = o.kind == GEN_ZOOM ? 1024 : by_cells < 8 ? 8 : by_cells > 64 ? 64 : (int)by_cells;
    }
    static uint64_t trees[GEN_TREES];
    if (o.tables ? gen_tables_count(&tree, &model, ncpu, o.nvar, trees) != 0
                 : gen_tree_build(&tree, &model, ncpu, o.nvar) != 0 ||
                       (!o.sparse && gen_tree_fields(&tree, &model, 1) != 0))
        fail("out of memory", NULL);
    char folder[4096];
    if (snprintf(folder, sizeof folder, "%s/output_%05d", o.folder, o.output) >= (int)sizeof folder)
        fail("the path is too long", o.folder);
    make_folder(folder);
    gen_output output = {folder, o.output, o.sparse, o.tables, 0, 0};
    int status = gen_write(&tree, &model, &output);
    if (status == 0 && o.tables)
        status = write_trees(folder, trees);
    if (status == 0)
        print_json(&tree, &output);
    gen_tree_free(&tree);
    return status == 0 ? 0 : 1;
}
