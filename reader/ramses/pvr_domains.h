/* pvr_domains.h - where each level's octs stand in each file of an output (internal). */
#ifndef PVR_DOMAINS_H
#define PVR_DOMAINS_H

#include "pvr_amr.h"
#include "pvr_bounds.h"
#include "pvr_columns.h"
#include "pvr_threads.h"

/* Where the files of an output lie, and what the first amr file says. */
struct pvr_layout {
    char *folder;      /* output_NNNNN */
    char *text_folder; /* where info, header and descriptors stand: folder, or its group_00001 */
    int number;        /* of the output */
    int group_size;    /* domains of a folder group_GGGGG, 0 without such folders */
    struct pvr_encoding encoding;
    struct pvr_amr_header amr;
    struct pvr_coarse_box box;
    struct pvr_bounds bounds;
};

/* Path of a file: folder/[group_GGGGG/]KIND_NNNNN.outCCCCC; to be freed. */
char *pvr_layout_path(const struct pvr_layout *layout, const char *kind, int domain);

/* The tables of the domains that were read so far: what is known never changes. */
struct pvr_domains {
    int ndomains;
    int nlevels;             /* nlevelmax */
    uint8_t *known;          /* [domain - 1]; atomic: 1 once its entries below stand */
    uint64_t *stamp;         /* [domain - 1]: of the amr file, see pvr_file.h */
    struct pvr_place *place; /* [domain - 1][nlevels + 1] */
    uint64_t *amr_body;      /* [domain - 1] */
    /* Of all domains, once all are known: */
    bool complete;           /* atomic */
    uint64_t level_octs[64]; /* own octs on level l: [l - 1] */
    int deepest;             /* deepest level with octs */
};

/* The same for the files of one kind. */
struct pvr_domain_columns {
    uint8_t *known;                    /* [domain - 1]; atomic */
    struct pvr_columns_header *header; /* [domain - 1] */
    uint64_t *stamp;                   /* [domain - 1] */
};

/* Tables of which nothing is known yet. */
enum pvr_status pvr_domains_new(const struct pvr_layout *layout, struct pvr_domains **domains,
                                struct pvr_error *error);
/* Reads the tables that are not known of the domains d with levels[d - 1] != 0 (null: of all
 * domains) with the threads of `job`. For one thread at a time. */
enum pvr_status pvr_domains_read(const struct pvr_layout *layout, struct pvr_domains *domains,
                                 const uint64_t *levels, struct pvr_job *job,
                                 struct pvr_error *error);
void pvr_domains_free(struct pvr_domains *domains);

enum pvr_status pvr_domain_columns_new(const struct pvr_layout *layout,
                                       struct pvr_domain_columns **columns,
                                       struct pvr_error *error);
/* The same; the tables of the domains themselves are known. */
enum pvr_status pvr_domain_columns_read(const struct pvr_layout *layout,
                                        const struct pvr_domains *domains, enum pvr_file_kind kind,
                                        int nvar, struct pvr_domain_columns *columns,
                                        const uint64_t *levels, struct pvr_job *job,
                                        struct pvr_error *error);
void pvr_domain_columns_free(struct pvr_domain_columns *columns);

/* True if all that are wanted are known. */
bool pvr_domains_are_known(const uint8_t *known, int ndomains, const uint64_t *levels);

/* One stamp for the files of the domains d with levels[d - 1] != 0 (null: of all), which are known:
 * another one when any of them is written anew. */
uint64_t pvr_domains_stamp(const uint64_t *stamp, int ndomains, const uint64_t *levels);

/* The deepest of levels low .. high that a domain d has own octs on, of those with their bit in
 * levels[d - 1]; 0: none. The octs of all of them in *octs. */
int pvr_domains_deepest(const struct pvr_domains *domains, const uint64_t *levels, int low,
                        int high, uint64_t *octs);

/* Place of domain `domain` on `level`. */
static inline const struct pvr_place *pvr_domains_place(const struct pvr_domains *domains,
                                                        int domain, int level) {
    return &domains->place[(size_t)(domain - 1) * (size_t)(domains->nlevels + 1) +
                           (size_t)(level - 1)];
}

#endif
