/* derived_markdown.c - prints filters/DERIVED.md anew. */
#include "pvr_derived.h"

#include <stdio.h>
#include <stdlib.h>

int main(void) {
    char *text = pvr_derived_markdown();
    int status = text != NULL && fputs(text, stdout) >= 0 ? 0 : 1;
    free(text);
    return status;
}
