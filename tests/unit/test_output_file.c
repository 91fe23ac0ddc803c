/* test_output_file.c - pvr_output_file.h: killed or refused at any of its calls of the system, and
 * files in memory that several threads write. The calls stand here, in front of the C library's. */
#undef _FILE_OFFSET_BITS /* else the two names of a call are one */
#include "pvr_output_file.h"

#include "pvr_vtk_file.h"
#include "support.h"
#include "vtk_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- calls of the system, counted while a test asks for it ---- */

enum what { GOES_WELL, IS_KILLED, IS_REFUSED };

static struct {
    enum what what;  /* happens at call number `at` */
    unsigned at;     /* from 1 */
    unsigned calls;  /* so far; atomic */
    bool only_named; /* no files without a name here, as on many network file systems */
} calls;

static bool is_due(void) {
    return calls.what != GOES_WELL &&
           __atomic_add_fetch(&calls.calls, 1, __ATOMIC_RELAXED) == calls.at;
}

/* Whether this call is to fail; a killed one does not return. */
static bool refused(void) {
    if (!is_due()) {
        return false;
    }
    if (calls.what == IS_KILLED) {
        kill(getpid(), SIGKILL);
    }
    errno = ENOSPC;
    return true;
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset) {
    if (is_due()) { /* half of it is written */
        syscall(SYS_pwrite64, fd, data, bytes / 2, offset);
        if (calls.what == IS_KILLED) {
            kill(getpid(), SIGKILL);
        }
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, data, bytes, offset);
}
ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset) {
    return pwrite64(fd, data, bytes, offset);
}
int fsync(int fd) {
    return refused() ? -1 : (int)syscall(SYS_fsync, fd);
}
int ftruncate64(int fd, off64_t length) {
    return refused() ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}
int ftruncate(int fd, off_t length) {
    return ftruncate64(fd, length);
}
int linkat(int from, const char *old, int to, const char *new, int flags) {
    return refused() ? -1 : (int)syscall(SYS_linkat, from, old, to, new, flags);
}
int rename(const char *old, const char *new) {
    return refused() ? -1 : (int)syscall(SYS_renameat, AT_FDCWD, old, AT_FDCWD, new);
}
int access(const char *path, int mode) {
    if (calls.only_named && strcmp(path, "/proc/self/fd") == 0) {
        errno = ENOENT;
        return -1;
    }
    return (int)syscall(SYS_faccessat, AT_FDCWD, path, mode);
}

/* ---- what is done ---- */

enum { VALUES = 6000 };

static const char old_file[] = "the old file";

static enum pvr_status write_file(const char *path, int threads, struct pvr_error *error) {
    static double values[VALUES];
    for (int i = 0; i < VALUES; i++) {
        values[i] = i * 0.37;
    }
    struct pvr_vtk_file *file = pvr_vtk_file_new("ImageData", "1.0");
    pvr_vtk_open(file, "CellData");
    pvr_vtk_add_array(file,
                      &(struct pvr_vtk_array){
                          .name = "a", .type = PVR_VTK_FLOAT64, .ntuples = VALUES, .data = values});
    const struct pvr_threads team = {.max = threads};
    const struct pvr_vtk_options options = {.block_bytes = 4096};
    enum pvr_status status =
        pvr_vtk_file_write(file, path, &options, &team, NULL, NULL, NULL, error);
    pvr_vtk_file_free(file);
    return status;
}

/* What stands at `path`: 0 the old file, 1 a whole new one. */
static int which_file(const char *path) {
    size_t size;
    char *bytes = unit_read_file(path, &size);
    const bool old = strcmp(bytes, old_file) == 0;
    free(bytes);
    if (!old) {
        struct vtk_read file = vtk_read_open(path);
        uint64_t count;
        double *values = vtk_read_array(&file, vtk_read_tag(&file, "a", 0), &count);
        assert_int_equal(count, 8 * VALUES);
        for (int i = 0; i < VALUES; i++) {
            assert_true(values[i] == i * 0.37);
        }
        free(values);
        vtk_read_close(&file);
    }
    return !old;
}

/* Names in the folder; all but `a.vti` are of a file that is being written, which has a name that
 * tells of it. */
static int count_names(const char *where) {
    DIR *open = opendir(where);
    int count = 0;
    assert_non_null(open);
    for (struct dirent *entry; (entry = readdir(open)) != NULL;) {
        if (entry->d_name[0] != '.') {
            count++;
            long process;
            int number;
            assert_true(strcmp(entry->d_name, "a.vti") == 0 ||
                        sscanf(entry->d_name, "a.vti.%ld-%d.part", &process, &number) == 2);
        }
    }
    closedir(open);
    return count;
}

/* Writes in a process that is killed at call number `at`; true if it came to its end before. */
static bool write_and_die(const char *path, unsigned at, int threads) {
    unit_write_text(path, old_file);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        calls.what = IS_KILLED;
        calls.at = at;
        struct pvr_error error;
        _exit(write_file(path, threads, &error) == PVR_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    return WIFEXITED(status);
}

/* Kills at every call: the old file or the whole new one stands there. */
static void check_kills(const char *where, int threads, bool named) {
    const char *path = unit_path("%s/a.vti", where);
    bool ended = false;
    calls.only_named = named;
    unsigned at = 1, litter = 0;
    for (; !ended; at++) {
        assert_true(at < 100);
        ended = write_and_die(path, at, threads);
        const int new = which_file(path), names = count_names(where);
        assert_true(!ended || (new == 1 && names == 1));
        assert_true(names <= 2); /* the file that was being written, where that has a name */
        litter += names > 1;
        unit_remove(where);
        unit_make_folder(where);
    }
    assert_true(at > 12); /* the blocks, their header, the end, the beginning, and then the name */
    /* A file without a name has one for the moment between linkat() and rename(). */
    assert_true(named ? litter > 8 : litter == 1);
    calls.only_named = false;
}

static void killed_at_any_call(void **state) {
    (void)state;
    check_kills(unit_folder, 1, false);
    check_kills(unit_folder, 1, true);
    check_kills(unit_folder, 3, false);
}

/* The same calls fail one after the other: told, with nothing left and the old file there. */
static void check_refusals(const char *where, int threads, bool named) {
    const char *path = unit_path("%s/a.vti", where);
    bool ended = false;
    calls.only_named = named;
    for (unsigned at = 1; !ended; at++) {
        assert_true(at < 100);
        unit_write_text(path, old_file);
        struct pvr_error error;
        calls.calls = 0;
        calls.at = at;
        calls.what = IS_REFUSED;
        const enum pvr_status status = write_file(path, threads, &error);
        ended = calls.calls < at;
        calls.what = GOES_WELL;
        if (status != PVR_OK) {
            unit_failed(status, &error, path);
            unit_failed(status, &error, strerror(ENOSPC));
        }
        assert_int_equal(which_file(path), status == PVR_OK);
        assert_true(!ended || status == PVR_OK);
        assert_int_equal(count_names(where), 1);
    }
    calls.only_named = false;
}

static void refused_at_any_call(void **state) {
    (void)state;
    check_refusals(unit_folder, 1, false);
    check_refusals(unit_folder, 1, true);
    check_refusals(unit_folder, 3, false);
}

enum { BLOCK = 100003, BLOCKS = 60, WRITERS = 4 };

struct writers {
    struct pvr_output_file file;
    unsigned next, beside, failed; /* atomic */
};

static void *write_blocks(void *context) {
    struct writers *all = context;
    char *block = malloc(BLOCK);
    for (unsigned b; (b = __atomic_fetch_add(&all->next, 1, __ATOMIC_RELAXED)) < BLOCKS;) {
        memset(block, (int)b, BLOCK);
        const uint64_t offset = (uint64_t)b * BLOCK;
        if (b % 3 != 0 && pvr_output_write_beside(&all->file, offset, block, BLOCK)) {
            __atomic_add_fetch(&all->beside, 1, __ATOMIC_RELAXED);
        } else if (pvr_output_write(&all->file, offset, block, BLOCK, NULL) != PVR_OK) {
            __atomic_add_fetch(&all->failed, 1, __ATOMIC_RELAXED);
        }
    }
    free(block);
    return NULL;
}

/* Blocks whose borders lie within pages, by several threads. */
static void check_writers(struct writers *all, const char *path) {
    struct pvr_error error;
    pthread_t threads[WRITERS];
    for (int t = 0; t < WRITERS; t++) {
        assert_int_equal(pthread_create(&threads[t], NULL, write_blocks, all), 0);
    }
    for (int t = 0; t < WRITERS; t++) {
        pthread_join(threads[t], NULL);
    }
    assert_int_equal(all->failed, 0);
    assert_true(all->beside == 0 || all->beside == 40); /* all or, before Linux 5.14, none */
    /* Not where it was not spread, and not where there is nothing. */
    assert_false(pvr_output_write_beside(&all->file, all->file.spread - 3, "four", 4));
    assert_false(pvr_output_write_beside(&all->file, 0, "", 0));
    unit_ok(pvr_output_cut(&all->file, (uint64_t)BLOCK * BLOCKS, &error), &error);
    unit_ok(pvr_output_commit(&all->file, &error), &error);
    size_t size;
    char *bytes = unit_read_file(path, &size);
    assert_int_equal(size, (size_t)BLOCK * BLOCKS);
    size_t wrong = 0;
    for (size_t i = 0; i < size; i++) {
        wrong += bytes[i] != (char)(i / BLOCK);
    }
    assert_int_equal(wrong, 0);
    free(bytes);
}

/* In memory, where files are spread for several writers. */
static void in_memory(void **state) {
    (void)state;
    char where[] = "/dev/shm/pvramses-test-XXXXXX";
    if (mkdtemp(where) == NULL) {
        skip();
    }
    struct writers all = {.next = 0};
    struct pvr_error error;
    const char *path = unit_path("%s/a.vti", where);
    unit_ok(pvr_output_begin(&all.file, path, &error), &error);
    pvr_output_spread(&all.file, (uint64_t)BLOCK * BLOCKS + 12345);
    const bool spread = all.file.spread > 0;
    if (spread) {
        check_writers(&all, path);
    }
    pvr_output_end(&all.file);
    unit_remove(path);
    if (spread) {
        check_refusals(where, 3, false);
    }
    unit_remove(where);
    if (!spread) {
        skip();
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unit_folder_begin, unit_folder_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(killed_at_any_call), /* first: a process that has had a team of threads cannot fork */
        TEST(refused_at_any_call),
        TEST(in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
