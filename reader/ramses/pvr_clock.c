/* pvr_clock.c - from the times that RAMSES writes to proper time. */
#include "pvr_clock.h"

#include "pvr_units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 4096 };
static const double first_expansion = 1e-4;

static double speed(const struct pvr_info *info, double u) {
    double a = 1 / (u * u);
    double square = info->omega_m + info->omega_k * a + info->omega_l * a * a * a;
    return square > 0 ? sqrt(square) : (double)NAN;
}

/* Adds the integrals of tau and H0 t from u1 down to u0, by Gauss' rule of five points. */
static void integrate(const struct pvr_info *info, double u0, double u1, double *tau,
                      double *time) {
    static const double point[] = {0, 0.5384693101056831, 0.9061798459386640};
    static const double weight[] = {0.5688888888888889, 0.4786286704993665, 0.2369268850561891};
    double middle = 0.5 * (u0 + u1), half = 0.5 * (u1 - u0);
    for (int i = -2; i <= 2; i++) {
        int j = i < 0 ? -i : i;
        double u = middle + (i < 0 ? -half : half) * point[j];
        double part = half * weight[j] * 2 / speed(info, u);
        *tau += part;
        *time += part / (u * u * u * u);
    }
}

enum pvr_status pvr_clock_make(const struct pvr_info *info, double time, enum pvr_clock_kind kind,
                               struct pvr_clock *clock, struct pvr_error *error) {
    memset(clock, 0, sizeof *clock);
    clock->kind = kind;
    clock->now = time;
    if (kind == PVR_CLOCK_CODE) {
        return PVR_OK;
    }
    clock->tau = malloc(3 * (STEPS + 1) * sizeof *clock->tau);
    if (clock->tau == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a table of cosmic times");
    }
    clock->time = clock->tau + STEPS + 1;
    clock->slope = clock->time + STEPS + 1;
    clock->count = STEPS + 1;
    double last = fmax(1, info->aexp) * 1.1; /* expansion factor at the table's end */
    double first_u = 1 / sqrt(first_expansion), last_u = 1 / sqrt(last);
    double ratio = pow(last_u / first_u, 1.0 / STEPS);
    /* before the table: a power series in omega_k a / omega_m */
    double tau = 0, bend = info->omega_k / info->omega_m * first_expansion;
    double age = 2.0 / 3.0 * pow(first_expansion, 1.5) / sqrt(info->omega_m) *
                 (1 - 0.3 * bend + 9.0 / 56.0 * bend * bend);
    for (int i = 0; i <= STEPS; i++) {
        double u = i < STEPS ? first_u * pow(ratio, i) : last_u;
        if (i > 0) {
            double before = first_u * pow(ratio, i - 1);
            integrate(info, u, before, &tau, &age);
        }
        clock->tau[i] = tau;
        clock->time[i] = age;
        clock->slope[i] = 1 / (u * u * u * u);
    }
    double tau_today = 0, today = 0; /* from a = 1 to the table's end */
    for (int i = 0; i < 64; i++) {
        integrate(info, last_u + (1 - last_u) * i / 64, last_u + (1 - last_u) * (i + 1) / 64,
                  &tau_today, &today);
    }
    double end = clock->tau[STEPS];
    for (int i = 0; i <= STEPS; i++) {
        clock->tau[i] += tau_today - end;
    }
    clock->today = clock->time[STEPS] - today;
    clock->code_per_hubble = 1e6 * PVR_PARSEC / (info->H0 * 1e5 * info->unit_t);
    if (!isfinite(end) || !isfinite(clock->time[STEPS]) || !isfinite(clock->code_per_hubble)) {
        pvr_clock_free(clock);
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                        "omega_m = %g, omega_l = %g, omega_k = %g, H0 = %g: not a universe that "
                        "expands from a = %g on, so that times cannot be told",
                        info->omega_m, info->omega_l, info->omega_k, info->H0, first_expansion);
    }
    clock->now = pvr_clock_time(&(struct pvr_clock){PVR_CLOCK_CONFORMAL, 0, clock->code_per_hubble,
                                                    clock->today, clock->count, clock->tau,
                                                    clock->time, clock->slope},
                                time);
    return PVR_OK;
}

void pvr_clock_free(struct pvr_clock *clock) {
    free(clock->tau);
    memset(clock, 0, sizeof *clock);
}

double pvr_clock_time(const struct pvr_clock *clock, double written) {
    if (clock->kind == PVR_CLOCK_CODE) {
        return written;
    }
    if (clock->kind == PVR_CLOCK_PROPER) { /* in 1/H0, 0 at a = 1 */
        return (clock->today + written) * clock->code_per_hubble;
    }
    const double *tau = clock->tau;
    int low = 0, high = clock->count - 1;
    if (!(written > tau[0])) {
        return isnan(written) ? written : clock->time[0] * clock->code_per_hubble;
    }
    if (written >= tau[high]) {
        return (clock->time[high] + clock->slope[high] * (written - tau[high])) *
               clock->code_per_hubble;
    }
    while (high - low > 1) { /* tau[low] <= written < tau[high] */
        int middle = (low + high) / 2;
        if (tau[middle] <= written) {
            low = middle;
        } else {
            high = middle;
        }
    }
    double step = tau[high] - tau[low], x = (written - tau[low]) / step, y = 1 - x;
    double time = clock->time[low] * y * y * (1 + 2 * x) + clock->time[high] * x * x * (1 + 2 * y) +
                  step * x * y * (clock->slope[low] * y - clock->slope[high] * x);
    return time * clock->code_per_hubble;
}
