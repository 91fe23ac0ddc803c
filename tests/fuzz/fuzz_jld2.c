/* fuzz_jld2.c - any bytes as a Mera file: they are opened, looked through, and loaded as a mesh and
 * as particles, or refused. Nothing of what is read may lie outside of memory, and nothing may go
 * on without end.
 *
 * Mutations are mostly in object headers, whose checksums are then put right: else they would end
 * at the first one.
 */
#include "pvr_jld2_header.h"
#include "pvr_mera_verify.h"
#include "pvr_mesh.h"
#include "pvr_particles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_HEADERS = 4096, MOST_BYTES = 1 << 20 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

static char path[4096];

static void drop_file(void) {
    remove(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/fuzz-%ld.jld2", folder != NULL ? folder : "/tmp",
             (long)getpid());
    atexit(drop_file);
    return 0;
}

static void load(struct pvr_snapshot *snapshot, const struct pvr_threads *threads) {
    const struct pvr_field_table *fields = pvr_snapshot_fields(snapshot);
    const char *names[8];
    struct pvr_mesh_request request = {.fields = names, .precision = PVR_FLOAT64};
    for (int i = 0; i < fields->nfields && request.nfields < 8; i++) {
        names[request.nfields++] = fields->field[i].name;
    }
    struct pvr_mesh *mesh;
    if (pvr_mesh_load(snapshot, &request, threads, NULL, NULL, &mesh, NULL) == PVR_OK) {
        pvr_mesh_free(mesh);
    }
    const struct pvr_particle_request all = {.precision = PVR_FLOAT64,
                                             .position_precision = PVR_FLOAT64};
    struct pvr_particles *particles;
    if (pvr_particles_load(snapshot, &all, threads, NULL, NULL, &particles, NULL) == PVR_OK) {
        pvr_particles_free(particles);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct pvr_threads threads = {.max = 1};
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        abort();
    }
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    if (pvr_snapshot_open(path, &snapshot, &error) == PVR_OK) {
        load(snapshot, &threads);
        pvr_snapshot_release(snapshot);
    } else if (error.message[0] == '\0') {
        abort(); /* refused without a word */
    }
    struct pvr_mera_verified verified;
    pvr_mera_verify(path, true, &threads, NULL, NULL, &verified, NULL);
    pvr_report_free(&verified.report);
    return 0;
}

/* ---- mutations --------------------------------------------------------------------------------
 */

/* A block of messages: its place, and that of its checksum. */
struct header {
    size_t begin, first, end;
};

/* The blocks that stand in the bytes. Their lengths may be wrong: those are passed over. */
static size_t find_headers(const uint8_t *data, size_t size, struct header *headers) {
    size_t count = 0;
    for (size_t at = 512; at + 40 < size && count < MOST_HEADERS; at++) {
        if (memcmp(data + at, "OHDR\2", 5) != 0) {
            continue;
        }
        int flags = data[at + 5], width = 1 << (flags & 3);
        size_t first = at + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
        uint64_t bytes = pvr_jld2_little(data + first, width);
        first += (size_t)width;
        if (bytes > 0 && bytes < 1 << 16 && first + bytes + 4 <= size) {
            headers[count++] = (struct header){at, first, first + (size_t)bytes};
            at = first + (size_t)bytes - 1;
        }
    }
    return count;
}

static void put(uint8_t *data, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) {
        data[i] = (uint8_t)(value >> 8 * i);
    }
}

static void seal(uint8_t *data, const struct header *header) {
    put(data + header->end, pvr_hdf5_checksum(data + header->begin, header->end - header->begin),
        4);
}

/* A byte or a number of the header becomes another one; sometimes that of another header, so that
 * references lead elsewhere. */
static void edit(uint8_t *data, const struct header *header, const struct header *other,
                 unsigned (*random)(unsigned *state), unsigned *state) {
    static const uint64_t odd[] = {0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff, UINT64_MAX};
    size_t length = header->end - header->first, at = header->first + random(state) % length;
    int room = header->end - at < 8 ? (int)(header->end - at) : 8;
    int bytes = 1 << random(state) % 4;
    bytes = bytes > room ? room : bytes;
    switch (random(state) % 4) {
    case 0:
        data[at] = (uint8_t)random(state);
        break;
    case 1:
        put(data + at, odd[random(state) % (sizeof odd / sizeof *odd)], bytes);
        break;
    case 2:
        put(data + at, pvr_jld2_little(data + at, bytes) + random(state) % 17 - 8, bytes);
        break;
    default:
        put(data + at, other->begin - 512, bytes);
    }
}

static unsigned next(unsigned *state) {
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
    static struct header headers[MOST_HEADERS];
    unsigned state = seed;
    if (next(&state) % 4 == 0) {
        size = LLVMFuzzerMutate(data, size, most < MOST_BYTES ? most : MOST_BYTES);
    }
    size_t count = find_headers(data, size, headers);
    for (unsigned edits = next(&state) % 4; count > 0 && edits > 0; edits--) {
        edit(data, &headers[next(&state) % count], &headers[next(&state) % count], next, &state);
    }
    for (size_t i = 0; i < count; i++) {
        seal(data, &headers[i]);
    }
    if (size >= 512 + 48) { /* the superblock: as long as the file is */
        put(data + 512 + 28, size, 8);
        put(data + 512 + 44, pvr_hdf5_checksum(data + 512, 44), 4);
    }
    return size;
}
