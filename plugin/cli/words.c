/* words.c - options' values: numbers, words of a list, names of components. */
#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool words_int(const char *text, int least, int most, int *value) {
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < least || number > most) {
        return false;
    }
    *value = (int)number;
    return true;
}

int words_find(const char *text, const char *const *words) {
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            return i;
        }
    }
    return -1;
}

bool words_component(const char *name, char base[PVR_NAME_SIZE], int *component) {
    static const char *const endings[] = {"_x", "_y", "_z", "_los"};
    const size_t length = strlen(name);
    for (int e = 0; e < 4; e++) {
        const size_t ending = strlen(endings[e]);
        if (length > ending && length - ending < PVR_NAME_SIZE &&
            strcmp(name + length - ending, endings[e]) == 0) {
            memcpy(base, name, length - ending);
            base[length - ending] = '\0';
            *component = e < 3 ? e : WORDS_ALONG;
            return true;
        }
    }
    return false;
}
