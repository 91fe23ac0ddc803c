/* pvr_share.c - which processors are this process's, and which belong to the ranks beside it. */
#include "pvr_share.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 1 << 20 /* no limit */ };

/* ---- the node ---------------------------------------------------------------------------------
 */

/* Quota over period in the two files of a cgroup (the second null: both stand in the first), or a
 * large number where there is none. */
static double cgroup_quota(const char *quota_path, const char *period_path) {
    double quota = -1, period = -1;
    FILE *file = fopen(quota_path, "r");
    if (file == NULL) {
        return MANY;
    }
    int read = fscanf(file, "%lf %lf", &quota, &period); /* "max 100000" reads nothing */
    fclose(file);
    if (read == 1 && period_path != NULL && (file = fopen(period_path, "r")) != NULL) {
        read += fscanf(file, "%lf", &period);
        fclose(file);
    }
    return read == 2 && quota > 0 && period > 0 ? quota / period : MANY;
}

/* Processors in a list such as "0-3,8,10-11"; a large number if there is no such file. */
static int count_listed(const char *path) {
    FILE *file = fopen(path, "r");
    int count = 0, first, last;
    while (file != NULL && fscanf(file, "%d", &first) == 1) {
        last = first;
        int next = fgetc(file);
        if (next == '-' && fscanf(file, "%d", &last) == 1) {
            next = fgetc(file);
        }
        count += last >= first ? last - first + 1 : 0;
        if (next != ',') {
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return count > 0 ? count : MANY;
}

struct pvr_node pvr_node_find(void) {
    struct pvr_node node;
    cpu_set_t set;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    node.whole = online > 0 ? (int)online : 1;
    node.mask = sched_getaffinity(0, sizeof set, &set) == 0
                    ? CPU_COUNT(&set)
                    : node.whole; /* more than CPU_SETSIZE */
    double least =
        cgroup_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    int listed = count_listed("/sys/fs/cgroup/cpuset/cpuset.effective_cpus");
    char line[4096] = "", path[sizeof line + 64];
    FILE *file = fopen("/proc/self/cgroup", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL && strncmp(line, "0::", 3) != 0) {
        line[0] = '\0';
    }
    if (file != NULL) {
        fclose(file);
    }
    char *group = strncmp(line, "0::", 3) == 0 ? line + 3 : line;
    group[strcspn(group, "\n")] = '\0';
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpuset.cpus.effective", group);
    int here = count_listed(path);
    listed = here < listed ? here : listed;
    for (char *end = group + strlen(group); end != NULL; end = strrchr(group, '/')) {
        *end = '\0'; /* this cgroup, then the one above it, at last the root */
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
        least = fmin(least, cgroup_quota(path, NULL));
    }
    node.whole = listed < node.whole ? listed : node.whole;
    node.quota = (int)fmax(1, ceil(least));
    return node;
}

/* ---- the share --------------------------------------------------------------------------------
 */

/* The first number in the first of the variables that has one; `none` if no one has. */
static int number_in(char *(*variable)(const char *name), const char *const *names, int count,
                     int none) {
    for (int i = 0; i < count; i++) {
        const char *text = variable(names[i]);
        char *end;
        long value = text != NULL ? strtol(text, &end, 10) : 0;
        if (text != NULL && end != text && value >= 0 && value <= MANY) {
            return (int)value;
        }
    }
    return none;
}

struct pvr_share pvr_share_find(const struct pvr_node *node, char *(*variable)(const char *name)) {
    /* A batch script is no rank: Slurm's variables that it has too say nothing. */
    static const char *const sizes[] = {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS",
                                        "MV2_COMM_WORLD_LOCAL_SIZE", "PALS_LOCAL_SIZE",
                                        "SLURM_STEP_TASKS_PER_NODE" /* 4, 4(x2) or 4(x2),3 */};
    static const char *const ranks[] = {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID",
                                        "MV2_COMM_WORLD_LOCAL_RANK", "PALS_LOCAL_RANKID",
                                        "SLURM_LOCALID"};
    static const char *const wishes[] = {"OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK"};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    struct pvr_share share = {.ranks = number_in(variable, sizes, SIZES, 1)};
    share.ranks = share.ranks > 0 ? share.ranks : 1;
    share.rank = share.ranks > 1 ? number_in(variable, ranks, SIZES, -1) : 0;
    int most = node->mask < node->quota ? node->mask : node->quota;
    int asked = number_in(variable, &wishes[0], 1, 0);
    asked = asked > 0 ? asked : number_in(variable, &wishes[1], 1, 0);
    if (asked > 0) {
        share.threads = asked < most ? asked : most;
    } else {
        int whole = node->whole < node->quota ? node->whole : node->quota;
        int part = whole / share.ranks;
        share.threads = part < most ? part : most;
    }
    share.threads = share.threads > 0 ? share.threads : 1;
    return share;
}

int pvr_share_ranks(void) {
    const struct pvr_node node = {1, 1, 1};
    return pvr_share_find(&node, getenv).ranks;
}

bool pvr_share_processor(const struct pvr_share *share, const struct pvr_node *node,
                         const cpu_set_t *mask, int thread, int *processor) {
    int count = CPU_COUNT(mask), begin = 0, seen = 0;
    if (count < 1) {
        return false;
    }
    int part = node->whole / share->ranks;
    part = part > 0 ? part : 1;
    if (share->ranks > 1 && count > part) {
        if (share->rank < 0 || count < node->whole) {
            return false;
        }
        begin = (int)((long long)share->rank * part % count);
        count = part;
    }
    int wanted = (begin + thread % count) % CPU_COUNT(mask);
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, mask) && seen++ == wanted) {
            *processor = i;
            return true;
        }
    }
    return false;
}
