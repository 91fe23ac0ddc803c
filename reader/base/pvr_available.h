/* pvr_available.h - the memory that this process may use (internal). */
#ifndef PVR_AVAILABLE_H
#define PVR_AVAILABLE_H

#include <stdint.h>

/* Bytes that can still be taken: what the system has left (MemAvailable), and what the limits of
 * this process's cgroup and of those above it leave. Never 0: a very large number where neither is
 * told. Thread-safe. */
uint64_t pvr_memory_available(void);

/* Bytes that it may use at most: the system's memory, or the least limit of these groups. */
uint64_t pvr_memory_total(void);

/* The same where /proc and /sys stand below `root`: for tests. */
uint64_t pvr_memory_available_below(const char *root);
uint64_t pvr_memory_total_below(const char *root);

#endif
