/* slow_read.h - a slow disk for tests: pread() of the whole process at a given speed.
 *
 * Linked into a test, or loaded before a program that is to find its files slow (LD_PRELOAD; then
 * the environment says how slow: PVR_SLOW_READ_MB, in 10^6 bytes per second, and
 * PVR_SLOW_READ_PATH, a part of the paths of the files that it concerns).
 */
#ifndef PVR_TEST_SLOW_READ_H
#define PVR_TEST_SLOW_READ_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes per second that all threads together get; 0: as fast as may be. */
void slow_read_set(double bytes_per_second);
/* Bytes that were read so far. */
uint64_t slow_read_bytes(void);

#ifdef __cplusplus
}
#endif

#endif
