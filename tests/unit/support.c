/* support.c - what the unit tests share. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *unit_path(const char *format, ...) {
    static char ring[64][4096];
    static unsigned next;
    char *buffer = ring[next++ % 64];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer, sizeof ring[0], format, arguments);
    va_end(arguments);
    assert_in_range(length, 0, sizeof ring[0] - 1);
    return buffer;
}

char *unit_temp_folder(void) {
    char *folder = strdup(PVR_TEST_FOLDER "/temp_XXXXXX");
    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static char *inner_path(const char *folder, const char *name) {
    char *path = malloc(strlen(folder) + strlen(name) + 2);
    assert_non_null(path);
    sprintf(path, "%s/%s", folder, name);
    return path;
}

void unit_remove(const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0) {
        return;
    }
    if (!S_ISDIR(status.st_mode)) {
        assert_int_equal(unlink(path), 0);
        return;
    }
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char *inner = inner_path(path, entry->d_name);
            unit_remove(inner);
            free(inner);
        }
    }
    closedir(folder);
    assert_int_equal(rmdir(path), 0);
}

void unit_drop_folder(char *folder) {
    unit_remove(folder);
    free(folder);
}

char *unit_folder;

int unit_folder_begin(void **state) {
    (void)state;
    unit_folder = unit_temp_folder();
    return 0;
}

int unit_folder_end(void **state) {
    (void)state;
    unit_drop_folder(unit_folder);
    return 0;
}

void unit_make_folder(const char *path) {
    assert_int_equal(mkdir(path, 0777), 0);
}

void unit_copy(const char *from, const char *to) {
    struct stat status;
    assert_int_equal(stat(from, &status), 0);
    if (!S_ISDIR(status.st_mode)) {
        size_t size;
        char *data = unit_read_file(from, &size);
        unit_write_file(to, data, size);
        free(data);
        return;
    }
    unit_make_folder(to);
    DIR *folder = opendir(from);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.') {
            char *inner_from = inner_path(from, entry->d_name);
            char *inner_to = inner_path(to, entry->d_name);
            unit_copy(inner_from, inner_to);
            free(inner_from);
            free(inner_to);
        }
    }
    closedir(folder);
}

char *unit_read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s: %s", path, strerror(errno));
    }
    struct stat status;
    assert_int_equal(fstat(fileno(file), &status), 0);
    *size = (size_t)status.st_size;
    char *data = malloc(*size + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *size, file), *size);
    data[*size] = '\0';
    fclose(file);
    return data;
}

void unit_write_file(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        fail_msg("%s: %s", path, strerror(errno));
    }
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void unit_write_text(const char *path, const char *text) {
    unit_write_file(path, text, strlen(text));
}

void unit_edit_text(const char *path, const char *from, const char *to) {
    size_t size;
    char *text = unit_read_file(path, &size);
    char *at = strstr(text, from);
    if (at == NULL) {
        fail_msg("%s does not hold: %s", path, from);
    }
    char *edited = malloc(size + strlen(to) + 1);
    assert_non_null(edited);
    size_t length =
        (size_t)sprintf(edited, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    unit_write_file(path, edited, length);
    free(edited);
    free(text);
}

void unit_ok(enum pvr_status status, const struct pvr_error *error) {
    if (status != PVR_OK) {
        fail_msg("status %d: %s", (int)status, error != NULL ? error->message : "");
    }
}

void unit_failed(enum pvr_status status, const struct pvr_error *error, const char *part) {
    assert_int_not_equal(status, PVR_OK);
    assert_int_equal(status, error->status);
    if (strstr(error->message, part) == NULL || strchr(error->message, '\n') != NULL) {
        fail_msg("not one line with \"%s\": %s", part, error->message);
    }
}

struct pvr_mesh *unit_load(const char *path, const char *fields, enum pvr_type precision,
                           int max_level, int threads) {
    const char *name[32];
    int nfields = 0;
    char *copy = strdup(fields), *rest = copy;
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;) {
        name[nfields++] = word;
    }
    struct pvr_error error;
    struct pvr_snapshot *snapshot;
    unit_ok(pvr_snapshot_open(path, &snapshot, &error), &error);
    const struct pvr_mesh_request request = {
        .max_level = max_level, .fields = name, .nfields = nfields, .precision = precision};
    const struct pvr_threads settings = {.max = threads};
    struct pvr_mesh *mesh;
    unit_ok(pvr_mesh_load(snapshot, &request, &settings, NULL, NULL, &mesh, &error), &error);
    pvr_snapshot_release(snapshot);
    free(copy);
    return mesh;
}

void unit_same_octree(const struct pvr_octree *a, const struct pvr_octree *b) {
    assert_int_equal(a->ndim, b->ndim);
    assert_int_equal(a->root_level, b->root_level);
    assert_int_equal(a->max_level, b->max_level);
    assert_memory_equal(a->root_dims, b->root_dims, sizeof a->root_dims);
    assert_memory_equal(a->size, b->size, sizeof a->size);
    assert_int_equal(a->ncells, b->ncells);
    assert_int_equal(a->nleaves, b->nleaves);
    for (int l = a->root_level; l <= a->max_level; l++) {
        const struct pvr_octree_level *one = &a->level[l], *other = &b->level[l];
        assert_int_equal(one->noct, other->noct);
        size_t nbytes = (size_t)(l > a->root_level ? one->noct : (one->noct + 7) / 8);
        assert_memory_equal(one->refined, other->refined, nbytes);
        assert_memory_equal(one->tree_first, other->tree_first, (a->ntrees + 1) * 8);
        assert_memory_equal(one->tree_cell, other->tree_cell, a->ntrees * 8);
    }
}

void unit_same_mesh(const struct pvr_mesh *a, const struct pvr_mesh *b) {
    unit_same_octree(a->octree, b->octree);
    assert_int_equal(a->narrays, b->narrays);
    for (int i = 0; i < a->narrays; i++) {
        const struct pvr_array *one = a->arrays[i].array, *other = b->arrays[i].array;
        assert_string_equal(a->arrays[i].name, b->arrays[i].name);
        assert_int_equal(one->type, other->type);
        assert_int_equal(one->bytes, other->bytes);
        assert_memory_equal(one->data, other->data, one->bytes);
    }
}

const struct pvr_mesh_array *unit_array(const struct pvr_mesh *mesh, const char *name) {
    for (int i = 0; i < mesh->narrays; i++) {
        if (strcmp(mesh->arrays[i].name, name) == 0) {
            return &mesh->arrays[i];
        }
    }
    fail_msg("no array %s", name);
    return NULL;
}

double unit_value(const struct pvr_array *array, uint64_t index, int component) {
    uint64_t at = index * (uint64_t)array->ncomponents + (uint64_t)component;
    switch (array->type) {
    case PVR_FLOAT32:
        return (double)((const float *)array->data)[at];
    case PVR_FLOAT64:
        return ((const double *)array->data)[at];
    case PVR_UINT8:
        return ((const uint8_t *)array->data)[at];
    case PVR_INT32:
        return ((const int32_t *)array->data)[at];
    case PVR_INT64:
        return (double)((const int64_t *)array->data)[at];
    }
    return 0;
}

uint64_t unit_random(uint64_t *state) {
    uint64_t x = *state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

bool unit_sanitized(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return true;
#endif
#endif
    return false;
}
