/* pvr_convert_find.c - what the converter has to do. */
#include "pvr_convert.h"

#include "pvr_mera.h"
#include "pvr_series.h"
#include "pvr_text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The number in output_NNNNN.jld2, or -1 for any other name. */
static int number_of(const char *name) {
    static const char head[] = "output_", tail[] = ".jld2";
    if (strncmp(name, head, sizeof head - 1) != 0) {
        return -1;
    }
    const char *digit = name + sizeof head - 1;
    long number = 0;
    int digits = 0;
    for (; *digit >= '0' && *digit <= '9' && digits < 10; digit++, digits++) {
        number = 10 * number + (*digit - '0');
    }
    bool fits = digits > 0 && number <= INT32_MAX && strcmp(digit, tail) == 0;
    return fits ? (int)number : -1;
}

static char *join(const char *folder, const char *name) {
    size_t length = strlen(folder);
    return pvr_text_format("%s%s%s", folder, length > 0 && folder[length - 1] == '/' ? "" : "/",
                           name);
}

static int by_number(const void *a, const void *b) {
    const struct pvr_convert_entry *x = a, *y = b;
    return x->number != y->number ? (x->number > y->number) - (x->number < y->number)
                                  : strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Makes room for one more in a list that grows by doubling. */
static bool make_room(void **list, size_t count, size_t bytes) {
    if (count > 0 && (count & (count - 1)) != 0) {
        return true;
    }
    void *longer = realloc(*list, (count > 0 ? 2 * count : 1) * bytes);
    if (longer == NULL) {
        return false;
    }
    *list = longer;
    return true;
}

static enum pvr_status no_memory(struct pvr_error *error) {
    return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of files");
}

static enum pvr_status add_foreign(struct pvr_convert_list *list, const char *name,
                                   struct pvr_error *error) {
    void *names = list->foreign;
    char *copy = strdup(name);
    if (copy == NULL || !make_room(&names, list->nforeign, sizeof *list->foreign)) {
        free(copy);
        return no_memory(error);
    }
    list->foreign = names;
    list->foreign[list->nforeign++] = copy;
    return PVR_OK;
}

static enum pvr_status add_entry(struct pvr_convert_list *list, int number, const char *name,
                                 char *source, const char *out, uint64_t bytes,
                                 struct pvr_error *error) {
    void *entries = list->entry;
    if (!make_room(&entries, list->count, sizeof *list->entry)) {
        free(source);
        return no_memory(error);
    }
    list->entry = entries;
    struct pvr_convert_entry *entry = &list->entry[list->count++];
    *entry = (struct pvr_convert_entry){.number = number,
                                        .name = strdup(name),
                                        .source = source,
                                        .target = join(out, name),
                                        .source_bytes = bytes};
    if (entry->name == NULL || entry->source == NULL || entry->target == NULL) {
        return no_memory(error);
    }
    struct stat there;
    entry->exists = lstat(entry->target, &there) == 0;
    return PVR_OK;
}

static enum pvr_status find_files(const char *in, const char *out, int from, int to,
                                  struct pvr_convert_list *list, struct pvr_error *error) {
    DIR *folder = opendir(in);
    if (folder == NULL) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: %s", in, strerror(errno));
    }
    enum pvr_status status = PVR_OK;
    const struct dirent *found;
    while (status == PVR_OK && (found = readdir(folder)) != NULL) {
        if (found->d_name[0] == '.') {
            continue;
        }
        int number = number_of(found->d_name);
        char *path = join(in, found->d_name);
        struct stat about;
        bool regular = path != NULL && stat(path, &about) == 0 && S_ISREG(about.st_mode);
        if (number < 0 || !regular) {
            free(path);
            status = add_foreign(list, found->d_name, error);
        } else if (number < from || number > to) {
            free(path);
        } else {
            status =
                add_entry(list, number, found->d_name, path, out, (uint64_t)about.st_size, error);
        }
    }
    closedir(folder);
    return status;
}

/* Bytes of the files of a folder, and of those one below it (group_00001 of very large runs). */
static uint64_t bytes_below(const char *path, bool deeper) {
    uint64_t bytes = 0;
    DIR *folder = opendir(path);
    const struct dirent *found;
    while (folder != NULL && (found = readdir(folder)) != NULL) {
        struct stat about;
        if (found->d_name[0] == '.' || fstatat(dirfd(folder), found->d_name, &about, 0) != 0) {
            continue;
        }
        if (S_ISREG(about.st_mode)) {
            bytes += (uint64_t)about.st_size;
        } else if (deeper && S_ISDIR(about.st_mode)) {
            char *below = join(path, found->d_name);
            bytes += below != NULL ? bytes_below(below, false) : 0;
            free(below);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return bytes;
}

static enum pvr_status find_outputs(const char *in, const char *out, int from, int to,
                                    struct pvr_convert_list *list, struct pvr_error *error) {
    struct pvr_series series;
    enum pvr_status status = pvr_series_find(in, &series, error);
    if (status != PVR_OK) {
        return status;
    }
    for (size_t i = 0; status == PVR_OK && i < series.count; i++) {
        const struct pvr_output *output = &series.output[i];
        if (output->number < from || output->number > to) {
            continue;
        }
        if (output->info_path != NULL && pvr_mera_named(output->info_path)) {
            status = add_foreign(list, output->info_path, error);
            continue;
        }
        char name[32];
        snprintf(name, sizeof name, "output_%05d.jld2", output->number);
        status = output->finished ? add_entry(list, output->number, name, strdup(output->folder),
                                              out, bytes_below(output->folder, true), error)
                                  : add_foreign(list, output->folder, error);
    }
    pvr_series_free(&series);
    return status;
}

enum pvr_status pvr_convert_find(const char *in, const char *out, int from, int to, bool ramses,
                                 struct pvr_convert_list *list, struct pvr_error *error) {
    *list = (struct pvr_convert_list){0};
    enum pvr_status status = (ramses ? find_outputs : find_files)(in, out, from, to, list, error);
    if (list->count > 0) {
        qsort(list->entry, list->count, sizeof *list->entry, by_number);
    }
    if (list->nforeign > 0) {
        qsort(list->foreign, list->nforeign, sizeof *list->foreign, by_name);
    }
    for (size_t i = 1; i < list->count; i++) {
        list->entry[i].duplicate = list->entry[i].number == list->entry[i - 1].number;
    }
    return status;
}

void pvr_convert_list_free(struct pvr_convert_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->entry[i].name);
        free(list->entry[i].source);
        free(list->entry[i].target);
        free(list->entry[i].message);
    }
    for (size_t i = 0; i < list->nforeign; i++) {
        free(list->foreign[i]);
    }
    free(list->entry);
    free(list->foreign);
    *list = (struct pvr_convert_list){0};
}

size_t pvr_convert_gaps(const struct pvr_convert_list *list, int *gap, size_t room) {
    size_t count = 0;
    for (size_t i = 1; i < list->count; i++) {
        int before = list->entry[i - 1].number, number = list->entry[i].number;
        for (int missing = before + 1; missing < number && count < room; missing++) {
            gap[count++] = missing;
        }
    }
    size_t all = 0;
    for (size_t i = 1; i < list->count; i++) {
        int step = list->entry[i].number - list->entry[i - 1].number;
        all += step > 1 ? (size_t)step - 1 : 0;
    }
    return all;
}
