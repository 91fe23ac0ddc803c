/* test_share.c - pvr_share.h: how many processors a rank takes of a node, and which. */
#include "pvr_share.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An environment of at most three variables. */
static const char *names[3], *values[3];

static char *variable(const char *name) {
    static char text[64];
    for (int i = 0; i < 3; i++) {
        if (names[i] != NULL && strcmp(names[i], name) == 0) {
            strcpy(text, values[i]);
            return text;
        }
    }
    return NULL;
}

static void set(int i, const char *name, const char *value) {
    names[i] = name;
    values[i] = value;
}

static void unset(void) {
    memset(names, 0, sizeof names);
}

static int threads_of(int mask, int whole, int quota) {
    const struct pvr_node node = {mask, whole, quota};
    return pvr_share_find(&node, variable).threads;
}

static void one_process_takes_all(void **state) {
    (void)state;
    unset();
    assert_int_equal(threads_of(64, 64, 1000), 64);
    assert_int_equal(threads_of(8, 64, 1000), 8); /* taskset */
    assert_int_equal(threads_of(64, 64, 3), 3);   /* a container's quota */
    assert_int_equal(threads_of(0, 0, 0), 1);     /* a system that tells nothing */
}

static void wishes_are_per_rank(void **state) {
    (void)state;
    unset();
    set(0, "OMP_NUM_THREADS", "4,2");
    assert_int_equal(threads_of(64, 64, 1000), 4);
    set(1, "OMPI_COMM_WORLD_LOCAL_SIZE", "8");
    assert_int_equal(threads_of(64, 64, 1000), 4);
    assert_int_equal(threads_of(2, 64, 1000), 2); /* bound to less */
    set(0, "SLURM_CPUS_PER_TASK", "6");
    assert_int_equal(threads_of(64, 64, 1000), 6);
    set(2, "OMP_NUM_THREADS", "5"); /* nearer to what a person wants */
    assert_int_equal(threads_of(64, 64, 1000), 5);
    set(2, "OMP_NUM_THREADS", "-5");
    assert_int_equal(threads_of(64, 64, 1000), 6);
    set(2, "OMP_NUM_THREADS", "many");
    assert_int_equal(threads_of(64, 64, 1000), 6);
}

static void ranks_divide_a_node(void **state) {
    (void)state;
    static const char *const sizes[] = {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS",
                                        "MV2_COMM_WORLD_LOCAL_SIZE", "PALS_LOCAL_SIZE",
                                        "SLURM_STEP_TASKS_PER_NODE"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unset();
        set(0, sizes[i], i == 4 ? "8(x2),7" : "8");
        assert_int_equal(threads_of(64, 64, 1000), 8); /* not bound: the whole node is everyone's */
        assert_int_equal(threads_of(16, 64, 1000), 8); /* bound to a socket, with another one */
        assert_int_equal(threads_of(4, 64, 1000), 4);  /* bound to less than its part */
        assert_int_equal(threads_of(16, 16, 1000), 2); /* the job has a part of the node */
        assert_int_equal(threads_of(64, 64, 24), 3);   /* a quota of all ranks together */
        assert_int_equal(threads_of(4, 4, 1000), 1);   /* more ranks than processors */
    }
    /* a batch script that runs one process on a node asked for 32 tasks is no rank */
    unset();
    set(0, "SLURM_NTASKS_PER_NODE", "32");
    set(1, "SLURM_TASKS_PER_NODE", "32(x4)");
    assert_int_equal(threads_of(64, 64, 1000), 64);
    static const char *const useless[] = {"", "0", "-3", "all", "99999999999999999999"};
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++) {
        unset();
        set(0, "MPI_LOCALNRANKS", useless[i]);
        assert_int_equal(threads_of(64, 64, 1000), 64);
    }
}

/* Processors that threads of a rank are bound to, as text; "-" if they are not. */
static const char *places(int whole, int first, int count, int nthreads) {
    static char text[256];
    cpu_set_t mask;
    CPU_ZERO(&mask);
    for (int i = 0; i < count; i++) {
        CPU_SET(first + i, &mask);
    }
    const struct pvr_node node = {count, whole, 1000};
    const struct pvr_share share = pvr_share_find(&node, variable);
    text[0] = '\0';
    for (int t = 0; t < nthreads; t++) {
        int processor;
        if (!pvr_share_processor(&share, &node, &mask, t, &processor)) {
            return "-";
        }
        sprintf(text + strlen(text), "%s%d", t > 0 ? " " : "", processor);
    }
    return text;
}

static void threads_are_bound_apart(void **state) {
    (void)state;
    unset();
    assert_string_equal(places(8, 0, 8, 4), "0 1 2 3");
    assert_string_equal(places(8, 2, 3, 5), "2 3 4 2 3");
    /* four ranks that a launcher left the whole node to */
    set(0, "OMPI_COMM_WORLD_LOCAL_SIZE", "4");
    set(1, "OMPI_COMM_WORLD_LOCAL_RANK", "2");
    assert_string_equal(places(8, 0, 8, 3), "4 5 4");
    /* one that it bound keeps to its place; a rank's number does not matter */
    assert_string_equal(places(8, 6, 2, 2), "6 7");
    /* a socket shared with another rank: which part is whose is not known */
    assert_string_equal(places(8, 4, 4, 2), "-");
    set(1, "OMPI_COMM_WORLD_LOCAL_RANK", "");
    assert_string_equal(places(8, 0, 8, 2), "-");
    /* more ranks than processors */
    set(0, "OMPI_COMM_WORLD_LOCAL_SIZE", "16");
    set(1, "OMPI_COMM_WORLD_LOCAL_RANK", "9");
    assert_string_equal(places(8, 0, 8, 2), "1 1");
}

static void this_machine(void **state) {
    (void)state;
    struct pvr_node node = pvr_node_find();
    cpu_set_t mask;
    assert_int_equal(sched_getaffinity(0, sizeof mask, &mask), 0);
    assert_int_equal(node.mask, CPU_COUNT(&mask));
    assert_in_range(node.whole, node.mask, 1 << 20);
    assert_in_range(node.quota, 1, 1 << 20);
    setenv("MPI_LOCALNRANKS", "3", 1);
    assert_int_equal(pvr_share_ranks(), 3);
    unsetenv("MPI_LOCALNRANKS");
    assert_int_equal(pvr_share_ranks(), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_process_takes_all), cmocka_unit_test(wishes_are_per_rank),
        cmocka_unit_test(ranks_divide_a_node),   cmocka_unit_test(threads_are_bound_apart),
        cmocka_unit_test(this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
