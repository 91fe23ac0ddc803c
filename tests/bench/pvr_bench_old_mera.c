/* pvr_bench_old_mera.c - makes a Mera file like those of Mera 1.4 to 1.7, for benchmarks.
 *
 *   pvr_bench_old_mera FROM TO
 *
 * Copies the Mera file FROM, of one kind of data, with each compressed column as an LZ4 frame of
 * linked blocks of 64 KiB, as CodecLz4 wrote it: the form that is slowest to expand.
 */
#include "jld2_edit.h"

#include "pvr_jld2_columns.h"
#include "pvr_mera.h"

#include <lz4frame.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int complain(const char *what) {
    fprintf(stderr, "pvr_bench_old_mera: %s\n", what);
    return 1;
}

/* The frame of a column's bytes, no longer than `room`; with larger blocks where those of 64 KiB
 * are too many (of values that do not compress). */
static size_t make_frame(const void *plain, size_t bytes, void *frame, size_t bound, size_t room) {
    static const LZ4F_blockSizeID_t blocks[] = {LZ4F_max64KB, LZ4F_max4MB, LZ4F_max4MB};
    static const int levels[] = {0, 0, 3};
    for (int i = 0; i < 3; i++) {
        LZ4F_preferences_t how = {.frameInfo = {.blockSizeID = blocks[i]}};
        how.compressionLevel = levels[i];
        how.frameInfo.blockMode = LZ4F_blockLinked;
        const size_t size = LZ4F_compressFrame(frame, bound, plain, bytes, &how);
        if (!LZ4F_isError(size) && size <= room) {
            return size;
        }
    }
    return 0;
}

static bool rewrite(struct edit *edit, const struct pvr_jld2_source *source,
                    const struct pvr_mera_column *column, struct pvr_job *job) {
    const struct pvr_jld2_object *object = &column->object;
    const size_t bytes = (size_t)pvr_jld2_bytes(object),
                 bound = LZ4F_compressFrameBound(bytes, NULL);
    if (object->layout != PVR_JLD2_CHUNKED || object->nchunks != 1) {
        return true; /* short columns are not compressed */
    }
    void *plain = malloc(bytes + 1), *frame = malloc(bound + (1 << 20));
    const struct pvr_jld2_column wanted = {object, column->name, plain};
    struct pvr_error error;
    const size_t room = (size_t)object->chunk[0].bytes;
    size_t size = 0;
    if (pvr_jld2_columns_read(source, &wanted, 1, job, &error) == PVR_OK) {
        size = make_frame(plain, bytes, frame, bound + (1 << 20), room);
    }
    if (size > 0) {
        memcpy(edit->bytes + object->chunk[0].offset, frame, size);
        size = edit_replace(edit, object, room, size, 8) == 1 ? size : 0;
        edit_seal(edit, object);
    }
    free(plain);
    free(frame);
    return size > 0;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        return complain("usage: pvr_bench_old_mera FROM TO");
    }
    struct pvr_mera *mera;
    struct pvr_error error;
    struct pvr_job job;
    struct pvr_jld2_source source;
    const struct pvr_threads one = {.max = 1};
    if (pvr_mera_open(argv[1], &mera, &error) != PVR_OK ||
        pvr_jld2_source_open(argv[1], &mera->identity, &source, &error) != PVR_OK ||
        pvr_job_begin(&job, &one, NULL, NULL, &error) != PVR_OK) {
        return complain(error.message);
    }
    struct edit edit = edit_begin(argv[1], argv[2]);
    for (int k = 0; k < PVR_MERA_KINDS; k++) {
        const struct pvr_mera_table *table = &mera->table[k];
        for (int i = 0; table->present && i < table->ncolumns; i++) {
            if (!rewrite(&edit, &source, &table->column[i], &job)) {
                return complain("a column cannot be written in the old form");
            }
        }
    }
    edit_write(&edit);
    free(edit.bytes);
    free(edit.path);
    pvr_job_end(&job, NULL);
    pvr_jld2_source_close(&source);
    pvr_mera_free(mera);
    return 0;
}
