/* format.c - numbers as a person likes to read them. */
#include "format.h"

#include "pvr_units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

char *format_bytes(char text[FORMAT_SIZE], double bytes) {
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    int unit = 0;
    while (bytes >= 999.5 && unit < 5) {
        bytes /= 1000;
        unit++;
    }
    int decimals = unit == 0 || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2;
    snprintf(text, FORMAT_SIZE, "%.*f %s", decimals, bytes, units[unit]);
    return text;
}

char *format_count(char text[FORMAT_SIZE], uint64_t count) {
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    char *to = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            *to++ = ',';
        }
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

char *format_seconds(char text[FORMAT_SIZE], double seconds) {
    if (seconds < 10) {
        snprintf(text, FORMAT_SIZE, "%.3f s", seconds);
    } else if (seconds < 60) {
        snprintf(text, FORMAT_SIZE, "%.1f s", seconds);
    } else if (seconds < 3600) {
        snprintf(text, FORMAT_SIZE, "%d min %02d s", (int)seconds / 60, (int)seconds % 60);
    } else {
        snprintf(text, FORMAT_SIZE, "%.0f h %02d min", floor(seconds / 3600),
                 (int)fmod(seconds / 60, 60));
    }
    return text;
}

char *format_mass(char text[FORMAT_SIZE], double gram) {
    snprintf(text, FORMAT_SIZE, "%.4g Msol", gram / PVR_SOLAR_MASS);
    return text;
}
