/* pvr_vtk_file.c - VTK's XML files with appended data: writing a document. */
#include "pvr_vtk_file.h"

#include "pvr_vtk_compress.h"
#include "pvr_vtk_document.h"

#include <stdlib.h>
#include <string.h>

static const size_t default_block_bytes = (size_t)1 << 20;
static const size_t most_block_bytes = (size_t)1 << 30;

double pvr_vtk_ratio(const struct pvr_vtk_statistics *statistics) {
    return statistics->bytes_out > 0 ? (double)statistics->bytes_in / (double)statistics->bytes_out
                                     : 0;
}

void pvr_vtk_statistics_add(struct pvr_vtk_statistics *total,
                            const struct pvr_vtk_statistics *more) {
    pvr_vtk_count(&total->operations, more->operations);
    pvr_vtk_count(&total->bytes_in, more->bytes_in);
    pvr_vtk_count(&total->bytes_out, more->bytes_out);
    pvr_vtk_count(&total->fill_ns, more->fill_ns);
    pvr_vtk_count(&total->compress_ns, more->compress_ns);
    pvr_vtk_count(&total->write_ns, more->write_ns);
    pvr_vtk_count(&total->commit_ns, more->commit_ns);
    pvr_vtk_count(&total->wall_ns, more->wall_ns);
}

static enum pvr_status check_options(const char *path, const struct pvr_vtk_options *given,
                                     struct pvr_vtk_options *options, struct pvr_error *error) {
    *options = given != NULL ? *given : (struct pvr_vtk_options){.compressor = PVR_VTK_LZ4};
    options->level = options->level != 0 ? options->level : PVR_VTK_LEVEL_DEFAULT;
    options->block_bytes = options->block_bytes != 0 ? options->block_bytes : default_block_bytes;
    if (options->level < 1 || options->level > PVR_VTK_LEVEL_MOST) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: a level of compression is 1 to %d, not %d",
                        path, PVR_VTK_LEVEL_MOST, options->level);
    }
    if (options->block_bytes > most_block_bytes) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: blocks of %zu bytes are too large", path,
                        options->block_bytes);
    }
    return PVR_OK;
}

/* Fails if the file will not fit on the disk: surely if it is not compressed, else by a sample. */
static enum pvr_status check_space(const struct pvr_vtk_blocks *blocks,
                                   const struct pvr_output_file *output, struct pvr_error *error) {
    const uint64_t space = pvr_output_free_bytes(output);
    uint64_t needed = blocks->bytes;
    if (needed <= space) {
        return PVR_OK;
    }
    if (blocks->options.compressor != PVR_VTK_NONE) {
        enum pvr_status status = pvr_vtk_blocks_estimate(blocks, &needed, error);
        if (status != PVR_OK || needed <= space) {
            return status;
        }
    }
    return pvr_fail(error, PVR_ERROR_IO,
                    "%s: needs about %.4g MB, but the disk has only %.4g MB left", blocks->path,
                    1e-6 * (double)needed, 1e-6 * (double)space);
}

static enum pvr_status write_all(struct pvr_vtk_file *file, struct pvr_vtk_blocks *blocks,
                                 char *text, size_t length, struct pvr_output_file *output,
                                 struct pvr_job *job, struct pvr_vtk_statistics *statistics,
                                 struct pvr_error *error) {
    const char *end = pvr_vtk_document_end();
    uint64_t bytes = 0;
    if (job->threads > 1) {
        pvr_output_spread(output, length + blocks->most_bytes);
    }
    enum pvr_status status =
        pvr_vtk_blocks_write(blocks, output, length, job, statistics, &bytes, error);
    if (status == PVR_OK) {
        status = pvr_output_write(output, length + bytes, end, strlen(end), error);
    }
    if (status == PVR_OK) {
        status = pvr_output_cut(output, length + bytes + strlen(end), error);
    }
    if (status == PVR_OK) {
        pvr_vtk_document_patch(file, text);
        status = pvr_output_write(output, 0, text, length, error);
    }
    statistics->bytes_out = length + bytes + strlen(end);
    return status;
}

/* Everything between beginning and ending the file on disk. */
static enum pvr_status write_output(struct pvr_vtk_file *file, struct pvr_vtk_blocks *blocks,
                                    struct pvr_output_file *output,
                                    const struct pvr_threads *threads, pvr_progress_fn progress,
                                    void *progress_context, struct pvr_vtk_statistics *statistics,
                                    struct pvr_error *error) {
    size_t length;
    char *text = pvr_vtk_document_text(file, blocks->options.compressor, &length);
    if (text == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: out of memory", blocks->path);
    }
    struct pvr_job job;
    enum pvr_status status = check_space(blocks, output, error);
    if (status == PVR_OK) {
        status = pvr_job_begin(&job, threads, progress, progress_context, error);
    }
    if (status == PVR_OK) {
        status = write_all(file, blocks, text, length, output, &job, statistics, error);
        const struct pvr_vtk_options *options = &blocks->options;
        if (status == PVR_OK && options->may_commit != NULL &&
            !options->may_commit(options->context)) {
            status = pvr_fail(error, PVR_CANCELLED, "%s: not written, as was wished", blocks->path);
        }
        if (status == PVR_OK) {
            const double begin = pvr_seconds();
            status = pvr_output_commit(output, error);
            statistics->commit_ns = pvr_vtk_nanoseconds(begin);
        }
        pvr_job_end(&job, &statistics->report);
    }
    free(text);
    return status;
}

enum pvr_status pvr_vtk_file_write(struct pvr_vtk_file *file, const char *path,
                                   const struct pvr_vtk_options *options,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_vtk_statistics *statistics,
                                   struct pvr_error *error) {
    const double begin = pvr_seconds();
    struct pvr_vtk_statistics mine = {.operations = 0};
    struct pvr_vtk_blocks blocks = {.path = path, .narrays = file->narrays, .arrays = file->arrays};
    struct pvr_output_file output;
    enum pvr_status status = check_options(path, options, &blocks.options, error);
    if (status != PVR_OK) {
        return status;
    }
    while (file->depth > 0) {
        pvr_vtk_close(file);
    }
    status = pvr_vtk_blocks_plan(&blocks, error);
    if (status == PVR_OK) {
        status = pvr_output_begin(&output, path, error);
        if (status == PVR_OK) {
            status = write_output(file, &blocks, &output, threads, progress, progress_context,
                                  &mine, error);
        }
        pvr_output_end(&output);
    }
    pvr_vtk_blocks_free(&blocks);
    mine.wall_ns = pvr_vtk_nanoseconds(begin);
    if (statistics != NULL && status == PVR_OK) {
        pvr_report_free(&statistics->report);
        pvr_vtk_statistics_add(statistics, &mine);
        statistics->report = mine.report;
    } else {
        pvr_report_free(&mine.report);
    }
    return status;
}
