/* pvr_info.c - the text files of an output: info_NNNNN.txt. */
#include "pvr_info.h"

#include "pvr_text.h"
#include "pvr_units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The part of an info file that is read: the keys stand before the table of the domains. */
static const size_t info_limit = (size_t)1 << 16;

static enum pvr_status whole_number(const char *path, const char *text, const char *key, double low,
                                    double high, double *value, struct pvr_error *error) {
    if (!pvr_text_key_real(text, key, value)) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: no line `%s = number`: not an info file of RAMSES, or not whole", path,
                        key);
    }
    if (!(*value >= low && *value <= high) || *value != floor(*value)) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: %s = %g is not a whole number from %g to %g",
                        path, key, *value, low, high);
    }
    return PVR_OK;
}

static enum pvr_status real_number(const char *path, const char *text, const char *key,
                                   bool positive, double *value, struct pvr_error *error) {
    if (!pvr_text_key_real(text, key, value)) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: no line `%s = number`: not an info file of RAMSES, or not whole", path,
                        key);
    }
    if (!isfinite(*value) || (positive && *value <= 0)) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: %s = %g is not %s", path, key, *value,
                        positive ? "a positive number" : "a finite number");
    }
    return PVR_OK;
}

static void read_ordering(const char *text, char ordering[32]) {
    strcpy(ordering, "unknown");
    const char *at = strstr(text, "ordering type=");
    if (at == NULL) {
        return;
    }
    at += strlen("ordering type=");
    at += strspn(at, " ");
    size_t length = strcspn(at, " \r\n\t");
    if (length > 0 && length < 32) {
        memcpy(ordering, at, length);
        ordering[length] = '\0';
    }
}

static double optional(const char *text, const char *key, double otherwise) {
    double value;
    return pvr_text_key_real(text, key, &value) && isfinite(value) ? value : otherwise;
}

enum pvr_status pvr_info_read(const char *path, struct pvr_info *info, struct pvr_error *error) {
    memset(info, 0, sizeof *info);
    char *text;
    enum pvr_status status = pvr_text_read(path, info_limit, &text, error);
    if (status != PVR_OK) {
        return status;
    }
    struct {
        const char *key;
        double low, high, value;
    } whole[] = {
        {"ncpu", 1, 1e7, 0}, {"ndim", 1, 3, 0}, {"levelmin", 1, 63, 0}, {"levelmax", 1, 63, 0}};
    for (size_t i = 0; status == PVR_OK && i < sizeof whole / sizeof *whole; i++) {
        status = whole_number(path, text, whole[i].key, whole[i].low, whole[i].high,
                              &whole[i].value, error);
    }
    if (status == PVR_OK) { /* whole numbers that fit: others must not be converted */
        info->ncpu = (int)whole[0].value;
        info->ndim = (int)whole[1].value;
        info->levelmin = (int)whole[2].value;
        info->levelmax = (int)whole[3].value;
    }
    struct {
        const char *key;
        bool positive;
        double *value;
    } real[] = {{"boxlen", true, &info->boxlen},
                {"time", false, &info->time},
                {"unit_l", true, &info->unit_l},
                {"unit_d", true, &info->unit_d},
                {"unit_t", true, &info->unit_t}};
    for (size_t i = 0; status == PVR_OK && i < sizeof real / sizeof *real; i++) {
        status = real_number(path, text, real[i].key, real[i].positive, real[i].value, error);
    }
    if (status == PVR_OK) {
        double ngridmax = optional(text, "ngridmax", 0), steps = optional(text, "nstep_coarse", 0);
        info->ngridmax = fabs(ngridmax) < 1e18 ? (int64_t)ngridmax : 0;
        info->nstep_coarse = fabs(steps) < 1e18 ? (int64_t)steps : 0;
        info->aexp = optional(text, "aexp", 1);
        info->aexp = info->aexp > 0 ? info->aexp : 1;
        info->H0 = optional(text, "H0", 1);
        info->omega_m = optional(text, "omega_m", 1);
        info->omega_l = optional(text, "omega_l", 0);
        info->omega_k = optional(text, "omega_k", 0);
        info->omega_b = optional(text, "omega_b", 0);
        info->cosmological = info->H0 > 1 && (info->omega_l > 0 || info->aexp != 1);
        info->unit_np = info->unit_pf = 1;
        read_ordering(text, info->ordering);
    }
    free(text);
    return status;
}

enum pvr_status pvr_info_read_radiation(const char *path, struct pvr_info *info,
                                        struct pvr_error *error) {
    if (access(path, F_OK) != 0) {
        return PVR_OK;
    }
    char *text;
    enum pvr_status status = pvr_text_read(path, info_limit, &text, error);
    if (status != PVR_OK) {
        return status;
    }
    status = real_number(path, text, "unit_np", true, &info->unit_np, error);
    if (status == PVR_OK) {
        status = real_number(path, text, "unit_pf", true, &info->unit_pf, error);
    }
    free(text);
    return status;
}

/* da / (a E(a)) written in x = a^(3/2), where it is smooth at a = 0 for omega_m > 0:
 * a = x^(2/3), da/a = 2/3 dx/x, 1/E = x / sqrt(omega_m + omega_k a + omega_l a^3). */
static double age_integrand(const struct pvr_info *info, double x) {
    double a = cbrt(x * x);
    double square = info->omega_m + info->omega_k * a + info->omega_l * x * x;
    return square > 0 ? 2.0 / 3.0 / sqrt(square) : 0;
}

double pvr_info_age_seconds(const struct pvr_info *info) {
    /* Gauss-Legendre with five points on 400 parts: the integrand's worst term is x^(2/3). */
    static const double point[] = {0, 0.5384693101056831, 0.9061798459386640};
    static const double weight[] = {0.5688888888888889, 0.4786286704993665, 0.2369268850561891};
    const int parts = 400;
    double top = sqrt(info->aexp * info->aexp * info->aexp), sum = 0;
    for (int i = 0; i < parts; i++) {
        /* parts shrink towards 0: their borders are at top * (i/parts)^3 */
        double low = top * pow((double)i / parts, 3), high = top * pow((i + 1.0) / parts, 3);
        double middle = 0.5 * (low + high), half = 0.5 * (high - low);
        sum += half * weight[0] * age_integrand(info, middle);
        for (int j = 1; j < 3; j++) {
            sum += half * weight[j] *
                   (age_integrand(info, middle - half * point[j]) +
                    age_integrand(info, middle + half * point[j]));
        }
    }
    double hubble = info->H0 * 1e5 / (1e6 * PVR_PARSEC); /* 1/s */
    return sum / hubble;
}

double pvr_info_time_myr(const struct pvr_info *info) {
    double seconds = info->cosmological ? pvr_info_age_seconds(info) : info->time * info->unit_t;
    return seconds / (1e6 * PVR_JULIAN_YEAR);
}
