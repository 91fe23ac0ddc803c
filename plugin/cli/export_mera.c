/* export_mera.c - .jld2: Mera files. */
#include "export.h"

#include "pvr_mera_export.h"

#include <stdlib.h>
#include <string.h>

/* `region` is kept for the request. */
static enum pvr_status make_request(const struct export_task *task,
                                    struct pvr_mera_export_request *request,
                                    struct pvr_region *region, struct pvr_error *error) {
    static const enum pvr_mera_out_compressor compressor[] = {[PVR_VTK_LZ4] = PVR_MERA_OUT_LZ4,
                                                              [PVR_VTK_ZLIB] = PVR_MERA_OUT_ZLIB,
                                                              [PVR_VTK_NONE] = PVR_MERA_OUT_NONE};
    const struct options *options = task->options;
    const char *names[PVR_MERA_OUT_KINDS];
    const int lmax = options->lmax > 0 ? options->lmax : options->max_level;
    *request = (struct pvr_mera_export_request){
        .max_level = lmax,
        .out = {.compressor = compressor[options->compressor],
                .comments = options->comments != NULL ? options->comments : "written by pvramses",
                .append = options->append,
                .threads = &task->threads,
                .progress = task->progress,
                .progress_context = task->progress_context}};
    for (int k = 0; k < PVR_MERA_OUT_KINDS; k++) {
        names[k] = pvr_mera_out_kind_name((enum pvr_mera_out_kind)k);
        request->kinds |= export_listed(options->kinds, names[k]) ? 1u << k : 0;
    }
    if (options->fields != NULL || options->log10 != NULL || options->lmin > 0 ||
        options->units != PVR_UNITS_CODE || options->length_unit != PVR_LENGTH_CODE ||
        options->precision != PVR_FLOAT64) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "a Mera file holds whole tables in code units: --fields, --log10, --lmin, "
                        "--units, --length-unit and --precision are for VTK files");
    }
    *region = region_in_code(&options->region, task->snapshot);
    request->region = region->type != PVR_REGION_NONE ? region : NULL;
    return export_check_list(options->kinds, names, PVR_MERA_OUT_KINDS, "--kinds", error);
}

enum pvr_status export_mera(const struct export_task *task, struct export_result *result,
                            struct pvr_error *error) {
    struct pvr_mera_export_request request;
    struct pvr_region region;
    struct pvr_mera_out_written written;
    enum pvr_status status = make_request(task, &request, &region, error);
    if (status != PVR_OK) {
        return status;
    }
    const double begin = pvr_seconds();
    status = pvr_mera_export(task->snapshot, task->out, &request, &written, error);
    if (status == PVR_OK) {
        struct pvr_vtk_statistics *s = &result->statistics;
        const double all = pvr_seconds() - begin;
        result->count = written.rows;
        result->of_what = "rows";
        result->load_seconds =
            all - written.write_seconds - written.verify_seconds - written.sync_seconds;
        s->operations = written.blocks;
        s->bytes_in = written.bytes_in;
        s->bytes_out = written.bytes_out;
        s->commit_ns = (uint64_t)(1e9 * written.sync_seconds);
        s->wall_ns = (uint64_t)(1e9 * (all - result->load_seconds));
        result->verify_seconds = written.verify_seconds;
        result->write_seconds = written.write_seconds;
        s->report = written.report;
    } else {
        pvr_report_free(&written.report);
    }
    return status;
}

enum pvr_status export_mera_need(const struct export_task *task, uint64_t *bytes,
                                 struct pvr_error *error) {
    struct pvr_mera_export_request request;
    struct pvr_region region;
    const enum pvr_status status = make_request(task, &request, &region, error);
    return status == PVR_OK ? pvr_mera_export_need(task->snapshot, &request, bytes, error) : status;
}
