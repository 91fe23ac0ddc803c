/*
 * pvr_gen_text.c - the text files of an output: info, header and hydro descriptor.
 */
#include "pvr_gen_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REAL_LENGTH = 64, PATH_LENGTH = 4200 };

/* A number as Fortran's E23.15 prints it: 0.ddddddddddddddddE+dd, 23 wide. */
static const char *fortran_real(double value, char text[REAL_LENGTH]) {
    char scientific[REAL_LENGTH];
    snprintf(scientific, sizeof scientific, "%.14e", value < 0 ? -value : value);
    char *exponent = strchr(scientific, 'e');
    int power = value == 0 ? 0 : atoi(exponent + 1) + 1;
    *exponent = '\0';
    const char *sign = value < 0 ? "-" : "";
    snprintf(text, REAL_LENGTH, "%*s%s0.%c%.14sE%c%02d", value < 0 ? 1 : 2, "", sign, scientific[0],
             scientific + 2, power < 0 ? '-' : '+', abs(power) % 1000);
    return text;
}

static FILE *open_text(const gen_output *output, const char *kind) {
    char path[PATH_LENGTH];
    if (strchr(kind, '.'))
        snprintf(path, sizeof path, "%s/%s", output->folder, kind);
    else
        snprintf(path, sizeof path, "%s/%s_%05d.txt", output->folder, kind, output->output);
    FILE *file = fopen(path, "w");
    if (!file)
        fprintf(stderr, "pvr_generate: cannot write %s\n", path);
    return file;
}

static int close_text(FILE *file) {
    int bad = ferror(file) != 0;
    if (fclose(file) != 0)
        bad = 1;
    if (bad)
        fprintf(stderr, "pvr_generate: cannot write the text files\n");
    return bad ? -1 : 0;
}

static int write_info(const gen_tree *tree, const gen_model *model, const gen_output *output,
                      uint32_t ngridmax) {
    static const struct {
        const char *name;
        double value;
    } physics[] = {
        {"boxlen", 1},  {"time", GEN_TIME}, {"aexp", 1},    {"H0", 1},
        {"omega_m", 1}, {"omega_l", 0},     {"omega_k", 0}, {"omega_b", 0.045},
        {"unit_l", 1},  {"unit_d", 1},      {"unit_t", 1},
    };
    FILE *file = open_text(output, "info");
    if (!file)
        return -1;
    char text[REAL_LENGTH], text_max[REAL_LENGTH];
    fprintf(file, "ncpu        =%11d\n", tree->ncpu);
    fprintf(file, "ndim        =%11d\n", 3);
    fprintf(file, "levelmin    =%11d\n", model->level_min);
    fprintf(file, "levelmax    =%11d\n", tree->level_max);
    fprintf(file, "ngridmax    =%11u\n", ngridmax);
    fprintf(file, "nstep_coarse=%11d\n\n", 8);
    for (size_t i = 0; i < sizeof physics / sizeof physics[0]; i++)
        fprintf(file, "%-12s=%s\n", physics[i].name, fortran_real(physics[i].value, text));
    fprintf(file, "\nordering type=%-80s\n", "hilbert");
    fprintf(file, "   DOMAIN   ind_min                 ind_max\n");
    for (int cpu = 0; cpu < tree->ncpu; cpu++)
        fprintf(file, "%8d %s %s\n", cpu + 1, fortran_real((double)tree->bound[cpu], text),
                fortran_real((double)tree->bound[cpu + 1], text_max));
    return close_text(file);
}

static int write_header(const gen_output *output) {
    static const char *const family[] = {
        "other_tracer", "debris_tracer", "cloud_tracer", "star_tracer",
        "other_tracer", "gas_tracer",    "DM",           "star",
        "cloud",        "debris",        "other",        "undefined",
    };
    FILE *file = open_text(output, "header");
    if (!file)
        return -1;
    fprintf(file, "#      Family     Count\n");
    for (size_t i = 0; i < sizeof family / sizeof family[0]; i++)
        fprintf(file, "%13s%10d\n", family[i], 0);
    fprintf(file, " Particle fields\npos vel mass iord level family tag \n");
    return close_text(file);
}

static int write_descriptor(const gen_tree *tree, const gen_output *output) {
    static const char *const name[5] = {"density", "velocity_x", "velocity_y", "velocity_z",
                                        "pressure"};
    FILE *file = open_text(output, "hydro_file_descriptor.txt");
    if (!file)
        return -1;
    fprintf(file, "# version:  1\n# ivar, variable_name, variable_type\n");
    for (int v = 0; v < tree->nvar; v++) {
        if (v < 5)
            fprintf(file, "%2d, %s, d\n", v + 1, name[v]);
        else
            fprintf(file, "%2d, scalar_%02d, d\n", v + 1, v - 4);
    }
    return close_text(file);
}

int gen_text_write(const gen_tree *tree, const gen_model *model, const gen_output *output,
                   uint32_t ngridmax) {
    if (write_info(tree, model, output, ngridmax) != 0 || write_header(output) != 0)
        return -1;
    return write_descriptor(tree, output);
}
