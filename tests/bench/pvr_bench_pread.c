/* pvr_bench_pread.c - the machine's limit: parallel pread of just the bytes that a load needs. */
#include "pvr_bench_pread.h"

#include "pvr_memory.h"
#include "pvr_pieces.h"
#include "pvr_snapshot_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const uint64_t step = (uint64_t)1 << 20;

static bool add(struct byte_ranges *ranges, int domain, int kind, uint64_t offset, uint64_t bytes) {
    struct byte_range *last = ranges->count > 0 ? &ranges->range[ranges->count - 1] : NULL;
    ranges->total += bytes;
    if (last != NULL && last->domain == domain && last->kind == kind &&
        last->offset + last->bytes == offset && last->bytes + bytes <= step) {
        last->bytes += bytes;
        return true;
    }
    if ((ranges->count & (ranges->count + 1)) == 0) { /* room for 1, 3, 7, ... */
        struct byte_range *grown =
            realloc(ranges->range, (2 * ranges->count + 1) * sizeof *ranges->range);
        if (grown == NULL) {
            return false;
        }
        ranges->range = grown;
    }
    ranges->range[ranges->count++] = (struct byte_range){domain, kind, offset, bytes};
    return true;
}

static bool add_long(struct byte_ranges *ranges, int domain, int kind, uint64_t offset,
                     uint64_t bytes) {
    for (uint64_t done = 0; done < bytes; done += step) {
        if (!add(ranges, domain, kind, offset + done, bytes - done < step ? bytes - done : step)) {
            return false;
        }
    }
    return true;
}

bool find_ranges(struct pvr_snapshot *snapshot, int root_level, int max_level, int ncolumns,
                 struct byte_ranges *ranges) {
    struct pvr_job job;
    const struct pvr_domains *domains;
    const struct pvr_domain_columns *columns;
    const struct pvr_layout *layout = &snapshot->layout;
    *ranges = (struct byte_ranges){0};
    if (pvr_job_begin(&job, NULL, NULL, NULL, NULL) != PVR_OK) {
        return false;
    }
    bool well = pvr_snapshot_columns(snapshot, PVR_HYDRO, &job, &columns, NULL) == PVR_OK &&
                pvr_snapshot_domains(snapshot, &job, &domains, NULL) == PVR_OK;
    pvr_job_end(&job, NULL);
    int deepest = well ? domains->deepest : 0;
    int last = max_level > 0 && max_level < deepest ? max_level : deepest;
    uint64_t cells = (uint64_t)1 << layout->amr.ndim;
    for (int domain = 1; well && domain <= domains->ndomains; domain++) {
        for (int l = root_level; well && l <= last; l++) {
            const struct pvr_place *place = pvr_domains_place(domains, domain, l);
            if (place->noct == 0) {
                continue;
            }
            struct pvr_amr_block block =
                pvr_amr_block(&layout->amr, layout->encoding.marker, place->noct);
            uint64_t offset = pvr_amr_block_offset(&layout->amr, layout->encoding.marker,
                                                   domains->amr_body[domain - 1], place);
            well = add_long(ranges, domain, -1, offset + block.centres,
                            (uint64_t)layout->amr.ndim * block.real);
            if (well && l < last) {
                well = add_long(ranges, domain, -1, offset + block.sons, cells * block.integer);
            }
            struct pvr_columns_piece piece = {domain, l, *place, 0, place->noct};
            const struct pvr_columns_header *header = &columns->header[domain - 1];
            for (int c = 0; well && c < (int)cells; c++) {
                uint64_t record;
                offset = pvr_columns_record(&layout->encoding, &layout->amr, header, &piece, 0, c,
                                            &record);
                well = add_long(ranges, domain, PVR_HYDRO, offset, (uint64_t)ncolumns * record);
            }
        }
    }
    return well;
}

void free_ranges(struct byte_ranges *ranges) {
    free(ranges->range);
    *ranges = (struct byte_ranges){0};
}

double read_ranges(struct pvr_snapshot *snapshot, const struct byte_ranges *ranges, int threads) {
    double begin = pvr_seconds();
    char *memory = pvr_large_alloc(ranges->total);
    uint64_t *place = malloc(ranges->count * sizeof *place);
    bool well = memory != NULL && place != NULL;
    for (uint64_t i = 0, at = 0; well && i < ranges->count; i++) {
        place[i] = at;
        at += ranges->range[i].bytes;
    }
#pragma omp parallel num_threads(threads) reduction(&& : well)
    {
        struct pvr_file file = {.fd = -1};
        char *path = NULL;
        int domain = 0, kind = -2;
#pragma omp for schedule(dynamic, 16)
        for (size_t i = 0; i < ranges->count; i++) {
            const struct byte_range *range = &ranges->range[i];
            if (range->domain != domain || range->kind != kind) {
                pvr_file_close(&file);
                free(path);
                domain = range->domain;
                kind = range->kind;
                well =
                    pvr_pieces_open(&snapshot->layout,
                                    kind < 0 ? "amr" : pvr_file_kind_name((enum pvr_file_kind)kind),
                                    domain, &file, &path, NULL) == PVR_OK &&
                    well;
            }
            for (uint64_t done = 0; well && done < range->bytes;) {
                ssize_t got = pread(file.fd, memory + place[i] + done, range->bytes - done,
                                    (off_t)(range->offset + done));
                well = got > 0;
                done += (uint64_t)(got > 0 ? got : 0);
            }
        }
        pvr_file_close(&file);
        free(path);
    }
    double seconds = pvr_seconds() - begin;
    pvr_large_free(memory, ranges->total);
    free(place);
    return well ? seconds : -1;
}
