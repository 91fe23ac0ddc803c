/* disk.h - the files of an output, counted by kind. */
#ifndef PVRAMSES_DISK_H
#define PVRAMSES_DISK_H

#include <stdint.h>

enum { DISK_MAX_KINDS = 32 };

struct disk {
    int nkinds;
    struct disk_kind {
        char name[32]; /* amr, hydro, part, ...; "text" for descriptors and headers */
        uint64_t files;
        uint64_t bytes;
    } kind[DISK_MAX_KINDS];
    uint64_t files;
    uint64_t bytes;
};

/* Counts the files beside the info file (and, where RAMSES split them over group_NNNNN folders, in
 * all of these). What cannot be looked at is left out. */
void disk_survey(const char *info_path, struct disk *disk);

#endif
