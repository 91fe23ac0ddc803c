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
    char path[4608];
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
    static const char *const kept[] = {"inactive_file ", "active_file "};
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    for (int i = 0; i < 2; i++) {
        use -= read_number(path, kept[i], &files) ? files : 0;
    }
    double left = limit - (use > 0 ? use : 0);
    return left < otherwise ? left : otherwise;
}

/* The least that this process's group and those above it allow or leave. `controller` stands before
 * the group's path in /proc/self/cgroup; `mount` is where the groups stand. */
static double groups_leave(const char *controller, const char *mount, const char *limit_name,
                           const char *use_name, double otherwise) {
    char line[4096], folder[4352], *group = NULL;
    FILE *file = fopen("/proc/self/cgroup", "r");
    while (file != NULL && group == NULL && fgets(line, sizeof line, file) != NULL) {
        group = strstr(line, controller); /* "0::/..." or "4:memory:/..." */
        group = group != NULL ? group + strlen(controller) : NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    if (group == NULL) {
        return otherwise;
    }
    group[strcspn(group, "\n")] = '\0';
    for (;;) {
        snprintf(folder, sizeof folder, "%s%s", mount, group);
        otherwise = group_leaves(folder, limit_name, use_name, otherwise);
        char *slash = strrchr(group, '/');
        if (slash == NULL) {
            return otherwise;
        }
        *slash = '\0';
    }
}

uint64_t pvr_memory_total(void) {
    double most = 0x1p62, kibibytes;
    if (read_number("/proc/meminfo", "MemTotal:", &kibibytes)) {
        most = kibibytes * 1024;
    }
    most = groups_leave("0::", "/sys/fs/cgroup", "memory.max", NULL, most);
    most = groups_leave(":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", NULL, most);
    return (uint64_t)most;
}

uint64_t pvr_memory_available(void) {
    double left = 0x1p62, kibibytes;
    if (read_number("/proc/meminfo", "MemAvailable:", &kibibytes)) {
        left = kibibytes * 1024;
    }
    left = groups_leave("0::", "/sys/fs/cgroup", "memory.max", "memory.current", left);
    left = groups_leave(":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                        "memory.usage_in_bytes", left);
    return left > 1 ? (uint64_t)left : 1;
}
