/* pvr_available.c - the memory that this process may use. */
#include "pvr_available.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The number behind `name` at the beginning of a line of a file; a null name: the file's first
 * number. False where there is none ("max"). */
static bool read_number(const char *path, const char *name, double *number) {
    FILE *file = fopen(path, "r");
    char line[256];
    bool found = false;
    size_t length = name != NULL ? strlen(name) : 0;
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        found = (name == NULL || strncmp(line, name, length) == 0) &&
                sscanf(line + length, "%lf", number) == 1;
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

/* What one control group allows (`use_name` null), or what it leaves: its limit less what it holds,
 * but files kept in memory count as free. */
static double group_leaves(const char *folder, const char *limit_name, const char *use_name,
                           double otherwise) {
    char path[4736];
    double limit, use, files;
    snprintf(path, sizeof path, "%s/%s", folder, limit_name);
    if (!read_number(path, NULL, &limit)) {
        return otherwise;
    }
    if (use_name == NULL) {
        return limit < otherwise ? limit : otherwise;
    }
    snprintf(path, sizeof path, "%s/%s", folder, use_name);
    if (!read_number(path, NULL, &use)) {
        return otherwise;
    }
    /* The old kind of groups tells what stands in a group alone, and with "total_" also what those
     * below it have, as `use` does. */
    static const char *const kept[][2] = {{"total_inactive_file ", "inactive_file "},
                                          {"total_active_file ", "active_file "}};
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    for (int i = 0; i < 2; i++) {
        use -= read_number(path, kept[i][0], &files) || read_number(path, kept[i][1], &files)
                   ? files
                   : 0;
    }
    double left = limit - (use > 0 ? use : 0);
    return left < otherwise ? left : otherwise;
}

/* How the two kinds of control groups name themselves: before the group's path in
 * /proc/self/cgroup, where groups stand, and their files. */
struct controller {
    const char *name, *mount, *limit, *use;
};
static const struct controller controllers[] = {
    {"0::", "/sys/fs/cgroup", "memory.max", "memory.current"},
    {"0::", "/sys/fs/cgroup", "memory.high", "memory.current"},
    {":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"},
};

/* The least that this process's group and those above it allow (`left` false) or leave. */
static double groups_leave(const char *root, const struct controller *controller, bool left,
                           double otherwise) {
    char line[4096], folder[4608], *group = NULL;
    snprintf(folder, sizeof folder, "%s/proc/self/cgroup", root);
    FILE *file = fopen(folder, "r");
    while (file != NULL && group == NULL && fgets(line, sizeof line, file) != NULL) {
        group = strstr(line, controller->name); /* "0::/..." or "4:memory:/..." */
        group = group != NULL ? group + strlen(controller->name) : NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    if (group == NULL) {
        return otherwise;
    }
    group[strcspn(group, "\n")] = '\0';
    for (;;) {
        snprintf(folder, sizeof folder, "%s%s%s", root, controller->mount, group);
        otherwise =
            group_leaves(folder, controller->limit, left ? controller->use : NULL, otherwise);
        char *slash = strrchr(group, '/');
        if (slash == NULL) {
            return otherwise;
        }
        *slash = '\0';
    }
}

static double memory_of(const char *root, const char *name, bool left) {
    char path[4608];
    double bytes = 0x1p62, kibibytes;
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    if (read_number(path, name, &kibibytes)) {
        bytes = kibibytes * 1024;
    }
    for (size_t i = 0; i < sizeof controllers / sizeof controllers[0]; i++) {
        bytes = groups_leave(root, &controllers[i], left, bytes);
    }
    return bytes;
}

uint64_t pvr_memory_total_below(const char *root) {
    return (uint64_t)memory_of(root, "MemTotal:", false);
}

uint64_t pvr_memory_available_below(const char *root) {
    double left = memory_of(root, "MemAvailable:", true);
    return left > 1 ? (uint64_t)left : 1;
}

uint64_t pvr_memory_total(void) {
    return pvr_memory_total_below("");
}

uint64_t pvr_memory_available(void) {
    return pvr_memory_available_below("");
}
