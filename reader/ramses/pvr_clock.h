/* pvr_clock.h - from the times that RAMSES writes to proper time (internal).
 *
 * In cosmological runs RAMSES' time is the super-conformal one: d tau = H0 dt / a^2, tau = 0 at
 * a = 1, negative before (amr/init_time.f90, friedman). With u = 1 / sqrt(a) and
 * s(u) = sqrt(omega_m + omega_k u^-2 + omega_l u^-6):
 *     d tau = -2 du / s(u),    H0 dt = -2 u^-4 du / s(u),
 * both smooth down to a = 0. A table of u, tau and t at steps of equal ratio, made by Gauss
 * quadrature, is read by cubic interpolation of t over tau with the slope a^2 that is known.
 */
#ifndef PVR_CLOCK_H
#define PVR_CLOCK_H

#include "pvr_error.h"
#include "pvr_info.h"

#include <stdbool.h>

enum pvr_clock_kind { PVR_CLOCK_CODE, PVR_CLOCK_CONFORMAL, PVR_CLOCK_PROPER };

struct pvr_clock {
    enum pvr_clock_kind kind;
    double now;                 /* of the output: proper time in code units since the beginning */
    double code_per_hubble;     /* 1/H0 in code units of time (seconds / unit_t) */
    double today;               /* age of the universe at a = 1, in 1/H0 */
    int count;                  /* of the table, by rising time */
    double *tau, *time, *slope; /* time and slope in 1/H0 */
};

/* `time` is the output's own as the amr files have it: info->time has 15 digits, with which the
 * youngest stars would have negative ages. PVR_CLOCK_CODE needs no table. Fails for a cosmology
 * without matter or with an expansion that stands still on the way. */
enum pvr_status pvr_clock_make(const struct pvr_info *info, double time, enum pvr_clock_kind kind,
                               struct pvr_clock *clock, struct pvr_error *error);
void pvr_clock_free(struct pvr_clock *clock);

/* Proper time since the beginning (of the universe, or t = 0) in code units. Times before
 * a = 10^-4 are taken as that. */
double pvr_clock_time(const struct pvr_clock *clock, double written);

#endif
