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
    int *domain; /* the domains to read */
    size_t ndomains;
};

static bool is_wanted(const uint64_t *levels, int domain) {
    return levels == NULL || levels[domain - 1] != 0;
}

bool pvr_domains_are_known(const uint8_t *known, int ndomains, const uint64_t *levels) {
    for (int domain = 1; domain <= ndomains; domain++) {
        if (is_wanted(levels, domain) && !__atomic_load_n(&known[domain - 1], __ATOMIC_ACQUIRE)) {
            return false;
        }
    }
    return true;
}

/* Lists what is wanted and not known, and runs `task` for each of it. */
static enum pvr_status read_missing(struct reading *reading, const uint8_t *known, int ndomains,
                                    const uint64_t *levels, pvr_task_fn task, struct pvr_job *job,
                                    struct pvr_error *error) {
    reading->domain = malloc((size_t)ndomains * sizeof *reading->domain);
    if (reading->domain == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %d domains", ndomains);
    }
    for (int domain = 1; domain <= ndomains; domain++) {
        if (is_wanted(levels, domain) && !known[domain - 1]) {
            reading->domain[reading->ndomains++] = domain;
        }
    }
    enum pvr_status status = pvr_job_run(job, reading->ndomains, NULL, task, NULL, reading, error);
    free(reading->domain);
    return status;
}

uint64_t pvr_domains_stamp(const uint64_t *stamp, int ndomains, const uint64_t *levels) {
    uint64_t all = 0;
    for (int domain = 1; domain <= ndomains; domain++) {
        if (is_wanted(levels, domain)) {
            all = pvr_mix(all + (uint64_t)domain, stamp[domain - 1]);
        }
    }
    return all;
}

/* Notes the stamp of a domain's file, and says that it is known. */
static void publish(uint8_t *known, uint64_t *stamp, const struct pvr_file *file, int domain) {
    stamp[domain - 1] = file->stamp;
    __atomic_store_n(&known[domain - 1], 1, __ATOMIC_RELEASE);
}

static enum pvr_status read_domain(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    struct reading *reading = context;
    struct pvr_domains *domains = reading->domains;
    int domain = reading->domain[task];
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
        struct pvr_place *place =
            &domains->place[(size_t)(domain - 1) * (size_t)(domains->nlevels + 1)];
        status = pvr_amr_read_places(&file, &header, domain, place, &domains->amr_body[domain - 1],
                                     NULL, error);
        /* of the tables only numbl is read: headl, taill and the like are stepped over. It is no
         * part of the progress: how much is to be read after it is not known yet */
        worker->report->bytes_read += (uint64_t)header.ncpu * (uint64_t)header.nlevelmax * 4;
    }
    if (status == PVR_OK) {
        publish(domains->known, domains->stamp, &file, domain);
    }
    pvr_file_close(&file);
    free(path);
    return status;
}

enum pvr_status pvr_domains_new(const struct pvr_layout *layout, struct pvr_domains **result,
                                struct pvr_error *error) {
    *result = NULL;
    struct pvr_domains *domains = calloc(1, sizeof *domains);
    if (domains != NULL) {
        domains->ndomains = layout->amr.ncpu;
        domains->nlevels = layout->amr.nlevelmax;
        size_t ndomains = (size_t)domains->ndomains;
        domains->known = calloc(ndomains, 1);
        domains->stamp = calloc(ndomains, sizeof *domains->stamp);
        domains->place = calloc(ndomains, (size_t)(domains->nlevels + 1) * sizeof *domains->place);
        domains->amr_body = calloc(ndomains, sizeof *domains->amr_body);
    }
    if (domains == NULL || domains->known == NULL || domains->stamp == NULL ||
        domains->place == NULL || domains->amr_body == NULL) {
        pvr_domains_free(domains);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the tables of %d domains",
                        (int)layout->amr.ncpu);
    }
    *result = domains;
    return PVR_OK;
}

/* Adds up what is known of all domains. */
static enum pvr_status complete(const struct pvr_layout *layout, struct pvr_domains *domains,
                                struct pvr_error *error) {
    int deepest = 0;
    memset(domains->level_octs, 0, sizeof domains->level_octs);
    for (int domain = 1; domain <= domains->ndomains; domain++) {
        for (int l = 1; l <= domains->nlevels; l++) {
            domains->level_octs[l - 1] += pvr_domains_place(domains, domain, l)->noct;
        }
    }
    while (deepest < domains->nlevels && domains->level_octs[deepest] > 0) {
        deepest++;
    }
    for (int l = deepest; l < domains->nlevels; l++) {
        if (domains->level_octs[l] > 0) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: level %d has octs though level %d has none", layout->folder, l + 1,
                            deepest + 1);
        }
    }
    if (deepest == 0) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: the amr files hold no octs", layout->folder);
    }
    domains->deepest = deepest;
    __atomic_store_n(&domains->complete, true, __ATOMIC_RELEASE);
    return PVR_OK;
}

enum pvr_status pvr_domains_read(const struct pvr_layout *layout, struct pvr_domains *domains,
                                 const uint64_t *levels, struct pvr_job *job,
                                 struct pvr_error *error) {
    struct reading reading = {.layout = layout, .domains = domains};
    enum pvr_status status =
        read_missing(&reading, domains->known, domains->ndomains, levels, read_domain, job, error);
    if (status == PVR_OK && levels == NULL && !domains->complete) {
        status = complete(layout, domains, error);
    }
    return status;
}

void pvr_domains_free(struct pvr_domains *domains) {
    if (domains != NULL) {
        free(domains->known);
        free(domains->stamp);
        free(domains->place);
        free(domains->amr_body);
        free(domains);
    }
}

static enum pvr_status read_domain_columns(void *context, size_t task, struct pvr_worker *worker,
                                           struct pvr_error *error) {
    struct reading *reading = context;
    const struct pvr_layout *layout = reading->layout;
    int domain = reading->domain[task];
    char *path = pvr_layout_path(layout, pvr_file_kind_name(reading->kind), domain);
    if (path == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    }
    struct pvr_file file;
    struct pvr_window window = {.bytes = 0};
    enum pvr_status status = pvr_file_open(&file, path, error);
    if (status == PVR_OK) {
        file.encoding = layout->encoding;
        file.window = &window;
        struct pvr_columns_header *header = &reading->columns->header[domain - 1];
        status = pvr_columns_read_header(&file, reading->kind, &layout->amr, reading->nvar, header,
                                         error);
        if (status == PVR_OK && header->nvar != reading->nvar) {
            status = pvr_fail(error, PVR_ERROR_FORMAT,
                              "%s: record 2 (nvar) holds %d where the first file has %d", path,
                              (int)header->nvar, reading->nvar);
        }
        if (status == PVR_OK) {
            status = pvr_columns_check_size(&file, &layout->amr, header,
                                            pvr_domains_place(reading->known, domain, 1), error);
        }
        if (status == PVR_OK) {
            worker->report->bytes_read += header->body;
            publish(reading->columns->known, reading->columns->stamp, &file, domain);
        }
        pvr_file_close(&file);
    }
    free(path);
    return status;
}

int pvr_domains_deepest(const struct pvr_domains *domains, const uint64_t *levels, int low,
                        int high, uint64_t *octs) {
    int deepest = 0;
    *octs = 0;
    for (int domain = 1; domain <= domains->ndomains; domain++) {
        for (int l = low; l <= high && levels[domain - 1] != 0; l++) {
            bool wanted = (levels[domain - 1] >> l & 1) != 0;
            uint32_t noct = wanted ? pvr_domains_place(domains, domain, l)->noct : 0;
            deepest = noct > 0 && l > deepest ? l : deepest;
            *octs += noct;
        }
    }
    return deepest;
}

enum pvr_status pvr_domain_columns_new(const struct pvr_layout *layout,
                                       struct pvr_domain_columns **result,
                                       struct pvr_error *error) {
    size_t ndomains = (size_t)layout->amr.ncpu;
    struct pvr_domain_columns *columns = calloc(1, sizeof *columns);
    if (columns != NULL) {
        columns->known = calloc(ndomains, 1);
        columns->stamp = calloc(ndomains, sizeof *columns->stamp);
        columns->header = calloc(ndomains, sizeof *columns->header);
    }
    if (columns == NULL || columns->known == NULL || columns->stamp == NULL ||
        columns->header == NULL) {
        pvr_domain_columns_free(columns);
        *result = NULL;
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the headers of %zu domains",
                        ndomains);
    }
    *result = columns;
    return PVR_OK;
}

enum pvr_status pvr_domain_columns_read(const struct pvr_layout *layout,
                                        const struct pvr_domains *domains, enum pvr_file_kind kind,
                                        int nvar, struct pvr_domain_columns *columns,
                                        const uint64_t *levels, struct pvr_job *job,
                                        struct pvr_error *error) {
    struct reading reading = {
        .layout = layout, .known = domains, .columns = columns, .kind = kind, .nvar = nvar};
    return read_missing(&reading, columns->known, domains->ndomains, levels, read_domain_columns,
                        job, error);
}

void pvr_domain_columns_free(struct pvr_domain_columns *columns) {
    if (columns != NULL) {
        free(columns->known);
        free(columns->stamp);
        free(columns->header);
        free(columns);
    }
}
