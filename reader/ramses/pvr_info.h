/* pvr_info.h - the text files of an output: info_NNNNN.txt.
 *
 * Source of the format: RAMSES, amr/output_amr.f90 (subroutine output_info). Keys are found by
 * name, not by line, so that patched versions with more lines are read too. Numbers may be
 * written as Fortran does (0.1D+01, 0.1-100); the locale plays no role.
 */
#ifndef PVR_INFO_H
#define PVR_INFO_H

#include "pvr_error.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_info {
    int ncpu; /* domains = files of a kind */
    int ndim;
    int levelmin;
    int levelmax;
    int64_t ngridmax;
    int64_t nstep_coarse;
    double boxlen; /* code length of a coarse cell (of the box where nx = ny = nz = 1) */
    double time;   /* code; conformal and negative in cosmological runs */
    double aexp;   /* expansion factor, 1 outside cosmology */
    double H0;     /* km/s/Mpc */
    double omega_m, omega_l, omega_k, omega_b;
    double unit_l;     /* cm per code length; proper, at this aexp, in cosmological runs */
    double unit_d;     /* g/cm^3 per code density */
    double unit_t;     /* s per code time */
    double unit_np;    /* photons/cm^3 per code photon density (info_rt), 1 without radiation */
    double unit_pf;    /* photons/cm^2/s per code photon flux (info_rt), 1 without radiation */
    char ordering[32]; /* hilbert, planar, angular, bisection */
    bool cosmological; /* H0 > 1, and omega_l > 0 or aexp != 1 */
};

/* Reads an info file. Fails when it is missing, larger than any info file can be, or lacks ncpu,
 * ndim, boxlen, time or the units, or when one of these is not a number that makes sense. */
enum pvr_status pvr_info_read(const char *path, struct pvr_info *info, struct pvr_error *error);

/* Adds unit_np and unit_pf from an info_rt_NNNNN.txt; a missing file changes nothing. */
enum pvr_status pvr_info_read_radiation(const char *path, struct pvr_info *info,
                                        struct pvr_error *error);

/* Age of the universe in seconds at the expansion factor of `info` by the Friedmann integral
 * 1/H0 * integral da / (a E(a)), E = sqrt(omega_m a^-3 + omega_k a^-2 + omega_l); relative
 * error below 1e-9. Radiation is left out, as in RAMSES. */
double pvr_info_age_seconds(const struct pvr_info *info);

/* Time in Myr (10^6 Julian years): age of the universe in cosmological runs, else
 * time * unit_t. */
double pvr_info_time_myr(const struct pvr_info *info);

#ifdef __cplusplus
}
#endif
#endif
