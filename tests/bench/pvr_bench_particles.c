/* pvr_bench_particles.c - how fast particles load, beside the machine's limit.
 *
 * usage: pvr_bench_particles TEMPLATE FOLDER [--particles N] [--threads N] [--runs R]
 *
 * Makes FOLDER/output_NNNNN from the info file and the first amr file of the output TEMPLATE, with
 * N particles (10 million) in as many domains. Then, one after the other and R times: parallel
 * pread of the very bytes needed into fresh memory, and pvr_particles_load of position, velocity,
 * mass, id and family; of stars alone; in single precision. Medians; the files are in the page
 * cache. One JSON object on standard output, a table on standard error.
 */
#include "pvr_memory.h"
#include "pvr_particles.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_RUNS = 99, NREALS = 7 /* position, velocity, mass */ };

static const uint64_t step = (uint64_t)1 << 20;

/* ---- making the output ------------------------------------------------------------------------
 */

static double random_number(uint64_t *state) {
    uint64_t x = *state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (double)((x ^ x >> 31) >> 11) * 0x1p-53;
}

static bool copy(const char *from, const char *to) {
    static char buffer[1 << 16];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    bool well = in != NULL && out != NULL;
    for (size_t got; well && (got = fread(buffer, 1, sizeof buffer, in)) > 0;) {
        well = fwrite(buffer, 1, got, out) == got;
    }
    if (in != NULL) {
        fclose(in);
    }
    return out != NULL && fclose(out) == 0 && well;
}

static bool write_record(FILE *file, const void *data, size_t bytes) {
    uint32_t marker = (uint32_t)bytes;
    return fwrite(&marker, 4, 1, file) == 1 && fwrite(data, 1, bytes, file) == bytes &&
           fwrite(&marker, 4, 1, file) == 1;
}

static bool write_domain(const char *path, int ncpu, int ndim, int32_t count, int64_t first) {
    FILE *file = fopen(path, "wb");
    double *real = malloc((size_t)count * 8);
    int32_t *whole = malloc((size_t)count * 4);
    int8_t *byte = malloc((size_t)count);
    const int32_t header[] = {ncpu, ndim, count, 0, 0, 0, 0};
    const double zero = 0;
    uint64_t state = (uint64_t)first;
    bool well = file != NULL && real != NULL && whole != NULL && byte != NULL;
    for (int i = 0; well && i < 3; i++) {
        well = write_record(file, &header[i], 4);
    }
    well = well && write_record(file, header + 3, 16) && write_record(file, header + 3, 4) &&
           write_record(file, &zero, 8) && write_record(file, &zero, 8) &&
           write_record(file, header + 3, 4);
    for (int column = 0; well && column < NREALS; column++) {
        for (int32_t i = 0; i < count; i++) {
            real[i] = random_number(&state);
        }
        well = write_record(file, real, (size_t)count * 8);
    }
    for (int column = 0; well && column < 2; column++) { /* id, level */
        for (int32_t i = 0; i < count; i++) {
            whole[i] = column == 0 ? (int32_t)(first + i + 1) : 7;
        }
        well = write_record(file, whole, (size_t)count * 4);
    }
    for (int column = 0; well && column < 2; column++) { /* family, tag */
        for (int32_t i = 0; i < count; i++) {
            byte[i] = (int8_t)(column > 0 ? 0 : random_number(&state) < 0.1 ? 2 : 1);
        }
        well = write_record(file, byte, (size_t)count);
    }
    free(real);
    free(whole);
    free(byte);
    return file != NULL && fclose(file) == 0 && well;
}

static bool write_descriptor(const char *path) {
    static const char *const line[] = {"position_x, d", "position_y, d", "position_z, d",
                                       "velocity_x, d", "velocity_y, d", "velocity_z, d",
                                       "mass, d",       "identity, i",   "levelp, i",
                                       "family, b",     "tag, b"};
    FILE *file = fopen(path, "w");
    bool well = file != NULL && fprintf(file, "# version:  1\n# ivar, name, type\n") > 0;
    for (int i = 0; well && i < (int)(sizeof line / sizeof *line); i++) {
        well = fprintf(file, "%2d, %s\n", i + 1, line[i]) > 0;
    }
    return file != NULL && fclose(file) == 0 && well;
}

/* The new output's folder in `out`. */
static bool make_output(const char *template, const char *folder, long long particles, char *out,
                        size_t size) {
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    if (pvr_snapshot_open(template, &snapshot, &error) != PVR_OK) {
        fprintf(stderr, "%s\n", error.message);
        return false;
    }
    const struct pvr_info *info = pvr_snapshot_info(snapshot);
    int number = pvr_snapshot_number(snapshot);
    char from[4200], to[4200];
    mkdir(folder, 0777);
    snprintf(out, size, "%s/output_%05d", folder, number);
    mkdir(out, 0777);
    snprintf(to, sizeof to, "%s/info_%05d.txt", out, number);
    bool well = info->ndim == 3 && copy(pvr_snapshot_path(snapshot), to);
    snprintf(from, sizeof from, "%s/amr_%05d.out00001", template, number);
    snprintf(to, sizeof to, "%s/amr_%05d.out00001", out, number);
    well = well && copy(from, to);
    snprintf(to, sizeof to, "%s/part_file_descriptor.txt", out);
    well = well && write_descriptor(to);
    for (int domain = 1; well && domain <= info->ncpu; domain++) {
        long long first = particles * (domain - 1) / info->ncpu;
        long long behind = particles * domain / info->ncpu;
        snprintf(to, sizeof to, "%s/part_%05d.out%05d", out, number, domain);
        well = write_domain(to, info->ncpu, info->ndim, (int32_t)(behind - first), first);
    }
    if (!well) {
        fprintf(stderr, "%s: the output cannot be made from %s (3-D, no group folders)\n", out,
                template);
    }
    pvr_snapshot_release(snapshot);
    return well;
}

/* ---- measuring --------------------------------------------------------------------------------
 */

/* Parallel pread of all columns but level and tag, 1 MiB at a time. */
static double read_all(const char *folder, int number, int ncpu, long long particles, int threads) {
    uint64_t per_particle = NREALS * 8 + 4 + 1;
    double begin = pvr_seconds();
    uint64_t total = per_particle * (uint64_t)particles, done = 0;
    char *memory = pvr_large_alloc(total);
    bool well = memory != NULL;
    for (int domain = 1; well && domain <= ncpu; domain++) {
        uint64_t first = (uint64_t)(particles * (domain - 1) / ncpu);
        uint64_t count = (uint64_t)(particles * domain / ncpu) - first;
        char path[4200];
        snprintf(path, sizeof path, "%s/part_%05d.out%05d", folder, number, domain);
        int fd = open(path, O_RDONLY);
        /* reals and id, then family behind the level: two ranges */
        const uint64_t range[2][2] = {{0, (NREALS * 8 + 4) * count},
                                      {(NREALS * 8 + 8) * count, count}};
        for (int r = 0; r < 2; r++) {
            int64_t steps = (int64_t)((range[r][1] + step - 1) / step);
#pragma omp parallel for num_threads(threads) schedule(dynamic) reduction(&& : well)
            for (int64_t i = 0; i < steps; i++) {
                uint64_t at = (uint64_t)i * step;
                uint64_t bytes = range[r][1] - at < step ? range[r][1] - at : step;
                for (uint64_t part = 0; well && part < bytes;) {
                    ssize_t got = pread(fd, memory + done + at + part, bytes - part,
                                        (off_t)(120 + range[r][0] + at + part));
                    well = got > 0;
                    part += (uint64_t)(got > 0 ? got : 0);
                }
            }
            done += range[r][1];
        }
        close(fd);
    }
    double seconds = pvr_seconds() - begin;
    pvr_large_free(memory, total);
    return well ? seconds : -1;
}

static double load(const char *path, int threads, const struct pvr_particle_request *request,
                   uint64_t *count) {
    struct pvr_snapshot *snapshot;
    struct pvr_particles *particles;
    struct pvr_error error;
    struct pvr_threads settings = {.max = threads, .prefetch = true};
    if (pvr_snapshot_open(path, &snapshot, &error) != PVR_OK) {
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    double begin = pvr_seconds();
    enum pvr_status status =
        pvr_particles_load(snapshot, request, &settings, NULL, NULL, &particles, &error);
    double seconds = pvr_seconds() - begin;
    pvr_snapshot_release(snapshot);
    if (status != PVR_OK) {
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    *count = particles->count;
    pvr_particles_free(particles);
    return seconds;
}

static int by_value(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double *value, int count) {
    qsort(value, (size_t)count, sizeof *value, by_value);
    return value[count / 2];
}

int main(int argc, char **argv) {
    long long particles = 10000000;
    int threads = pvr_threads_available(), runs = 5, option;
    const struct option options[] = {{"threads", required_argument, NULL, 't'},
                                     {"runs", required_argument, NULL, 'r'},
                                     {"particles", required_argument, NULL, 'p'},
                                     {NULL, 0, NULL, 0}};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        long long value = option == '?' ? 0 : atoll(optarg);
        if (value < 1 || (option != 'p' && value > MAX_RUNS)) {
            return 2;
        }
        if (option == 'p') {
            particles = value;
        } else {
            *(option == 't' ? &threads : &runs) = (int)value;
        }
    }
    char path[4096];
    if (optind + 2 != argc) {
        fprintf(stderr, "usage: pvr_bench_particles TEMPLATE FOLDER [--particles N] [--threads N] "
                        "[--runs R]\n");
        return 2;
    }
    if (!make_output(argv[optind], argv[optind + 1], particles, path, sizeof path)) {
        return 1;
    }
    struct pvr_snapshot *snapshot;
    if (pvr_snapshot_open(path, &snapshot, NULL) != PVR_OK) {
        return 1;
    }
    int number = pvr_snapshot_number(snapshot), ncpu = pvr_snapshot_info(snapshot)->ncpu;
    pvr_snapshot_release(snapshot);

    static const char *const fields[] = {"velocity", "mass", "id", "family"};
    const int stars = PVR_FAMILY_STAR;
    struct pvr_particle_request request[4] = {
        {fields, 4, NULL, 0, .precision = PVR_FLOAT64, .position_precision = PVR_FLOAT64}};
    request[1] = request[2] = request[3] = request[0];
    request[1].precision = request[1].position_precision = PVR_FLOAT32;
    request[2].families = &stars;
    request[2].nfamilies = 1;
    request[3].totals = true;
    static const char *const what[] = {"all, double", "all, float", "a tenth, by family",
                                       "all, with totals"};
    static const char *const key[] = {"double", "float", "stars", "totals"};
    double limit[MAX_RUNS], own[4][MAX_RUNS];
    uint64_t count[4] = {0};
    for (int i = -1; i < runs; i++) { /* the first warms the page cache */
        int to = i < 0 ? 0 : i;
        limit[to] = read_all(path, number, ncpu, particles, threads);
        for (int r = 0; r < 4; r++) {
            own[r][to] = load(path, threads, &request[r], &count[r]);
            if (limit[to] < 0 || own[r][to] < 0) {
                return 1;
            }
        }
    }
    double pread_seconds = median(limit, runs);
    fprintf(stderr,
            "  %.1f million particles in %d domains, %d threads: pread of the bytes %.3f s\n",
            (double)particles / 1e6, ncpu, threads, pread_seconds);
    printf("{\"particles\":%lld,\"threads\":%d,\"pread_seconds\":%.6f", particles, threads,
           pread_seconds);
    for (int r = 0; r < 4; r++) {
        double seconds = median(own[r], runs);
        fprintf(stderr, "  %-20s %7.3f s   ratio %5.2f   %.1f million particles\n", what[r],
                seconds, seconds / pread_seconds, (double)count[r] / 1e6);
        printf(",\"load_%s_seconds\":%.6f", key[r], seconds);
    }
    printf("}\n");
    return 0;
}
