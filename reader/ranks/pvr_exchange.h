/* pvr_exchange.h - what one process knows of a run, as bytes for another.
 *
 * Under MPI the small files of an output (info, headers, descriptors, counts of every domain) are
 * read once and sent on: a thousand ranks that open four thousand files each are a burden to any
 * file system. How bytes travel is the caller's affair.
 *
 * Bytes are for the same version of the library on a machine with the same byte order, which is
 * checked; so is every size and number in them before it is used.
 */
#ifndef PVR_EXCHANGE_H
#define PVR_EXCHANGE_H

#include "pvr_series.h"
#include "pvr_snapshot.h"
#include "pvr_split.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_bytes {
    unsigned char *data;
    size_t size;
};
void pvr_bytes_free(struct pvr_bytes *bytes);

/* The outputs of a run as they were found. */
enum pvr_status pvr_series_pack(const struct pvr_series *series, struct pvr_bytes *bytes,
                                struct pvr_error *error);
enum pvr_status pvr_series_unpack(const void *data, size_t size, struct pvr_series *series,
                                  struct pvr_error *error);

/* An open output without its tables; not of a Mera file (PVR_ERROR_UNSUPPORTED). What is unpacked
 * is an open output like any other: nothing was read for it. */
enum pvr_status pvr_snapshot_pack(const struct pvr_snapshot *snapshot, struct pvr_bytes *bytes,
                                  struct pvr_error *error);
enum pvr_status pvr_snapshot_unpack(const void *data, size_t size, struct pvr_snapshot **snapshot,
                                    struct pvr_error *error);

/* The tables (where each level's octs stand in the amr file) of domains first .. last (from 1),
 * which are read with `threads` (may be null) if they are not known; none if last < first.
 * Unpacking adds them to those that are known. Thread-safe. */
enum pvr_status pvr_tables_pack(struct pvr_snapshot *snapshot, int first, int last,
                                const struct pvr_threads *threads, struct pvr_bytes *bytes,
                                struct pvr_error *error);
enum pvr_status pvr_tables_unpack(struct pvr_snapshot *snapshot, const void *data, size_t size,
                                  struct pvr_error *error);

/* A split, for who need not make it himself. */
enum pvr_status pvr_split_pack(const struct pvr_split *split, struct pvr_bytes *bytes,
                               struct pvr_error *error);
enum pvr_status pvr_split_unpack(const void *data, size_t size, struct pvr_split **split,
                                 struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
