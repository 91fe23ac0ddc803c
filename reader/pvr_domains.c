/* pvr_domains.c - where each level's octs stand in each file of an output. */
#include "pvr_domains.h"

#include "pvr_text.h"

#include <stdlib.h>
#include <string.h>

char *pvr_layout_path(const struct pvr_layout *layout, const char *kind, int domain) {
    if (layout->group_size > 0) {
        return pvr_text_format("%s/group_%05d/%s_%05d.out%05d", layout->folder,
                               (domain - 1) / layout->group_size + 1, kind, layout->number, domain);
    }
    return pvr_text_format("%s/%s_%05d.out%05d", layout->folder, kind, layout->number, domain);
}

struct reading {
    const struct pvr_layout *layout;
    struct pvr_domains *domains;
    const struct pvr_domains *known;
    struct pvr_domain_columns *columns;
    enum pvr_file_kind kind;
    int nvar;
};

/* Adds a file's stamp to that of all; files come in any order. */
static void add_stamp(uint64_t *stamp, const struct pvr_file *file, size_t task) {
    __atomic_fetch_add(stamp, pvr_mix(file->stamp, task), __ATOMIC_RELAXED);
}

static enum pvr_status read_domain(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    struct reading *reading = context;
    struct pvr_domains *domains = reading->domains;
    int domain = (int)task + 1;
    char *path = pvr_layout_path(reading->layout, "amr", domain);
    if (path == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    }
    struct pvr_file file;
    struct pvr_window window = {.bytes = 0};
    struct pvr_amr_header header;
    enum pvr_status status = pvr_file_open(&file, path, error);
    if (status == PVR_OK) {
        file.encoding = reading->layout->encoding;
        file.window = &window;
        status = pvr_amr_read_header(&file, &reading->layout->amr, &header, error);
    }
    if (status == PVR_OK) {
        struct pvr_place *place = &domains->place[task * (size_t)(domains->nlevels + 1)];
        status = pvr_amr_read_places(&file, &header, domain, place, &domains->amr_body[task], NULL,
                                     error);
        for (int l = 0; status == PVR_OK && l < domains->nlevels; l++) {
            __atomic_fetch_add(&domains->level_octs[l], place[l].noct, __ATOMIC_RELAXED);
        }
        /* of the tables only numbl is read: headl, taill and the like are stepped over. It is no
         * part of the progress: how much is to be read after it is not known yet */
        worker->report->bytes_read += (uint64_t)header.ncpu * (uint64_t)header.nlevelmax * 4;
        add_stamp(&domains->stamp, &file, task);
    }
    pvr_file_close(&file);
    free(path);
    return status;
}

enum pvr_status pvr_domains_read(const struct pvr_layout *layout, struct pvr_job *job,
                                 struct pvr_domains **result, struct pvr_error *error) {
    *result = NULL;
    struct pvr_domains *domains = calloc(1, sizeof *domains);
    if (domains != NULL) {
        domains->ndomains = layout->amr.ncpu;
        domains->nlevels = layout->amr.nlevelmax;
        size_t ndomains = (size_t)domains->ndomains;
        domains->place = calloc(ndomains, (size_t)(domains->nlevels + 1) * sizeof *domains->place);
        domains->amr_body = calloc(ndomains, sizeof *domains->amr_body);
    }
    if (domains == NULL || domains->place == NULL || domains->amr_body == NULL) {
        pvr_domains_free(domains);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the tables of %d domains",
                        (int)layout->amr.ncpu);
    }
    struct reading reading = {.layout = layout, .domains = domains};
    enum pvr_status status =
        pvr_job_run(job, (size_t)domains->ndomains, NULL, read_domain, NULL, &reading, error);
    while (domains->deepest < domains->nlevels && domains->level_octs[domains->deepest] > 0) {
        domains->deepest++;
    }
    for (int l = domains->deepest; status == PVR_OK && l < domains->nlevels; l++) {
        if (domains->level_octs[l] > 0) {
            status =
                pvr_fail(error, PVR_ERROR_FORMAT, "%s: level %d has octs though level %d has none",
                         layout->folder, l + 1, domains->deepest + 1);
        }
    }
    if (status == PVR_OK && domains->deepest == 0) {
        status =
            pvr_fail(error, PVR_ERROR_FORMAT, "%s: the amr files hold no octs", layout->folder);
    }
    if (status != PVR_OK) {
        pvr_domains_free(domains);
        return status;
    }
    *result = domains;
    return PVR_OK;
}

void pvr_domains_free(struct pvr_domains *domains) {
    if (domains != NULL) {
        free(domains->place);
        free(domains->amr_body);
        free(domains);
    }
}

static enum pvr_status read_domain_columns(void *context, size_t task, struct pvr_worker *worker,
                                           struct pvr_error *error) {
    struct reading *reading = context;
    const struct pvr_layout *layout = reading->layout;
    char *path = pvr_layout_path(layout, pvr_file_kind_name(reading->kind), (int)task + 1);
    if (path == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    }
    struct pvr_file file;
    struct pvr_window window = {.bytes = 0};
    enum pvr_status status = pvr_file_open(&file, path, error);
    if (status == PVR_OK) {
        file.encoding = layout->encoding;
        file.window = &window;
        struct pvr_columns_header *header = &reading->columns->header[task];
        status = pvr_columns_read_header(&file, reading->kind, &layout->amr, reading->nvar, header,
                                         error);
        if (status == PVR_OK && header->nvar != reading->nvar) {
            status = pvr_fail(error, PVR_ERROR_FORMAT,
                              "%s: record 2 (nvar) holds %d where the first file has %d", path,
                              (int)header->nvar, reading->nvar);
        }
        if (status == PVR_OK) {
            status = pvr_columns_check_size(
                &file, &layout->amr, header,
                &reading->known->place[task * (size_t)(reading->known->nlevels + 1)], error);
        }
        worker->report->bytes_read += status == PVR_OK ? header->body : 0;
        add_stamp(&reading->columns->stamp, &file, task);
        pvr_file_close(&file);
    }
    free(path);
    return status;
}

enum pvr_status pvr_domain_columns_read(const struct pvr_layout *layout,
                                        const struct pvr_domains *domains, enum pvr_file_kind kind,
                                        int nvar, struct pvr_job *job,
                                        struct pvr_domain_columns **result,
                                        struct pvr_error *error) {
    *result = NULL;
    struct pvr_domain_columns *columns = calloc(1, sizeof *columns);
    if (columns != NULL) {
        columns->header = calloc((size_t)domains->ndomains, sizeof *columns->header);
    }
    if (columns == NULL || columns->header == NULL) {
        pvr_domain_columns_free(columns);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the headers of %d domains",
                        domains->ndomains);
    }
    struct reading reading = {
        .layout = layout, .known = domains, .columns = columns, .kind = kind, .nvar = nvar};
    enum pvr_status status = pvr_job_run(job, (size_t)domains->ndomains, NULL, read_domain_columns,
                                         NULL, &reading, error);
    if (status != PVR_OK) {
        pvr_domain_columns_free(columns);
        return status;
    }
    *result = columns;
    return PVR_OK;
}

void pvr_domain_columns_free(struct pvr_domain_columns *columns) {
    if (columns != NULL) {
        free(columns->header);
        free(columns);
    }
}
