/* pvr_series.c - the outputs of a run: sibling folders output_NNNNN as a time series. */
#include "pvr_series.h"

#include "pvr_mera.h"
#include "pvr_text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The number in a name made of `prefix`, five or more digits and `suffix`; -1 for other names. */
static int numbered_name(const char *name, size_t length, const char *prefix, const char *suffix) {
    size_t before = strlen(prefix), behind = strlen(suffix);
    if (length < before + 5 + behind || length > before + 9 + behind ||
        strncmp(name, prefix, before) != 0 ||
        strncmp(name + length - behind, suffix, behind) != 0) {
        return -1;
    }
    long number = 0;
    for (size_t i = before; i < length - behind; i++) {
        if (!isdigit((unsigned char)name[i])) {
            return -1;
        }
        number = number * 10 + (name[i] - '0');
    }
    return (int)number;
}

/* Length of `path` without trailing slashes. */
static size_t trimmed_length(const char *path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    return length;
}

/* Start of the last name in the first `length` characters of `path`. */
static const char *last_name(const char *path, size_t length) {
    const char *name = path + length;
    while (name > path && name[-1] != '/') {
        name--;
    }
    return name;
}

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_file(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* The info file of output `number` in `folder`, or null if there is none. */
static char *info_in_folder(const char *folder, int number) {
    char *path = pvr_text_format("%s/info_%05d.txt", folder, number);
    if (path != NULL && !is_file(path)) {
        free(path);
        path = pvr_text_format("%s/group_00001/info_%05d.txt", folder, number);
        if (path != NULL && !is_file(path)) {
            free(path);
            path = NULL;
        }
    }
    return path;
}

enum pvr_status pvr_output_info_path(const char *path, char **info_path, struct pvr_error *error) {
    *info_path = NULL;
    if (pvr_mera_named(path) && is_file(path)) {
        *info_path = pvr_text_format("%s", path);
        return *info_path != NULL ? PVR_OK
                                  : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    }
    size_t length = trimmed_length(path);
    const char *name = last_name(path, length);
    size_t name_length = (size_t)(path + length - name);
    if (is_folder(path)) {
        int number = numbered_name(name, name_length, "output_", "");
        char real[PATH_MAX]; /* the folder may be called "." */
        if (number < 0 && realpath(path, real) != NULL) {
            name = last_name(real, strlen(real));
            number = numbered_name(name, strlen(name), "output_", "");
        }
        if (number < 0) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: is a folder that is not named output_NNNNN", path);
        }
        char *folder = pvr_text_format("%.*s", (int)length, path);
        *info_path = folder != NULL ? info_in_folder(folder, number) : NULL;
        free(folder);
        if (*info_path == NULL) {
            return pvr_fail(error, PVR_ERROR_IO,
                            "%s: has no info_%05d.txt: not an output, or one that RAMSES did not "
                            "finish",
                            path, number);
        }
        return PVR_OK;
    }
    struct stat status;
    int why = stat(path, &status) != 0 ? errno : 0;
    if (numbered_name(name, name_length, "info_", ".txt") < 0) {
        const char *reason = why == ENOENT ? "it does not exist" : strerror(why);
        return pvr_fail(
            error, PVR_ERROR_FORMAT,
            "%s: is neither a file named info_NNNNN.txt nor a folder output_NNNNN%s%s%s", path,
            why != 0 ? " (" : "", why != 0 ? reason : "", why != 0 ? ")" : "");
    }
    if (why != 0 && why != ENOENT) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: %s", path, strerror(why));
    }
    if (!is_file(path)) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: there is no such file", path);
    }
    *info_path = pvr_text_format("%.*s", (int)length, path);
    return *info_path != NULL ? PVR_OK : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
}

bool pvr_output_recognized(const char *path) {
    char *info_path;
    if (path == NULL || pvr_mera_named(path) ||
        pvr_output_info_path(path, &info_path, NULL) != PVR_OK) {
        return false;
    }
    char *text;
    double value;
    bool recognized = pvr_text_read(info_path, 4096, &text, NULL) == PVR_OK;
    if (recognized) {
        recognized = pvr_text_key_real(text, "ncpu", &value) &&
                     pvr_text_key_real(text, "ndim", &value) &&
                     pvr_text_key_real(text, "levelmin", &value);
        free(text);
    }
    free(info_path);
    return recognized;
}

/* A Mera file is complete or none. */
static void look_at_mera(struct pvr_output *output) {
    struct pvr_mera *mera;
    struct pvr_error error;
    if (pvr_mera_peek(output->info_path, &mera, &error) != PVR_OK) {
        output->problem = pvr_text_format("%s: skipped", error.message);
        return;
    }
    output->info = mera->info;
    output->finished = true;
    pvr_mera_free(mera);
}

/* Reads the info file of `output` and looks whether the mesh's first and last file are there. */
static void look_at_output(struct pvr_output *output) {
    struct pvr_error error;
    if (output->info_path == NULL) {
        output->problem =
            pvr_text_format("%s: no info file: skipped as unfinished", output->folder);
        return;
    }
    if (pvr_mera_named(output->info_path)) {
        look_at_mera(output);
        return;
    }
    if (pvr_info_read(output->info_path, &output->info, &error) != PVR_OK) {
        output->problem = pvr_text_format("%s: skipped", error.message);
        return;
    }
    const char *name = last_name(output->info_path, strlen(output->info_path));
    size_t beside = (size_t)(name - output->info_path); /* the folder's path with its slash */
    const int domains[2] = {1, output->info.ncpu};
    size_t group = strlen("group_00001/");
    bool grouped = beside >= group && strncmp(name - group, "group_00001/", group) == 0;
    for (int i = 0; i < (grouped ? 1 : 2); i++) {
        char *amr = pvr_text_format("%.*samr_%05d.out%05d", (int)beside, output->info_path,
                                    output->number, domains[i]);
        struct stat status;
        if (amr != NULL && (stat(amr, &status) != 0 || status.st_size == 0)) {
            output->problem = pvr_text_format(
                "%s: missing or empty: output %d is skipped as unfinished", amr, output->number);
            free(amr);
            return;
        }
        free(amr);
    }
    output->finished = true;
}

static int by_number(const void *left, const void *right) {
    const struct pvr_output *a = left, *b = right;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Appends an output to the series; takes `folder` and `info_path`. */
static bool append_output(struct pvr_series *series, int number, char *folder, char *info_path) {
    struct pvr_output *grown =
        realloc(series->output, (series->count + 1) * sizeof *series->output);
    if (grown == NULL || folder == NULL) {
        series->output = grown != NULL ? grown : series->output;
        free(folder);
        free(info_path);
        return false;
    }
    series->output = grown;
    struct pvr_output *output = &grown[series->count++];
    memset(output, 0, sizeof *output);
    output->number = number;
    output->folder = folder;
    output->info_path = info_path;
    look_at_output(output);
    return true;
}

static bool scan_parent(const char *parent, struct pvr_series *series) {
    DIR *folder = opendir(parent);
    if (folder == NULL) {
        return true; /* not readable: the output alone */
    }
    bool well = true;
    for (struct dirent *entry; well && (entry = readdir(folder)) != NULL;) {
        int number = numbered_name(entry->d_name, strlen(entry->d_name), "output_", "");
        char *path = number >= 0 ? pvr_text_format("%s/%s", parent, entry->d_name) : NULL;
        if (path != NULL && is_folder(path)) {
            well = append_output(series, number, path, info_in_folder(path, number));
        } else {
            free(path);
        }
    }
    closedir(folder);
    return well;
}

/* Length of the part of a Mera file's name before its number, and the number; -1 for none. */
static size_t mera_stem(const char *name, int *number) {
    size_t end = strlen(name) - strlen(".jld2"), begin = end;
    while (begin > 0 && end - begin < 9 && isdigit((unsigned char)name[begin - 1])) {
        begin--;
    }
    *number = begin < end ? atoi(name + begin) : -1;
    return begin;
}

/* Appends the Mera files in `folder` whose names are the first `length` characters of `stem` and a
 * number. */
static bool scan_mera(const char *folder, const char *stem, size_t length,
                      struct pvr_series *series) {
    DIR *open = opendir(folder);
    bool well = true;
    for (struct dirent *entry; open != NULL && well && (entry = readdir(open)) != NULL;) {
        int number;
        if (!pvr_mera_named(entry->d_name) || mera_stem(entry->d_name, &number) != length ||
            number < 0 || strncmp(entry->d_name, stem, length) != 0) {
            continue;
        }
        char *path = pvr_text_format("%s/%s", folder, entry->d_name);
        well = path != NULL && append_output(series, number, pvr_text_format("%s", folder), path);
    }
    if (open != NULL) {
        closedir(open);
    }
    return well;
}

static void note_warnings(struct pvr_series *series) {
    for (size_t i = 0; i < series->count; i++) {
        if (series->output[i].problem != NULL) {
            pvr_text_add_line(&series->warnings, series->output[i].problem);
        }
        int before = i > 0 ? series->output[i - 1].number : series->output[i].number - 1;
        int first = before + 1, last = series->output[i].number - 1;
        if (i > 0 && first <= last) {
            char *line =
                first == last
                    ? pvr_text_format("output %d is missing from the series", first)
                    : pvr_text_format("outputs %d to %d are missing from the series", first, last);
            if (line != NULL) {
                pvr_text_add_line(&series->warnings, line);
            }
            free(line);
        }
    }
}

/* The folder in which the output `folder` lies, or null if it is not named output_NNNNN. A link of
 * that name stands for an output here, wherever it leads; other names are followed. */
static char *parent_of_output(const char *folder) {
    char real[PATH_MAX];
    const char *name = last_name(folder, strlen(folder));
    if (numbered_name(name, strlen(name), "output_", "") < 0) {
        if (realpath(folder, real) == NULL) {
            return NULL;
        }
        folder = real;
        name = last_name(real, strlen(real));
        if (numbered_name(name, strlen(name), "output_", "") < 0) {
            return NULL;
        }
    }
    char *parent = name > folder ? pvr_text_format("%.*s", (int)(name - folder), folder)
                                 : pvr_text_format(".");
    char *resolved = parent != NULL ? realpath(parent, NULL) : NULL;
    free(parent);
    return resolved;
}

/* True for a folder that is not an output's. */
static bool is_run_folder(const char *path) {
    char real[PATH_MAX];
    if (!is_folder(path) || realpath(path, real) == NULL) {
        return false;
    }
    const char *name = last_name(real, strlen(real));
    return numbered_name(name, strlen(name), "output_", "") < 0;
}

static enum pvr_status finish_series(struct pvr_series *series, bool well,
                                     struct pvr_error *error) {
    if (!well) {
        pvr_series_free(series);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the list of outputs");
    }
    qsort(series->output, series->count, sizeof *series->output, by_number);
    note_warnings(series);
    return PVR_OK;
}

static void free_output(struct pvr_output *output) {
    free(output->folder);
    free(output->info_path);
    free(output->problem);
}

/* Of an output that is there both as a folder and as a Mera file one stays: the folder, unless it
 * alone is not finished. `nfolders`: they stand before the files. */
static void drop_doubles(struct pvr_series *series, size_t nfolders) {
    size_t kept = nfolders;
    for (size_t i = nfolders; i < series->count; i++) {
        struct pvr_output *file = &series->output[i], *folder = NULL;
        for (size_t j = 0; j < nfolders && folder == NULL; j++) {
            folder = series->output[j].number == file->number ? &series->output[j] : NULL;
        }
        if (folder == NULL) {
            series->output[kept++] = *file;
        } else if (file->finished && !folder->finished) {
            free_output(folder);
            *folder = *file;
        } else {
            free_output(file);
        }
    }
    series->count = kept;
}

static enum pvr_status find_in_run(const char *path, struct pvr_series *series,
                                   struct pvr_error *error) {
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
    }
    closedir(folder);
    char *parent = pvr_text_format("%.*s", (int)trimmed_length(path), path);
    bool well = parent != NULL && scan_parent(parent, series);
    const size_t nfolders = series->count;
    if (well && scan_mera(parent, "output_", strlen("output_"), series)) {
        drop_doubles(series, nfolders);
    } else {
        well = false;
    }
    free(parent);
    if (well && series->count == 0) {
        pvr_series_free(series);
        return pvr_fail(error, PVR_ERROR_IO,
                        "%s: has no folder named output_NNNNN and no file output_NNNNN.jld2", path);
    }
    return finish_series(series, well, error);
}

/* `path` is a Mera file. */
static enum pvr_status find_beside_mera(const char *path, struct pvr_series *series,
                                        struct pvr_error *error) {
    const char *name = last_name(path, strlen(path));
    char *folder = name > path + 1 ? pvr_text_format("%.*s", (int)(name - 1 - path), path)
                   : name > path   ? pvr_text_format("/")
                                   : pvr_text_format(".");
    int number;
    size_t length = mera_stem(name, &number);
    bool well = folder != NULL && (number < 0 || scan_mera(folder, name, length, series));
    if (well && series->count == 0) {
        well = append_output(series, number < 0 ? 0 : number, pvr_text_format("%s", folder),
                             pvr_text_format("%s", path));
    }
    free(folder);
    return finish_series(series, well, error);
}

enum pvr_status pvr_series_find(const char *path, struct pvr_series *series,
                                struct pvr_error *error) {
    memset(series, 0, sizeof *series);
    if (is_run_folder(path)) {
        return find_in_run(path, series, error);
    }
    if (pvr_mera_named(path) && is_file(path)) {
        return find_beside_mera(path, series, error);
    }
    char *info_path;
    enum pvr_status status = pvr_output_info_path(path, &info_path, error);
    if (status != PVR_OK) {
        return status;
    }
    const char *name = strrchr(info_path, '/');
    char *folder = name != NULL ? pvr_text_format("%.*s", (int)(name - info_path), info_path)
                                : pvr_text_format(".");
    if (folder != NULL && strcmp(last_name(folder, strlen(folder)), "group_00001") == 0) {
        char *outer = pvr_text_format("%s/..", folder);
        free(folder);
        folder = outer;
    }
    bool well = folder != NULL;
    char *parent = well ? parent_of_output(folder) : NULL;
    if (parent != NULL) {
        well = scan_parent(parent, series);
        free(parent);
    }
    if (well && series->count == 0) {
        name = last_name(info_path, strlen(info_path));
        int number = numbered_name(name, strlen(name), "info_", ".txt");
        well = append_output(series, number, folder, info_path);
        folder = info_path = NULL;
    }
    free(folder);
    free(info_path);
    return finish_series(series, well, error);
}

void pvr_series_free(struct pvr_series *series) {
    for (size_t i = 0; i < series->count; i++) {
        free_output(&series->output[i]);
    }
    free(series->output);
    free(series->warnings);
    memset(series, 0, sizeof *series);
}

static double output_time(const struct pvr_output *output, enum pvr_time_unit unit) {
    switch (unit) {
    case PVR_TIME_MYR:
        return pvr_info_time_myr(&output->info);
    case PVR_TIME_CODE:
        return output->info.time;
    case PVR_TIME_EXPANSION:
        return output->info.aexp;
    case PVR_TIME_OUTPUT:
        break;
    }
    return output->number;
}

size_t pvr_series_times(const struct pvr_series *series, enum pvr_time_unit unit, double *times,
                        size_t *index) {
    size_t count = 0;
    for (size_t i = 0; i < series->count; i++) {
        if (!series->output[i].finished) {
            continue;
        }
        double time = output_time(&series->output[i], unit);
        if (count > 0 && !(time > times[count - 1])) {
            time = nextafter(times[count - 1], (double)INFINITY);
        }
        times[count] = time;
        index[count++] = i;
    }
    return count;
}
