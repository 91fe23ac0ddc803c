/* disk.c - the files of an output, counted by kind. */
#include "disk.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char group_prefix[] = "group_";

/* The kind of file `name`: what stands before the output's number in amr_00003.out00001 or
 * clump_00003.txt00001; "text" for everything else. */
static void kind_of(const char *name, char kind[32]) {
    const char *out = strstr(name, ".out");
    const char *txt = strstr(name, ".txt");
    const char *dot = out != NULL ? out : txt;
    snprintf(kind, 32, "text");
    if (dot == NULL || !isdigit((unsigned char)dot[4])) {
        return;
    }
    const char *end = dot;
    while (end > name && isdigit((unsigned char)end[-1])) {
        end--;
    }
    if (end > name + 1 && end[-1] == '_' && end != dot) {
        snprintf(kind, 32, "%.*s", (int)(end - 1 - name), name);
    }
}

static void add(struct disk *disk, const char *name, uint64_t bytes) {
    char kind[32];
    kind_of(name, kind);
    int i = 0;
    while (i < disk->nkinds && strcmp(disk->kind[i].name, kind) != 0) {
        i++;
    }
    if (i == disk->nkinds) {
        if (i == DISK_MAX_KINDS) {
            i--;
        } else {
            disk->nkinds++;
            disk->kind[i] = (struct disk_kind){.files = 0};
            memcpy(disk->kind[i].name, kind, sizeof kind);
        }
    }
    disk->kind[i].files++;
    disk->kind[i].bytes += bytes;
    disk->files++;
    disk->bytes += bytes;
}

static void survey_folder(const char *folder, int depth, struct disk *disk) {
    DIR *stream = opendir(folder);
    if (stream == NULL) {
        return;
    }
    struct dirent *entry;
    while ((entry = readdir(stream)) != NULL) {
        char path[PATH_MAX];
        struct stat status;
        int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof path || stat(path, &status) != 0) {
            continue;
        }
        if (S_ISREG(status.st_mode)) {
            add(disk, entry->d_name, (uint64_t)status.st_size);
        } else if (S_ISDIR(status.st_mode) && depth == 0 &&
                   strncmp(entry->d_name, group_prefix, sizeof group_prefix - 1) == 0) {
            survey_folder(path, depth + 1, disk);
        }
    }
    closedir(stream);
}

/* Largest first; text last. */
static int compare_kinds(const void *left, const void *right) {
    const struct disk_kind *a = left;
    const struct disk_kind *b = right;
    int a_text = strcmp(a->name, "text") == 0;
    int b_text = strcmp(b->name, "text") == 0;
    if (a_text != b_text) {
        return a_text - b_text;
    }
    if (a->bytes != b->bytes) {
        return a->bytes < b->bytes ? 1 : -1;
    }
    return strcmp(a->name, b->name);
}

/* Cuts the last part off `path`. */
static void to_parent(char *path) {
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        strcpy(path, ".");
    } else if (slash == path) {
        path[1] = '\0';
    } else {
        *slash = '\0';
    }
}

void disk_survey(const char *info_path, struct disk *disk) {
    *disk = (struct disk){.nkinds = 0};
    char folder[PATH_MAX];
    if (strlen(info_path) >= sizeof folder) {
        return;
    }
    strcpy(folder, info_path);
    to_parent(folder);
    const char *slash = strrchr(folder, '/');
    const char *last = slash != NULL ? slash + 1 : folder;
    if (strncmp(last, group_prefix, sizeof group_prefix - 1) == 0) {
        to_parent(folder);
    }
    survey_folder(folder, 0, disk);
    qsort(disk->kind, (size_t)disk->nkinds, sizeof disk->kind[0], compare_kinds);
}
