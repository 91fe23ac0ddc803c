/* pvr_mera_about.c - what is known of a simulation, as Mera's `getinfo` tells it.
 *
 * Rules: src/read_data/RAMSES/getinfo.jl and filepaths.jl of Mera.jl 1.9.
 */
#include "pvr_mera_about_private.h"

#include "pvr_snapshot_private.h"
#include "pvr_text.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct finding {
    struct pvr_jl_arena *arena;
    const struct pvr_snapshot *snapshot;
    const char *fname[PVR_MERA_FNAMES_FIELDS];
    const struct pvr_jl_value *info[PVR_MERA_INFO_FIELDS];
    const struct pvr_jl_value *descriptor[PVR_MERA_DESCRIPTOR_FIELDS];
};

static bool exists(const char *path) {
    struct stat about;
    return path != NULL && stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

/* The first file of a kind: its name without the number is what Mera keeps. */
static bool has_files(const struct finding *finding, int fname, const char *end) {
    char *path = pvr_text_format("%s%s", finding->fname[fname], end);
    const bool found = exists(path);
    free(path);
    return found;
}

/* ---- names of files ---------------------------------------------------------------------------
 */

static bool find_names(struct finding *finding) {
    static const struct {
        int field;
        const char *before, *after; /* around the number; null: the whole name */
    } names[] = {{PVR_MERA_FN_INFO, "info_", ".txt"},
                 {PVR_MERA_FN_AMR, "amr_", "."},
                 {PVR_MERA_FN_HYDRO, "hydro_", "."},
                 {PVR_MERA_FN_HYDRO_DESCRIPTOR, "hydro_file_descriptor.txt", NULL},
                 {PVR_MERA_FN_GRAVITY, "grav_", "."},
                 {PVR_MERA_FN_PARTICLES, "part_", "."},
                 {PVR_MERA_FN_PART_DESCRIPTOR, "part_file_descriptor.txt", NULL},
                 {PVR_MERA_FN_RT, "rt_", "."},
                 {PVR_MERA_FN_RT_DESCRIPTOR, "rt_file_descriptor.txt", NULL},
                 {PVR_MERA_FN_RT_DESCRIPTOR_V0, "info_rt_", ".txt"},
                 {PVR_MERA_FN_CLUMPS, "clump_", "."},
                 {PVR_MERA_FN_TIMER, "timer_", ".txt"},
                 {PVR_MERA_FN_HEADER, "header_", ".txt"},
                 {PVR_MERA_FN_NAMELIST, "namelist.txt", NULL},
                 {PVR_MERA_FN_COMPILATION, "compilation.txt", NULL},
                 {PVR_MERA_FN_MAKEFILE, "makefile.txt", NULL},
                 {PVR_MERA_FN_PATCHFILE, "patches.txt", NULL}};
    char folder[PATH_MAX];
    if (realpath(finding->snapshot->path, folder) == NULL || strrchr(folder, '/') == NULL) {
        return false;
    }
    *strrchr(folder, '/') = '\0';
    char *text[PVR_MERA_FNAMES_FIELDS] = {0};
    const struct pvr_jl_value *value[PVR_MERA_FNAMES_FIELDS] = {0};
    const int number = pvr_snapshot_number(finding->snapshot);
    text[PVR_MERA_FN_OUTPUT] = strdup(folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        text[names[i].field] =
            names[i].after == NULL
                ? pvr_text_format("%s/%s", folder, names[i].before)
                : pvr_text_format("%s/%s%05d%s", folder, names[i].before, number, names[i].after);
    }
    bool whole = true;
    for (int i = 0; i < PVR_MERA_FNAMES_FIELDS; i++) {
        whole = whole && text[i] != NULL;
        value[i] = text[i] != NULL ? pvr_jl_text(finding->arena, text[i]) : NULL;
        finding->fname[i] = value[i] != NULL ? value[i]->as.text.bytes : NULL;
        free(text[i]);
    }
    char *slash = strrchr(folder, '/');
    *(slash == folder ? slash + 1 : slash) = '\0';
    finding->info[PVR_MERA_I_PATH] = pvr_jl_text(finding->arena, folder);
    finding->info[PVR_MERA_I_FNAMES] =
        pvr_jl_struct_value(finding->arena, &pvr_mera_fnames_type, value);
    return whole;
}

/* ---- numbers ----------------------------------------------------------------------------------
 */

static void find_numbers(struct finding *finding) {
    struct pvr_jl_arena *arena = finding->arena;
    const struct pvr_info *info = &finding->snapshot->info;
    const struct pvr_jl_value **to = finding->info;
    struct stat about = {0};
    stat(finding->fname[PVR_MERA_FN_INFO], &about);
    to[PVR_MERA_I_OUTPUT] = pvr_jl_int(arena, pvr_snapshot_number(finding->snapshot));
    to[PVR_MERA_I_SIMCODE] = pvr_jl_text(arena, "RAMSES");
    to[PVR_MERA_I_MTIME] = pvr_mera_datetime(arena, (double)about.st_mtim.tv_sec +
                                                        1e-9 * (double)about.st_mtim.tv_nsec);
    to[PVR_MERA_I_CTIME] = pvr_mera_datetime(arena, (double)about.st_ctim.tv_sec +
                                                        1e-9 * (double)about.st_ctim.tv_nsec);
    to[PVR_MERA_I_NCPU] = pvr_jl_int(arena, info->ncpu);
    to[PVR_MERA_I_NDIM] = pvr_jl_int(arena, info->ndim);
    to[PVR_MERA_I_LEVELMIN] = pvr_jl_int(arena, info->levelmin);
    to[PVR_MERA_I_LEVELMAX] = pvr_jl_int(arena, info->levelmax);
    const double real[] = {info->boxlen,
                           info->time,
                           info->aexp,
                           info->H0,
                           info->omega_m,
                           info->omega_l,
                           info->omega_k,
                           info->omega_b,
                           info->unit_l,
                           info->unit_d,
                           info->unit_d * (info->unit_l * info->unit_l * info->unit_l),
                           info->unit_l / info->unit_t,
                           info->unit_t,
                           finding->snapshot->gamma};
    for (int i = PVR_MERA_I_BOXLEN; i <= PVR_MERA_I_GAMMA; i++) {
        to[i] = pvr_jl_real(arena, real[i - PVR_MERA_I_BOXLEN]);
    }
    to[PVR_MERA_I_NARRAYSIZE] = pvr_jl_int(arena, 0);
    to[PVR_MERA_I_CONSTANTS] = pvr_mera_constants(arena);
    to[PVR_MERA_I_SCALE] = pvr_mera_scales(arena, info->unit_l, info->unit_d, info->unit_t);
}

/* The bounds of the domains as info_NNNNN.txt has them: `DOMAIN ind_min ind_max`. */
static const struct pvr_jl_value *bound_keys(struct finding *finding) {
    const int ncpu = finding->snapshot->info.ncpu;
    double *key = pvr_jl_arena_take(finding->arena, ((size_t)ncpu + 1) * sizeof *key);
    struct pvr_mera_lines lines;
    pvr_mera_lines_read(&lines, finding->fname[PVR_MERA_FN_INFO]);
    int found = -1;
    for (size_t i = 0; key != NULL && i < lines.count && found < ncpu; i++) {
        const char *line = lines.line[i];
        if (found < 0) {
            found = strstr(line, "DOMAIN") != NULL ? 0 : -1;
            continue;
        }
        double number[3];
        int n = 0;
        for (const char *at = line; n < 3 && pvr_text_real(at, strlen(at), &number[n], &at); n++) {
        }
        if (n == 3) {
            key[0] = found == 0 ? number[1] : key[0];
            key[++found] = number[2];
        }
    }
    pvr_mera_lines_free(&lines);
    return pvr_jl_vector_of_bits(finding->arena, &pvr_jl_float64, (uint64_t)ncpu + 1, sizeof *key,
                                 key);
}

static void find_grid(struct finding *finding) {
    struct pvr_jl_arena *arena = finding->arena;
    const struct pvr_info *info = &finding->snapshot->info;
    const struct pvr_jl_value *grid[PVR_MERA_GRID_FIELDS];
    int64_t number[PVR_MERA_G_NGRID_CURRENT + 1] = {
        [PVR_MERA_G_NGRIDMAX] = info->ngridmax, [PVR_MERA_G_NSTEP_COARSE] = info->nstep_coarse};
    char *path = pvr_text_format("%sout00001", finding->fname[PVR_MERA_FN_AMR]);
    struct pvr_file file;
    if (path != NULL && pvr_file_open(&file, path, NULL) == PVR_OK) {
        /* ncpu; ndim; nx, ny, nz; nlevelmax; ngridmax; nboundary; ngrid_current */
        static const int fields[] = {PVR_MERA_G_NLEVELMAX, PVR_MERA_G_NGRIDMAX,
                                     PVR_MERA_G_NBOUNDARY, PVR_MERA_G_NGRID_CURRENT};
        file.window = NULL;
        int32_t value[3];
        uint64_t offset = 0;
        if (pvr_file_detect(&file, 4, "ncpu", NULL) == PVR_OK &&
            pvr_record_read(&file, &offset, value, 4, 1, "ncpu", NULL) == PVR_OK &&
            pvr_record_read(&file, &offset, value, 4, 1, "ndim", NULL) == PVR_OK &&
            pvr_record_read(&file, &offset, value, 4, 3, "nx", NULL) == PVR_OK) {
            number[PVR_MERA_G_NX] = value[0];
            number[PVR_MERA_G_NY] = value[1];
            number[PVR_MERA_G_NZ] = value[2];
            for (int i = 0;
                 i < 4 && pvr_record_read(&file, &offset, value, 4, 1, "header", NULL) == PVR_OK;
                 i++) {
                number[fields[i]] = value[0];
            }
        }
        pvr_file_close(&file);
    }
    free(path);
    for (int i = 0; i <= PVR_MERA_G_NGRID_CURRENT; i++) {
        grid[i] = pvr_jl_int(arena, number[i]);
    }
    grid[PVR_MERA_G_BOUND_KEY] = bound_keys(finding);
    grid[PVR_MERA_G_CPU_READ] = pvr_jl_vector_of_bits(arena, &pvr_jl_bool, (uint64_t)info->ncpu, 1,
                                                      pvr_jl_arena_take(arena, (size_t)info->ncpu));
    finding->info[PVR_MERA_I_GRID_INFO] = pvr_jl_struct_value(arena, &pvr_mera_grid_type, grid);
    finding->info[PVR_MERA_I_AMR] =
        pvr_jl_truth(arena, has_files(finding, PVR_MERA_FN_AMR, "out00001"));
}

/* ---- variables --------------------------------------------------------------------------------
 */

/* Mera's name for a variable of a hydro descriptor. */
static const struct pvr_jl_value *hydro_name(struct pvr_jl_arena *arena, const char *raw) {
    static const char *const names[][2] = {
        {"density", "rho"},        {"velocity_x", "vx"},      {"velocity_y", "vy"},
        {"velocity_z", "vz"},      {"pressure", "p"},         {"thermal_pressure", "p"},
        {"b_x_left", "bx_left"},   {"b_y_left", "by_left"},   {"b_z_left", "bz_left"},
        {"b_x_right", "bx_right"}, {"b_y_right", "by_right"}, {"b_z_right", "bz_right"}};
    char *name = strdup(raw);
    for (char *at = name; at != NULL && *at != '\0'; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
    const struct pvr_jl_value *value = NULL;
    for (size_t i = 0; name != NULL && value == NULL && i < sizeof names / sizeof *names; i++) {
        value = strcmp(name, names[i][0]) == 0 ? pvr_jl_symbol_value(arena, names[i][1]) : NULL;
    }
    value = value == NULL && name != NULL ? pvr_jl_symbol_value(arena, name) : value;
    free(name);
    return value;
}

/* Names that go by the place alone: a magnetic output of old has faces before the pressure. */
static void names_by_place(struct pvr_jl_arena *arena, struct pvr_mera_list *names, int nvar,
                           bool magnetic) {
    static const char *const gas[] = {"rho", "vx", "vy", "vz", "p"};
    static const char *const field[] = {"rho",      "vx",       "vy",      "vz",
                                        "bx_left",  "by_left",  "bz_left", "bx_right",
                                        "by_right", "bz_right", "p"};
    const char *const *known = magnetic ? field : gas;
    const int nknown = magnetic ? 11 : 5;
    /* Mera names five even where there are fewer. */
    for (int i = 0; i < nvar || (!magnetic && i < 5 && nvar > 0); i++) {
        char name[16];
        snprintf(name, sizeof name, "var%d", i + 1);
        pvr_mera_list_add(names, pvr_jl_symbol_value(arena, i < nknown ? known[i] : name));
    }
}

static void find_hydro(struct finding *finding) {
    struct pvr_jl_arena *arena = finding->arena;
    const struct pvr_jl_value **to = finding->info, **descriptor = finding->descriptor;
    const int nvar = finding->snapshot->nvar[PVR_HYDRO];
    struct pvr_mera_lines lines;
    struct pvr_mera_list names = {0}, types = {0}, variables = {0};
    pvr_mera_lines_read(&lines, finding->fname[PVR_MERA_FN_HYDRO_DESCRIPTOR]);
    int64_t version = 0;
    const bool numbered = lines.count > 0 && strstr(lines.line[0], "nvar") != NULL;
    if (!numbered && lines.count > 0 && strstr(lines.line[0], "version") != NULL) {
        char *number = pvr_mera_part(lines.line[0], ':', 1);
        version = number != NULL ? strtoll(number, NULL, 10) : 0;
        free(number);
    }
    for (size_t i = numbered ? 1 : 2; (numbered || version == 1) && i < lines.count; i++) {
        char *name = pvr_mera_part(lines.line[i], numbered ? ':' : ',', 1);
        char *type = numbered ? NULL : pvr_mera_part(lines.line[i], ',', 2);
        if (name != NULL && (numbered || type != NULL)) {
            pvr_mera_list_add(&names, pvr_jl_symbol_value(arena, name));
            if (type != NULL) {
                pvr_mera_list_add(&types, pvr_jl_text(arena, type));
            }
        }
        free(name);
        free(type);
    }
    if (lines.found && names.count == (size_t)nvar) {
        for (size_t i = 0; i < names.count; i++) {
            pvr_mera_list_add(&variables, hydro_name(arena, names.name[i]->as.text.bytes));
        }
    } else {
        names_by_place(arena, &variables, nvar, !lines.found && nvar >= 11);
    }
    if (!lines.found) {
        names_by_place(arena, &names, nvar, false);
    }
    to[PVR_MERA_I_HYDRO] = pvr_jl_truth(arena, nvar > 0);
    to[PVR_MERA_I_NVARH] = pvr_jl_int(arena, nvar);
    to[PVR_MERA_I_VARIABLES] = pvr_mera_list_end(arena, &pvr_jl_symbol, &variables);
    descriptor[PVR_MERA_D_HVERSION] = pvr_jl_int(arena, version);
    descriptor[PVR_MERA_D_HYDRO] = pvr_mera_list_end(arena, &pvr_jl_symbol, &names);
    descriptor[PVR_MERA_D_HTYPES] = pvr_mera_list_end(arena, &pvr_jl_string, &types);
    descriptor[PVR_MERA_D_USEHYDRO] = pvr_jl_truth(arena, false);
    descriptor[PVR_MERA_D_HYDROFILE] = pvr_jl_truth(arena, lines.found);
    pvr_mera_lines_free(&lines);
}

static const struct pvr_jl_value *gravity_names(struct pvr_jl_arena *arena) {
    const struct pvr_jl_value *name[] = {
        pvr_jl_symbol_value(arena, "epot"), pvr_jl_symbol_value(arena, "ax"),
        pvr_jl_symbol_value(arena, "ay"), pvr_jl_symbol_value(arena, "az")};
    return pvr_jl_vector(arena, &pvr_jl_symbol, 4, name);
}

static void find_gravity(struct finding *finding) {
    struct pvr_jl_arena *arena = finding->arena;
    finding->info[PVR_MERA_I_GRAVITY] =
        pvr_jl_truth(arena, has_files(finding, PVR_MERA_FN_GRAVITY, "out00001"));
    finding->info[PVR_MERA_I_GRAVITY_VARIABLES] = gravity_names(arena);
    finding->descriptor[PVR_MERA_D_GRAVITY] = gravity_names(arena);
    finding->descriptor[PVR_MERA_D_USEGRAVITY] = pvr_jl_truth(arena, false);
    finding->descriptor[PVR_MERA_D_GRAVITYFILE] = pvr_jl_truth(arena, false);
}

static void find_radiation(struct finding *finding) {
    struct pvr_jl_arena *arena = finding->arena;
    const int nvar = finding->snapshot->nvar[PVR_RADIATION];
    struct pvr_mera_lines lines;
    pvr_mera_lines_read(&lines, finding->fname[PVR_MERA_FN_RT_DESCRIPTOR_V0]);
    const bool newer = exists(finding->fname[PVR_MERA_FN_RT_DESCRIPTOR]);
    int version = newer ? 1 : 0;
    if (!lines.found) {
        pvr_mera_lines_free(&lines);
        pvr_mera_lines_read(&lines, finding->fname[PVR_MERA_FN_RT_DESCRIPTOR]);
    }
    pvr_mera_radiation(arena, &lines, &finding->descriptor[PVR_MERA_D_RT],
                       &finding->descriptor[PVR_MERA_D_RTPHOTONGROUPS]);
    const bool described = lines.found && lines.count > 0;
    pvr_mera_lines_free(&lines);
    struct pvr_mera_list names = {0};
    for (int i = 0; i < nvar; i++) {
        static const char *const part[] = {"Np", "Fx", "Fy", "Fz"};
        char name[24];
        if (nvar % 4 == 0) {
            snprintf(name, sizeof name, "%s%d", part[i % 4], i / 4 + 1);
        } else {
            snprintf(name, sizeof name, "rtvar%d", i + 1);
        }
        pvr_mera_list_add(&names, pvr_jl_symbol_value(arena, name));
    }
    finding->info[PVR_MERA_I_RT] = pvr_jl_truth(arena, nvar > 0);
    finding->info[PVR_MERA_I_NVARRT] = pvr_jl_int(arena, nvar);
    finding->info[PVR_MERA_I_RT_VARIABLES] = pvr_mera_list_end(arena, &pvr_jl_symbol, &names);
    finding->descriptor[PVR_MERA_D_RTVERSION] = pvr_jl_int(arena, version);
    finding->descriptor[PVR_MERA_D_USERT] = pvr_jl_truth(arena, false);
    finding->descriptor[PVR_MERA_D_RTFILE] = pvr_jl_truth(arena, described);
}

static void find_clumps(struct finding *finding) {
    struct pvr_jl_arena *arena = finding->arena;
    struct pvr_mera_lines lines;
    struct pvr_mera_list names = {0};
    char *path = pvr_text_format("%stxt00001", finding->fname[PVR_MERA_FN_CLUMPS]);
    pvr_mera_lines_read(&lines, path);
    free(path);
    char *rest = NULL;
    for (char *word = lines.count > 0 ? strtok_r(lines.line[0], " \t", &rest) : NULL; word != NULL;
         word = strtok_r(NULL, " \t", &rest)) {
        pvr_mera_list_add(&names, pvr_jl_symbol_value(arena, word));
    }
    finding->info[PVR_MERA_I_CLUMPS] = pvr_jl_truth(arena, lines.found);
    finding->info[PVR_MERA_I_CLUMP_VARIABLES] = pvr_mera_list_end(arena, &pvr_jl_symbol, &names);
    finding->descriptor[PVR_MERA_D_CLUMPS] = finding->info[PVR_MERA_I_CLUMP_VARIABLES];
    finding->descriptor[PVR_MERA_D_USECLUMPS] = pvr_jl_truth(arena, false);
    finding->descriptor[PVR_MERA_D_CLUMPSFILE] = pvr_jl_truth(arena, false);
    /* Mera knows no sinks. */
    finding->info[PVR_MERA_I_SINKS] = pvr_jl_truth(arena, false);
    finding->info[PVR_MERA_I_SINK_VARIABLES] = pvr_jl_vector(arena, &pvr_jl_symbol, 0, NULL);
    finding->descriptor[PVR_MERA_D_SINKS] = pvr_jl_vector(arena, &pvr_jl_symbol, 0, NULL);
    finding->descriptor[PVR_MERA_D_USESINKS] = pvr_jl_truth(arena, false);
    finding->descriptor[PVR_MERA_D_SINKSFILE] = pvr_jl_truth(arena, false);
    pvr_mera_lines_free(&lines);
}

/* ---- how the run was made ---------------------------------------------------------------------
 */

/* Blocks by the line that begins them, as Mera reads them. */
static const struct pvr_jl_value *namelist_blocks(struct pvr_jl_arena *arena,
                                                  const struct pvr_mera_lines *lines) {
    struct pvr_mera_dict blocks = {0}, block = {0};
    const char *begin = NULL;
    for (size_t i = 0; i < lines->count; i++) {
        const char *line = lines->line[i];
        if (begin != NULL && strchr(line, '=') != NULL) {
            char *name = pvr_mera_part(line, '=', 0), *value = pvr_mera_part(line, '=', 1);
            if (name != NULL && value != NULL) {
                pvr_mera_dict_set(&block, pvr_jl_text(arena, name), pvr_jl_text(arena, value));
            }
            free(name);
            free(value);
        }
        if (strchr(line, '&') != NULL || i + 1 == lines->count) {
            if (begin != NULL) {
                pvr_mera_dict_set(&blocks, pvr_jl_text(arena, begin),
                                  pvr_mera_dict_end(arena, &block));
            }
            begin = line;
        }
    }
    free(block.key);
    free(block.value);
    return pvr_mera_dict_end(arena, &blocks);
}

static const struct pvr_jl_value *text_lines(struct pvr_jl_arena *arena, const char *path,
                                             bool *found) {
    struct pvr_mera_lines lines;
    struct pvr_mera_list names = {0};
    pvr_mera_lines_read(&lines, path);
    *found = exists(path);
    for (size_t i = 0; i < lines.count; i++) {
        pvr_mera_list_add(&names, pvr_jl_text(arena, lines.line[i]));
    }
    if (!*found) {
        pvr_mera_list_add(&names, pvr_jl_text(arena, ""));
    }
    pvr_mera_lines_free(&lines);
    return pvr_mera_list_end(arena, &pvr_jl_string, &names);
}

static void find_making(struct finding *finding, const struct pvr_mera_lines *namelist) {
    struct pvr_jl_arena *arena = finding->arena;
    const struct pvr_jl_value **to = finding->info;
    const struct pvr_jl_value *files[PVR_MERA_FILES_FIELDS],
        *compilation[PVR_MERA_COMPILATION_FIELDS];
    bool run = false, makefile, timer, patch;
    for (size_t i = 0; i < namelist->count; i++) {
        run = run || strstr(namelist->line[i], "&RUN_PARAMS") != NULL;
    }
    const struct pvr_mera_lines none = {0};
    to[PVR_MERA_I_NAMELIST] = pvr_jl_truth(arena, run);
    to[PVR_MERA_I_NAMELIST_CONTENT] = namelist_blocks(arena, run ? namelist : &none);
    files[0] = text_lines(arena, finding->fname[PVR_MERA_FN_MAKEFILE], &makefile);
    files[1] = text_lines(arena, finding->fname[PVR_MERA_FN_TIMER], &timer);
    files[2] = text_lines(arena, finding->fname[PVR_MERA_FN_PATCHFILE], &patch);
    to[PVR_MERA_I_FILES_CONTENT] = pvr_jl_struct_value(arena, &pvr_mera_files_type, files);
    to[PVR_MERA_I_MAKEFILE] = pvr_jl_truth(arena, makefile);
    to[PVR_MERA_I_TIMERFILE] = pvr_jl_truth(arena, timer);
    to[PVR_MERA_I_PATCHFILE] = pvr_jl_truth(arena, patch);
    struct pvr_mera_lines lines;
    pvr_mera_lines_read(&lines, finding->fname[PVR_MERA_FN_COMPILATION]);
    for (size_t i = 0; i < PVR_MERA_COMPILATION_FIELDS; i++) {
        const char *equal = i < lines.count ? strchr(lines.line[i], '=') : NULL;
        char *value = equal != NULL ? strndup(equal + 1, strcspn(equal + 1, "=")) : NULL;
        compilation[i] = pvr_jl_text(arena, value != NULL ? value : "");
        free(value);
    }
    pvr_mera_lines_free(&lines);
    to[PVR_MERA_I_COMPILATION] =
        pvr_jl_struct_value(arena, &pvr_mera_compilation_type, compilation);
    to[PVR_MERA_I_COMPILATIONFILE] =
        pvr_jl_truth(arena, exists(finding->fname[PVR_MERA_FN_COMPILATION]));
}

enum pvr_status pvr_mera_about_snapshot(const struct pvr_snapshot *snapshot,
                                        struct pvr_mera_about **result, struct pvr_error *error) {
    *result = NULL;
    if (snapshot->info.ndim != 3) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                        "%s: the output is %d-dimensional; Mera files are 3-dimensional",
                        snapshot->path, snapshot->info.ndim);
    }
    struct pvr_mera_about *about = calloc(1, sizeof *about);
    if (about == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory", snapshot->path);
    }
    struct finding finding = {.arena = &about->arena, .snapshot = snapshot};
    if (!find_names(&finding)) {
        pvr_mera_about_free(about);
        return pvr_fail(error, PVR_ERROR_IO, "%s: its folder cannot be found", snapshot->path);
    }
    struct pvr_mera_lines namelist, header, descriptor;
    pvr_mera_lines_read(&namelist, finding.fname[PVR_MERA_FN_NAMELIST]);
    pvr_mera_lines_read(&header, finding.fname[PVR_MERA_FN_HEADER]);
    pvr_mera_lines_read(&descriptor, finding.fname[PVR_MERA_FN_PART_DESCRIPTOR]);
    const struct pvr_jl_value *part[PVR_MERA_PART_FIELDS];
    find_numbers(&finding);
    find_grid(&finding);
    find_hydro(&finding);
    find_gravity(&finding);
    pvr_mera_particles(
        finding.arena, &header, &descriptor, has_files(&finding, PVR_MERA_FN_PARTICLES, "out00001"),
        snapshot->info.unit_t / 3.15576e7 / 1e6, &namelist, part, finding.descriptor, finding.info);
    finding.info[PVR_MERA_I_PART_INFO] =
        pvr_jl_struct_value(finding.arena, &pvr_mera_part_type, part);
    find_radiation(&finding);
    find_clumps(&finding);
    find_making(&finding, &namelist);
    pvr_mera_lines_free(&namelist);
    pvr_mera_lines_free(&header);
    pvr_mera_lines_free(&descriptor);
    finding.info[PVR_MERA_I_DESCRIPTOR] =
        pvr_jl_struct_value(finding.arena, &pvr_mera_descriptor_type, finding.descriptor);
    about->value = pvr_jl_struct_value(finding.arena, &pvr_mera_info_type, finding.info);
    about->boxlen = snapshot->info.boxlen;
    if (about->arena.failed) {
        pvr_mera_about_free(about);
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory for what is known of it",
                        snapshot->path);
    }
    *result = about;
    return PVR_OK;
}

void pvr_mera_about_free(struct pvr_mera_about *about) {
    if (about != NULL) {
        pvr_jl_arena_free(&about->arena);
        free(about);
    }
}
