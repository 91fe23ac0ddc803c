/* test_available.c - the memory that may be used, within control groups of both kinds. /proc and
 * /sys are made up here. */
#include "pvr_available.h"

#include "support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

/* Writes a file and makes the folders above it. */
static void put(const char *root, const char *name, const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *slash = strchr(path + strlen(root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (access(path, F_OK) != 0) {
            unit_make_folder(path);
        }
        *slash = '/';
    }
    unit_write_text(path, text);
}

static char *machine(const char *cgroup) {
    char *root = unit_temp_folder();
    put(root, "proc/meminfo",
        "MemTotal:       24576000 kB\nMemFree:         100 kB\nMemAvailable:   20480000 kB\n");
    put(root, "proc/self/cgroup", cgroup);
    return root;
}

static void expect(char *root, uint64_t total, uint64_t available) {
    assert_int_equal(pvr_memory_total_below(root), total);
    assert_int_equal(pvr_memory_available_below(root), available);
}

static void without_groups(void **state) {
    (void)state;
    char *root = machine("0::/\n");
    expect(root, (uint64_t)24576000 << 10, (uint64_t)20480000 << 10);
    put(root, "sys/fs/cgroup/memory.max", "max\n");
    expect(root, (uint64_t)24576000 << 10, (uint64_t)20480000 << 10);
    unit_drop_folder(root);
}

static void groups_of_version_2(void **state) {
    (void)state;
    char *root = machine("0::/user.slice/job\n");
    put(root, "sys/fs/cgroup/user.slice/job/memory.max", "1073741824\n");
    put(root, "sys/fs/cgroup/user.slice/job/memory.current", "629145600\n");
    /* 600 MiB are in use, and 300 MiB of them are files that give way. */
    put(root, "sys/fs/cgroup/user.slice/job/memory.stat",
        "anon 314572800\nfile 314572800\nshmem 0\ninactive_file 209715200\nactive_file "
        "104857600\n");
    expect(root, (uint64_t)1024 * MIB, (uint64_t)724 * MIB);
    /* The group above allows less, and others in it use it. */
    put(root, "sys/fs/cgroup/user.slice/memory.max", "838860800\n");
    put(root, "sys/fs/cgroup/user.slice/memory.current", "734003200\n");
    expect(root, (uint64_t)800 * MIB, (uint64_t)100 * MIB);
    /* A soft limit counts as well: beyond it the group is held up. */
    put(root, "sys/fs/cgroup/user.slice/job/memory.high", "524288000\n");
    expect(root, (uint64_t)500 * MIB, (uint64_t)100 * MIB);
    /* More in use than allowed. */
    put(root, "sys/fs/cgroup/user.slice/memory.current", "900000000\n");
    expect(root, (uint64_t)500 * MIB, 1);
    unit_drop_folder(root);
}

static void groups_of_version_1(void **state) {
    (void)state;
    char *root = machine("12:cpu:/\n4:memory:/docker/1a2b\n0::/\n");
    put(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put(root, "sys/fs/cgroup/memory/memory.usage_in_bytes", "1000000\n");
    put(root, "sys/fs/cgroup/memory/docker/1a2b/memory.limit_in_bytes", "1073741824\n");
    put(root, "sys/fs/cgroup/memory/docker/1a2b/memory.usage_in_bytes", "629145600\n");
    /* What groups below it hold is in its use, and in "total_" alone. */
    put(root, "sys/fs/cgroup/memory/docker/1a2b/memory.stat",
        "cache 0\ninactive_file 0\nactive_file 0\ntotal_inactive_file 209715200\n"
        "total_active_file 104857600\n");
    expect(root, (uint64_t)1024 * MIB, (uint64_t)724 * MIB);
    unit_drop_folder(root);
}

/* In a container the group's path may be that of the machine outside: its own files stand at the
 * top. */
static void groups_seen_from_inside(void **state) {
    (void)state;
    char *root = machine("4:memory:/docker/1a2b\n");
    put(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
    put(root, "sys/fs/cgroup/memory/memory.usage_in_bytes", "73741824\n");
    expect(root, (uint64_t)1024 * MIB, 1000000000);
    unit_drop_folder(root);
}

static void nothing_is_known(void **state) {
    (void)state;
    char *root = unit_temp_folder();
    expect(root, (uint64_t)1 << 62, (uint64_t)1 << 62);
    unit_drop_folder(root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_groups),      cmocka_unit_test(groups_of_version_2),
        cmocka_unit_test(groups_of_version_1), cmocka_unit_test(groups_seen_from_inside),
        cmocka_unit_test(nothing_is_known),
    };
    return cmocka_run_group_tests_name("available", tests, NULL, NULL);
}
